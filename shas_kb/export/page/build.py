"""One HTML page to look at: everything inside, no network, safe to open from a mail.

The page is a template with its style, its script and its data as JSON. Its Content-Security-Policy allows exactly that
style and that script, by their hashes, and nothing from anywhere else; text from documents is data, never markup.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from importlib.resources import files
from pathlib import Path

from shas_kb.export.content import Content
from shas_kb.export.page.layout import Disc, lay_out
from shas_kb.export.projection import project
from shas_kb.export.text import counted, one_line, shorten
from shas_kb.progress import NoProgress, Progress, told
from shas_kb.records import Document, Node, StoredPassage
from shas_kb.writing import Written, write_whole

_SCRIPTS = ("data.js", "colour.js", "tip.js", "treemap.js", "map.js", "graph.js", "search.js", "detail.js", "page.js")
_EXCERPT = 320


def write_page(content: Content, out: Path, progress: Progress) -> Written:
    """Write the page."""
    return write_whole(out, build_page(content, progress=progress).encode())


@dataclass(frozen=True, slots=True)
class Addition:
    """What is added to the page where a server shows it.

    Attributes:
        style: rules after the page's own.
        script: statements after the page's own.
        policy: directives of the Content-Security-Policy that these need beside the page's own.
    """

    style: str = ""
    script: str = ""
    policy: Sequence[str] = ()


NOTHING_MORE = Addition()


def build_page(content: Content, addition: Addition = NOTHING_MORE, progress: Progress | None = None) -> str:
    """The page as text."""
    style = _asset("assets/page.css") + addition.style
    library = _asset("vendor/cytoscape.min.js")
    script = "".join(_asset(f"assets/{name}") for name in _SCRIPTS) + addition.script
    scripts = " ".join(f"'{_digest(text)}'" for text in (library, script))
    policy = (
        "default-src 'none'",
        f"style-src '{_digest(style)}'",
        f"script-src {scripts}",
        "base-uri 'none'",
        "form-action 'none'",
        *(addition.policy or ("img-src data:",)),
    )
    parts = {
        "policy": "; ".join(policy),
        "title": escape(_title(content)),
        "counts": escape(_counts(content)),
        "outline": _outline(content, {node.id: node for node in content.nodes}, ""),
        "style": style,
        "library": library,
        "script": script,
        "data": island(page_data(content, progress or NoProgress())),
    }
    return re.sub(r"\{\{(\w+)\}\}", lambda match: parts[match[1]], _asset("assets/page.html"))


def island(value: object) -> str:
    """JSON that can stand inside a `<script>` element: nothing in it can end the element or open another."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return re.sub("[<>&\u2028\u2029]", lambda match: f"\\u{ord(match[0]):04x}", text)


def page_data(content: Content, progress: Progress) -> dict[str, object]:
    """Nodes, then documents, each with its parent's place in that list; children in the order they are shown in."""
    nodes = {node.id: node for node in content.nodes}
    order = _depth_first(content, "")
    ids = [id for id in order if id in nodes] + [id for id in order if id not in nodes]
    place = {id: i for i, id in enumerate(ids)}
    rows = {document.id: row for row, document in enumerate(content.documents)}
    progress.start("Mapping", len(content.documents), "document")
    points = project(content.vectors)
    discs = lay_out(content)
    progress.finish()
    return {
        "nodes": [{**_node(content, nodes[id], place), "spot": _spot(discs[id])} for id in ids if id in nodes],
        "documents": [
            {
                **_document(content, rows[id], place),
                "x": round(float(points[rows[id], 0]), 4),
                "y": round(1 - float(points[rows[id], 1]), 4),
                "spot": _spot(discs[id])[:2],
            }
            for id in told(progress, "Writing", [id for id in ids if id in rows], "document")
        ],
    }


def _spot(disc: Disc) -> tuple[float, ...]:
    return disc.x, disc.y, disc.middle_x, disc.middle_y, disc.radius


def _node(content: Content, node: Node, place: dict[str, int]) -> dict[str, object]:
    return {
        "id": node.id,
        "level": node.level,
        "name": node.name,
        "parent": place.get(content.parents.get(node.id, "")),
        "count": node.documents,
        "confidence": round(float(node.confidence), 2),
        "keyphrases": node.keyphrases,
        "summary": [{"text": q.text, "document": place.get(q.document), "page": q.page} for q in node.summary],
        "related": _placed(content.related.get(node.id, ()), place),
    }


def _document(content: Content, row: int, place: dict[str, int]) -> dict[str, object]:
    document: Document = content.documents[row]
    excerpts = content.central_passages(row, 1)
    fields: dict[str, object] = {
        "id": document.id,
        "level": "document",
        "name": document.title,
        "parent": place[content.parents[document.id]],
        "path": one_line(document.path),
        "pages": document.pages,
        "language": document.language,
        "authors": document.authors,
        "year": document.year,
        "keyphrases": content.keyphrases.get(document.id, ()),
        "summary": [
            {"text": shorten(_without_heading(passage), _EXCERPT), "document": place[document.id], "page": passage.page}
            for passage in excerpts
        ],
        "also": _placed(content.also.get(document.id, ()), place),
        "related": _placed(content.related.get(document.id, ()), place),
    }
    return {key: value for key, value in fields.items() if value not in (None, "", 0, (), [])} | {
        "parent": fields["parent"]
    }


def _without_heading(passage: StoredPassage) -> str:
    return passage.text.removeprefix(one_line(passage.section or "")).lstrip() or passage.text


def _placed(pairs: tuple[tuple[str, float], ...], place: dict[str, int]) -> list[tuple[int, float]]:
    return [(place[id], weight) for id, weight in pairs]


def _depth_first(content: Content, top: str) -> list[str]:
    order: list[str] = []
    for id in content.children.get(top, ()):
        order += [id, *_depth_first(content, id)]
    return order


def _title(content: Content) -> str:
    top = content.nodes[0]
    return top.name if len(content.children[""]) == 1 else "Knowledge base"


def _counts(content: Content) -> str:
    topmost = set(content.children[""])
    numbers = {"document": sum(node.documents for node in content.nodes if node.id in topmost)}
    for node in reversed(content.nodes):
        numbers[node.level] = numbers.get(node.level, 0) + 1
    return " · ".join(counted(number, level) for level, number in numbers.items())


def _outline(content: Content, nodes: Mapping[str, Node], top: str) -> str:
    """The nodes as nested lists, for a reader without JavaScript."""
    rows = (
        f"<li>{escape(nodes[id].name)} ({nodes[id].documents}){_outline(content, nodes, id)}</li>"
        for id in content.children.get(top, ())
        if id in nodes
    )
    body = "".join(rows)
    return f"<ul>{body}</ul>" if body else ""


def _asset(name: str) -> str:
    return (files("shas_kb.export.page") / name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
