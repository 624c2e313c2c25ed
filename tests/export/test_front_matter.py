"""The properties of a note, as people and programs write them: none of a person's is lost or changed."""

from __future__ import annotations

import pytest
import yaml

from shas_kb.export.vault.dialect import OKF
from shas_kb.export.vault.markdown import load_yaml
from shas_kb.export.vault.merge import Note, merged, note_id, pristine, properties_of

OLD = Note(
    "e1", "entity", "Bats", {"kb_id": "e1", "kb_documents": 7, "tags": ["kb/bats"], "aliases": ["Bats"]}, "# Bats"
)
NEW = Note(
    "e1", "entity", "Bats", {"kb_id": "e1", "kb_documents": 8, "tags": ["kb/bats"], "aliases": ["Bats"]}, "# Bats"
)
ODD = ("dc:title: My own", "-weird: 1", "a:b", "? x", "no key at all", "'it''s': 1", "status: a: b")
SPELLED = ("Yes", "007", "12:30", "1_000", "1.10", "2024-02-30", "0x10", "2024-01-01 10:00", "null and void")


@pytest.mark.parametrize("line", ODD)
def test_whatever_stands_below_a_property_of_ours_stays(line: str) -> None:
    """Also where it is nothing that YAML knows."""
    rows = pristine(OLD).split("\n")
    for at in range(1, rows.index("---", 1) + 1):
        text = "\n".join([*rows[:at], line, *rows[at:]])
        once = merged(NEW, text, "Bats")
        assert line in once.split("\n"), at
        assert "kb_documents: 8" in once and "kb_documents: 7" not in once
        assert merged(NEW, once, "Bats") == once


@pytest.mark.parametrize("spelled", SPELLED)
def test_aliases_stay_as_they_are_written(spelled: str) -> None:
    text = pristine(OLD).replace("aliases:", f"aliases:\n  - {spelled}")
    assert load_yaml(merged(NEW, text, "Bats").split("---")[1])["aliases"] == ["Bats", spelled]  # type: ignore[index]


@pytest.mark.parametrize("written", ["tags: {mine: 1}", "tags: [open, mine", "aliases: [[[Bees]]]", "tags: !!int mine"])
def test_what_is_no_list_stays_as_it_is_written(written: str) -> None:
    name = written.partition(":")[0]
    rows = pristine(OLD).split("\n")
    at = rows.index(f"{name}:")
    text = "\n".join([*rows[:at], written, *rows[at + 2 :]])
    once = merged(NEW, text, "Bats").split("\n")
    assert written in once
    assert f"{name}:" not in once


@pytest.mark.parametrize("value", ["2024-02-30", "!!int many", "!!timestamp soon", "[" * 5000 + "]" * 5000])
def test_values_that_yaml_chokes_on_are_no_harm(value: str) -> None:
    text = pristine(OLD).replace("tags:", f"date: {value}\ntags:")
    assert note_id(text) == "e1"
    properties_of(text)
    assert f"date: {value}" in merged(NEW, text, "Bats")


def test_a_note_whose_front_matter_lost_its_end_loses_no_text() -> None:
    text = pristine(OLD).replace("---\n%%", "%%") + "\nMine: yes\n- this\n\n  and that\n---\nAnd more.\n"
    once = merged(NEW, text, "Bats")
    for line in ("Mine: yes", "- this", "  and that", "And more."):
        assert line in once.split("\n")


def test_the_flavour_takes_no_property_away() -> None:
    """Those that are the user's in one flavour and ours in the other."""
    text = pristine(OLD).replace("tags:", "title: Mine\ndescription: |\n  My words\ntags:")
    ours = {"type": "Entity", "title": "Bats", "description": "x", **NEW.properties}
    okf = Note("e1", "entity", "Bats", ours, "", OKF)
    once = merged(okf, text, "Bats")
    assert properties_of(once)["title"] == "Bats"
    assert "# title: Mine\n# description: |\n#   My words\n" in once
    assert merged(okf, once, "Bats") == once
    back = merged(NEW, once, "Bats")
    assert "# title: Mine" in back
    assert not {"type", "title", "description"} & properties_of(back).keys()


def test_what_is_no_yaml_is_said_so() -> None:
    with pytest.raises(yaml.YAMLError):
        load_yaml("!!int many")
