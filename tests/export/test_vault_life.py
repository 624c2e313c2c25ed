"""A vault's life: whatever a person does in it and whatever comes and goes, an export destroys nothing of the
person's."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import hostile
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from obsidian import ObsidianVault

from shas_kb.export import export
from shas_kb.reading import discover
from shas_kb.storage import Store

OURS = re.compile(rb"%% begin shas-kb %%.*?%% end shas-kb %%", re.DOTALL)
FRONT = re.compile(rb"\A---\r?\n(.*?\n)---\r?\n", re.DOTALL)
MANIFEST = ".shas-kb-manifest.json"

WHAT_PEOPLE_DO = (
    *("write", "write_before", "own_property", "rename", "move", "delete", "foreign", "lose_markers", "crlf"),
    *("edit_canvas", "rewrite_ours", "lose_manifest", "lose_a_line"),
)
WHAT_HAPPENS = ("come", "go", "revise", "organise")
STEPS = st.lists(
    st.tuples(st.sampled_from([*WHAT_PEOPLE_DO, *WHAT_HAPPENS, "export"]), st.integers(0, 2**16)), max_size=12
)


class Life:
    """A vault with its collection, and a model of what in it is the person's.

    Attributes:
        theirs: of each note that was touched, by path: its bytes outside the front matter and our markers.
        own: their own properties of a note, by path.
        tags: their tags and aliases of a note, by path.
        strangers: files that are theirs, by path.
    """

    def __init__(self, store: Store, originals: Path, vault: Path) -> None:
        self.store, self.originals, self.vault = store, originals, vault
        self.theirs: dict[str, bytes] = {}
        self.own: dict[str, dict[str, str]] = {}
        self.tags: dict[str, set[str]] = {}
        self.strangers: dict[str, bytes] = {}
        self.count = len(store.documents())
        self.number = 0

    def do(self, what: str, seed: int) -> None:
        self.number += 1
        getattr(self, what)(random.Random(seed))

    def export(self, _: random.Random | None = None) -> None:
        export(self.store, "obsidian", self.vault)
        once = self.everything()
        self.check()
        export(self.store, "obsidian", self.vault)
        assert self.everything() == once

    def check(self) -> None:
        for path, outside in self.theirs.items():
            assert outside_of(self.read(path)) == outside, path
            front = properties(self.read(path))
            assert self.own.get(path, {}).items() <= front.items(), path
            assert self.tags.get(path, set()) <= {*front.get("tags", ()), *front.get("aliases", ())}, path
        for path, data in self.strangers.items():
            assert self.read(path) == data, path
        # What tells of the documents is not read as one of them; what a person put there is. (Copies of what is gone
        # are nobody's where the manifest was lost.)
        found = {file.path for file in discover([self.vault])[0] if not file.path.startswith("sources/")}
        assert found == {path for path in self.strangers if path.endswith(".md")}
        # Of notes whose subject is gone and of which the manifest knew nothing, nobody knows that they are ours.
        known = json.loads(self.read(MANIFEST))["notes"]
        read = ObsidianVault(self.vault)
        lost = {note.path for note in read.ours() if note.properties["kb_id"] not in known}
        assert [what for what in read.problems(lambda _: 2) if what.partition(":")[0] not in lost] == []

    def everything(self) -> dict[str, bytes]:
        files = (path for path in self.vault.rglob("*") if path.is_file())
        return {path.relative_to(self.vault).as_posix(): path.read_bytes() for path in files}

    def read(self, path: str) -> bytes:
        return (self.vault / path).read_bytes()

    def a_note(self, random: random.Random) -> str:
        """Any note of ours, at best one that the person has touched already."""
        present = [path for path, data in self.everything().items() if path.endswith(".md") and b"\nkb_id:" in data]
        return random.choice(sorted(self.theirs) if self.theirs and random.random() < 0.3 else sorted(present))

    def changed(self, path: str, data: bytes) -> None:
        (self.vault / path).write_bytes(data)
        self.theirs[path] = outside_of(data)

    def write(self, random: random.Random) -> None:
        path = self.a_note(random)
        self.changed(path, self.read(path) + f"\nThought {self.number}: $x$ [a](b) \\ %%hidden%%  \n".encode())

    def write_before(self, random: random.Random) -> None:
        path = self.a_note(random)
        data = self.read(path)
        end = FRONT.match(data)
        assert end
        self.changed(path, data[: end.end()] + f"Above {self.number}.\n\n".encode() + data[end.end() :])

    def own_property(self, random: random.Random) -> None:
        path = self.a_note(random)
        lines = self.read(path).split(b"\n")
        lines.insert(1, f"mine_{self.number}: 'a: b # {self.number}'".encode())
        at = next((i for i, line in enumerate(lines) if line.startswith((b"tags:", b"aliases:"))), None)
        if at is not None:
            lines.insert(at + 1, f"  - own-{self.number}".encode())
            self.tags.setdefault(path, set()).add(f"own-{self.number}")
        self.own.setdefault(path, {})[f"mine_{self.number}"] = f"a: b # {self.number}"
        self.changed(path, b"\n".join(lines))

    def rename(self, random: random.Random) -> None:
        path = self.a_note(random)
        self.put_at(path, str(Path(path).with_name(f"Renamed {self.number}.md")))

    def move(self, random: random.Random) -> None:
        path = self.a_note(random)
        self.put_at(path, f"My folder {self.number % 2}/{Path(path).stem}.md")

    def put_at(self, path: str, new: str) -> None:
        if (self.vault / new).exists():
            return
        (self.vault / new).parent.mkdir(exist_ok=True)
        (self.vault / path).rename(self.vault / new)
        self.theirs.pop(path, None)
        for model in (self.own, self.tags):
            if path in model:
                model[new] = model.pop(path)  # type: ignore[attr-defined]
        self.changed(new, self.read(new))

    def delete(self, random: random.Random) -> None:
        path = self.a_note(random)
        (self.vault / path).unlink()
        for model in (self.theirs, self.own, self.tags):
            model.pop(path, None)  # type: ignore[attr-defined]

    def foreign(self, random: random.Random) -> None:
        names = ("Planets.md", "A newcomer.md", "Home.md", "mine.bin", "Tables.base", "Science.canvas", "planets")
        path = f"{random.choice(('', 'Science/', 'Mine/'))}{random.choice(names)}"
        if not (self.vault / path).exists():
            (self.vault / path).parent.mkdir(parents=True, exist_ok=True)
            (self.vault / path).write_bytes(f"Mine {self.number}.".encode())
            self.strangers[path] = self.read(path)

    def lose_markers(self, random: random.Random) -> None:
        path = self.a_note(random)
        front = FRONT.match(self.read(path))
        assert front
        self.changed(path, front[0] + f"Only mine {self.number}.\n".encode())

    def crlf(self, random: random.Random) -> None:
        path = self.a_note(random)
        data = self.read(path).replace(b"\r\n", b"\n") + f"Windows {self.number}.\n".encode()
        self.changed(path, data.replace(b"\n", b"\r\n"))

    def edit_canvas(self, random: random.Random) -> None:
        canvas = self.vault / "Overview.canvas"
        if canvas.exists():
            canvas.write_bytes(canvas.read_bytes() + b" ")
            self.strangers["Overview.canvas"] = canvas.read_bytes()

    def rewrite_ours(self, random: random.Random) -> None:
        """As Obsidian rewrites links between our markers when a note is renamed: that is none of the person's."""
        path = self.a_note(random)
        (self.vault / path).write_bytes(self.read(path).replace(b"[[Home]]", b"[[Home|My home]]", 1))
        if path in self.theirs:
            self.changed(path, self.read(path))

    def lose_manifest(self, random: random.Random) -> None:
        (self.vault / MANIFEST).unlink(missing_ok=True)

    def lose_a_line(self, random: random.Random) -> None:
        manifest = self.vault / MANIFEST
        if manifest.exists():
            read = json.loads(manifest.read_bytes())
            read["notes"].pop(random.choice(sorted(read["notes"])), None)
            manifest.write_text(json.dumps(read))

    def come(self, random: random.Random) -> None:
        hostile.add(self.store, self.originals, self.count, random.choice(["A newcomer", "Planets", "Home"]))
        self.count += 1
        hostile.grow(self.store)

    def go(self, random: random.Random) -> None:
        documents = sorted(document.id for document in self.store.documents())
        if len(documents) > 12:
            self.store.remove(random.sample(documents, 2))

    def revise(self, random: random.Random) -> None:
        number = random.randrange(self.count)
        hostile.add(self.store, self.originals, number, f"Revised {number}", f"Another text {self.number}. And so.")
        hostile.grow(self.store)

    def organise(self, random: random.Random) -> None:
        hostile.grow(self.store)


