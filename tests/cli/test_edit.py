"""`shas-kb edit` and `diff` as a person meets them: what was said holds after everything that comes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from harness import Outcome, Shell

SUBJECTS = {
    "bees": ("hive", "honey", "queen bee", "wax comb", "nectar"),
    "bread": ("sourdough", "rye flour", "oven spring", "crust", "yeast"),
    "tides": ("spring tide", "neap tide", "moon", "tidal range", "estuary"),
    "owls": ("barn owl", "night flight", "vole", "owl pellet", "nest box"),
    "cheese": ("rennet", "curd", "rind", "whey", "cheese cellar"),
}


def write(folder: Path, subject: str, numbers: range) -> None:
    folder.mkdir(exist_ok=True)
    for number in numbers:
        first, *others = SUBJECTS[subject][number % 5 :] + SUBJECTS[subject][: number % 5]
        body = " ".join(f"The {other} is what {subject} need in note {number}, as is the {first}." for other in others)
        (folder / f"{subject}-{number}.md").write_text(f"# {first.title()} of {subject} {number}\n\n{body}\n")


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory, shell: Shell) -> Path:
    """A folder of twenty notes about four things, and their collection: four entities, two categories, one domain."""
    place = tmp_path_factory.mktemp("edits")
    for subject in list(SUBJECTS)[:4]:
        write(place / "notes", subject, range(5))
    counts = ("--entities", 4, "--categories", 2, "--domains", 1)
    assert shell("-d", place / "kb.sqlite", "ingest", place / "notes", *counts).code == 0
    return place


@pytest.fixture
def kb(begun: Path, tmp_path: Path, shell: Shell) -> Callable[..., Outcome]:
    """`shas-kb` over a copy of the collection."""
    (tmp_path / "kb.sqlite").write_bytes((begun / "kb.sqlite").read_bytes())
    return lambda *words: shell("-d", tmp_path / "kb.sqlite", *words)


def nodes(kb: Callable[..., Outcome]) -> dict[str, dict[str, Any]]:
    return {node["id"]: node for node in kb("tree", "--json").json["nodes"]}


def of(kb: Callable[..., Outcome], subject: str) -> dict[str, Any]:
    """The entity that most notes about a subject are in."""
    found = nodes(kb)
    homes = [node["parent"] for node in found.values() if node.get("path", "").startswith(subject)]
    return found[max(sorted(homes), key=homes.count)]


def paths(kb: Callable[..., Outcome], node: str) -> set[str]:
    """The documents under a node."""
    return {entry["path"] for entry in kb("tree", "--under", node, "--json").json["nodes"] if "path" in entry}


def what_comes(kb: Callable[..., Outcome], tmp_path: Path) -> None:
    """More documents, of old and new subjects; then some are removed."""
    folder = tmp_path / "notes"
    for subject in SUBJECTS:
        write(folder, subject, range(5, 7))
    assert kb("ingest", folder).code == 0
    assert kb("remove", "tides-6.md", "bees-5.md", "owls-4.md").code == 0
    assert kb("check").code == 0


def test_an_edit_of_each_kind_outlives_what_comes(kb, tmp_path: Path) -> None:
    bees, bread, owls = (of(kb, subject)["id"] for subject in ("bees", "bread", "owls"))
    category = next(
        n["id"] for n in nodes(kb).values() if n["level"] == "category" and n["id"] != of(kb, "owls")["parent"]
    )
    assert kb("edit", "rename", bees, "The apiary").code == 0
    assert kb("edit", "move", "tides-0.md", "tides-1.md", "--to", bread).code == 0
    assert kb("edit", "move", owls, "--to", category).code == 0
    assert kb("edit", "pin", owls).code == 0
    pinned = paths(kb, owls)

    def holds() -> None:
        found = nodes(kb)
        assert (found[bees]["name"], found[bees]["edits"]) == ("The apiary", ["named"])
        assert {"tides-0.md", "tides-1.md"} <= paths(kb, bread)
        assert found[owls]["parent"] == category
        assert pinned - {"owls-4.md"} <= paths(kb, owls)
        assert "pinned" in found[owls]["edits"]
        assert "✎" in kb("tree").out

    holds()
    what_comes(kb, tmp_path)
    holds()
    before = kb("tree", "--json").json
    assert kb("organise", "--entities", 4, "--categories", 2, "--domains", 1).code == 0
    assert kb("tree", "--json").json == before


def test_merged_and_split_stay_so(kb, tmp_path: Path) -> None:
    bees, owls, bread = (of(kb, subject)["id"] for subject in ("bees", "owls", "bread"))
    both = paths(kb, bees) | paths(kb, owls)
    assert kb("edit", "merge", bees, owls, "--name", "Animals").code == 0
    assert paths(kb, "Animals") == both
    said = kb("edit", "split", bread, "--into", 2, "--json").json
    parts = [entry["id"] for entry in said["edits"]]
    assert len(parts) == 2 and bread in parts
    halves = [paths(kb, part) for part in parts]
    assert [part["nodes"] for part in kb("diff", "--json").json["merged"]] == []
    assert {part["id"] for part in kb("diff", "--json").json["split"][0]["parts"]} == set(parts)
    what_comes(kb, tmp_path)
    gone = {"owls-4.md"}
    assert both - gone <= paths(kb, "Animals")
    assert all(half <= paths(kb, part) for half, part in zip(halves, parts, strict=True))
    assert kb("edit", "release", "Animals").code == 0
    assert "Animals" not in {node["name"] for node in nodes(kb).values()}


def test_what_is_merged_may_be_called_as_one_of_its_parts(kb) -> None:
    bees, owls = of(kb, "bees"), of(kb, "owls")
    both = paths(kb, bees["id"]) | paths(kb, owls["id"])
    assert kb("edit", "merge", bees["id"], owls["id"], "--name", owls["name"]).code == 0
    assert paths(kb, owls["name"]) == both
    assert nodes(kb)[bees["id"]]["name"] == owls["name"]


def test_a_name_moves_no_cursor(kb) -> None:
    assert kb("edit", "rename", of(kb, "bees")["id"], "The\x1b[2J apiary").code == 0
    assert "The [2J apiary" in kb("tree").out


def test_only_what_something_was_said_of_is_listed(kb) -> None:
    owls = of(kb, "owls")
    other = next(n for n in nodes(kb).values() if n["level"] == "category" and n["id"] != owls["parent"])
    moved = kb("edit", "move", owls["id"], "--to", other["id"], "--json").json
    assert [edit["id"] for edit in moved["edits"]] == [owls["id"]]
    assert [edit["id"] for edit in kb("edit", "list", "--json").json] == [owls["id"]]
    assert kb("edit", "release", other["id"]).code == 2
    assert nodes(kb)[owls["id"]]["parent"] == other["id"]


def test_what_was_said_can_be_taken_back(kb) -> None:
    before = kb("tree", "--json").json
    bread = of(kb, "bread")["id"]
    kb("edit", "move", "tides-0.md", "--to", bread)
    assert kb("tree", "--json").json["hash"] != before["hash"]
    assert kb("edit", "release", "tides-0.md").code == 0
    assert kb("tree", "--json").json["hash"] == before["hash"]
    assert kb("edit", "list", "--json").json == []
    assert "Nothing was said" in kb("edit", "list").out


def test_what_was_moved_to_a_node_stays_when_its_name_is_taken_back(kb) -> None:
    owls = of(kb, "owls")
    other = next(n for n in nodes(kb).values() if n["level"] == "category" and n["id"] != owls["parent"])
    assert kb("edit", "rename", other["id"], "The birds").code == 0
    assert kb("edit", "move", owls["id"], "--to", "The birds").code == 0
    assert kb("edit", "release", "The birds").code == 0
    found = nodes(kb)
    assert found[owls["id"]]["parent"] == other["id"]
    assert (found[other["id"]]["name"] != "The birds", found[other["id"]]["edits"]) == (True, [])


def test_a_wish_without_documents_is_dormant(kb) -> None:
    owls = of(kb, "owls")["id"]
    kb("edit", "rename", owls, "Strigidae")
    assert kb("remove", *paths(kb, owls)).code == 0
    assert "dormant" in kb("edit", "list").out
    assert kb("edit", "list", "--json").json[0]["dormant"]
    assert kb("edit", "release", "Strigidae").code == 0
    assert kb("edit", "list", "--json").json == []


def test_what_is_dormant_can_be_taken_back_when_nothing_is_left(kb) -> None:
    owls = of(kb, "owls")
    home = next(n["id"] for n in nodes(kb).values() if n["level"] == "category" and n["id"] != owls["parent"])
    kb("edit", "rename", home, "The birds")
    kb("edit", "rename", owls["id"], "Strigidae")
    kb("edit", "move", "Strigidae", "--to", "The birds")
    assert kb("remove", *paths(kb, nodes(kb)[home]["parent"])).code == 0
    assert "under The birds" in kb("edit", "list").out
    assert kb("edit", "release", "Strigidae", "--json").json == {"edits": [], "tree": None}
    assert [edit["name"] for edit in kb("edit", "list", "--json").json] == ["The birds"]
    assert "There is no tree" in kb("edit", "release", home).out
    assert kb("edit", "list", "--json").json == []
    outcome = kb("edit", "release", "The birds")
    assert (outcome.code, outcome.out) == (2, "")
    assert "must name something" in outcome.err


TAXONOMY = """
- Farm animals
  - Insects: bees, hive, honey, wax
    - Owls and mice: barn owl, night flight, vole
