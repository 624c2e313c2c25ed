"""The sample corpus is what it says it is: readable, rebuilt to the byte, with a truth and questions that match it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pymupdf
import pytest
from press.answers import normal, sheets

ROOT = Path(__file__).resolve().parents[1]
CORPUS = ROOT / "sample_corpus"
PRESS = ROOT / "docs" / "sample_corpus"
TRUTH = json.loads((CORPUS / "truth.json").read_text(encoding="utf-8"))
DOCUMENTS = TRUTH["documents"]
PATHS = [document["path"] for document in DOCUMENTS]
QUESTIONS = [json.loads(line) for line in (CORPUS / "questions.jsonl").read_text(encoding="utf-8").splitlines()]
SOURCES = sorted((PRESS / "sources").rglob("*.md"))
SURVEY = "log-structured merge trees - a short survey"
COPIES = {
    f"to sort/{SURVEY} (1).pdf": f"reading/{SURVEY}.pdf",
    "from the old laptop/Copy of varroa-leaflet.pdf": "archive/varroa-leaflet.pdf",
}
EMPTY = "to sort/untitled.pdf"
TRUNCATED = "to sort/case-study-bay-of-fundy.pdf"
LOCKED = "archive/exam solutions (locked).pdf"
SCAN = "archive/scan0007.pdf"
USELESS = {*COPIES, EMPTY, TRUNCATED, LOCKED, SCAN}
HEIGHTS = {"detail": 60, "subject": 35, "overview": 30, "mixed": 30, "none": 15}
CUES = (
    r"overall|summar\w+|generally|in general|according to|overview|main (point|topic|theme)s?|broadly|across the|corpus"
)


def text_of(path: str, page: int | None = None) -> str:
    """The text of a document, or of one of its pages."""
    pages = sheets(path, (CORPUS / path).read_bytes())
    return pages[page - 1] if page else " ".join(pages)


def body(source: Path) -> str:
    return source.read_text(encoding="utf-8").split("---\n", 2)[2]


def members(child: str, parent: str) -> dict[str, set[str]]:
    """What stands under each node, one level down."""
    found = defaultdict(set)
    for document in DOCUMENTS:
        found[document[parent]].add(document[child])
    return found


def test_every_file_is_in_the_truth_or_known_to_be_useless() -> None:
    files = {file.relative_to(CORPUS).as_posix() for file in CORPUS.rglob("*") if file.is_file()}
    assert files == {*PATHS, *USELESS, "truth.json", "questions.jsonl"}
    assert len(PATHS) == len(set(PATHS)) == len(SOURCES) == 153


def test_formats_are_those_that_people_have() -> None:
    counts = Counter(Path(path).suffix for path in PATHS)
    assert set(counts) == {".pdf", ".md", ".txt", ".html", ".docx", ".epub"}
    assert 105 <= counts[".pdf"] <= 118
    assert min(counts.values()) >= 4


def test_truth_is_the_observation() -> None:
    entities = Counter(document["entity"] for document in DOCUMENTS)
    assert len(entities) == 15
    assert 8 <= min(entities.values()) < max(entities.values()) <= 13
    assert [len(found) for found in members("entity", "category").values()] == [3] * 5
    assert sorted(len(found) for found in members("category", "domain").values()) == [1, 2, 2]
    above = (*members("category", "entity").values(), *members("domain", "category").values())
    assert all(len(found) == 1 for found in above)


def test_some_documents_belong_to_two_entities() -> None:
    double = [document for document in DOCUMENTS if document["also"]]
    assert len(double) >= 12
    assert all(document["entity"] not in document["also"] for document in double)
    assert {name for document in double for name in document["also"]} <= {document["entity"] for document in DOCUMENTS}


def test_every_node_has_names() -> None:
    nodes = {document[level] for document in DOCUMENTS for level in ("entity", "category", "domain")}
    assert nodes == set(TRUTH["names"])
    assert all(len(names) >= 2 and names[0].replace("-", " ") == node for node, names in TRUTH["names"].items())


def test_folders_do_not_give_the_truth_away() -> None:
    found = defaultdict(set)
    for document in DOCUMENTS:
        found[document["path"].split("/")[0]].add(document["domain"])
    assert len(found) >= 4
    assert all(len(domains) == 3 for domains in found.values())


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_articles_have_a_readable_length(source: Path) -> None:
    words = len(re.findall(r"\w+", re.sub(r"[|*#`]", " ", body(source))))
    assert 350 <= words <= 900


def test_no_two_articles_share_a_paragraph_or_a_sentence() -> None:
    for pattern, least in ((r"\n\s*\n", 6), (r"(?<=[.!?])\s+", 8)):
        parts = Counter(
            part
            for source in SOURCES
            for part in {normal(part) for part in re.split(pattern, body(source))}
            if len(part.split()) >= least
        )
        assert [text for text, count in parts.items() if count > 1] == []


def test_no_article_names_where_it_belongs() -> None:
    """Its entity, category and domain are not said by author or subtitle, and it has no list of keywords."""
    for source in SOURCES:
        head = source.read_text(encoding="utf-8").split("---\n", 2)[1].lower()
        author = " ".join(line for line in head.splitlines() if line.startswith("author:"))
        assert not any(name.lower() in author for names in TRUTH["names"].values() for name in names), source
        assert not re.search(r"(?i)^\W*(keywords|tags|categor(y|ies))\b", body(source), re.MULTILINE), source


@pytest.mark.parametrize("path", [path for path in PATHS if path.endswith(".pdf")])
def test_pdfs_have_title_and_author(path: str) -> None:
    with pymupdf.open(CORPUS / path) as document:
        assert document.metadata["title"]
        assert document.metadata["author"]
        assert all(page.get_drawings() for page in list(document)[:1])
        assert normal(document.metadata["title"]) in text_of(path, 1)


def test_pdfs_have_outlines() -> None:
    """All but an interview or two, whose parts are questions."""
    without = []
    for path in (path for path in PATHS if path.endswith(".pdf")):
        with pymupdf.open(CORPUS / path) as document:
            without += [] if document.get_toc() else [path]
    assert len(without) <= 2


def test_pdfs_differ_in_layout() -> None:
    layouts = Counter(
        match[1] for source in SOURCES if (match := re.search(r"^layout: (\w+)$", source.read_text(), re.M))
    )
    figures = sum(bool(re.search(r"^!\[", body(source), re.MULTILINE)) for source in SOURCES)
    assert len(layouts) == 9
    assert min(layouts.values()) >= 3
    assert figures >= 50


def test_useless_files_are_useless_as_told() -> None:
    for copy, original in COPIES.items():
        assert (CORPUS / copy).read_bytes() == (CORPUS / original).read_bytes()
    assert (CORPUS / EMPTY).stat().st_size == 0
    with pytest.raises(pymupdf.FileDataError):
        pymupdf.open(CORPUS / TRUNCATED)
    with pymupdf.open(CORPUS / LOCKED) as document:
        assert document.needs_pass
    assert text_of(SCAN) == ""


def parts(question: dict[str, Any]) -> list[dict[str, Any]]:
    return question["parts"] if question["height"] == "mixed" else [question]


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question["question"][:40])
def test_questions_name_what_there_is(question: dict[str, Any]) -> None:
    assert question["split"] in ("dev", "test")
    assert not re.search(rf"(?i)\b({CUES})\b", question["question"])
    kinds = []
    for part in parts(question):
        if path := part.get("document"):
            assert path in PATHS
            assert (part["page"] is not None) == path.endswith(".pdf")
            assert normal(part["answer"]) in text_of(path, part["page"])
        kinds += [kind for kind in ("document", "entity", "category", "domain") if kind in part]
        for kind in kinds[-1:]:
            assert kind == "document" or any(document[kind] == part[kind] for document in DOCUMENTS)
    match question["height"]:
        case "mixed":
            assert len(kinds) == len(question["parts"]) >= 2
            assert "document" in kinds
            assert set(kinds) != {"document"}
        case height:
            expected = {"detail": ["document"], "subject": ["entity"], "none": []}
            assert kinds == expected[height] if height in expected else kinds in (["category"], ["domain"])


def test_questions_cover_every_height_and_node_in_both_splits() -> None:
    heights = Counter(question["height"] for question in QUESTIONS)
    assert heights.keys() == HEIGHTS.keys()
    assert all(heights[height] >= least for height, least in HEIGHTS.items())
    assert sum(heights.values()) - heights["none"] >= 160
    splits = Counter((question["height"], question["split"]) for question in QUESTIONS)
    assert all(abs(splits[height, "dev"] - splits[height, "test"]) <= 2 for height in HEIGHTS)
    asked = {
        part[kind]
        for question in QUESTIONS
        for part in parts(question)
        for kind in part
        if kind in ("entity", "category", "domain")
    }
    assert asked == set(TRUTH["names"])
    place = {document["path"]: document["entity"] for document in DOCUMENTS}
    assert {place[part["document"]] for question in QUESTIONS for part in parts(question) if "document" in part} == set(
        place.values()
    )


def test_no_question_is_asked_twice() -> None:
    asked = Counter(re.sub(r"\W+", " ", question["question"].lower()).strip() for question in QUESTIONS)
    assert [text for text, count in asked.items() if count > 1] == []


def test_openings_do_not_give_the_height_away() -> None:
    """The first two words of a question are, for most questions, those of questions at another height as well."""
    openings = defaultdict(set)
    for question in QUESTIONS:
        openings[" ".join(question["question"].lower().split()[:2])].add(question["height"])
    shared = sum(len(openings[" ".join(question["question"].lower().split()[:2])]) > 1 for question in QUESTIONS)
    assert shared >= len(QUESTIONS) * 0.6


def test_rebuilding_gives_the_same_bytes(tmp_path: Path) -> None:
    subprocess.run([sys.executable, PRESS / "typeset.py", tmp_path], check=True, stdout=subprocess.DEVNULL)
    built = {file.relative_to(tmp_path).as_posix(): file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}
    assert [name for name, content in built.items() if (CORPUS / name).read_bytes() != content] == []
    assert set(built) == {*PATHS, *USELESS, "truth.json", "questions.jsonl"}


def test_the_whole_is_small() -> None:
    files = [file for folder in (CORPUS, PRESS) for file in folder.rglob("*.*") if file.is_file()]
    assert sum(file.stat().st_size for file in files if file.suffix != ".pyc") < 12_000_000
