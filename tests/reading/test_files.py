"""Discovery: every file of a folder is found or accounted for."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import pytest

from shas_kb.errors import UsageError
from shas_kb.reading import discover, fingerprint, location


def make(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)


def reasons(folder: Path, **options: object) -> dict[str, str]:
    return {file.path: problem.reason for file, problem in discover([folder], **options)[1]}  # type: ignore[arg-type]


def paths(folder: Path, **options: object) -> list[str]:
    return [file.path for file in discover([folder], **options)[0]]  # type: ignore[arg-type]


def test_every_kind_is_found_and_everything_else_has_a_reason(tmp_path: Path) -> None:
    good = ["a.PDF", "b.md", "c.txt", "d.html", "e.docx", "f.epub", "sub/g.rst", "sub/deep/h.tex"]
    make(
        tmp_path,
        *good,
        ".hidden.md",
        ".git/config",
        ".git/x/y",
        "data.csv",
        "old.doc",
        "what.xyz",
        "README",
        "~$e.docx",
    )
    make(tmp_path, ".shas-kb/kb.sqlite", "kb.sqlite", "kb.sqlite-wal")
    os.mkfifo(tmp_path / "pipe.txt")
    (tmp_path / "link.txt").symlink_to("c.txt")
    (tmp_path / "folder-link").symlink_to("sub")
    (tmp_path / "broken.txt").symlink_to("nothing")
    (tmp_path / "circle").symlink_to("circle")
    assert paths(tmp_path) == sorted([*good, "link.txt"])
    found = reasons(tmp_path)
    assert set(found) == {
        *(".hidden.md", ".git/", "data.csv", "old.doc", "what.xyz", "README", "~$e.docx"),
        *("pipe.txt", "folder-link", "broken.txt", "circle"),
    }
    assert found["what.xyz"] == "unknown kind .xyz: convert it to PDF, Markdown or text"
    assert "save it as .docx" in found["old.doc"]
    assert "hidden folder" in found[".git/"]
    assert "link to a folder" in found["folder-link"]
    assert all(problem.kind == "skipped" for _, problem in discover([tmp_path])[1])


def test_a_pdf_without_an_ending_is_found_by_its_first_bytes(tmp_path: Path) -> None:
    (tmp_path / "scan").write_bytes(b"%PDF-1.7 ...")
    assert paths(tmp_path) == ["scan"]


def test_globs_choose_and_leave_out(tmp_path: Path) -> None:
    make(tmp_path, "a.md", "drafts/b.md", "notes/c.txt", "notes/old/d.md")
    assert paths(tmp_path, include=["*.md"]) == ["a.md", "drafts/b.md", "notes/old/d.md"]
    assert paths(tmp_path, include=["notes/*"]) == ["notes/c.txt", "notes/old/d.md"]
    assert paths(tmp_path, exclude=["drafts/*", "**/old/**"]) == ["a.md", "notes/c.txt"]
    assert reasons(tmp_path, exclude=["drafts/*"]) == {"drafts/": "excluded by drafts/*"}
    assert "matches none of *.txt" in reasons(tmp_path, include=["*.txt"])["a.md"]


def test_a_hidden_file_is_read_if_it_is_named(tmp_path: Path) -> None:
    make(tmp_path, ".notes.md")
    assert [file.path for file in discover([tmp_path / ".notes.md"])[0]] == [".notes.md"]


def test_large_files_are_skipped(tmp_path: Path) -> None:
    with (tmp_path / "big.txt").open("wb") as stream:
        stream.truncate(3 << 20)
    assert "the limit is 2 MB" in reasons(tmp_path, largest_megabytes=2)["big.txt"]


def test_roots_are_absolute_and_nothing_comes_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path, "folder/a.md", "folder/sub/b.md", "c.md")
    monkeypatch.chdir(tmp_path)
    files, _ = discover([Path("folder/sub"), Path("folder"), Path("folder/a.md"), Path("c.md")])
    assert [(file.root, file.path) for file in files] == [
        (str(tmp_path), "c.md"),
        (str(tmp_path / "folder"), "a.md"),
        (str(tmp_path / "folder"), "sub/b.md"),
    ]
    assert files[0].size == 4
    assert files[0].mtime_ns == (tmp_path / "c.md").stat().st_mtime_ns


def test_a_path_that_is_not_there_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="path must exist"):
        discover([tmp_path / "nowhere"])


@pytest.mark.skipif(os.geteuid() == 0, reason="root may list any folder")
def test_a_folder_that_cannot_be_listed_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0)
    (_, problem) = discover([tmp_path])[1][0]
    assert problem.kind == "failed"
    assert problem.passing


def test_names_that_are_not_utf8_can_be_stored_and_found_again(tmp_path: Path) -> None:
    raw = os.path.join(os.fsencode(tmp_path), b"caf\xe9")  # noqa: PTH118
    os.mkdir(raw)  # noqa: PTH102
    with open(os.path.join(raw, b"\xff.txt"), "wb") as stream:  # noqa: PTH118, PTH123
        stream.write(b"hello")
    (file,), _ = discover([tmp_path])
    assert file.path == "caf\\xe9/\\xff.txt"
    file.path.encode("utf-8")
    assert location(file).read_bytes() == b"hello"
    assert fingerprint(file) == hashlib.sha256(b"hello").hexdigest()


def test_a_folder_tree_of_great_depth_is_walked(tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*["d"] * 300)
    deep.mkdir(parents=True)
    (deep / "a.txt").write_text("x")
    assert len(paths(tmp_path)) == 1


@pytest.mark.parametrize("below", ["", "Beekeeping", "vault"])
def test_what_was_exported_into_the_folder_is_not_read(tmp_path: Path, below: str) -> None:
    """Neither from above the vault nor from inside of it, nor where a person moved a note."""
    vault = tmp_path / ("vault" if below == "vault" else "")
    make(vault, "sources/varroa.pdf", "Overview.canvas", "Beekeeping/own.md")
    head = "---\ntags:\n  - kb\nkb_id: 0a1b\n---\n# Varroa\n"
    for name in ("moved.md", "Varroa (Beekeeping).md"):
        (vault / "Beekeeping" / name).write_text(head)
    (vault / "Beekeeping" / "quoting.md").write_text("---\ntitle: Notes\n---\nkb_id: is a key of ours\n")
    make(tmp_path, "elsewhere.md")
    notes = {"0a1b": {"path": "Beekeeping/Varroa (Beekeeping).md"}}
    manifest = {"notes": notes, "sources": {"0c2d": {"path": "sources/varroa.pdf"}}}
    (vault / ".shas-kb-manifest.json").write_text(json.dumps(manifest))
    start = vault / "Beekeeping"
    assert paths(start) == ["own.md", "quoting.md"]
    if below != "Beekeeping":
        assert {Path(path).name for path in paths(tmp_path)} == {"own.md", "quoting.md", "elsewhere.md"}
    assert not {path for path in reasons(tmp_path) if path.endswith((".md", ".pdf"))}
    for damaged in ("{ damaged", "[" * 100_000, '{"sources": {"x": {"path": 5}}}', '{"sources": 7}', "null"):
        (vault / ".shas-kb-manifest.json").write_text(damaged)
        assert "moved.md" not in paths(start)
    (vault / ".shas-kb-manifest.next.json").unlink(missing_ok=True)
    os.mkfifo(vault / ".shas-kb-manifest.next.json")
    assert "moved.md" not in paths(start)
    (vault / ".shas-kb-manifest.json").unlink()
    assert "moved.md" in paths(start)
