"""Which language a text is in."""

from __future__ import annotations

import py3langid

UNKNOWN = "und"
_PIECE = 700
_PIECES = 6
_ENOUGH = 200  # letters
_TOO_FEW = 20  # bytes of letters
_SURE = 8.0  # in logarithms of the likelihood, by which another language than English must fit a short text better
# the detector tells varieties of a language apart, and takes some texts for none
_VARIETIES = {"ary": "ar", "arz": "ar", "wuu": "zh", "yue": "zh", "zxx": UNKNOWN}
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
    Of a short text, English or another common one that fits clearly better.
    """
    sample = _sample(text)
    letters = sum(map(str.isalpha, sample))
    if sum(len(character.encode()) for character in sample[:1000] if character.isalpha()) < _TOO_FEW:
        return UNKNOWN
    ranked = [(str(language), float(fit)) for language, fit in py3langid.rank(sample)]
    best, best_fit = ranked[0] if letters >= _ENOUGH else next(each for each in ranked if each[0] in _COMMON)
    # a few words, a list of names say, look like any of a hundred languages
    if letters < _ENOUGH and best_fit < dict(ranked)["en"] + _SURE:
        return "en"
    return _VARIETIES.get(best, best)


def _sample(text: str) -> str:
    """Pieces from all over a long text: its beginning alone may be a title page."""
    if len(text) <= _PIECE * _PIECES:
        return text
    step = (len(text) - _PIECE) // (_PIECES - 1)
    return "\n".join(text[place : place + _PIECE] for place in range(0, len(text) - _PIECE + 1, step))
