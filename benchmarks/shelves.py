"""Small collections of documents as people have them, made of the evaluation data that may be trained on: sections of
two textbooks, pages of documentation, Chinese articles, stretches of meetings, and some of each together.

`questions.jsonl` holds 48 questions to each, written with their trees at hand, at heights that their wording does not
give away. Documents keep their paths, so that the questions find them.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from corpora import records
from report import EVAL

LONGEST = 12_000
"""Characters of a document, but of stretches of a meeting, which end where the talk turns to something else."""
FOLDERS = (
    "error-messages/compiler-errors-2",
    "mfc/reference",
    "c-runtime-library/reference",
    "standard-library",
    "build/reference",
    "atl/reference",
    "code-quality",
    "parallel/concrt",
    "data/oledb",
    "dotnet",
)
PAGES, ARTICLES, STRETCHES = 20, 150, 4
"""Pages of a folder of documentation; articles in all; stretches of a meeting at most."""
MEETINGS = {"Product": 22, "Academic": 20, "Committee": 18}
SHORT, LONG, CUT = 2000, 10_000, 8000
"""Characters of a stretch at least and at most, and those after which one that is longer is cut."""


class Document(NamedTuple):
    """A Markdown file: its name without ending, its title, its text."""

    name: str
    title: str
    text: str


def books() -> list[Document]:
    """Every second section of two textbooks."""
    rows = [
        row
        for row in records(EVAL / "openstax" / "docs.jsonl.gz")
        if row["l2"] in ("Psychology", "US History") and "front/back" not in row["l3"] and len(row["text"]) >= 1500
    ]
    found: dict[str, Document] = {}
    for row in rows[::2]:
        name = ("psych-" if row["l2"] == "Psychology" else "ushist-") + slug(row["title"], 60)
        if name in found:
            name += "-" + slug(row["id"].split("/")[-1], 60)
        found[name] = Document(name, row["title"], row["text"][:LONGEST])
    return list(found.values())


def cpp() -> list[Document]:
    """Pages of ten folders of documentation."""
    rows = [row for row in records(EVAL / "cppdocs" / "docs.jsonl.gz") if len(row["text"]) >= 800]
    rows.sort(key=lambda row: row["id"])
    chosen = [row for folder in FOLDERS for row in spread([row for row in rows if row["l2"] == folder], PAGES)]
    return [Document(slug(row["id"][5:-3], 100), row["title"], row["text"][:LONGEST]) for row in chosen]


def zh() -> list[Document]:
    """Chinese articles of every folder, as many of each as it has in all."""
    rows = [row for row in records(EVAL / "oi-wiki-zh" / "docs.jsonl.gz") if len(row["text"]) >= 500]
    folders: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        folders[row["l2"]].append(row)
    chosen = [
        row
        for _, inside in sorted(folders.items())
        for row in spread(inside, max(1, round(len(inside) * ARTICLES / len(rows))))
    ]
    return [Document(slug(row["id"][5:-3], 100), row["title"], row["text"][:LONGEST]) for row in chosen]


def meetings() -> list[Document]:
    """Stretches of meetings that may be trained on."""
    rows = [row for row in records(EVAL / "qmsum" / "meetings.jsonl.gz") if row["split"] == "train"]
    found = []
    for kind, count in MEETINGS.items():
        for row in spread(sorted((row for row in rows if row["domain"] == kind), key=lambda row: row["id"]), count):
            for number, lines in spread(list(enumerate(stretches(row), 1)), STRETCHES):
                name = f"{slug(row['id'], 60)}-{number:02d}"
                found.append(Document(name, f"Meeting {row['id']}, part {number}", "\n\n".join(lines)))
    return found


def mixed() -> list[Document]:
    return [
        document for shelf, count in ((books, 60), (cpp, 60), (meetings, 40)) for document in spread(shelf(), count)
    ]


SHELVES: dict[str, Callable[[], list[Document]]] = {
    "books": books,
    "cpp": cpp,
    "zh": zh,
    "meetings": meetings,
    "mixed": mixed,
}


def stretches(meeting: dict[str, Any]) -> list[list[str]]:
    """A meeting's lines, cut where its topics begin, into stretches neither short nor long."""
    lines = [f"{turn['speaker']}: {plain(turn['text'])}" for turn in meeting["turns"]]
    begins = {int(span[0]) for topic in meeting["topics"] for span in topic["relevant_text_span"]} | {0}
    cuts = [*sorted(begin for begin in begins if begin < len(lines)), len(lines)]
    found: list[list[str]] = []
    for begin, end in pairwise(cuts):
        if found and size(found[-1]) < SHORT:
            found[-1] += lines[begin:end]
        else:
            found.append(lines[begin:end])
    if len(found) > 1 and size(found[-1]) < SHORT:
        last = found.pop()
        found[-1] += last
    return [part for stretch in found for part in ([stretch] if size(stretch) <= LONG else parts(stretch))]


def parts(stretch: Sequence[str]) -> Iterator[list[str]]:
    """A long stretch in parts; a short rest is left out."""
    part: list[str] = []
    count = 0
    for line in stretch:
        if part and size(part) + len(line) > CUT:
            yield part
            part, count = [], count + 1
        part.append(line[: CUT + 1000])
    if size(part) >= SHORT or not count:
        yield part


def size(lines: Iterable[str]) -> int:
    return sum(len(line) + 1 for line in lines)


def plain(text: str) -> str:
    """What was said, without marks like {vocalsound}."""
    return re.sub(r"\s+", " ", re.sub(r"\{\w+\}", "", text)).strip()


def slug(text: str, longest: int) -> str:
    return re.sub(r"[^\w]+", "-", text.lower()).strip("-")[:longest].strip("-")


def spread(things: Sequence[Any], count: int) -> list[Any]:
    """So many of them, at even distances, in order."""
    count = min(count, len(things))
    step = len(things) / max(count, 1)
    return [things[int(i * step)] for i in range(count)]


def write(shelf: str, folder: Path) -> None:
    """Write a collection's documents into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for document in SHELVES[shelf]():
        titled = document.text.lstrip().startswith("# ")
        text = document.text if titled else f"# {document.title}\n\n{document.text}"
        (folder / f"{document.name}.md").write_text(text, encoding="utf-8")
