"""The tree as a thesaurus, SKOS in Turtle: nodes are concepts, documents are what has them as its subject.

Weights stand on statements about the statements (`rdf:Statement`), so that `skos:related` and `dcterms:subject` remain
what every reader knows.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import quote

from shas_kb.export.content import Content
from shas_kb.export.graphs.graph import links
from shas_kb.export.text import one_line
from shas_kb.records import Document, Node
from shas_kb.writing import Written, write_whole

_PREFIXES = {
    "dc": "http://purl.org/dc/elements/1.1/",
    "dcmitype": "http://purl.org/dc/dcmitype/",
    "dcterms": "http://purl.org/dc/terms/",
    "kb": "urn:shas-kb:terms:",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
_SCHEME = "<urn:shas-kb:tree>"
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{1,8})*")

Linked = Mapping[tuple[str, str], list[str]]


def write_skos(content: Content, out: Path) -> Written:
    """Write the tree as Turtle."""
    return write_whole(out, build_skos(content).encode())


def build_skos(content: Content) -> str:
    """The file: the scheme, the concepts, the documents, then the weights."""
    documents = {document.id for document in content.documents}
    linked: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    weights: list[str] = []
    for link in links(content):
        if link.kind == "related":
            predicate = "dcterms:relation" if link.source in documents else "skos:related"
            linked[link.source, predicate].append(link.target)
            linked[link.target, predicate].append(link.source)
            weights.append(_weight(link.source, predicate, link.target, link.weight))
        elif link.target in documents:
            linked[link.target, "dcterms:subject"].append(link.source)
            weights.append(_weight(link.target, "dcterms:subject", link.source, link.weight))
    languages = _languages(content)
    prefixes = "".join(f"@prefix {name}: <{space}> .\n" for name, space in _PREFIXES.items())
    blocks = [
        prefixes,
        _block(_SCHEME, _scheme(content)),
        *(_block(_iri(node.id), _concept(content, node, linked, languages.get(node.id))) for node in content.nodes),
        *(_block(_iri(document.id), _document(document, content, linked)) for document in content.documents),
        "".join(weights),
    ]
    return "\n".join(filter(None, blocks))


def _scheme(content: Content) -> Iterable[str]:
    yield "a skos:ConceptScheme"
    yield f"dcterms:identifier {_text(content.hash)}"
    yield f"skos:hasTopConcept {_iris(content.children[''])}"


def _concept(content: Content, node: Node, linked: Linked, language: str | None) -> Iterable[str]:
    yield "a skos:Concept"
    yield f"skos:inScheme {_SCHEME}"
    yield f"skos:prefLabel {_text(node.name, language)}"
    if node.id in content.parents:
        yield f"skos:broader {_iri(content.parents[node.id])}"
    else:
        yield f"skos:topConceptOf {_SCHEME}"
    if node.level != "entity" and (below := content.children.get(node.id)):
        yield f"skos:narrower {_iris(below)}"
    if near := linked.get((node.id, "skos:related")):
        yield f"skos:related {_iris(near)}"
    if node.summary:
        yield f"skos:scopeNote {_text(' '.join(quote.text for quote in node.summary), language)}"
    yield f"kb:level {_text(node.level)}"
    yield f"kb:documents {node.documents}"
    yield f"kb:confidence {_decimal(node.confidence)}"
    if node.keyphrases:
        yield f"kb:keyphrase {', '.join(_text(phrase, language) for phrase in sorted(set(node.keyphrases)))}"


def _document(document: Document, content: Content, linked: Linked) -> Iterable[str]:
    language = _tag(document.language)
    yield "a dcmitype:Text"
    yield f"dcterms:title {_text(document.title, language)}"
    yield f"dcterms:subject {_iris(linked[document.id, 'dcterms:subject'])}"
    yield f"kb:primary {_iri(content.parents[document.id])}"
    if near := linked.get((document.id, "dcterms:relation")):
        yield f"dcterms:relation {_iris(near)}"
    yield f"dc:source {_text(one_line(document.path))}"
    if document.authors:
        yield f"dc:creator {', '.join(map(_text, sorted(set(document.authors))))}"
    if language:
        yield f"dc:language {_text(language)}"
    if document.year is not None:
        yield f'dcterms:issued "{document.year:04d}"^^xsd:gYear'
    if document.pages:
        yield f"kb:pages {document.pages}"
    yield f"kb:sha256 {_text(document.sha256)}"
    if phrases := content.keyphrases.get(document.id):
        yield f"kb:keyphrase {', '.join(_text(phrase, language) for phrase in sorted(set(phrases)))}"


def _languages(content: Content) -> dict[str, str]:
    """Of each node the language that most of its documents are in, if there is one: its name is in that."""
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for document in content.documents:
        for above in content.path(document.id):
            counts[above][_tag(document.language) or ""] += 1
    most = {id: count.most_common(1)[0] for id, count in counts.items()}
    return {id: tag for id, (tag, number) in most.items() if tag and 2 * number > counts[id].total()}


def _tag(language: str) -> str | None:
    return language if _LANGUAGE.fullmatch(language) else None


def _block(subject: str, statements: Iterable[str]) -> str:
    return f"{subject} " + " ;\n  ".join(statements) + " .\n"


def _weight(subject: str, predicate: str, target: str, weight: float) -> str:
    statement = f"rdf:subject {_iri(subject)} ; rdf:predicate {predicate} ; rdf:object {_iri(target)}"
    return f"[] a rdf:Statement ; {statement} ; kb:weight {_decimal(weight)} .\n"


def _iri(id: str) -> str:
    return f"<urn:shas-kb:{quote(id, safe='')}>"


def _iris(ids: Iterable[str]) -> str:
    return ", ".join(map(_iri, sorted(ids)))


def _decimal(number: float) -> str:
    return f"{number:.3f}"


def _text(text: str, language: str | None = None) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"@{language}' if language else f'"{escaped}"'
