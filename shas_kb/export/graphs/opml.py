"""The tree as an outline, OPML 2.0: what an outliner or a mind-mapping program opens.

Attributes of ours have a namespace, as OPML wants it; `_note` has none, because outliners know it so.
"""

from __future__ import annotations

import html
import re
from pathlib import Path
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from shas_kb.export.content import Content
from shas_kb.export.graphs.graph import Value, attributes, joined
from shas_kb.writing import Written, write_whole

SPACE = "urn:shas-kb:opml"
_OURS = ("level", "documents", "confidence", "path", "sha256", "pages", "language", "authors", "year")
_TAG = re.compile(r"<[a-zA-Z/!?]")


def write_opml(content: Content, out: Path) -> Written:
    """Write the tree as OPML."""
    return write_whole(out, build_opml(content))


def build_opml(content: Content) -> bytes:
    """The file: nodes with the largest first, in an entity the weightiest documents first."""
    root = Element("opml", {"version": "2.0", "xmlns:kb": SPACE})
    head = SubElement(root, "head")
    top = content.children[""]
    everything = attributes(content)
    SubElement(head, "title").text = str(everything[top[0]]["name"]) if len(top) == 1 else "Knowledge base"
    _outline(SubElement(root, "body"), top, content, everything)
    indent(root, " ")
    data: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return data + b"\n"


def _outline(above: Element, ids: tuple[str, ...], content: Content, everything: dict[str, dict[str, Value]]) -> None:
    for id in ids:
        facts = everything[id]
        fields = {"text": markup(str(facts["name"]))}
        if "keyphrases" in facts:
            fields["_note"] = markup(str(joined(facts["keyphrases"], ", ", " ")))
        fields["kb:id"] = id
        fields |= {f"kb:{key}": str(joined(facts[key])) for key in _OURS if key in facts}
        if id in content.weights:
            fields["kb:weight"] = str(content.weights[id])
        line = SubElement(above, "outline", fields)
        _outline(line, content.children.get(id, ()), content, everything)


def markup(text: str) -> str:
    """The text as it stands, or escaped where a reader that takes it for HTML (as OPML allows) would read another."""
    return html.escape(text, quote=False) if _TAG.search(text) or html.unescape(text) != text else text
