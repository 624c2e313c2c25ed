"""What an ingest would do, and what it did, in words and as JSON; and the tree in a line."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shas_kb.changes import Changes
    from shas_kb.cli.session import Session
    from shas_kb.pipeline import Report
    from shas_kb.records import Tree


def plan_json(changes: Changes, report: Report) -> dict[str, object]:
    new, changed, gone, skipped = _planned(changes, report)
    return {
        "add": new,
        "update": changed,
        "unchanged": report.unchanged,
        "gone": gone,
        "skip": [{"path": path, "reason": reason} for path, reason in skipped],
        "failed": [{"path": path, "reason": reason} for path, reason in report.failed],
    }


def print_plan(changes: Changes, report: Report) -> None:
    from shas_kb.cli.terminal import output, plural, printable

    new, changed, gone, skipped = _planned(changes, report)
    for title, names in (("would add", new), ("would update", changed), ("gone", gone)):
        for name in names:
            output.print(f"{title}  {printable(name)}", markup=False, soft_wrap=True)
    for path, reason in [*skipped, *report.failed]:
        output.print(printable(f"would skip  {path}: {reason}"), markup=False, soft_wrap=True)
    output.print(
        f"{plural(len(new), 'file')} to add, {len(changed):,} to update, "
        f"{report.unchanged:,} unchanged, {len(gone):,} gone."
    )


def _planned(changes: Changes, report: Report) -> tuple[list[str], list[str], list[str], list[tuple[str, str]]]:
    """The paths of new, changed and gone files, and what would be skipped, with reasons."""
    from shas_kb.changes import DUPLICATE

    new = [file.path for file in changes.to_read if file not in changes.updated]
    changed = [file.path for file in changes.to_read if file in changes.updated]
    duplicates = [(file.path, f"{DUPLICATE}{original.path}") for file, _, original in changes.duplicates]
    return new, changed, [file.path for file in changes.gone], [*report.skipped, *duplicates]


def report_json(report: Report) -> dict[str, object]:
    return {
        "added": report.added,
        "updated": report.updated,
        "unchanged": report.unchanged,
        "removed": report.removed,
        "failed": [{"path": path, "reason": reason} for path, reason in report.failed],
        "skipped": [{"path": path, "reason": reason} for path, reason in report.skipped],
        "pages": report.pages,
        "passages": report.passages,
        "tokens": report.tokens,
        "seconds": {stage: round(seconds, 3) for stage, seconds in report.seconds.items()},
        "tree": tree_json(report.tree) if report.tree else None,
    }


def print_report(session: Session, report: Report) -> None:
    from shas_kb.changes import DUPLICATE
    from shas_kb.cli.terminal import duration, output, plural

    counts = [
        (report.added, "added"),
        (report.updated, "updated"),
        (report.unchanged, "unchanged"),
        (report.removed, "removed"),
    ]
    done = ", ".join(f"{count:,} {what}" for count, what in counts if count) or "nothing was read"
    read = f"{plural(report.pages, 'page')}, {plural(report.passages, 'passage')}, {plural(report.tokens, 'token')}"
    output.print(f"{done}" + (f" [dim]({read})[/dim]" if report.passages else ""))
    _print_files("failed", report.failed, "red", limit=None)
    others = [its for its in report.skipped if session.verbose or not its[1].startswith(DUPLICATE)]
    _print_files("skipped", others, "yellow", limit=None if session.verbose else 8)
    if copies := len(report.skipped) - len(others):
        output.print(f"[yellow]skipped[/yellow]  [dim]{plural(copies, 'duplicate')}; --verbose shows which[/dim]")
    if report.missing:
        output.print(f"[yellow]{plural(report.missing, 'file')} gone from the folder[/yellow]; --prune forgets them")
    if report.tree:
        output.print(tree_line(report.tree))
    spent = " · ".join(f"{stage} {duration(report.seconds[stage])}" for stage in ("read", "encode", "organise"))
    output.print(f"[dim]{duration(report.seconds['total'])} ({spent})[/dim]")
    if report.tree:
        session.note('Next: `shas-kb tree`, `shas-kb query "..."`, `shas-kb export html tree.html`')


def _print_files(title: str, files: list[tuple[str, str]], style: str, limit: int | None) -> None:
    """Files with their reasons, one a line."""
    from rich.text import Text

    from shas_kb.cli.terminal import output, printable

    for path, reason in files[:limit]:
        output.print(
            Text.assemble((f"{title}  ", style), printable(path), (f"  {printable(reason)}", "dim")), soft_wrap=True
        )
    if limit is not None and len(files) > limit:
        output.print(f"[{style}]{title}[/{style}]  [dim]and {len(files) - limit:,} more; --verbose shows all[/dim]")


def tree_json(tree: Tree) -> dict[str, object]:
    return {
        "run": tree.run,
        "hash": tree.hash,
        "documents": tree.documents,
        "entities": tree.count("entity"),
        "categories": tree.count("category"),
        "domains": tree.count("domain"),
        "placed": tree.placed,
        "drift": round(tree.drift, 4),
    }


def tree_line(tree: Tree) -> str:
    from shas_kb.cli.terminal import plural

    levels = (("entity", tree.count("entity")), ("category", tree.count("category")), ("domain", tree.count("domain")))
    parts = [plural(tree.documents, "document"), *(plural(count, level) for level, count in levels)]
    line = " [dim]→[/dim] ".join(f"[bold]{part}[/bold]" for part in parts)
    return line + (f" [dim](drift {tree.drift:.1%}, {tree.placed:,} placed)[/dim]" if tree.drift else "")
