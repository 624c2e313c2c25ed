"""SHAS attention as an operator. It knows nothing of documents, and its package imports neither torch nor triton."""
