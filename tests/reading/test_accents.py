"""Accents beside their letters go on them, where they are accents."""

from __future__ import annotations

import pymupdf
import pytest

from shas_kb.reading.accents import Accents
from shas_kb.reading.pdf import read_pdf


@pytest.mark.parametrize(
    ("drawn", "meant"),
    [
        ("Hans Br¨oker und Jos´e P´erez", "Hans Bröker und José Pérez"),
        ("J´erˆome, Fran¸cois, tr`es, Espa˜na", "Jérôme, François, très, España"),
        ("c¸a va, Schro¨dinger, Dvoˇr´ak", "ça va, Schrödinger, Dvořák"),
        ("¨Uber Mikul´ık und na¨ıve", "Über Mikulík und naïve"),
        ("c⃝1990 W. Venables, Intel R⃝", "©1990 W. Venables, Intel ®"),
    ],
)
def test_accents_are_put_on_letters(drawn: str, meant: str) -> None:
    assert Accents([drawn]).mend(drawn) == meant


@pytest.mark.parametrize(
    "text",
    [
        "an angle of 5´ and 5´e, `code` and `a`",
        "don´t, it´s, we´re, you´ll, O´Reilly, I´m",
        "D´Angelo",
        "`a´ and ´e´ are letters, as in caf´e",
        "˜/.bashrc and ˜user, xˆa, ˆC, sˆaˆoˆ",
        "Le thé, l´eau de l´été, la crème; c´est là que d´autres l´ont bu, né, été",
        "5¨ and ¨ alone",
        "no marks at all",
    ],
)
def test_marks_that_are_no_accents_stay(text: str) -> None:
    assert Accents([text]).mend(text) == text


def test_a_pdf_has_its_accents() -> None:
    document = pymupdf.open()
    document.new_page().insert_text((72, 120), ["The program was written by Br¨oker and Jos´e.", "They wrote it."])
    assert "by Bröker and José. They" in read_pdf(document.tobytes(), "a.pdf", False).text
