"""shas-kb: a folder of documents becomes a tree of entities, categories and domains that can be asked and exported.

The way of the data: `reading` > `encoder` > `organise`, each kept in `storage`; then `ask` and `export`. `pipeline`
puts the first three in order, `cli` is what a person types. ARCHITECTURE.md has the map.
"""
