"""The way back: what was renamed and moved in a vault becomes edits, and nothing else does."""

from __future__ import annotations

import re
import shutil
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from harness import Shell
from obsidian import ObsidianVault

from shas_kb.errors import UsageError
from shas_kb.export import VaultOptions, export
from shas_kb.export.vault.import_edits import Imported, import_edits
from shas_kb.records import Tree
from shas_kb.storage import Store


@pytest.fixture
def vault(store: Store, tmp_path: Path) -> Path:
    return export(store, "obsidian", tmp_path / "vault").path


@pytest.fixture
def imported(store: Store, vault: Path) -> Callable[[], Imported]:
    """What is found in the vault now."""

    def found() -> Imported:
        tree = store.tree()
        assert tree is not None
        return import_edits(tree, store.documents(), store.wishes(), vault)

    return found


def edits(found: Imported) -> list[tuple[str, str, str]]:
    return [(edit.kind, edit.name, edit.to) for edit in found.edits]


def reasons(found: Imported) -> list[str]:
    return [refusal.reason for refusal in found.refused]


def note(vault: Path, title: str, level: str) -> Path:
    for path, one in ObsidianVault(vault).notes.items():
        if one.properties.get("kb_level") == level and title in one.properties.get("aliases", ()):
            return vault / path
    raise AssertionError(title)


def put(path: Path, pattern: str, by: str) -> None:
    """Change a note by hand."""
    text, count = re.subn(pattern, lambda _: by, path.read_text(), count=1, flags=re.MULTILINE)
    assert count
    path.write_text(text)


def test_what_is_the_users_own_says_nothing(store: Store, vault: Path, imported: Callable[[], Imported]) -> None:
    entity, document = note(vault, "Planets", "entity"), note(vault, "The Sun", "document")
    put(entity, "%% begin notes %%", "%% begin notes %%\n# My heading\n[[Stars]]")
    put(entity, "^aliases:", "aliases:\n  - Worlds")
    put(document, "^# The Sun", "# Sol")
    document = document.rename(document.with_name("Sol.md"))
    (vault / "Reading list").mkdir()
    document.rename(vault / "Reading list" / document.name)
    entity.rename(vault / "Reading list" / entity.name)
    assert imported() == Imported((), (), store.wishes())


def test_links_that_obsidian_rewrote_say_nothing(vault: Path, imported: Callable[[], Imported]) -> None:
    for level, title, new in (
        ("entity", "Planets", "Worlds"),
        ("domain", "Science", "Nature"),
        ("document", "CON", "x"),
    ):
        path = note(vault, title, level).relative_to(vault).as_posix()
        ObsidianVault(vault).rename(path, f"{path.rpartition('/')[0]}/{new}.md")
    assert "[[Worlds" in note(vault, "The Sun", "document").read_text() + note(vault, "Stars", "entity").read_text()
    found = imported()
    assert sorted(edits(found)) == [("rename", "Planets", "Worlds"), ("rename", "Science", "Nature")]
    assert not found.refused


def test_files_that_were_renamed_elsewhere_say_the_same(vault: Path, imported: Callable[[], Imported]) -> None:
    """Where links do not follow, documents still say what they said before."""
    path = note(vault, "Planets", "entity")
    path.rename(path.with_name("Worlds.md"))
    put(note(vault, "Stars", "entity"), "^# Stars", "# Suns \\& \\_stars")
    assert edits(imported()) == [("rename", "Planets", "Worlds"), ("rename", "Stars", "Suns & _stars")]


def test_two_nodes_may_change_their_names(vault: Path, imported: Callable[[], Imported]) -> None:
    one, other = note(vault, "Markets", "entity"), note(vault, "Money", "entity")
    aside = one.rename(vault / "aside.md")
    other.rename(other.with_name("Markets.md"))
    aside.rename(one.with_name("Money.md"))
    found = imported()
    assert sorted(edits(found)) == [("rename", "Markets", "Money"), ("rename", "Money", "Markets")]
    assert {wish.name for wish in found.wishes} == {"Markets", "Money"}


