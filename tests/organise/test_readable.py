"""Which sentences can stand alone."""

from __future__ import annotations

import pytest

from shas_kb.organise.readable import readable


@pytest.mark.parametrize(
    "sentence",
    [
        "Photosynthesis is the process by which plants turn light into sugar.",
        "动态规划是一种通过把原问题分解为相对简单的子问题来求解的方法。",
        "Die Zellmembran trennt das Innere der Zelle von ihrer Umgebung ab.",
    ],
)
def test_whole_sentences_are_readable(sentence):
    assert readable(sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "However, this was not the case in the second year of the study at all.",
        "What is the difference between the two kinds of membranes that we saw?",
        "Figure 3.2 The lipid bilayer is shown with its two layers of molecules.",
        "and then the cells divide again and again until the tissue has formed.",
        "Journal of Personality and Social Psychology, 37, 1915–1926, and others.",
        "The person and the situation: Perspectives of psychology in two volumes.",
        "Too short.",
        "因此，我们可以得到这个问题的一个简单的解法，如下所示，非常容易。",
    ],
)
def test_fragments_are_not_readable(sentence):
    assert not readable(sentence)
