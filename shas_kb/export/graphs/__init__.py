"""The tree as a graph, an outline, a thesaurus, tables: for other programs.

graph.py      what every one of them says of nodes, documents and links; GraphML and node-link JSON
gexf.py       for Gephi, with places, sizes and colours
cytoscape.py  nodes within nodes
mermaid.py    a chart for Markdown, cut to what Mermaid draws
opml.py       an outline
skos.py       a thesaurus, in Turtle
tables.py     CSV for Neo4j and Gephi
"""
