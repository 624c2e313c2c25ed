"""The texts on which the weights that ship were trained, as a folder of files.

    python benchmarks/training_texts.py FOLDER
    shas-kb train FOLDER --out encoder/learned.safetensors

Three textbooks, the meetings of QMSum's `train` split, and pages of C++ documentation: what may be trained on, and is
nowhere measured on.
"""

from __future__ import annotations

import argparse
import hashlib
import re
from pathlib import Path

from corpora import TRAINED_ON, Text, meetings, records, textbooks
from report import EVAL

PAGES, SHORTEST = 600, 3000
"""Pages of documentation, and the characters that each has at least."""


def pages() -> list[Text]:
    """Pages of C++ documentation, drawn by the hash of their name."""
    rows = [row for row in records(EVAL / "cppdocs" / "docs.jsonl.gz") if len(row["text"]) >= SHORTEST]
    rows.sort(key=lambda row: hashlib.sha256(row["id"].encode()).digest())
    return [Text(row["id"], row["title"], row["l1"], row["text"]) for row in rows[:PAGES]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    sources = {"textbooks": textbooks(), "meetings": meetings(), "documentation": pages()}
    for source, texts in sources.items():
        (folder / source).mkdir(parents=True, exist_ok=True)
        for text in texts:
            if source == "documentation" or text.book in TRAINED_ON:
                name = re.sub(r"\W+", "-", text.id).strip("-")
                content = f"# {text.title}\n\n{text.text}" if source == "textbooks" else text.text
                (folder / source / f"{name}.md").write_text(content, encoding="utf-8")
    print(f"{sum(1 for _ in folder.rglob('*.md'))} files in {folder}")


if __name__ == "__main__":
    main()
