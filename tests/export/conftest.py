"""A small real collection with everything in it that a title, a name or a text can do to a format."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hostile import TITLES, add, fill, grow

from shas_kb.records import Tree
from shas_kb.storage import Store


@pytest.fixture
def originals(tmp_path: Path) -> Path:
    """Where the originals stand."""
    return tmp_path / "originals"


@pytest.fixture
def store(tmp_path: Path, originals: Path) -> Iterator[Store]:
    """The collection, with a tree."""
    with Store.open(tmp_path / "kb.sqlite", create=True) as store:
        fill(store, originals)
        yield store


@pytest.fixture
def regrow(store: Store, originals: Path) -> Callable[[], Tree]:
    """Another document comes, and the tree is built again."""

    def more() -> Tree:
        add(store, originals, len(store.documents()), "A newcomer")
        return grow(store)

    return more


@pytest.fixture
def revise(store: Store, originals: Path) -> Callable[[int, str], None]:
    """Another version of a document comes, and the tree is built again."""

    def again(number: int, text: str) -> None:
        add(store, originals, number, TITLES[number], text)
        grow(store)

    return again
