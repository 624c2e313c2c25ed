"""Words that head parts of a document, and are no title of one."""

from __future__ import annotations

import re

ABSTRACTS = frozenset(("abstract", "summary", "zusammenfassung", "résumé", "摘要"))
_ENGLISH = """introduction conclusion conclusions references bibliography acknowledgments acknowledgements discussion
    results methods background appendix contents preface foreword"""
_OTHERS = "einleitung inhalt inhaltsverzeichnis literatur vorwort sommaire 引言 结论 目录 参考文献"
KNOWN = ABSTRACTS | frozenset(_ENGLISH.split()) | frozenset(_OTHERS.split()) | {"table of contents"}
_GENERAL = KNOWN | {"overview", "about", "inhaltsübersicht", "überblick", "概述"}
# how man pages head their parts: in capitals, the first of them always
_MANUAL = frozenset(
    (
        *("NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "COPYRIGHT", "AUTHOR", "AUTHORS", "BUGS", "FILES", "NOTES"),
        *("ENVIRONMENT", "SEE ALSO", "EXIT STATUS", "RETURN VALUE", "RETURN VALUES", "DIAGNOSTICS", "HISTORY"),
        *("EXAMPLE", "EXAMPLES", "ARGUMENTS", "INVOCATION", "DEFINITIONS", "STANDARDS", "CONFORMING TO", "LIBRARY"),
    )
)
_NUMBER = r"(?:\s*\d{1,3}(?:\.\d{1,3})*|\s+(?:[ivxlc]{1,6}|[a-z]|one|two|three|four|five))"
_PART = re.compile(
    rf"(?:chapter|part|section|appendix|lecture|kapitel|teil|abschnitt|anhang|chapitre|partie|capítulo){_NUMBER}?[.:]?"
    r"|第[一二三四五六七八九十百\d]+[章节節部篇]",
    re.IGNORECASE,
)
_NUMBERED = re.compile(r"(?:\d{1,3}(?:\.\d{1,3})+\.?|\d{1,3}\.)\s+\S|§\s*\d")


def bare(text: str) -> str:
    """A heading without its number, in small letters."""
    return text.strip(" .:0123456789").lower()


def counts_a_part(text: str) -> bool:
    """Whether a heading says no more than which part of a document comes: "Chapter 1"."""
    return _PART.fullmatch(text.strip()) is not None


def names_manual_part(text: str) -> bool:
    """Whether a heading is one of those that all man pages have."""
    return text.strip() in _MANUAL


def heads_a_section(text: str) -> bool:
    """Whether a heading at the top of a document is of its first section rather than of all of it: "1. Overview"."""
    return bare(text) in _GENERAL or counts_a_part(text) or _NUMBERED.match(text.strip()) is not None