def test_nodes_are_moved_by_folder_or_by_property(store: Store, vault: Path, imported: Callable[[], Imported]) -> None:
    """One entity by its folder, one by its note alone, one by its link; and a category with all that is in it."""
    stars, planets, markets = (note(vault, title, "entity") for title in ("Stars", "Planets", "Markets"))
    society, science = note(vault, "Economy & <Society>", "category"), note(vault, "Science", "category")
    put(markets, "^kb_category: .*", f'kb_category: "[[{science.stem}]]"')
    stars.parent.rename(society.parent / "Stars")
    planets.rename(society.parent / planets.name)
    found = imported()
    assert sorted(edits(found)) == [
        ("move", "Markets", "Science"),
        ("move", "Planets", "Economy & <Society>"),
        ("move", "Stars", "Economy & <Society>"),
    ]
    assert not found.refused
    parents = {wish.id: wish.parent for wish in found.wishes if wish.parent}
    nodes = {node.name: node.id for node in store.tree().nodes if node.level == "entity"}  # type: ignore[union-attr]
    assert parents[nodes["Stars"]] == parents[nodes["Planets"]] != parents[nodes["Markets"]]


def test_a_category_is_moved_with_all_that_is_in_it(vault: Path, imported: Callable[[], Imported]) -> None:
    society, science = note(vault, "Economy & <Society>", "category"), note(vault, "Science", "domain")
    society.parent.rename(science.parent / "Economy")
    assert edits(imported()) == [("move", "Economy & <Society>", "Science")]
    assert not imported().refused


def test_what_contradicts_itself_is_not_done(vault: Path, imported: Callable[[], Imported]) -> None:
    stars, planets, markets = (note(vault, title, "entity") for title in ("Stars", "Planets", "Markets"))
    put(stars, "^# Stars", "# Suns")
    stars = stars.rename(stars.with_name("Fires.md"))
    put(planets, "^# Planets", "# Money")
    put(markets, "^kb_domain: .*", 'kb_domain: "[[Science]]"')
    documents = [
        note(vault, title, "document") for title in ("The Sun", "CON", "report.pdf", "[[Home]]", "Introduction")
    ]
    documents[0] = documents[0].rename(markets.parent / documents[0].name)
    put(documents[0], "^kb_entity: .*", 'kb_entity: "[[Planets]]"')
    put(documents[1], "^kb_entity: .*", 'kb_entity: "[[No such note]]"')
    put(documents[2], "^kb_entity: .*", 'kb_entity: "[[Science]]"')
    put(documents[3], "^kb_category: .*", 'kb_category: "[[Home]]"')
    documents[4].write_text(documents[4].read_text().replace("kb_entity", "other"))
    found = imported()
    assert edits(found) == []
    wanted = (
        "the file is called 'Fires', but its heading says 'Suns'",
        "no two nodes may have one name",
        "kb_domain was changed, but only kb_category says where it belongs",
        "is no note of level entity",
        "is of level domain",
        "is of level collection",
        "it lies in the folder of 'Markets', but kb_entity says 'Planets'",
    )
    for reason in wanted:
        assert sum(reason in given for given in reasons(found)) == 1, (reason, reasons(found))
    assert len(found.refused) == len(wanted)


def test_what_changed_on_both_sides_waits_for_an_export(
    store: Store, vault: Path, imported: Callable[[], Imported]
) -> None:
    path = note(vault, "Planets", "entity")
    path = path.rename(path.with_name("Worlds.md"))
    tree = store.tree()
    assert tree is not None
    planets = next(node for node in tree.nodes if node.name == "Planets")
    store.put_wishes((), {planets.id: "Wanderers"})
    assert "is 'Wanderers' in the collection now" in reasons(imported())[0]
    export(store, "obsidian", vault)
    assert edits(imported()) == [("rename", "Wanderers", "Worlds")]
    store.put_wishes((), {planets.id: "Worlds"})
    assert not imported().edits and not imported().refused
    export(store, "obsidian", vault)
    store.put_wishes((), {planets.id: "Wanderers"})
    export(store, "obsidian", vault)
    assert path.exists()
    assert not imported().edits and not imported().refused