- Baking: sourdough, rye flour, yeast, crust
"""


def test_a_taxonomy_is_filled_where_it_fits(kb, shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "taxonomy.md").write_text(TAXONOMY)
    assert kb("edit", "seed", tmp_path / "taxonomy.md").code == 0

    def holds() -> None:
        found = {node["name"]: node for node in nodes(kb).values()}
        assert {path for path in paths(kb, "Owls and mice") if path.startswith("owls")} >= {"owls-0.md", "owls-1.md"}
        assert found["Owls and mice"]["parent"] == found["Insects"]["id"]
        assert found["Insects"]["parent"] == found["Farm animals"]["id"]
        assert {path for path in paths(kb, "Baking") if path.startswith("bread")}
        assert not {path for path in paths(kb, "Baking") if path.startswith("tides")}
        assert len([node for node in found.values() if node["level"] == "domain"]) == 3  # tides fit nowhere
        assert "seed" in found["Farm animals"]["edits"]

    holds()
    what_comes(kb, tmp_path)
    holds()
    assert kb("edit", "move", "tides-1.md", "--to", "Owls and mice").code == 0
    (tmp_path / "less.md").write_text("Farm animals\n  Insects: bees\n    Owls and mice: owl, vole\n")
    assert kb("edit", "seed", tmp_path / "less.md").code == 0
    names = {node["name"] for node in nodes(kb).values()}
    assert "Baking" not in names
    assert "tides-1.md" in paths(kb, "Owls and mice")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["rename", "nowhere", "X"], "NODE must name something"),
        (["rename", "{bees}", "  "], "a name must have a letter"),
        (["rename", "{bees}", "\u200b"], "a name must have a letter"),
        (["rename", "{bees}", "{bread name}"], "which is that of the entity '{bread name}'; rename that one first"),
        (["move", "bees-0.md", "--to", "{category}"], "must be moved to one of level entity"),
        (["move", "{bees}", "--to", "{bread}"], "must be moved to one of level category"),
        (["move", "{domain}", "--to", "{bread}"], "must be a document, entity or category"),
        (["merge", "{bees}"], "two nodes or more"),
        (["merge", "{bees}", "{category}"], "must be of one level"),
        (["split", "{bees}", "--into", "99"], "--into must be from 2 to"),
        (["release", "{bees}"], "'{bees name}' must have been edited"),
        (["seed", "no/such/file"], "FILE must be a text in UTF-8, got 'no/such/file': No such file"),
        (["seed", "{database}"], "FILE must be a text in UTF-8"),
        (["seed", "-"], "a taxonomy must have a line"),
        (["seed", "-", "--top", "page"], "--top must be"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line(kb, tmp_path: Path, words: list[str], said: str) -> None:
    bees, bread = of(kb, "bees"), of(kb, "bread")
    known = {"bees": bees["id"], "bread": bread["id"], "bread name": bread["name"], "category": bees["parent"]}
    known |= {"domain": nodes(kb)[bees["parent"]]["parent"], "database": str(tmp_path / "kb.sqlite")}
    known["bees name"] = bees["name"]
    words = [known.get(word.strip("{}"), word) for word in words]
    outcome = kb("edit", *words)
    assert (outcome.code, outcome.out) == (2, "")
    assert said.format_map(known) in outcome.err
    assert len(outcome.err.strip().splitlines()) == 1
    assert kb("edit", "list", "--json").json == []


def test_every_edit_has_an_example(shell: Shell) -> None:
    listed = shell("edit", "--help").out
    for command in ("rename", "move", "merge", "split", "pin", "seed", "list", "release"):
        assert command in listed
        assert f"$ shas-kb edit {command}" in shell("edit", command, "--help").out


def test_diff_says_when_there_is_nothing_to_compare(kb) -> None:
    outcome = kb("diff")
    assert outcome.code == 2
    assert "two builds of the tree" in outcome.err
    run = kb("info", "--json").json["kept_runs"][0]
    assert "Nothing has changed" in kb("diff", run[:5]).out
    assert kb("diff", "zzz").code == 2
