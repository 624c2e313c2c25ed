"""Whatever is done to a collection, in whatever order, it stays consistent and holds what it should."""

from __future__ import annotations

import runpy
import shutil
import tempfile
from pathlib import Path
from types import SimpleNamespace

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from shas_kb.records import Problem, Reading
from shas_kb.storage import Store

PARTS = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("conftest.py"))))
PATHS = st.sampled_from(["a.txt", "b.txt", "c.txt", "深/d.txt"])
TEXTS = st.lists(st.sampled_from(["alpha", "beta words", "伽马", "delta. and more"]), min_size=1, max_size=3)


class Life(RuleBasedStateMachine):
    """A model beside the collection: what each path holds, and which have vectors, and what was in the last tree."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.store = Store.open(self.folder / "kb.sqlite", create=True)
        self.held: dict[str, Reading | None] = {}
        self.ids: dict[str, str] = {}
        self.encoded: set[str] = set()
        self.placed: set[tuple[str, str]] = set()
        self.quoted: set[str] = set()
        self.has_lost_quotes = False
        self.runs = 0

    def teardown(self) -> None:
        self.store.close()
        shutil.rmtree(self.folder)

    def present(self) -> set[tuple[str, str]]:
        return {(self.ids[path], held.sha256) for path, held in self.held.items() if held}

    def drop(self, path: str) -> None:
        self.has_lost_quotes |= bool(self.held.get(path)) and self.ids[path] in self.quoted
        self.held[path] = None
        self.encoded.discard(path)

    @rule(path=PATHS, texts=TEXTS)
    def put(self, path: str, texts: list[str]) -> None:
        read = PARTS.make_reading(*texts)
        twin = next((other for other, held in self.held.items() if held == read and other != path), None)
        id = self.store.put_reading(PARTS.make_file(path), read)
        if twin:
            assert id == self.ids[twin]
            self.drop(path)
            return
        if self.held.get(path):
            assert id == self.ids[path]
        self.drop(path)
        self.held[path], self.ids[path] = read, id

    @rule(path=PATHS)
    def fail(self, path: str) -> None:
        self.store.put_problem(PARTS.make_file(path), None, Problem("damaged"))
        self.drop(path)

    @rule(path=PATHS)
    def fail_for_now(self, path: str) -> None:
        self.store.put_problem(PARTS.make_file(path, size=7), None, Problem("took too long", passing=True))
        self.held.setdefault(path)

    @rule(path=PATHS)
    def forget(self, path: str) -> None:
        assert self.store.forget([PARTS.make_file(path)]) == bool(self.held.get(path))
        self.drop(path)
        del self.held[path]

    @rule(path=PATHS)
    def remove(self, path: str) -> None:
        if self.held.get(path):
            assert self.store.remove([self.ids[path]]) == 1
            self.drop(path)
            del self.held[path]

    @rule(old=PATHS, new=PATHS)
    def move(self, old: str, new: str) -> None:
        if old != new and self.held.get(old):
            self.store.move([(PARTS.make_file(old), PARTS.make_file(new))])
            self.drop(new)
            self.held[new], self.ids[new] = self.held.pop(old), self.ids[old]
            if old in self.encoded:
                self.encoded.remove(old)
                self.encoded.add(new)

    @rule(path=PATHS)
    def encode(self, path: str) -> None:
        read = self.held.get(path)
        if read:
            self.store.put_vectors(self.ids[path], PARTS.make_vectors(len(read.passages)))
            self.encoded.add(path)

    @rule()
    def organise(self) -> None:
        self.runs += 1
        tree = PARTS.make_tree(self.store, f"run-{self.runs}")
        self.store.put_tree(tree)
        self.placed = self.present()
        self.quoted = {quote.document for node in tree.nodes for quote in node.summary}
        self.has_lost_quotes = False

    @rule()
    def reopen(self) -> None:
        self.store.close()
        self.store = Store.open(self.folder / "kb.sqlite")

    @rule()
    def repair(self) -> None:
        assert self.store.check(repair=True) == []

    @invariant()
    def is_consistent(self) -> None:
        assert self.store.check() == []

    @invariant()
    def holds_what_it_should(self) -> None:
        present = {path: held for path, held in self.held.items() if held}
        assert {document.path: document.id for document in self.store.documents()} == {
            path: self.ids[path] for path in present
        }
        assert {state.file.path for state in self.store.files()} == set(self.held)
        for path, held in present.items():
            assert self.store.texts(self.ids[path]) == [passage.text for passage in held.passages]
        assert self.store.pending() == [self.ids[path] for path in sorted(present) if path not in self.encoded]
        assert self.store.tree_is_stale() == (self.present() != self.placed or self.has_lost_quotes)
        hits = {document for document, _, _ in self.store.match("alpha beta delta 伽马", 100)}
        assert hits == {self.ids[path] for path in present}


Life.TestCase.settings = settings(max_examples=15, stateful_step_count=15, deadline=None)
TestLife = Life.TestCase