def test_folders_by_kind_say_nothing(store: Store, tmp_path: Path) -> None:
    vault = export(store, "obsidian", tmp_path / "vault", options=VaultOptions(folders="kind")).path
    path = note(vault, "The Sun", "document")
    path.rename(vault / "entities" / path.name)
    put(note(vault, "CON", "document"), "^kb_entity: .*", "kb_entity: [[Stars]]")
    tree = store.tree()
    assert tree is not None
    found = import_edits(tree, store.documents(), (), vault)
    assert edits(found) == [("move", "CON", "Stars")]


def test_the_open_knowledge_format_is_read_back(store: Store, tmp_path: Path) -> None:
    vault = export(store, "obsidian", tmp_path / "vault", options=VaultOptions(flavour="okf")).path
    stars = note(vault, "Stars", "entity").relative_to(vault).as_posix().removesuffix(".md")
    put(note(vault, "CON", "document"), "^kb_entity: .*", f'kb_entity: "/{stars}"')
    path = note(vault, "Planets", "entity")
    path.rename(path.with_name("Worlds.md"))
    tree = store.tree()
    assert tree is not None
    found = import_edits(tree, store.documents(), (), vault)
    assert sorted(edits(found)) == [("move", "CON", "Stars"), ("rename", "Planets", "Worlds")]
    assert not found.refused


def test_what_is_no_vault_is_said_so(store: Store, tmp_path: Path, shell: Shell) -> None:
    with pytest.raises(UsageError, match="must be a vault"):
        import_edits(store.tree() or Tree("", "", {}, (), ()), (), (), tmp_path)
    assert shell("-d", tmp_path / "kb.sqlite", "import-edits", tmp_path).code == 2


def test_edits_of_a_vault_outlive_a_rebuild(sample_kb: Path, tmp_path: Path, shell: Shell) -> None:
    """A person renames, drags and rewrites in the vault of a real collection."""
    db, vault = tmp_path / "kb.sqlite", tmp_path / "vault"
    shutil.copy(sample_kb, db)
    assert shell("-d", db, "export", "obsidian", vault).code == 0
    reef, birds, bees = (note(vault, *one) for one in (("Reef", "entity"), ("Bats", "entity"), ("Bees", "category")))
    read = ObsidianVault(vault)
    read.rename(reef.relative_to(vault).as_posix(), (reef.parent / "Coral gardens.md").relative_to(vault).as_posix())
    pulses, ducks = note(vault, "Cold pulses", "document"), note(vault, "Ducks ahoy", "document")
    pulses = pulses.rename(note(vault, "Tide", "entity").parent / pulses.name)
    put(ducks, "^kb_entity: .*", 'kb_entity: "[[Tide]]"')
    put(note(vault, "Black smokers", "document"), "^kb_entity: .*", 'kb_entity: "[[Nothing]]"')
    birds.parent.rename(bees.parent / "Bats")

    planned = shell("-d", db, "import-edits", vault, "--dry-run", "--json")
    assert planned.code == 1
    assert not shell("-d", db, "edit", "list", "--json").json
    done = shell("-d", db, "import-edits", vault, "--json")
    assert done.code == 1
    assert done.json["edits"] == planned.json["edits"]
    assert [(edit["edit"], edit["name"], edit["to"]) for edit in done.json["edits"]] == [
        ("move", "Bats", "Bees"),
        ("rename", "Reef", "Coral gardens"),
        ("move", "Cold pulses", "Tide"),
        ("move", "Ducks ahoy", "Tide"),
    ]
    assert "Black smokers.md" in done.json["refused"][0]["path"]

    for _ in range(2):
        nodes = {node["name"]: node for node in shell("-d", db, "tree", "--json").json["nodes"]}
        assert nodes["Bats"]["parent"] == nodes["Bees"]["id"]
        assert nodes["Cold pulses"]["parent"] == nodes["Ducks ahoy"]["parent"] == nodes["Tide"]["id"]
        assert nodes["Coral gardens"]["level"] == "entity"
        assert shell("-d", db, "organise", "--json").code == 0

    assert shell("-d", db, "export", "obsidian", vault).code == 0
    assert pulses.exists()
    assert (reef.parent / "Coral gardens.md").exists()
    assert (bees.parent / "Bats" / "Bats.md").exists()
    once = {path: path.read_bytes() for path in vault.rglob("*") if path.is_file()}
    assert shell("-d", db, "export", "obsidian", vault).code == 0
    assert {path: path.read_bytes() for path in vault.rglob("*") if path.is_file()} == once
    again = shell("-d", db, "import-edits", vault, "--json")
    assert (again.code, again.json["edits"], again.json["refused"]) == (0, [], [])
    assert ObsidianVault(vault).resolve("Reef") is None


