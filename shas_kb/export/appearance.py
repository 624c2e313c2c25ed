"""The graph view of Obsidian: a colour for each topmost node, in the settings of a vault."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from shas_kb.errors import UsageError
from shas_kb.export.content import Content

SETTINGS = ".obsidian/graph.json"
_COLOURS = (0x4C82D8, 0xD07A2D, 0x2E9E6B, 0xC0559A, 0x2AA3B5, 0x9A8F1F, 0x8A6FD1, 0xCC5A55)


def colours(content: Content) -> dict[str, int]:
    """A colour (0xRRGGBB) for each topmost node, by id."""
    return {id: _COLOURS[i % len(_COLOURS)] for i, id in enumerate(content.children.get("", ()))}


def graph_settings(content: Content, tags: Mapping[str, str], present: Path) -> bytes:
    """The settings file: what stands in the one that is `present`, and in it our colours before any others.

    Raises:
        UsageError: the present file is no JSON object.
    """
    settings: dict[str, object] = {}
    if present.exists():
        try:
            settings = dict(json.loads(present.read_bytes()))
        except (ValueError, TypeError) as error:
            raise UsageError(
                f"{present} must be the settings of Obsidian's graph view, got something unreadable; remove it."
            ) from error
    groups = [
        {"query": f"tag:#{tags[id]}", "color": {"a": 1, "rgb": colour}} for id, colour in colours(content).items()
    ]
    before = settings.get("colorGroups")
    groups += [group for group in before if not _ours(group)] if isinstance(before, list) else []
    return (json.dumps({**settings, "colorGroups": groups}, ensure_ascii=False, indent=1) + "\n").encode()


def _ours(group: object) -> bool:
    return isinstance(group, dict) and str(group.get("query", "")).startswith("tag:#kb/")
