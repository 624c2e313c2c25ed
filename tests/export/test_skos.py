"""SKOS: the rules of its reference, and what a reader may ask of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import rdflib
from hypothesis import given
from hypothesis import strategies as st

from shas_kb.export import Extent, export
from shas_kb.export.content import read_content
from shas_kb.export.graphs.skos import _text, build_skos
from shas_kb.storage import Store

NAMES = """
PREFIX dcterms: <http://purl.org/dc/terms/>
PREFIX kb: <urn:shas-kb:terms:>
PREFIX rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
"""

# By the numbers of the SKOS reference; each finds what breaks it.
BROKEN = {
    "S9: no scheme is a concept": "?x a skos:ConceptScheme, skos:Concept",
    "S13: no label is preferred and alternative": "?x skos:prefLabel ?l ; skos:altLabel|skos:hiddenLabel ?l",
    "S14: one preferred label a language": "?x skos:prefLabel ?l, ?m FILTER (?l != ?m && lang(?l) = lang(?m))",
    "S27: what is related is not above": "?x skos:related ?y ; skos:broader+ ?y",
    "S23: related both ways": "?x skos:related ?y FILTER NOT EXISTS { ?y skos:related ?x }",
    "S25: narrower is broader the other way": "?x skos:narrower ?y FILTER NOT EXISTS { ?y skos:broader ?x }",
    "and so is broader": "?x skos:broader ?y FILTER NOT EXISTS { ?y skos:narrower ?x }",
    "S8: top concepts both ways": "?x skos:topConceptOf ?s FILTER NOT EXISTS { ?s skos:hasTopConcept ?x }",
    "no top concept has one above": "?x skos:topConceptOf ?s ; skos:broader ?y",
    "nothing is above itself": "?x skos:broader+ ?x",
    "one above at most": "?x skos:broader ?y, ?z FILTER (?y != ?z)",
    "every concept is in the scheme": "?x a skos:Concept FILTER NOT EXISTS { ?x skos:inScheme <urn:shas-kb:tree> }",
    "every concept has a name": "?x a skos:Concept FILTER NOT EXISTS { ?x skos:prefLabel ?l }",
    "S19, S20: what is related is a concept": "?a skos:related|skos:broader ?x FILTER NOT EXISTS { ?x a skos:Concept }",
    "subjects are concepts": "?d dcterms:subject ?x FILTER NOT EXISTS { ?x a skos:Concept }",
    "documents are none": "?x dcterms:subject ?y ; a skos:Concept",
    "a weight is from 0 to 1": "?x kb:weight ?w FILTER (?w < 0 || ?w > 1)",
}


BREAKING = """
<urn:s> a skos:ConceptScheme, skos:Concept .
<urn:a> a skos:Concept ; skos:prefLabel "a"@en, "b"@en ; skos:altLabel "a"@en ;
  skos:related <urn:b> ; skos:broader <urn:b>, <urn:c>, <urn:a> ; skos:narrower <urn:d> ; skos:topConceptOf <urn:s> ;
  dcterms:subject <urn:d> ; kb:weight 1.5 .
"""


@pytest.fixture
def graph(store: Store, tmp_path: Path) -> rdflib.Graph:
    return rdflib.Graph().parse(export(store, "skos", tmp_path / "kb.ttl").path, format="turtle")


def breaches(graph: rdflib.Graph) -> list[str]:
    return [rule for rule, pattern in BROKEN.items() if graph.query(f"{NAMES} ASK {{ {pattern} }}").askAnswer]


def test_it_breaks_no_rule(graph: rdflib.Graph) -> None:
    assert breaches(graph) == []
    broken = rdflib.Graph().parse(data=NAMES + BREAKING, format="turtle")
    assert breaches(broken) == list(BROKEN)


def test_what_is_under_a_domain_can_be_asked_for(store: Store, graph: rdflib.Graph) -> None:
    found = graph.query(
        NAMES
        + """SELECT ?title ?weight WHERE {
          ?domain skos:prefLabel "Science"@en ; skos:topConceptOf <urn:shas-kb:tree> .
          ?entity skos:broader+ ?domain ; skos:prefLabel "Planets"@en .
          ?document kb:primary ?entity ; dcterms:title ?title .
          [] rdf:subject ?document ; rdf:predicate dcterms:subject ; rdf:object ?entity ; kb:weight ?weight
        }"""
    )
    rows = [(str(title), float(weight)) for title, weight in found]
    tree = store.tree()
    assert tree is not None
    (planets,) = (node for node in tree.nodes if node.name == "Planets")
    assert len(rows) == planets.documents
    assert ("the sun", 0.8) in rows


def test_without_documents_names_have_no_language(store: Store, tmp_path: Path) -> None:
    path = export(store, "skos", tmp_path / "kb.ttl", Extent(depth="entity")).path
    graph = rdflib.Graph().parse(path, format="turtle")
    assert {label.language for label in graph.objects(None, rdflib.SKOS.prefLabel)} == {None}


def test_a_name_has_the_language_of_most_documents(store: Store) -> None:
    content = read_content(store)
    homes = {node.name: node.id for node in content.nodes if node.level == "entity"}
    inside = {name: content.children[home] for name, home in homes.items()}
    spoken = dict.fromkeys(inside["Stars"], "de") | dict.fromkeys(inside["Planets"][:4], "fr")
    spoken |= dict.fromkeys(inside["Markets"][1::2], "zh") | dict.fromkeys(inside["Money"], "not a tag")
    documents = [replace(document, language=spoken.get(document.id, "en")) for document in content.documents]
    written = build_skos(replace(content, documents=tuple(documents)))
    labels = rdflib.Graph().parse(data=written, format="turtle").objects(None, rdflib.SKOS.prefLabel)
    found = {str(label): label.language for label in labels}
    assert {name: found[name] for name in homes} == {"Stars": "de", "Planets": "fr", "Markets": "en", "Money": None}
    assert found["Economy & <Society>"] is None


@given(st.text(st.characters(exclude_categories=("Cs", "Cc"))))
def test_any_text_comes_back(text: str) -> None:
    graph = rdflib.Graph().parse(data=f"<urn:a> <urn:b> {_text(text)} .", format="turtle")
    assert list(graph.objects()) == [rdflib.Literal(text)]


@pytest.mark.parametrize("text", ['"', '\\"', "\\", '""" . <urn:x> a <urn:y> . """', "\\u0022", "'", "a@en"])
def test_a_text_stays_in_its_quotes(text: str) -> None:
    graph = rdflib.Graph().parse(data=f"<urn:a> <urn:b> {_text(text, 'en')} .", format="turtle")
    assert list(graph.objects()) == [rdflib.Literal(text, "en")]