def outside_of(data: bytes) -> bytes:
    """What of a note is outside of its front matter and of our markers."""
    return OURS.sub(b"(ours)", FRONT.sub(b"", data, count=1), count=1)


def properties(data: bytes) -> dict[str, Any]:
    front = FRONT.match(data)
    loaded = yaml.load(front[1], Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)) if front else {}
    return loaded if isinstance(loaded, dict) else {}


@pytest.fixture
def lived(
    store: Store, originals: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[list[tuple[str, int]]], Life]:
    """A life of a vault, in steps; each begins anew with the same collection and the same vault."""
    # No power fails here, and hundreds of exports would wait for the disk.
    monkeypatch.setattr(os, "sync", lambda: None)
    export(store, "obsidian", tmp_path / "vault")
    store.close()
    kept = tmp_path / "kept"
    kept.mkdir()
    for name in ("vault", "originals", "kb.sqlite"):
        (tmp_path / name).rename(kept / name)

    def live(steps: list[tuple[str, int]]) -> Life:
        for name in ("vault", "originals"):
            shutil.rmtree(tmp_path / name, ignore_errors=True)
            shutil.copytree(kept / name, tmp_path / name)
        for path in tmp_path.glob("kb.sqlite*"):
            path.unlink()
        shutil.copy(kept / "kb.sqlite", tmp_path / "kb.sqlite")
        with Store.open(tmp_path / "kb.sqlite") as again:
            life = Life(again, originals, tmp_path / "vault")
            for what, seed in steps:
                life.do(what, seed)
            life.export()
        return life

    return live


FREELY = settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@FREELY
@given(steps=STEPS)
def test_nothing_of_the_persons_is_lost(lived: Callable[[list[tuple[str, int]]], Life], steps: Any) -> None:
    lived(steps)


@pytest.mark.slow
@settings(FREELY, max_examples=40)
@given(steps=STEPS)
def test_nothing_of_the_persons_is_lost_in_many_lives(
    lived: Callable[[list[tuple[str, int]]], Life], steps: Any
) -> None:
    lived(steps)
