"""Obsidian's Markdown: text that stays text, links that resolve, front matter that parses."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping, Sequence

import yaml

Property = str | int | float | Sequence[str]

# Marks that mean something when doubled, or as an entity, stay as they are when alone: 5 %, R & D.
_SPECIAL = re.compile(r"([\\`*_\[\]<>#|$^]|&(?=#?\w+;)|([=~%])(?=\2)|(?<==)=|(?<=~)~|(?<=%)%)")
_ESCAPED = re.compile(r"\\([^\w\s]|_)")
_TAG = "tag:yaml.org,2002:"
_LINE_START = re.compile(r"^(?:([-+])|(\d{1,9})([.)]))(?=\s|$)|^(---|:::)")
# In a link's own text a backslash does not escape: look-alikes do.
_LOOKALIKE = str.maketrans(
    {"[": "(", "]": ")", "|": "/", "`": "'", "<": "‹", ">": "›", "$": "＄", "\\": "∖", "%": "％", "#": "＃", "^": "ˆ"}
)


def plain(text: str) -> str:
    """One line of text that Markdown, HTML and Obsidian (links, tags, comments, mathematics, block ids) leave alone."""
    text = _SPECIAL.sub(r"\\\1", text)
    return _LINE_START.sub(lambda m: f"{m[2]}\\{m[3]}" if m[2] else f"\\{m[0]}", text)


def unescaped(text: str) -> str:
    """What `plain` was given."""
    return _ESCAPED.sub(r"\1", text)


def link(target: str, text: str = "", part: str = "") -> str:
    """A wikilink to a note (its unique name) or a file (its path), or to a `part` of it (`page=3`, `^block`)."""
    text = text.translate(_LOOKALIKE)
    place = f"{target}#{part}" if part else target
    return f"[[{place}|{text}]]" if text and text != place else f"[[{place}]]"


def slug(text: str, fallback: str) -> str:
    """A part of a tag: letters, marks, digits and hyphens in lower case."""
    kept = "".join(c if c.isalnum() or unicodedata.category(c)[0] == "M" else "-" for c in text.casefold())
    return re.sub("-{2,}", "-", kept).strip("-")[:60].rstrip("-") or fallback


def front_matter(properties: Mapping[str, Property]) -> str:
    """YAML between `---` lines. Text is always quoted, as in JSON, which YAML reads too; empty lists are left out."""
    lines = ["---"]
    for key, value in properties.items():
        lines += [f"{key}: {scalar(value)}"] if isinstance(value, str | int | float) else listed(key, value)
    return "\n".join([*lines, "---", ""])


def listed(key: str, values: Sequence[str]) -> list[str]:
    """A list property, one item a line."""
    return [f"{key}:", *(f"  - {scalar(value)}" for value in values)] if values else []


# The one in C is ten times as fast, and not everywhere.
class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Takes every value for text, as it is written: `Yes` and `12:30` would else be true and 750."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - so it is in the base class
        first: [(tag, pattern) for tag, pattern in found if tag == f"{_TAG}null"]
        for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    yaml_constructors = {  # noqa: RUF012
        tag: construct
        for tag, construct in yaml.SafeLoader.yaml_constructors.items()
        if tag in (None, *(_TAG + kind for kind in ("map", "seq", "str", "null")))
    }


def load_yaml(text: str) -> object:
    """What a piece of YAML says: lists, mappings, text, None.

    Raises:
        yaml.YAMLError: it is none.
    """
    try:
        return yaml.load(text, Loader=_Loader)
    except RecursionError as error:
        raise yaml.YAMLError("it is nested too deeply") from error


def scalar(value: str | int | float) -> str:
    """A single value as YAML."""
    return json.dumps(value, ensure_ascii=False)
