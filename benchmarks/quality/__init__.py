"""Is asking any good? What `python benchmarks/asking_quality.py` measures, a file a part, and what they share."""
