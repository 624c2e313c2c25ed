"""What is true of the corpus: where each document belongs, and which sentence of which page answers a question."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Mapping
from functools import cache
from html import unescape
from io import BytesIO
from pathlib import Path
from typing import Any

import pymupdf

from press.source import Article


def normal(text: str) -> str:
    """Text with words joined that were divided at a line's end, and single spaces."""
    return " ".join(text.replace("-\n", "").split())


@cache
def sheets(name: str, content: bytes) -> list[str]:
    """The text of each page of a PDF, or of the whole of another document."""
    kind = Path(name).suffix
    if kind == ".pdf":
        with pymupdf.open("pdf", content) as document:
            return [normal(page.get_text()) for page in document]
    if kind in (".docx", ".epub"):
        with zipfile.ZipFile(BytesIO(content)) as box:
            parts = [part for part in box.namelist() if part.endswith(("document.xml", ".xhtml"))]
            text = "\n".join(box.read(part).decode() for part in parts)
    else:
        text = content.decode()
    return [normal(unescape(re.sub(r"<[^>]+>", "", text)) if kind in (".html", ".docx", ".epub") else text)]


def files(here: Path, articles: Mapping[str, Article], made: Mapping[str, bytes]) -> dict[str, bytes]:
    """`truth.json` and `questions.jsonl`; `articles` by the names of their sources, `made` by those of their files."""
    names = json.loads((here / "names.json").read_text(encoding="utf-8"))
    documents = [
        json.dumps(
            {
                "path": article.file,
                **dict(zip(("entity", "category", "domain"), article.place, strict=True)),
                "also": list(article.also),
                "language": "en",
            },
            ensure_ascii=False,
        )
        for article in articles.values()
    ]
    called = [f"{json.dumps(node)}: {json.dumps(titles)}" for node, titles in names.items()]
    rows = ",\n    ".join(documents), ",\n    ".join(called)
    truth = f'{{\n  "documents": [\n    {rows[0]}\n  ],\n  "names": {{\n    {rows[1]}\n  }}\n}}\n'
    asked = (here / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    found = [json.dumps(placed(json.loads(line), articles, made), ensure_ascii=False) for line in asked]
    return {"truth.json": truth.encode(), "questions.jsonl": "".join(f"{line}\n" for line in found).encode()}


def placed(question: dict[str, Any], articles: Mapping[str, Article], made: Mapping[str, bytes]) -> dict[str, Any]:
    """A question, its documents named by their paths, with the pages on which the answers stand."""
    if "parts" in question:
        return {**question, "parts": [placed(part, articles, made) for part in question["parts"]]}
    if "document" not in question:
        return question
    path = articles[question["document"]].file
    pages = sheets(path, made[path])
    page = next((number for number, text in enumerate(pages, 1) if normal(question["answer"]) in text), None)
    if page is None:
        raise ValueError(f"{path}: no page has the words {question['answer']!r}")
    return {**question, "document": path, "page": page if path.endswith(".pdf") else None}