def test_line_ends_of_windows_say_nothing(vault: Path, imported: Callable[[], Imported]) -> None:
    for path in ObsidianVault(vault).notes:
        (vault / path).write_bytes((vault / path).read_bytes().replace(b"\n", b"\r\n"))
    assert not imported().edits and not imported().refused
    stars = note(vault, "Stars", "entity")
    stars.rename(stars.with_name("Suns.md"))
    assert edits(imported()) == [("rename", "Stars", "Suns")]


def test_a_file_says_as_much_of_a_heading_as_it_can(vault: Path, imported: Callable[[], Imported]) -> None:
    stars = note(vault, "Stars", "entity")
    put(stars, "^# Stars", "# Suns/stars: which?")
    stars.rename(stars.with_name("Suns stars which.md"))
    assert edits(imported()) == [("rename", "Stars", "Suns/stars: which?")]


def test_another_unicode_form_of_a_name_says_nothing(
    store: Store, vault: Path, imported: Callable[[], Imported]
) -> None:
    tree = store.tree()
    assert tree is not None
    store.put_wishes((), {next(node.id for node in tree.nodes if node.name == "Stars"): "Étoiles"})
    export(store, "obsidian", vault)
    path = note(vault, "Étoiles", "entity")
    path.rename(path.with_name(unicodedata.normalize("NFD", path.name)))
    assert imported() == Imported((), (), store.wishes())


def test_a_copy_that_a_program_made_says_nothing(vault: Path, imported: Callable[[], Imported]) -> None:
    stars = note(vault, "Stars", "entity")
    suns = stars.rename(stars.with_name("Suns.md"))
    shutil.copy(suns, suns.with_name("Suns (conflicted copy).md"))
    assert edits(imported()) == [("rename", "Stars", "Suns")]


def test_a_note_that_stayed_behind_is_not_moved_with_its_folder(
    store: Store, vault: Path, imported: Callable[[], Imported]
) -> None:
    """A document left an entity, but its note, which the user wrote in, still lies in the entity's folder."""
    tree = store.tree()
    assert tree is not None
    document = note(vault, "CON", "document")
    put(document, "%% begin notes %%", "%% begin notes %%\nMine.")
    id = next(one.id for one in store.documents() if one.title == "CON")
    homes = {member.document: member.node for member in tree.memberships if member.primary}
    other = next(node.id for node in tree.nodes if node.level == "entity" and node.id != homes[id])
    memberships = tuple(
        replace(member, node=other) if member.document == id and member.primary else member
        for member in tree.memberships
        if member.document != id or member.primary
    )
    store.put_tree(replace(tree, run="another", memberships=memberships))
    export(store, "obsidian", vault)
    assert document.exists()
    document.parent.rename(document.parent.with_name("Elsewhere"))
    assert not imported().edits and not imported().refused


def test_a_date_that_there_is_not_is_no_harm(vault: Path, imported: Callable[[], Imported]) -> None:
    put(note(vault, "Stars", "entity"), "^tags:", "due: 2024-02-30\ntags:")
    assert not imported().edits
