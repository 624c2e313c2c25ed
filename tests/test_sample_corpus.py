"""The sample corpus is what it says it is: readable, rebuilt to the byte, with a truth and questions that match it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import zipfile
from collections import Counter
from html import unescape
from pathlib import Path

import pymupdf
import pytest

ROOT = Path(__file__).resolve().parents[1]
CORPUS = ROOT / "sample_corpus"
PRESS = ROOT / "docs" / "sample_corpus"
TRUTH = json.loads((CORPUS / "truth.json").read_text(encoding="utf-8"))
PATHS = [document["path"] for document in TRUTH["documents"]]
QUESTIONS = [json.loads(line) for line in (CORPUS / "questions.jsonl").read_text(encoding="utf-8").splitlines()]
SOURCES = sorted((PRESS / "sources").glob("*.md"))
COPY = "to sort/log-structured merge trees - a short survey (1).pdf"
EMPTY = "to sort/untitled.pdf"
TRUNCATED = "to sort/case-study-bay-of-fundy.pdf"
LOCKED = "archive/exam solutions (locked).pdf"
SCAN = "archive/scan0007.pdf"


def normal(text: str) -> str:
    """Text with words joined that were divided at a line's end, and single spaces."""
    return " ".join(text.replace("-\n", "").split())


def text_of(path: str, page: int | None = None) -> str:
    """The text of a document, or of one of its pages."""
    file = CORPUS / path
    if file.suffix == ".pdf":
        with pymupdf.open(file) as document:
            return normal("\n".join(sheet.get_text() for sheet in document if page in (None, sheet.number + 1)))
    if file.suffix in (".docx", ".epub"):
        with zipfile.ZipFile(file) as box:
            names = [name for name in box.namelist() if name.endswith(("document.xml", ".xhtml"))]
            text = "\n".join(box.read(name).decode() for name in names)
    else:
        text = file.read_text(encoding="utf-8")
    tagged = file.suffix in (".html", ".docx", ".epub")
    return normal(unescape(re.sub(r"<[^>]+>", "", text)) if tagged else text)


def body(source: Path) -> str:
    return source.read_text(encoding="utf-8").split("---\n", 2)[2]


def test_every_file_is_in_the_truth_or_known_to_be_useless() -> None:
    files = {file.relative_to(CORPUS).as_posix() for file in CORPUS.rglob("*") if file.is_file()}
    assert files == {*PATHS, COPY, EMPTY, TRUNCATED, LOCKED, SCAN, "truth.json", "questions.jsonl"}
    assert len(PATHS) == len(set(PATHS)) == len(SOURCES)


def test_formats() -> None:
    counts = Counter(Path(path).suffix for path in PATHS)
    assert counts == {".pdf": 8, ".md": 2, ".txt": 1, ".html": 1, ".docx": 1, ".epub": 1}


def test_truth_is_a_tree_with_names_for_every_node() -> None:
    parents: dict[str, str] = {}
    for document in TRUTH["documents"]:
        for child, parent in (("entity", "category"), ("category", "domain")):
            assert parents.setdefault(document[child], document[parent]) == document[parent]
    nodes = set(parents) | set(parents.values())
    assert nodes == set(TRUTH["names"])
    assert all(names for names in TRUTH["names"].values())


def test_folders_do_not_give_the_truth_away() -> None:
    entities: dict[str, set[str]] = {}
    for document in TRUTH["documents"]:
        entities.setdefault(document["path"].split("/")[0], set()).add(document["entity"])
    assert all(len(found) > 1 for found in entities.values())


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_articles_have_a_readable_length(source: Path) -> None:
    words = len(re.findall(r"\w+", re.sub(r"[|*#`]", " ", body(source))))
    assert 350 <= words <= 900


def test_no_two_articles_share_a_paragraph() -> None:
    paragraphs = Counter(
        normal(part) for source in SOURCES for part in re.split(r"\n\s*\n", body(source)) if len(part.split()) > 5
    )
    assert [text for text, count in paragraphs.items() if count > 1] == []


@pytest.mark.parametrize("path", [path for path in PATHS if path.endswith(".pdf")])
def test_pdfs_have_title_outline_and_pages(path: str) -> None:
    with pymupdf.open(CORPUS / path) as document:
        assert document.metadata["title"]
        assert document.metadata["author"]
        assert len(document.get_toc()) >= 3
        assert document.page_count >= 2
        assert all(page.get_drawings() for page in document)


def test_useless_files_are_useless_as_told() -> None:
    assert (CORPUS / COPY).read_bytes() == (
        CORPUS / COPY.replace("to sort", "reading").replace(" (1)", "")
    ).read_bytes()
    assert (CORPUS / EMPTY).stat().st_size == 0
    with pytest.raises(pymupdf.FileDataError):
        pymupdf.open(CORPUS / TRUNCATED)
    with pymupdf.open(CORPUS / LOCKED) as document:
        assert document.needs_pass
    assert text_of(SCAN) == ""


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question["question"][:40])
def test_answers_stand_where_the_questions_say(question: dict[str, object]) -> None:
    height, documents, node = question["height"], question["documents"], question["node"]
    answer, page = question["answer"], question["page"]
    assert height in ("detail", "subject", "overview", "mixed", "none")
    assert question["split"] in ("dev", "test")
    assert bool(documents) == (height in ("detail", "mixed"))
    assert (node in TRUTH["names"]) == (height in ("subject", "overview", "mixed"))
    assert isinstance(documents, list)
    assert set(documents) <= set(PATHS)
    for path in documents:
        assert isinstance(answer, str)
        assert (page is not None) == path.endswith(".pdf")
        assert answer in text_of(path, page if isinstance(page, int) else None)


def test_questions_cover_every_height_in_both_splits() -> None:
    found = {(question["height"], question["split"]) for question in QUESTIONS}
    assert found == {
        (height, split) for height in ("detail", "subject", "overview", "mixed", "none") for split in ("dev", "test")
    }


def test_rebuilding_gives_the_same_bytes(tmp_path: Path) -> None:
    subprocess.run([sys.executable, PRESS / "typeset.py", tmp_path], check=True, stdout=subprocess.DEVNULL)
    built = {file.relative_to(tmp_path): file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}
    assert [str(name) for name, content in built.items() if (CORPUS / name).read_bytes() != content] == []
    assert {name.as_posix() for name in built} == {*PATHS, COPY, EMPTY, TRUNCATED, LOCKED, SCAN}


def test_the_whole_is_under_a_megabyte() -> None:
    files = [file for folder in (CORPUS, PRESS) for file in folder.rglob("*.*") if file.is_file()]
    assert sum(file.stat().st_size for file in files if file.suffix != ".pyc") < 1_000_000
