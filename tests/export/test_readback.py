"""Every graph format, read by another program than the one that wrote it, is the tree that is in the database."""

from __future__ import annotations

import html
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import igraph
import pytest
import rdflib
from browser import Browser
from csvs import plain, read_csv
from graphs import Graph, in_database
from lxml import etree
from rdflib.namespace import DC, DCTERMS, RDF, SKOS

import shas_kb.export
from shas_kb.export import WHOLE, Extent, export
from shas_kb.storage import Store


def graphml(path: Path) -> Graph:
    """By igraph, which is written in C on libxml2."""
    read, graph = igraph.Graph.Read_GraphML(str(path)), Graph()
    for vertex in read.vs:
        add(graph, vertex["id"], vertex["level"], vertex["name"], vertex.attributes().get("parent"))
    for edge in read.es:
        graph.edge(edge["kind"], read.vs[edge.source]["id"], read.vs[edge.target]["id"], edge["weight"])
    return graph


def node_link(path: Path) -> Graph:
    """By the standard library's JSON."""
    read, graph = json.loads(path.read_bytes()), Graph()
    for node in read["nodes"]:
        add(graph, node["id"], node["level"], node["name"], node.get("parent"))
    for link in read["links"]:
        graph.edge(link["kind"], link["source"], link["target"], link["weight"])
    return graph


def gexf(path: Path) -> Graph:
    """By lxml, valid against the schema."""
    read, graph = etree.parse(path), Graph()
    etree.XMLSchema(etree.parse(Path(__file__).with_name("gexf.xsd"))).assertValid(read)
    space = {"g": "http://www.gexf.net/1.2draft"}
    for node in read.iterfind(".//g:node", space):
        values = {value.get("for"): value.get("value") for value in node.iterfind("g:attvalues/g:attvalue", space)}
        assert values.get("parent") == node.get("pid")
        add(graph, node.get("id"), values["level"], node.get("label"), node.get("pid"))
    for edge in read.iterfind(".//g:edge", space):
        kind = edge.find("g:attvalues/g:attvalue[@for='kind']", space).get("value")
        graph.edge(kind, edge.get("source"), edge.get("target"), edge.get("weight"))
    return graph


def opml(path: Path) -> Graph:
    """By lxml, after the rules of OPML 2.0."""
    read, graph = etree.parse(path).getroot(), Graph()
    assert (read.tag, read.get("version"), [part.tag for part in read]) == ("opml", "2.0", ["head", "body"])
    assert [part.tag for part in read[0]] == ["title"]
    ours = "{urn:shas-kb:opml}"
    for line in read[1].iter():
        if line.tag == "body":
            assert len(line) and not line.attrib
            continue
        assert line.tag == "outline" and line.get("text")
        plainly = {key for key in line.attrib if not key.startswith(ours)}
        assert plainly <= {"text", "_note"}
        id, parent = line.get(f"{ours}id"), line.getparent().get(f"{ours}id")
        add(graph, id, line.get(f"{ours}level"), html.unescape(line.get("text")), parent)
        if parent:
            graph.edge("contains", parent, id, line.get(f"{ours}weight", 1))
    return graph


def skos(path: Path) -> Graph:
    """By rdflib."""
    read, graph = rdflib.Graph().parse(path, format="turtle"), Graph()
    kb = rdflib.Namespace("urn:shas-kb:terms:")
    for concept in read.subjects(RDF.type, SKOS.Concept):
        (name,) = read.objects(concept, SKOS.prefLabel)
        add(
            graph,
            short(concept),
            str(read.value(concept, kb.level)),
            str(name),
            short(read.value(concept, SKOS.broader)),
        )
        if above := read.value(concept, SKOS.broader):
            assert (above, SKOS.narrower, concept) in read
            graph.edge("contains", short(above), short(concept), 1)
    for document in read.subjects(DCTERMS.title):
        home = read.value(document, kb.primary)
        add(graph, short(document), "document", str(read.value(document, DCTERMS.title)), short(home))
        assert read.value(document, DC.source)
    for statement in read.subjects(RDF.type, RDF.Statement):
        about, predicate, what = (read.value(statement, part) for part in (RDF.subject, RDF.predicate, RDF.object))
        assert (about, predicate, what) in read
        weight = read.value(statement, kb.weight).toPython()
        if predicate == DCTERMS.subject:
            kind = "contains" if short(what) == graph.parents[short(about)] else "also"
            graph.edge(kind, short(what), short(about), weight)
        else:
            assert (what, predicate, about) in read
            graph.edge("related", short(about), short(what), weight)
    # Nothing is said without a weight: of a pair, both ways.
    said = sum(predicate in (DCTERMS.subject, SKOS.related, DCTERMS.relation) for predicate in read.predicates())
    of_documents = sum(graph.levels[target] == "document" for kind, _, target in graph.weights if kind != "related")
    assert said == of_documents + 2 * sum(kind == "related" for kind, _, _ in graph.weights)
    return graph


