"""How well a collection answers: questions of which the right answer is known, asked in several ways side by side.

cases.py       a question, and what is right for it
written.py     questions that a person wrote, from a file
own.py         questions made of the collection's own texts
ways.py        what would be found without the tree and what was learned, and what `ask` finds
remembered.py  vectors made once, though a question is asked in several ways
measures.py    recall, nDCG, calibration
evaluate.py    the questions asked, and the figures
"""

from __future__ import annotations

from shas_kb.evaluation.cases import Case, Part
from shas_kb.evaluation.evaluate import evaluate, figures
from shas_kb.evaluation.own import own_cases
from shas_kb.evaluation.written import written_cases

__all__ = ["Case", "Part", "evaluate", "figures", "own_cases", "written_cases"]
