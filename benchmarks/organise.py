"""How good the tree of 1,352 textbook sections is, and how long `shas-kb organise` takes: the real commands, end to
end.

    python benchmarks/organise.py [--scratch FOLDER]

The sections of OpenStax are written as Markdown files and ingested (some ten minutes; kept in the scratch folder). Then
`shas-kb organise` builds one nested tree with the true counts given, and one with counts of its own; each level of it
is compared with chapter, book and field by adjusted mutual information, sections without a chapter left out. Timed on
all sections and on 153 of them.
"""

from __future__ import annotations

import argparse
import gzip
import json
import statistics
import tempfile
from pathlib import Path

from report import EVAL, write_result
from trees import agreement, places, shas_kb

from shas_kb.records import NODE_LEVELS

SOURCE = EVAL / "openstax" / "docs.jsonl.gz"
UNSCORED = "(front/back matter)"
ROUNDS = 5
Classes = tuple[str, str, str]  # chapter, book, field


def write_sections(folder: Path) -> dict[str, Classes]:
    """Write the sections as files; return the classes of each by its path."""
    folder.mkdir(parents=True, exist_ok=True)
    classes = {}
    with gzip.open(SOURCE, "rt", encoding="utf-8") as lines:
        for line in lines:
            section = json.loads(line)
            name = section["id"].replace("/", "__") + ".md"
            (folder / name).write_text(f"# {section['title']}\n\n{section['text']}", encoding="utf-8")
            classes[name] = (section["l3"], section["l2"], section["l1"])
    return classes


def agreed(db: Path, classes: dict[str, Classes]) -> dict[str, float]:
    """Adjusted mutual information of the current tree's levels with the classes."""
    truth = {name: dict(zip(NODE_LEVELS, true, strict=True)) for name, true in classes.items() if true[0] != UNSCORED}
    found = agreement(places(db), truth, digits=4)
    return dict(zip(("chapter", "book", "field"), found.values(), strict=True))


def organised(db: Path, *counts: object) -> tuple[dict[str, object], dict[str, object]]:
    """The tree's facts, and the seconds that several runs took."""
    answers = [shas_kb(db, "organise", *counts) for _ in range(ROUNDS)]
    seconds = [float(str(answer["seconds"])) for answer in answers]
    tree = answers[-1]["tree"]
    assert isinstance(tree, dict)
    return tree, {"median": statistics.median(seconds), "all": seconds}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scratch", type=Path, default=Path(tempfile.gettempdir()) / "shas-kb-organise")
    scratch = parser.parse_args().scratch
    if not SOURCE.exists():
        raise SystemExit(f"skipped: {SOURCE.name} of openstax is not beside the repository")
    classes = write_sections(scratch / "all")
    some = sorted(classes)[:: len(classes) // 153 + 1] + sorted(classes)[1 :: len(classes) // 153 + 1]
    (scratch / "some").mkdir(exist_ok=True)
    for name in some[:153]:
        (scratch / "some" / name).write_bytes((scratch / "all" / name).read_bytes())
    for name in ("some", "all"):
        shas_kb(scratch / f"{name}.sqlite", "ingest", scratch / name, "--no-tree")
    small, small_seconds = organised(scratch / "some.sqlite")
    scored = {true for true in classes.values() if true[0] != UNSCORED}
    counts = [len({true[level] for true in scored}) for level in range(3)]
    db = scratch / "all.sqlite"
    given, given_seconds = organised(db, "--entities", counts[0], "--categories", counts[1], "--domains", counts[2])
    given_agreement = agreed(db, classes)
    chosen, chosen_seconds = organised(db)
    figures = {
        "153 documents": {"tree": small, "seconds": small_seconds},
        "1,352 documents, true counts given": {
            "tree": given,
            "seconds": given_seconds,
            "adjusted mutual information": given_agreement,
        },
        "1,352 documents, counts chosen": {
            "tree": chosen,
            "seconds": chosen_seconds,
            "adjusted mutual information": agreed(db, classes),
        },
    }
    write_result("organise", figures)


if __name__ == "__main__":
    main()
