"""Notes and copies that an export of ours wrote into a folder: they tell of the documents, and are none.

Notes are known by the `kb_id` at their head, wherever they were moved; of copies and other files a vault says in its
manifest where they lie.
"""

from __future__ import annotations

import json
import os
import re

from shas_kb.config import VAULT_MANIFESTS

_HEAD = 4096
_NOTE = re.compile(rb"\A(?:\xef\xbb\xbf)?---[ \t]*\r?\n(?:(?!---).*\n)*?kb_id:")
_PARTS = ("sources", "files")


class Exported:
    """What exports wrote into the folders that are walked through."""

    def __init__(self) -> None:
        self._vaults: set[str] = set()
        self._written: set[str] = set()

    def enter(self, folder: str) -> None:
        """Take note of a vault in `folder`, if there is one."""
        for name in VAULT_MANIFESTS:
            path = os.path.join(folder, name)  # noqa: PTH118 - paths are str here
            if not os.path.isfile(path):  # noqa: PTH113 - a pipe would be waited for
                continue
            try:
                with open(path, "rb") as manifest:  # noqa: PTH123
                    content = manifest.read()
            except OSError:
                continue
            self._vaults.add(folder)
            self._written.update(os.path.join(folder, path) for path in _paths(content))  # noqa: PTH118

    def wrote(self, path: str) -> bool:
        """Whether the file at `path` is of a vault that was entered, and ours."""
        return bool(self._vaults) and (path in self._written or (self._inside(path) and _is_note(path)))

    def _inside(self, path: str) -> bool:
        return any(path.startswith(vault.rstrip(os.sep) + os.sep) for vault in self._vaults)


def _paths(manifest: bytes) -> list[str]:
    """The files beside notes that a manifest names; none where it is damaged, which whoever exports next is told."""
    try:
        read = json.loads(manifest)
        paths = [line["path"] for part in _PARTS for line in read.get(part, {}).values()]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return []
    return [path for path in paths if isinstance(path, str)]


def _is_note(path: str) -> bool:
    if not path.lower().endswith(".md"):
        return False
    try:
        with open(path, "rb") as note:  # noqa: PTH123
            return bool(_NOTE.match(note.read(_HEAD)))
    except OSError:
        return False
