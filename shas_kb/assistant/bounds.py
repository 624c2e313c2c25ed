"""Replies that stay below a length, whatever the collection holds; what is left out is counted where it stood."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

LONGEST = 20_000
"""Characters of JSON in a reply, indented as an assistant gets it."""

_TIGHTER = (
    *((text, 1000) for text in (4000, 2000, 1000, 500, 250, 120)),
    *((120, entries) for entries in (100, 70, 50, 40, 30, 25, 20, 15, 12, 9, 6, 3)),
    (80, 1),
)
"""Characters of a text and entries of a list, until it fits: texts grow shorter before entries are left out."""


def size(value: object) -> int:
    """Characters of `value` as indented JSON."""
    return len(json.dumps(value, ensure_ascii=False, indent=2))


def size_within(entry: dict[str, Any]) -> int:
    """Characters that an entry of a list adds to a reply: its lines are indented by four, and a comma follows."""
    text = json.dumps(entry, ensure_ascii=False, indent=2)
    return len(text) + 4 * (text.count("\n") + 1) + 2


def cut(text: str, most: int) -> str:
    """The beginning of a text that is longer than `most` characters, and how much is missing; else all of it."""
    return text if len(text) <= most else f"{text[:most].rstrip()} … [{len(text) - most:,} more characters]"


def fit(reply: dict[str, Any], advice: str, longest: int = LONGEST) -> dict[str, Any]:
    """`reply` where it is no longer than `longest`; else with texts and lists cut until it is.

    What was cut says so: a text ends with the number of characters that are missing, beside a list `name` stands
    `more_name`, the number of entries that are missing, and `note` gives the `advice` how to have them.
    """
    shorter = reply
    for text, entries in _TIGHTER:
        if size(shorter) <= longest:
            break
        shorter = _shorten(reply, text, entries) | {"note": advice}
    return shorter


def first_fitting(entries: Sequence[dict[str, Any]], longest: int) -> list[dict[str, Any]]:
    """As many of the first `entries`, at least one where there are any, as have `longest` characters together."""
    taken: list[dict[str, Any]] = []
    left = longest
    for entry in entries:
        short = _shorten(entry, 200, 10)
        left -= size_within(short)
        if taken and left < 0:
            break
        taken.append(short)
    return taken


def beginning(text: str, longest: int) -> str:
    """As much of the beginning of `text` as has `longest` characters where JSON escapes it."""
    while text and (long := len(json.dumps(text, ensure_ascii=False))) > longest:
        text = text[: max(0, min(len(text) - 1, len(text) * longest // long))]
    return text


def _shorten(value: Any, text: int, entries: int) -> Any:
    if isinstance(value, str):
        return cut(value, text)
    if isinstance(value, list):
        return [_shorten(entry, text, entries) for entry in value[:entries]]
    if not isinstance(value, dict):
        return value
    shorter: dict[str, Any] = {}
    for name, inside in value.items():
        shorter[name] = _shorten(inside, text, entries)
        if isinstance(inside, list) and len(inside) > entries:
            shorter[f"more_{name}"] = len(inside) - entries
    return shorter
