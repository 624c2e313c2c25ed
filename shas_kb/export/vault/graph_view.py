"""The graph view of Obsidian: a colour for each topmost node, in the settings of a vault."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from shas_kb.errors import UsageError
from shas_kb.export.appearance import colours
from shas_kb.export.content import Content

SETTINGS = ".obsidian/graph.json"


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
    colour = colours(content)
    groups: list[object] = [
        {"query": f"tag:#{tags[id]}", "color": {"a": 1, "rgb": colour[id]}} for id in content.children[""]
    ]
    before = settings.get("colorGroups")
    groups += [group for group in before if not _ours(group)] if isinstance(before, list) else []
    return (json.dumps({**settings, "colorGroups": groups}, ensure_ascii=False, indent=1) + "\n").encode()


def _ours(group: object) -> bool:
    return isinstance(group, dict) and str(group.get("query", "")).startswith("tag:#kb/")
