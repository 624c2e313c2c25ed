"""After a kill: the manifest is made to say what lies in the vault, so that nothing of ours is taken for the user's.

While a vault is brought up to date, the manifest that is to be stands beside the one that was. Where it is still there
at the next export, some files are as the one says, and some as the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from shas_kb.export.vault.manifest import MANIFEST, NEXT, Entry, Manifest, holds, read_manifest
from shas_kb.writing import write_whole


def recover(root: Path) -> None:
    """Settle what a killed export left.

    Raises:
        UsageError: a manifest is damaged.
    """
    if not (root / NEXT).exists():
        return
    was, next = read_manifest(root), read_manifest(root, NEXT)
    settled = Manifest(
        was.tree,
        next.options,
        _settled(root, was.notes, next.notes),
        _settled(root, was.sources, next.sources),
        _settled(root, was.files, next.files),
    )
    write_whole(root / MANIFEST, settled.to_bytes())
    (root / NEXT).unlink()


def _settled(root: Path, was: Mapping[str, Entry], next: Mapping[str, Entry]) -> dict[str, Entry]:
    """For each thing the line that holds; where it lies in its old place and in the new one, the old copy goes."""
    settled: dict[str, Entry] = {}
    for id in was.keys() | next.keys():
        old, new = was.get(id), next.get(id)
        if new is not None and (old is None or holds(root, new)):
            settled[id] = new
            if old is not None and old.path != new.path and holds(root, old):
                (root / old.path).unlink()
        elif old is not None:
            settled[id] = old
    return settled
