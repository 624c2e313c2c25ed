"""Which language a text is in."""

from __future__ import annotations

import py3langid

UNKNOWN = "und"
_PIECE = 700
_PIECES = 6
_ENOUGH = 200  # letters
_TOO_FEW = 20  # bytes of letters
_COMMON = {
    *(
        "ar",
        "bg",
        "cs",
        "da",
        "de",
        "el",
        "en",
        "es",
        "et",
        "fa",
        "fi",
        "fr",
        "he",
        "hi",
        "hr",
        "hu",
        "id",
        "it",
        "ja",
        "ko",
    ),
    *("lt", "lv", "nl", "no", "pl", "pt", "ro", "ru", "sk", "sl", "sv", "th", "tr", "uk", "vi", "zh"),
}


def guess_language(text: str) -> str:
    """The ISO 639-1 code of the language of `text`, "und" if it has too few letters to tell.

    By the byte sequences it contains (Lui and Baldwin, "langid.py", ACL 2012); the same text always gives the same one.
    """
    sample = _sample(text)
    letters = sum(map(str.isalpha, sample))
    if sum(len(character.encode()) for character in sample[:1000] if character.isalpha()) < _TOO_FEW:
        return UNKNOWN
    ranked = [str(language) for language, _ in py3langid.rank(sample)]
    # a few words look like any of a hundred languages: a common one is the better guess
    return next(language for language in ranked if letters >= _ENOUGH or language in _COMMON)


def _sample(text: str) -> str:
    """Pieces from all over a long text: its beginning alone may be a title page."""
    if len(text) <= _PIECE * _PIECES:
        return text
    step = (len(text) - _PIECE) // (_PIECES - 1)
    return "\n".join(text[place : place + _PIECE] for place in range(0, len(text) - _PIECE + 1, step))
