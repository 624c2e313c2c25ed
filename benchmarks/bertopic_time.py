"""What BERTopic takes with its defaults on `vectors.npy` and `texts.json` of a folder: for `scale.py`, in a Python in
which it is installed.

    python benchmarks/bertopic_time.py FOLDER
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import numpy as np
from bertopic import BERTopic


def main() -> None:
    folder = Path(sys.argv[1])
    texts, vectors = json.loads((folder / "texts.json").read_text()), np.load(folder / "vectors.npy")
    began, processor = time.perf_counter(), time.process_time()
    topics, _ = BERTopic(calculate_probabilities=False).fit_transform(texts, vectors)
    took = {"fit": round(time.perf_counter() - began, 2), "processor seconds of fit": time.process_time() - processor}
    outliers = round(float(np.mean(np.array(topics) == -1)), 3)
    print(json.dumps(took | {"topics": list(map(int, topics)), "outliers": outliers}))


if __name__ == "__main__":
    main()
