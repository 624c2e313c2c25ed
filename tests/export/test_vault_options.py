"""What a vault has beside its notes, and the ways in which it can be written."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np
import pytest
import yaml
from harness import Shell
from obsidian import ObsidianVault
from okf import Bundle

from shas_kb.errors import UsageError
from shas_kb.export import AS_BEFORE, VaultOptions, export
from shas_kb.export.content import Content
from shas_kb.export.vault import places as places_of_notes
from shas_kb.export.vault.write import write_vault
from shas_kb.progress import NoProgress
from shas_kb.records import Level, Node, Tree
from shas_kb.storage import Store


@pytest.fixture
def vault(store: Store, tmp_path: Path) -> Path:
    return export(store, "obsidian", tmp_path / "vault").path


def wide(store: Store, domains: int, entities: int) -> Content:
    """A tree of as many domains, each with a category and as many entities; without documents."""
    nodes: list[Node] = []

    def node(level: Level, number: int, parent: str | None) -> str:
        id = f"{level[0]}{number}"
        vector = np.random.default_rng(len(nodes)).normal(size=8).astype(np.float32)
        nodes.append(Node(id, level, f"{level} {number}", parent, 3, (), (), (), 0.5, vector))
        return id

    for d in range(domains):
        category = node("category", d, node("domain", d, None))
        for e in range(entities):
            node("entity", d * entities + e, category)
    order = {"domain": 0, "category": 1, "entity": 2}
    nodes.sort(key=lambda one: order[one.level])
    parents = {one.id: one.parent for one in nodes if one.parent}
    children: dict[str, tuple[str, ...]] = {}
    for one in nodes:
        children[one.parent or ""] = (*children.get(one.parent or "", ()), one.id)
    related = {f"e{i}": ((f"e{i + 1}", 0.5),) for i in range(domains * entities - 1)}
    return Content("0", tuple(nodes), (), np.zeros((0, 8), np.float32), parents, children, {}, {}, related, {}, store)


def check_canvas(vault: Path, path: str) -> dict[str, Any]:
    """As JSON Canvas 1.0 has it, and fit to be looked at."""
    canvas: dict[str, Any] = json.loads((vault / path).read_text())
    assert set(canvas) == {"nodes", "edges"}
    nodes = {node["id"]: node for node in canvas["nodes"]}
    assert len(nodes) == len(canvas["nodes"]) < 300
    kinds = [node["type"] for node in canvas["nodes"]]
    assert kinds == sorted(kinds, key=["group", "file"].index)
    for node in nodes.values():
        assert all(type(node[key]) is int for key in ("x", "y", "width", "height"))
        assert re.fullmatch("#[0-9a-f]{6}", node["color"])
        assert node["label"] if node["type"] == "group" else (vault / node["file"]).is_file()
    assert len({edge["id"] for edge in canvas["edges"]}) == len(canvas["edges"])
    for edge in canvas["edges"]:
        assert nodes[edge["fromNode"]]["type"] == nodes[edge["toNode"]]["type"] == "file"
        assert {edge["fromSide"], edge["toSide"]} <= {"top", "right", "bottom", "left"}
        assert edge["label"]
    groups, cards = ([node for node in nodes.values() if node["type"] == kind] for kind in ("group", "file"))
    for alike in (groups, cards):
        assert not [1 for one, other in combinations(alike, 2) if overlap(one, other)]
    assert all(sum(overlap(group, card) for group in groups) == 1 for card in cards)
    return canvas


def overlap(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return all(
        one[at] < other[at] + other[size] and other[at] < one[at] + one[size]
        for at, size in (("x", "width"), ("y", "height"))
    )


def test_the_canvas_shows_the_tree(store: Store, vault: Path) -> None:
    canvas = check_canvas(vault, "Overview.canvas")
    assert [node["label"] for node in canvas["nodes"] if node["type"] == "group"] == ["Science", "Economy & <Society>"]
    assert sum(node["type"] == "file" for node in canvas["nodes"]) == len(store.tree().nodes)  # type: ignore[union-attr]
    labels = Counter(edge["label"].split()[-1] for edge in canvas["edges"])
    assert labels["documents"] == 6
    assert any(edge["label"].startswith("related 0.") for edge in canvas["edges"])
    assert list(vault.glob("*.canvas")) == [vault / "Overview.canvas"]


def test_a_large_tree_has_a_canvas_for_each_domain(store: Store, tmp_path: Path) -> None:
    vault = write_vault(wide(store, 3, 200), tmp_path / "vault", AS_BEFORE, NoProgress()).path
    shown = {path.stem: check_canvas(vault, path.name) for path in vault.glob("*.canvas")}
    assert {name: len(canvas["nodes"]) for name, canvas in shown.items()} == {
        "Overview": 9,
        **{f"domain {d}": 203 for d in range(3)},
    }
    write_vault(wide(store, 200, 1), tmp_path / "many", AS_BEFORE, NoProgress())
    assert len(check_canvas(tmp_path / "many", "Overview.canvas")["nodes"]) == 298


def rows(read: ObsidianVault, base: dict[str, Any], view: dict[str, Any]) -> set[str]:
    """The notes that a table shows: the statements of its filters, as Bases understands them."""
    assert set(view) <= {"type", "name", "filters", "groupBy", "order"}
    found = set(read.notes)
    for statement in view["filters"]["and"]:
        match = re.fullmatch(r'(kb_\w+) == (?:"([^"]+)"|link\("([^"]+)"\))', statement)
        assert match, statement
        key, text, link = match.groups()
        for path, note in read.notes.items():
            value = note.properties.get(key)
            same = value == text if text else value and read.resolve(value[2:-2]) == read.resolve(link)
            found -= set() if same else {path}
    for column in view["order"]:
        assert column == "file.name" or column in base["properties"]
    return found


def test_the_tables_show_each_category(store: Store, vault: Path) -> None:
    base = yaml.safe_load((vault / "Tables.base").read_text())
    assert set(base) == {"properties", "views"}
    assert "backlinks" not in (vault / "Tables.base").read_text()
    read = ObsidianVault(vault)
    tables = {view["name"]: rows(read, base, view) for view in base["views"]}
    assert len(tables) == len(base["views"])
    assert {view["type"] for view in base["views"]} == {"table"}
    documents = tables.pop("All documents")
    assert len(documents) == len(store.documents())
    assert {name: len(tables[name]) for name in ("Entities", "Categories", "Domains")} == {
        "Entities": 4,
        "Categories": 2,
        "Domains": 2,
    }
    by_category = [found for name, found in tables.items() if name not in ("Entities", "Categories", "Domains")]
    assert len(by_category) == 2
    assert set().union(*by_category) == documents
    assert sum(map(len, by_category)) == len(documents)


def test_a_canvas_and_a_table_that_the_user_changed_stay(store: Store, vault: Path, regrow: Callable[[], Tree]) -> None:
    canvas, base = vault / "Overview.canvas", vault / "Tables.base"
    canvas.write_text('{"nodes": [], "edges": []}')
    regrow()
    export(store, "obsidian", vault)
    assert canvas.read_text() == '{"nodes": [], "edges": []}'
    canvas.unlink()
    base.write_text("views: []\n")
    export(store, "obsidian", vault)
    check_canvas(vault, "Overview.canvas")
    assert base.read_text() == "views: []\n"


def test_the_colours_join_the_settings_that_are_there(store: Store, vault: Path) -> None:
    settings = vault / ".obsidian/graph.json"
    mine = {"query": "path:Mine", "color": {"a": 1, "rgb": 255}}
    settings.write_text(json.dumps({"showTags": True, "colorGroups": [{"query": "tag:#kb/old", "color": {}}, mine]}))
    for _ in range(2):
        export(store, "obsidian", vault, options=VaultOptions(write_config=True))
        read = json.loads(settings.read_text())
        assert read["showTags"] is True
        assert [group["query"] for group in read["colorGroups"]] == [
            "tag:#kb/science",
            "tag:#kb/economy-society",
            "path:Mine",
        ]
    settings.write_text("[1]")
    with pytest.raises(UsageError, match=r"graph\.json must be the settings"):
        export(store, "obsidian", vault, options=VaultOptions(write_config=True))
    export(store, "obsidian", vault)


def test_folders_by_kind_are_cut_where_they_are_full(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault = export(store, "obsidian", tmp_path / "vault", options=VaultOptions(folders="kind")).path
    read = ObsidianVault(vault)
    assert read.problems(lambda _: 2) == []
    folders = Counter(note.path.rpartition("/")[0] for note in read.ours())
    assert folders == {"": 1, "domains": 2, "categories": 2, "entities": 4, "documents": len(store.documents())}
    monkeypatch.setattr(places_of_notes, "FULL", 10)
    export(store, "obsidian", vault)
    read = ObsidianVault(vault)
    assert read.problems(lambda _: 2) == []
    parts = [note.path.split("/")[1:-1] for note in read.ours() if note.path.startswith("documents/")]
    assert {len(part) for part in parts} == {1}
    assert len({part[0] for part in parts}) > 5


def test_originals_can_be_linked(store: Store, tmp_path: Path, originals: Path) -> None:
    vault = export(store, "obsidian", tmp_path / "vault", options=VaultOptions(link_sources=True)).path
    assert ObsidianVault(vault).problems(lambda _: 2) == []
    links = [path for path in (vault / "sources").rglob("*") if not path.is_dir()]
    assert len(links) == len(store.documents())
    for link in links:
        assert link.is_symlink()
        assert link.resolve().is_relative_to(originals.resolve())

    mine = vault / "sources/part 1/01.pdf"
    mine.unlink()
    mine.write_text("My own copy, with marks.")
    (originals / "part 0/00.pdf").unlink()
    for _ in range(2):
        export(store, "obsidian", vault)
        assert mine.read_text() == "My own copy, with marks."
        assert not (vault / "sources/part 0/00.pdf").is_symlink()
        assert (vault / "sources/part 0/02.pdf").is_symlink()
    export(store, "obsidian", vault, options=VaultOptions(link_sources=False))
    assert mine.read_text() == "My own copy, with marks."
    assert not (vault / "sources/part 0/02.pdf").is_symlink()
    assert (vault / "sources/part 0/02.pdf").read_bytes() == (originals / "part 0/02.pdf").read_bytes()
    assert ObsidianVault(vault).problems(lambda _: 2) == []


def test_the_open_knowledge_format(store: Store, tmp_path: Path) -> None:
    vault = export(store, "obsidian", tmp_path / "vault", options=VaultOptions(flavour="okf")).path
    bundle = Bundle(vault)
    assert list(bundle.problems()) == []
    types = Counter(front["type"] for front in bundle.concepts.values())
    assert types == {"Collection": 1, "Domain": 2, "Category": 2, "Entity": 4, "Document": len(store.documents())}
    for front in bundle.concepts.values():
        assert front["title"]
        if front["type"] == "Document":
            assert bundle.concepts[front["kb_entity"][1:]]["type"] == "Entity"
            assert (vault / unquote(front["resource"][1:])).is_file()
    folders = {path.rpartition("/")[0] for path in bundle.bodies}
    assert all(f"{folder}/index.md".removeprefix("/") in bundle.files for folder in folders)
    assert not list(vault.glob("*.canvas")) and not list(vault.glob("*.base"))
    assert not (vault / ".obsidian").exists()


def test_a_vault_stays_as_it_was_asked_for(store: Store, tmp_path: Path, regrow: Callable[[], Tree]) -> None:
    vault = export(store, "obsidian", tmp_path / "vault", options=VaultOptions("okf", "kind", link_sources=True)).path
    note = next(path for path in vault.glob("documents/*.md") if path.name != "index.md")
    note.write_text(note.read_text().replace("<!-- begin notes -->\n", "<!-- begin notes -->\nMine.\n"))
    regrow()
    export(store, "obsidian", vault)
    assert (vault / "documents/index.md").is_file()
    assert "Mine." in note.read_text()
    assert any(path.is_symlink() for path in (vault / "sources").rglob("*"))
    export(store, "obsidian", vault, options=VaultOptions(flavour="obsidian", folders="tree"))
    assert not (vault / "domains").exists()
    assert not list(vault.rglob("index.md"))
    assert "%% begin shas-kb %%" in note.read_text()
    assert "Mine." in note.read_text()
    assert ObsidianVault(vault).problems(lambda _: 2) == []


def test_options_that_there_are_not(store: Store, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--flavour must be one of obsidian, okf, got logseq"):
        VaultOptions(flavour="logseq")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="--folders must be one of tree, kind, got flat"):
        VaultOptions(folders="flat")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="must go with the format obsidian, got json"):
        export(store, "json", tmp_path / "out", options=VaultOptions(link_sources=True))
    with pytest.raises(UsageError, match="got okf, which has no settings"):
        export(store, "obsidian", tmp_path / "out", options=VaultOptions("okf", write_config=True))
    assert not (tmp_path / "out").exists()


def test_a_tree_down_to_entities_has_tables_too(store: Store, tmp_path: Path) -> None:
    vault = write_vault(wide(store, 1, 3), tmp_path / "vault", AS_BEFORE, NoProgress()).path
    base = yaml.safe_load((vault / "Tables.base").read_text())
    assert [view["name"] for view in base["views"]] == ["Entities", "Categories", "Domains"]


def test_the_command_takes_the_options(store: Store, tmp_path: Path, shell: Shell) -> None:
    assert store.documents()
    words = ("-d", tmp_path / "kb.sqlite", "export", "obsidian", tmp_path / "vault")
    first = shell(*words, "--folders", "kind", "--link-sources", "--json")
    assert first.code == 0
    assert (tmp_path / "vault/domains/Science.md").is_file()
    (tmp_path / "vault/.obsidian/graph.json").write_text("{}")
    assert shell(*words, "--copy-sources", "--write-config").code == 0
    assert "tag:#kb/science" in (tmp_path / "vault/.obsidian/graph.json").read_text()
    assert not (tmp_path / "vault/sources/part 0/00.pdf").is_symlink()
    assert shell(*words, "--flavour", "pdf").code == 2
