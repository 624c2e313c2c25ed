"""SHAS attention as an operator. It knows nothing of documents, and its package imports neither torch nor triton.

`pyramid`, `plan`, `descent` are NumPy: geometry, and the walk from coarse to fine. `attention` is what one calls; it
has three implementations of one meaning: `reference`, `cpu`, `triton`. Mathematics and sources are in README.md.
"""
