"""Words that are divided at the end of a line are whole again; hyphens that belong to a word stay."""

from __future__ import annotations

import pytest

from shas_kb.reading.lines import Joiner
from shas_kb.reading.text import read_text


@pytest.mark.parametrize(
    ("lines", "joined"),
    [
        (["für re‐", "gelmäßig auszuführende"], "für regelmäßig auszuführende"),
        (["ein regel\u00ad", "mäßiger Takt"], "ein regelmäßiger Takt"),
        (["die Schwarz‐", "Weiß-Bilder"], "die Schwarz‐Weiß-Bilder"),
        (["Ein‐", "und Ausgabe"], "Ein‐ und Ausgabe"),
        (["along the x-", "axis of it"], "along the x-axis of it"),
        (["知识就是", "力量"], "知识就是力量"),
    ],
)
def test_words_are_whole(lines: list[str], joined: str) -> None:
    assert Joiner([]).join(lines) == joined


def test_a_word_is_written_as_elsewhere_in_the_document() -> None:
    joiner = Joiner(["a well-known fact", "it is reread", "ein E‐Mail‐konto"])
    assert joiner.join(["a well‐", "known fact"]) == "a well‐known fact"
    assert joiner.join(["to be re-", "read"]) == "to be reread"
    assert joiner.join(["das E-Mail‐", "konto"]) == "das E-Mail‐konto"


def test_divided_words_in_plain_text() -> None:
    text = (
        "       Dieses Programm erzeugt ein Archiv, das für ein De‐\n"
        "       bian-System bestimmt ist, und prüft es danach re‐\n"
        "       gelmäßig.\n\n"
        "       Der Vorgang dauert nicht lange, aber dieser Satz zei‐\n"
        "       gt\n       kurz.\n"
    )
    first, second = read_text(text.encode(), "a.txt").text.split("\n\n")
    assert first.endswith("für ein Debian-System bestimmt ist, und prüft es danach regelmäßig.")
    assert second.startswith("Der Vorgang dauert nicht lange, aber dieser Satz zeigt")


def test_a_soft_hyphen_in_plain_text_joins_over_the_line_and_leaves_it() -> None:
    text = "Das Archiv wird in einem festen Takt gesichert, also regel\u00ad\nmäßig.\nEnde.\n\nNeu\u00ader Absatz."
    assert read_text(text.encode(), "a.txt").text.replace("\n", "|") == (
        "Das Archiv wird in einem festen Takt gesichert, also regelmäßig. Ende.||Neuer Absatz."
    )


def test_a_plain_hyphen_in_plain_text_is_part_of_the_word() -> None:
    text = (
        "The protocol of the system is a plain one, and every client-\n"
        "server pair speaks it, as do all of the others that were recov-\n"
        "ered from a crash; those that recovered are slower than before.\n"
    )
    read = read_text(text.encode(), "a.txt").text
    assert "client-server pair" in read
    assert "were recovered from" in read
    assert "were recov-ered from" in read_text(text.replace("that recovered", "these").encode(), "a.txt").text