def neo4j(path: Path) -> Graph:
    graph = Graph()
    for row in read_csv(path / "neo4j" / "nodes.csv"):
        add(graph, row["id:ID"], row[":LABEL"].lower(), plain(row["name:string"]), None)
    for row in read_csv(path / "neo4j" / "relationships.csv"):
        graph.edge(row[":TYPE"].lower(), row[":START_ID"], row[":END_ID"], row["weight:double"])
    graph.parents |= {child: parent for kind, parent, child in graph.weights if kind == "contains"}
    return graph


def gephi(path: Path) -> Graph:
    graph = Graph()
    for row in read_csv(path / "gephi" / "nodes.csv"):
        add(graph, row["Id"], row["Level"], plain(row["Label"]), row["Parent"])
    for row in read_csv(path / "gephi" / "edges.csv"):
        assert row["Type"] == ("Undirected" if row["Kind"] == "related" else "Directed")
        graph.edge(row["Kind"], row["Source"], row["Target"], row["Weight"])
    return graph


def add(graph: Graph, id: str, level: str, name: str, parent: str | None) -> None:
    assert id not in graph.levels
    graph.levels[id], graph.names[id] = level, name
    if parent:
        graph.parents[id] = parent


def short(resource: rdflib.term.Node | None) -> str:
    return str(resource).removeprefix("urn:shas-kb:") if resource is not None else ""


LOAD = """(file => {
  const cy = cytoscape({...file, container: document.getElementById("cy"), layout: {name: "preset"}});
  return [
    cy.nodes().map(n => [n.id(), n.data("level"), n.data("name"), n.parent().id() ?? null, n.data("weight")]),
    cy.edges().map(e => [e.data("kind"), e.source().id(), e.target().id(), e.data("weight")]),
  ];
})(%s)"""

READERS: dict[str, tuple[str, Callable[[Path], Graph]]] = {
    "graphml": ("graphml", graphml),
    "json": ("json", node_link),
    "gexf": ("gexf", gexf),
    "opml": ("opml", opml),
    "skos": ("skos", skos),
    "csv for Neo4j": ("csv", neo4j),
    "csv for Gephi": ("csv", gephi),
}


def extents(store: Store) -> Iterator[Extent]:
    yield WHOLE
    yield Extent(depth="entity")
    yield Extent(depth="domain")
    yield Extent(least_weight=0.9)
    for level in ("domain", "entity"):
        yield Extent(under=next(node.id for node in store.tree().nodes if node.level == level))  # type: ignore[union-attr]


@pytest.mark.parametrize(("format", "reader"), READERS.values(), ids=READERS)
def test_it_is_the_tree(store: Store, tmp_path: Path, format: str, reader: Callable[[Path], Graph]) -> None:
    for extent in extents(store):
        read = reader(export(store, format, tmp_path / "out", extent).path)
        there = in_database(store, extent)
        assert read == (there.tree() if format == "opml" else there)


def test_cytoscape_js_loads_it_as_the_tree(browser: Browser, store: Store, tmp_path: Path) -> None:
    library = Path(shas_kb.export.__file__).parent / "page" / "vendor" / "cytoscape.min.js"
    page = tmp_path / "page.html"
    page.write_text(f'<!doctype html><div id="cy" style="height: 9in"></div><script src="{library.as_uri()}"></script>')
    browser.open(page.as_uri(), "#cy")
    for extent in extents(store):
        out = export(store, "cytoscape", tmp_path / "kb.cyjs", extent).path
        nodes, edges = browser.js(LOAD % out.read_text())
        read = Graph()
        for id, level, name, parent, weight in nodes:
            add(read, id, level, name, parent)
            if parent:
                read.edge("contains", parent, id, weight)
        for edge in edges:
            read.edge(*edge)
        assert read == in_database(store, extent)
    assert browser.complaints == []
