"""A taxonomy as a person writes it."""

from __future__ import annotations

import pytest

from shas_kb.errors import UsageError
from shas_kb.taxonomy import Seed, as_name, parse


@pytest.mark.parametrize(
    "text",
    [
        "Nature\n  Seas: tides, reefs\n    Corals\n  Birds\nFood",
        "- Nature\n  - Seas: tides, reefs\n    - Corals\n  - Birds\n- Food\n",
        "1. Nature\n    * Seas :  tides, reefs \n        * Corals\n    * Birds\n\n2) Food",
        "Nature\n\tSeas: tides, reefs\n\t\tCorals\n\tBirds\n\nFood\n",
        "# Nature\n\n## Seas: tides, reefs\n\n### Corals ###\n\n## Birds\n\n# Food",
        "# Nature\n\n- Seas: tides, reefs\n  - Corals\n- Birds\n\n# Food #",
        "# What I read\n\n## Nature\n- Seas: tides, reefs\n  - Corals\n- Birds\n\n## Food",
        "# What I read\n\n- Nature\n  - Seas: tides, reefs\n    - Corals\n  - Birds\n- Food",
    ],
)
def test_every_way_to_write_it_is_understood(text: str) -> None:
    assert parse(text) == (
        Seed("domain", ("Nature",), ""),
        Seed("category", ("Nature", "Seas"), "tides, reefs"),
        Seed("entity", ("Nature", "Seas", "Corals"), ""),
        Seed("category", ("Nature", "Birds"), ""),
        Seed("domain", ("Food",), ""),
    )


def test_the_top_may_be_lower() -> None:
    assert [seed.level for seed in parse("Seas\n  Corals", "category")] == ["category", "entity"]
    assert [seed.text for seed in parse("Seas: tides\nBirds", "entity")] == ["Seas: tides", "Birds"]


def test_a_heading_over_everything_is_a_node_where_no_level_is_left_for_another() -> None:
    """Else it is the title of the text."""
    text = "# Nature\n- Seas\n  - Corals"
    assert [seed.path[-1] for seed in parse(text)] == ["Nature", "Seas", "Corals"]
    assert [seed.path[-1] for seed in parse(text, "category")] == ["Seas", "Corals"]
    assert [seed.path[-1] for seed in parse("# Nature\n# Food")] == ["Nature", "Food"]
    assert [seed.path[-1] for seed in parse("Nature\n Seas\n  Corals\n# Food")] == ["Nature", "Seas", "Corals", "Food"]


def test_names_that_differ_in_their_marks_are_two() -> None:
    assert [seed.path[-1] for seed in parse("C\nC++\nC#\n#tag")] == ["C", "C++", "C#", "#tag"]


def test_a_name_with_marks_inside_stays_whole() -> None:
    assert parse("C++ - the language: templates: and more")[0] == Seed(
        "domain", ("C++ - the language",), "templates: and more"
    )


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (" Making\n cheese\t", "Making cheese"),
        ("\x1b[31mred\x1b[0m\x00", "[31mred [0m"),
        ("\u200b \u202e", ""),
        ("🧀", "🧀"),
        ("👩\u200d🌾 farm", "👩\u200d🌾 farm"),
    ],
)
def test_a_name_is_a_line_that_can_be_seen(text: str, name: str) -> None:
    assert as_name(text) == name


def test_a_taxonomy_brings_no_control_characters() -> None:
    assert parse("Food\x1b[2J: bread")[0].path == ("Food [2J",)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "a taxonomy must have a line with a name, got none"),
        ("\n \n", "a taxonomy must have a line with a name, got none"),
        ("a\n b\n  c\n   d", r"line 4 must lie at most 3 deep .*, got 'd' under 'c'"),
        ("a\n\u200b: words", "line 2 must name a node"),
        ("a\n : words", "line 2 must name a node, got ': words'"),
        ("a\n b\nc\n B", "line 4 must have a name of its own, got 'B', which is one name with 'b' in line 2"),
        ("a\n\n Tide\nc\n Tides", "line 5 must have a name of its own, got 'Tides', .* 'Tide' in line 3"),
        ("# a\n- b\n  - c\n# d\n- e\n  - f\n    - g", "line 7 must lie at most 3 deep .*, got 'g' under 'f'"),
        ("# a\n##\n- b", "line 2 must name a node, got '##'"),
    ],
)
def test_what_is_no_taxonomy_is_said(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        parse(text)
