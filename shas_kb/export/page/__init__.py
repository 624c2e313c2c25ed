"""One HTML page to look at, with everything inside.

build.py   the page: a template, its style and scripts, its data
layout.py  where nodes stand in its graph
assets/    the template, the style, and the scripts: data, colours, tree, map, graph, search, details
vendor/    cytoscape.js, which draws the graph
"""
