"""The vault: every link resolves, every note parses, and a second export destroys nothing."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import hostile
import pymupdf
import pytest
import yaml
from obsidian import ObsidianVault
from okf import Bundle

from shas_kb.errors import UsageError
from shas_kb.export import VaultOptions, export
from shas_kb.records import Tree
from shas_kb.storage import Store


@pytest.fixture
def vault(store: Store, tmp_path: Path) -> Path:
    return export(store, "obsidian", tmp_path / "vault").path


def notes(vault: Path) -> dict[str, str]:
    return {
        path.relative_to(vault).as_posix(): path.read_text()
        for path in sorted(vault.rglob("*.md"))
        if "sources" not in path.parts
    }


def front(text: str) -> dict[str, Any]:
    matter = yaml.safe_load(text.split("---\n")[1])
    assert isinstance(matter, dict)
    return matter


def check(vault: Path) -> ObsidianVault:
    """Obsidian finds nothing wrong; the originals of this collection have two pages each."""
    read = ObsidianVault(vault)
    assert read.problems(lambda _: 2) == []
    return read


def by_title(vault: Path, title: str) -> Path:
    found = [vault / path for path, text in notes(vault).items() if title in front(text).get("aliases", ())]
    assert len(found) == 1, (title, found)
    return found[0]


def test_obsidian_finds_nothing_wrong(store: Store, vault: Path, tmp_path: Path) -> None:
    read = check(vault)
    assert sum(len(note.links) for note in read.ours()) > 200
    assert len(list(read.ours())) == len(notes(vault)) == 1 + 8 + len(store.documents())
    keys = {key for note in read.ours() for key in note.properties}
    assert {key for key in keys if not key.startswith("kb_")} == {"tags", "aliases"}
    assert {path.name for path in tmp_path.iterdir() if not path.name.startswith("kb.sqlite")} == {"originals", "vault"}


MORE_TITLES = (
    *(
        "../..",
        "..",
        ".",
        "NUL",
        "com1.md",
        "é" * 150,
        "Cafe\u0301",
        "Caf\u00e9",
        "CAFÉ",
        "STARS",
        "sources",
        "Overview",
    ),
    *("index", "log", "%%", "%%%%", "[x](javascript:alert(1))", "``` code", "> [!danger] now", "==mark==", "$$x$$"),
    *(
        "<% tp.x %>",
        "![[Home]]",
        "^p0",
        "kb/x",
        "\u202egnp.exe",
        "a/b\\c:d",
        "Home.md",
        "sources/part 0/00.pdf",
        "1984",
    ),
    *("<!-- end shas-kb -->", "---", "|a|b|\n|-|-|", "# # #", "🌞" * 80, "Planets ", " planets", "~~x~~", "- [ ] task"),
)


@pytest.mark.parametrize("flavour", ["obsidian", "okf"])
def test_no_title_breaks_out(store: Store, originals: Path, tmp_path: Path, flavour: Any) -> None:
    for number, title in enumerate(MORE_TITLES, len(store.documents())):
        hostile.add(store, originals, number, title)
    hostile.grow(store)
    vault = export(store, "obsidian", tmp_path / "vault", options=VaultOptions(flavour=flavour)).path
    if flavour == "obsidian":
        assert len(list(check(vault).ours())) == 1 + 8 + len(store.documents())
    else:
        assert list(Bundle(vault).problems()) == []
    before = {path: path.read_bytes() for path in vault.rglob("*") if path.is_file()}
    export(store, "obsidian", vault)
    assert {path: path.read_bytes() for path in vault.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("options", [VaultOptions(), VaultOptions(folders="kind", link_sources=True)])
def test_the_sample_corpus_can_be_read(sample_kb: Path, tmp_path: Path, options: VaultOptions) -> None:
    with Store.open(sample_kb) as store:
        vault = export(store, "obsidian", tmp_path / "vault", options=options).path
        documents = len(store.documents())

    @functools.cache
    def pages(path: Path) -> int:
        with pymupdf.open(path) as pdf:
            return len(pdf)

    read = ObsidianVault(vault)
    assert read.problems(pages) == []
    links = [link for note in read.ours() for link in note.links]
    assert sum(link.part.startswith("page=") for link in links) > documents
    assert sum(link.part.startswith("^") for link in links) > 20


def test_notes_have_substance(store: Store, vault: Path) -> None:
    entity = by_title(vault, "Planets").read_text()
    assert entity.startswith('---\nkb_id: "e')
    assert "[[Home]] > [[Science]]" in entity
    assert "**Key phrases:** bright \\| light · \\<script\\> · planets" in entity
    assert "A sentence of Planets \\<i\\>in\\</i\\> \\[\\[" in entity
    assert "## Documents" in entity
    assert "## Also here" in entity
    assert front(entity)["tags"] == ["kb/science/science/planets"]
    text = by_title(vault, "the sun").read_text()
    assert re.search(r"\[\[sources/part 1/01\.pdf#page=2\|p\. 2\]\]\n\n\^p1\n", text)
    assert "## Related" in text
    assert "## Siblings" in text
    properties = front(text)
    assert properties["kb_entity"] == "[[Planets]]"
    assert properties["kb_source"] == "[[sources/part 1/01.pdf]]"
    assert properties["kb_pages"] == 2
    home = (vault / "Home.md").read_text()
    assert "22 documents · 4 entities · 2 categories · 2 domains" in home


def test_the_graph_is_coloured_by_domain_in_a_new_vault_only(store: Store, vault: Path, tmp_path: Path) -> None:
    settings = json.loads((vault / ".obsidian/graph.json").read_text())
    assert [group["query"] for group in settings["colorGroups"]] == ["tag:#kb/science", "tag:#kb/economy-society"]
    (vault / ".obsidian/graph.json").write_text("{}")
    export(store, "obsidian", vault)
    assert (vault / ".obsidian/graph.json").read_text() == "{}"


def test_an_original_that_is_gone_or_changed_is_said_so(store: Store, originals: Path, tmp_path: Path) -> None:
    (originals / "part 0/00.pdf").unlink()
    (originals / "part 1/01.pdf").write_text("something else")
    vault = export(store, "obsidian", tmp_path / "vault").path
    check(vault)
    assert "is not in this vault: it is no longer where it was read." in by_title(vault, "The Sun").read_text()
    assert "it has changed since it was read; ingest it again" in by_title(vault, "the sun").read_text()
    assert not (vault / "sources/part 1/01.pdf").exists()


def test_a_copy_outlives_its_original(store: Store, vault: Path, originals: Path) -> None:
    (originals / "part 0/00.pdf").unlink()
    export(store, "obsidian", vault)
    assert (vault / "sources/part 0/00.pdf").exists()
    assert "kb_source" in front(by_title(vault, "The Sun").read_text())


def test_what_the_user_wrote_outlives_a_rebuild(store: Store, vault: Path, regrow: Callable[[], Tree]) -> None:
    edited = by_title(vault, "The Sun")
    text = edited.read_text()
    text = text.replace("%% begin notes %%\n", "%% begin notes %%\nMy own thoughts, see [[Planets]].\n")
    text = text.replace("tags:\n", "rating: 5\nread: true # yes\nlinks:\n  - a: b\ntags:\n  - favourite\n")
    text = text.replace("aliases:\n", "aliases:\n  - Sol\n").replace("## Related", "## Related (I was here)")
    edited.write_text(text.replace("# The Sun", "# The Sun!") + "\nA last line.\n")

    moved = by_title(vault, "the sun")
    (vault / "My folder").mkdir()
    moved = moved.rename(vault / "My folder" / "Renamed by me.md")
    topic = vault / next(
        path
        for path, text in notes(vault).items()
        if front(text)["kb_level"] == "entity" and "Stars" in front(text)["aliases"]
    )
    topic.write_text(topic.read_text().replace("%% begin notes %%\n", "%% begin notes %%\nOn stars.\n"))
    deleted = by_title(vault, "CON")
    deleted.unlink()
    (vault / "Science" / "mine.md").write_text("---\nkb: 1\n---\nForeign.")
    (vault / "A newcomer.md").write_text("I was here first.")
    (vault / "data.bin").write_bytes(b"\xff\xfe")

    regrow()
    export(store, "obsidian", vault)

    check(vault)
    text = edited.read_text()
    assert "My own thoughts, see [[Planets]]." in text
    assert text.endswith("\nA last line.\n")
    assert "# The Sun\n" in text
    assert "I was here" not in text
    properties = front(text)
    assert properties["rating"] == 5
    assert properties["read"] is True
    assert properties["links"] == [{"a": "b"}]
    assert "read: true # yes" in text
    assert properties["tags"][0].startswith("kb/")
    assert properties["tags"][1:] == ["favourite"]
    assert properties["aliases"] == ["The Sun", "Sol"]

    assert front(moved.read_text())["aliases"] == ["the sun"]
    assert sum('  - "the sun"' in text for text in notes(vault).values()) == 1
    assert "[[Renamed by me|the sun]]" in "".join(notes(vault).values())
    assert "On stars." in topic.read_text()
    assert front(topic.read_text())["kb_id"] in {node.id for node in store.tree().nodes}  # type: ignore[union-attr]
    assert deleted.exists()
    assert (vault / "Science" / "mine.md").read_text() == "---\nkb: 1\n---\nForeign."
    assert (vault / "A newcomer.md").read_text() == "I was here first."
    assert (vault / "data.bin").read_bytes() == b"\xff\xfe"

    once = notes(vault)
    export(store, "obsidian", vault)
    again = notes(vault)
    assert {path: text for path, text in again.items() if once[path] != text} == {}


def test_orphans_go_unless_the_user_wrote_in_them(store: Store, vault: Path) -> None:
    documents = {document.title: document.id for document in store.documents()}
    quiet, loud, away = (by_title(vault, title) for title in ("The Sun", "the sun", "CON"))
    loud.write_text(loud.read_text() + "\nKeep me.\n")
    away = away.rename(vault / "away.md")
    annotated = vault / "sources/part 1/03.pdf"
    annotated.write_bytes(annotated.read_bytes() + b"my marks")
    store.remove([documents[title] for title in ("The Sun", "the sun", "CON")])
    for _ in range(3):
        export(store, "obsidian", vault)
        assert not quiet.exists()
        assert not (vault / "sources/part 0/00.pdf").exists()
        assert annotated.read_bytes().endswith(b"my marks")
        for path in (loud, away):
            assert front(path.read_text())["kb_state"] == "orphaned"
            assert "kb_entity" not in front(path.read_text())
        assert "Keep me." in loud.read_text()
        check(vault)


def test_a_note_without_our_markers_is_left_alone_but_for_its_properties(store: Store, vault: Path) -> None:
    path = by_title(vault, "The Sun")
    id = front(path.read_text())["kb_id"]
    path.write_bytes(f"---\r\nkb_id: {id}\r\ntags: kb/old, mine\r\n---\r\nOnly mine.\r\n".encode())
    export(store, "obsidian", vault)
    data = path.read_bytes().decode()
    assert data.endswith("---\r\nOnly mine.\r\n")
    assert "\n" not in data.replace("\r\n", "")
    assert front(data.replace("\r\n", "\n"))["tags"] == ["kb/science/science/stars", "mine"]


def test_a_lost_manifest_and_a_kill_between_lose_nothing(store: Store, vault: Path) -> None:
    before = notes(vault)
    by_title(vault, "The Sun").write_text(by_title(vault, "The Sun").read_text() + "Mine.\n")
    (vault / ".shas-kb-manifest.json").unlink()
    (vault / ".shas-kb-staging").mkdir()
    export(store, "obsidian", vault)
    assert {path: text.removesuffix("Mine.\n") for path, text in notes(vault).items()} == before
    assert by_title(vault, "The Sun").read_text().endswith("Mine.\n")
    assert not (vault / ".shas-kb-staging").exists()


def test_a_damaged_manifest_is_not_guessed_at(store: Store, vault: Path) -> None:
    (vault / ".shas-kb-manifest.json").write_text('{"notes": [')
    with pytest.raises(UsageError, match="remove it"):
        export(store, "obsidian", vault)


def test_into_a_folder_that_is_somebody_elses(store: Store, tmp_path: Path) -> None:
    vault = tmp_path / "mine"
    (vault / "sources/part 0").mkdir(parents=True)
    mine = {"Home.md": "My home.", "planets.md": "My planets.", "sources/part 0/00.pdf": "My file.", "science": "x"}
    for path, text in mine.items():
        (vault / path).write_text(text)
    export(store, "obsidian", vault)
    assert {path: (vault / path).read_text() for path in mine} == mine
    assert not (vault / ".obsidian").exists()
    check(vault)


def test_an_empty_folder_is_filled_and_stays_the_same_folder(store: Store, vault: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    before = empty.stat().st_ino
    export(store, "obsidian", empty)
    assert empty.stat().st_ino == before
    assert (empty / ".obsidian/graph.json").exists()
    assert notes(empty) == notes(vault)


def test_a_new_version_of_an_original_replaces_ours_but_not_the_users(
    store: Store, vault: Path, revise: Callable[[int, str], None]
) -> None:
    annotated = vault / "sources/part 1/01.pdf"
    annotated.write_bytes(annotated.read_bytes() + b"my marks")
    revise(0, "A new version. And more.")
    revise(1, "Another new version. And more.")
    export(store, "obsidian", vault)
    assert (vault / "sources/part 0/00.pdf").read_bytes() == b"A new version. And more."
    assert annotated.read_bytes().endswith(b"my marks")
    newer = front(by_title(vault, "the sun").read_text())["kb_source"]
    assert newer != "[[sources/part 1/01.pdf]]"
    check(vault)


def test_no_link_leads_out_of_the_vault(store: Store, vault: Path, tmp_path: Path, regrow: Callable[[], Tree]) -> None:
    outside = tmp_path / "outside"
    (vault / "sources" / "part 0").rename(outside)
    (vault / "sources" / "part 0").symlink_to(outside)
    before = sorted(outside.iterdir())
    with pytest.raises(UsageError, match="remove the link"):
        export(store, "obsidian", vault)
    assert sorted(outside.iterdir()) == before
