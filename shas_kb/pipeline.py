"""From a folder to a tree: find what changed, read it, encode it, organise it. Each step leaves the database whole.

A kill at any point loses the file or the batch in hand: what was read is read, what was encoded is encoded, and the
next run goes on from there. This file knows the order of the steps; how each is done is the business of `reading`,
`storage`, `encoder` and `organise`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import perf_counter, sleep
from typing import Protocol

from shas_kb.changes import DUPLICATE, Changes, absolute, find_changes
from shas_kb.config import GrowthConfig, ReadConfig, TreeConfig
from shas_kb.errors import UsageError
from shas_kb.growth import grow
from shas_kb.phrases import PhraseVectors
from shas_kb.progress import NoProgress, Progress
from shas_kb.reading import ReaderPool, discover, title_from_name
from shas_kb.records import Encoded, ModelFacts, Problem, Reading, SourceFile, Text, Tree, Wish
from shas_kb.storage import FileState, Store


class Encoder(Protocol):
    """What the pipeline asks of an encoder."""

    def encode(self, documents: Iterable[Text]) -> Iterator[Encoded]: ...


@dataclass(frozen=True, slots=True)
class Source:
    """What to read: files and folders, and which of their files (globs on the path inside the folder)."""

    paths: tuple[Path, ...]
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    prune: bool = False


@dataclass(slots=True)
class Report:
    """What an ingest did. Every file of the folder is counted once: added, updated, unchanged, failed or skipped."""

    added: int = 0
    updated: int = 0
    unchanged: int = 0
    removed: int = 0
    missing: int = 0
    failed: list[tuple[str, str]] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)
    pages: int = 0
    passages: int = 0
    tokens: int = 0
    seconds: dict[str, float] = field(default_factory=dict)
    tree: Tree | None = None

    def problem(self, path: str, problem: Problem) -> None:
        (self.failed if problem.kind == "failed" else self.skipped).append((path, problem.reason))


def plan(
    store: Store | None, source: Source, progress: Progress | None = None, *, retry: bool = False
) -> tuple[Changes, Report]:
    """Find what an ingest would do, without doing it.

    Args:
        store: the collection; None where there is none yet.
        source: what to look at.
        progress: told where the work stands.
        retry: read again what could not be read before.
    """
    states = store.files() if store else []
    found, left_out = discover(_present(source, states), source.include, source.exclude)
    changes = find_changes(found, states, source.paths, progress or NoProgress(), retry=retry)
    report = Report(unchanged=len(changes.unchanged) + len(changes.moved), missing=len(changes.gone))
    for file, problem in [*left_out, *changes.known_problems]:
        report.problem(file.path, problem)
    return changes, report


def _present(source: Source, states: Sequence[FileState]) -> list[Path]:
    """The paths to look at. One that is gone is passed over where its files are known and shall be forgotten."""
    gone = [path for path in source.paths if not path.exists()] if source.prune else []
    known = [Path(absolute(state.file)) for state in states] if gone else []
    forgotten = [path for path in gone if any(file.is_relative_to(path.absolute()) for file in known)]
    return [path for path in source.paths if path not in forgotten]


def ingest(
    store: Store,
    source: Source,
    model: ModelFacts,
    load_encoder: Callable[[], Encoder],
    read: ReadConfig,
    tree: TreeConfig | None = None,
    progress: Progress | None = None,
    *,
    weights: bytes | None = None,
    with_tree: bool = True,
    growth: GrowthConfig | None = None,
) -> Report:
    """Read what is new or changed into the collection, encode it, and build the tree; or place it in that of a large
    collection.

    Args:
        store: the collection, open for writing.
        source: what to read.
        model: the backbone that `load_encoder` will give; the collection is bound to the first one used.
        load_encoder: called only if something must be encoded (loading takes seconds).
        read: how files are read.
        tree: how the tree is built; None keeps to how it was built last.
        progress: told where the work stands.
        weights: what was learned on top of the backbone, for the collection to keep; None leaves what it has.
        with_tree: False leaves the tree as it is.
        growth: when a tree grows without being built again; None as usual.

    Raises:
        UsageError: a path does not exist, or the collection was built with another model.
        DatabaseError: another program is changing the collection.
    """
    progress = progress or NoProgress()
    began = perf_counter()
    with store.exclusive():
        bind_model(store, model, weights)
        changes, report = plan(store, source, progress, retry=read.ocr)
        apply_known(store, changes, report, prune=source.prune)
        _read(store, changes, report, read, progress)
        read_at = perf_counter()
        encoded = _encode(store, load_encoder, progress)
        encoded_at = perf_counter()
        if with_tree:
            report.tree = organise_collection(store, tree, progress, only_if_stale=True, encoded=encoded, growth=growth)
        ended = perf_counter()
    report.failed.sort()
    report.skipped.sort()
    report.seconds = {
        "read": read_at - began,
        "encode": encoded_at - read_at,
        "organise": ended - encoded_at,
        "total": ended - began,
    }
    return report


def settled_folders(source: Source, seconds: float = 2.0) -> Iterator[None]:
    """Yield at once, and then each time the folder has changed and been at rest for `seconds`: files take time to copy.

    A folder that is not there for a while (a share, a stick) is waited for.
    """

    def look() -> object:
        if not all(path.exists() for path in source.paths):
            return ingested
        return discover(source.paths, source.include, source.exclude)

    ingested: object = None
    while True:
        found = look()
        if found != ingested or ingested is None:
            yield
            ingested = found
        before = found
        sleep(seconds)
        while (now := look()) != before:
            before = now
            sleep(seconds)


def bind_model(store: Store, model: ModelFacts, weights: bytes | None = None) -> None:
    """Bind a new collection to its model, and refuse another one later; weights replace those it has, if any are given.

    Raises:
        UsageError: the collection was built with another model.
    """
    bound = store.model()
    if bound is None:
        store.set_model(model, weights)
    elif bound.fingerprint != model.fingerprint:
        raise UsageError(
            f"the model must be {bound.name} ({bound.fingerprint[:12]}), with which this collection was begun, "
            f"got {model.name} ({model.fingerprint[:12]}); leave out --model, or begin another collection with --db."
        )
    elif weights is not None and weights != store.weights():
        store.set_model(bound, weights)


def organise_collection(
    store: Store,
    config: TreeConfig | None = None,
    progress: Progress | None = None,
    *,
    only_if_stale: bool = False,
    wishes: Sequence[Wish] | None = None,
    encoded: Sequence[str] = (),
    growth: GrowthConfig | None = None,
) -> Tree | None:
    """Build the tree of the collection from what is stored, and store it. Its nodes keep the ids and names they have.

    Args:
        store: the collection.
        config: how; None as it was built last.
        progress: told where the work stands.
        only_if_stale: leave a tree alone that fits the documents and the configuration, and let that of a large
            collection grow where little came, changed or went.
        encoded: documents whose vectors are new; with any, no tree fits.
        growth: when a tree grows without being built again; None as usual.
        wishes: what a person says of nodes from now on; None leaves what was said. Stored together with the tree.

    Returns:
        The current tree: a new one, or with `only_if_stale` the present one where it still fits or has grown; None if
        there is nothing to organise.
    """
    current = next(iter(store.runs()), None)
    if config is None:
        config = TreeConfig.from_dict(current.config) if current else TreeConfig()
    with store.exclusive():
        if only_if_stale and current is not None and current.config == config.as_dict():
            if not encoded and not store.tree_is_stale():
                return store.tree()
            grown = grow(store, frozenset(encoded), growth or GrowthConfig())
            if grown is not None:
                return grown
        from shas_kb.materials import load_materials  # what a tree that only grows does without
        from shas_kb.organise import organise

        materials = load_materials(store)
        if not materials:
            if wishes is not None:
                store.put_wishes(wishes)
            if current is not None and current.documents:  # nothing of what was removed stays in names
                store.put_tree(organise([], config, store.passages, NoProgress()), phrases={})
            return None
        said = store.wishes()
        holding = said if wishes is None else wishes
        former = _unnamed(
            store.tree_as_built(), {wish.id for wish in said if wish.name} - {wish.id for wish in holding if wish.name}
        )
        model = store.model()
        embed = PhraseVectors(store, model.name) if model else None
        built = organise(materials, config, store.passages, progress or NoProgress(), former, holding, embed)
        store.put_tree(built, wishes, embed.given if embed else None)
    return built


def _unnamed(tree: Tree | None, nodes: Set[str]) -> Tree | None:
    """The tree with nodes that have lost the name a person gave them: they are to be called as their documents say."""
    if tree is None or not nodes:
        return tree
    return replace(tree, nodes=tuple(replace(node, name="") if node.id in nodes else node for node in tree.nodes))


def apply_known(store: Store, changes: Changes, report: Report, *, prune: bool) -> None:
    """Store what is known without reading a file: moves, new times, what is gone. Where a document was called after
    its file, which has another name now, that is to be read again."""
    store.move(changes.moved)
    titles = {(document.root, document.path): document.title for document in store.documents()} if changes.moved else {}
    for old, new in changes.moved:
        if titles.get((new.root, new.path)) == title_from_name(old.path) != title_from_name(new.path):
            changes.to_read.append(new)
            changes.updated.add(new)
            report.unchanged -= 1
    for file in changes.touched:
        store.touch(file)
    if prune and changes.gone:
        report.removed = store.forget(changes.gone)
        report.missing = 0


def _read(store: Store, changes: Changes, report: Report, config: ReadConfig, progress: Progress) -> None:
    """Read files in worker processes; what becomes of a file is stored as soon as it is known."""
    problems: dict[SourceFile, Problem] = {}
    if changes.to_read:
        progress.start("Reading", len(changes.to_read), "file")
        with ReaderPool(config) as pool:
            for file, sha256, result in pool.read(changes.to_read):
                if isinstance(result, Reading):
                    store.put_reading(file, result)
                    _count(report, result, file in changes.updated)
                else:
                    store.put_problem(file, sha256, result)
                    report.problem(file.path, result)
                    problems[file] = result
                progress.advance()
        progress.finish()
    for file, sha256, original in changes.duplicates:
        duplicate = Problem(f"{DUPLICATE}{original.path}: the same bytes, read once", "skipped")
        problem = problems.get(original, duplicate)
        store.put_problem(file, sha256, problem)
        report.problem(file.path, problem)


def _count(report: Report, reading: Reading, updated: bool) -> None:
    if updated:
        report.updated += 1
    else:
        report.added += 1
    report.pages += reading.pages
    report.passages += len(reading.passages)
    report.tokens += reading.tokens


def _encode(store: Store, load_encoder: Callable[[], Encoder], progress: Progress) -> Sequence[str]:
    """Give every document that has none its vectors, also those that an interrupted run left behind; returns which."""
    pending = store.pending()
    if not pending:
        return pending
    sizes = {document: sum(store.tokens(document)) for document in pending}
    titles = {document.id: document.title for document in store.documents()}
    progress.start("Encoding", sum(sizes.values()), "token")
    encoder = load_encoder()
    encoded = encoder.encode(Text(titles[document], store.texts(document)) for document in pending)
    for document, its in zip(pending, encoded, strict=True):
        store.put_vectors(document, its)
        progress.advance(sizes[document])
    progress.finish()
    return pending
