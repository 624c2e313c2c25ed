"""Which language a text is in."""

from __future__ import annotations

import py3langid

UNKNOWN = "und"
_PIECE = 700
_PIECES = 6


def guess_language(text: str) -> str:
    """The ISO 639-1 code of the language of `text`, "und" if it has no letters.

    By the byte sequences it contains (Lui and Baldwin, "langid.py", ACL 2012); the same text always gives the same code.
    """
    sample = _sample(text)
    if not any(character.isalpha() for character in sample):
        return UNKNOWN
    return str(py3langid.classify(sample)[0])


def _sample(text: str) -> str:
    """Pieces from all over a long text: its beginning alone may be a title page."""
    if len(text) <= _PIECE * _PIECES:
        return text
    step = (len(text) - _PIECE) // (_PIECES - 1)
    return "\n".join(text[place : place + _PIECE] for place in range(0, len(text) - _PIECE + 1, step))
