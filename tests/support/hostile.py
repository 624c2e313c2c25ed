"""A small real collection with everything in it that a title, a name or a text can do to a format."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

from shas_kb.encoder.sketch import projected
from shas_kb.records import (
    Encoded,
    Level,
    Membership,
    ModelFacts,
    Node,
    Passage,
    Quote,
    Reading,
    Sketch,
    SourceFile,
    Tree,
)
from shas_kb.storage import Store

DIMENSION = 8
ENTITIES = ("Stars", "Planets", "Markets", "Money")

TITLES = (
    "The Sun",
    "the sun",
    "../../etc/passwd",
    "CON",
    "",
    "x" * 300,
    "🌞 光と熱について 🌞",
    "[[Home]]",
    "#tag and ^block | pipe",
    "</script><script>document.title='pwned'</script>",
    "<img src=x onerror=\"document.title='pwned'\">",
    "key: [1, 2]\n---\nkb_id: \"x\" # 'y'",
    "A \x00control\x1b and \ud800 half",
    "report.pdf",
    "%% end shas-kb %% {{script}} ${x} `code` $y$",
    "- list item",
    "... dots and spaces . ",
    "&amp; \u2028 line separator ]]> -->",
    "Stars",
    "Introduction",
    "Introduction",
    "1. Überblick über Märkte",
)


def read(text: str, title: str, kind: str = "pdf") -> Reading:
    """What a reader makes of `text`: two passages, each with one sentence, on pages of their own."""
    half = len(text) // 2
    passages = tuple(
        Passage(i, None, start, end, 9, text[start:end], ((start, end),))
        for i, (start, end) in enumerate([(0, half), (half, len(text))])
    )
    return Reading(
        kind=kind,
        sha256=hashlib.sha256(text.encode()).hexdigest(),
        title=title.encode("utf-8", "replace").decode(),
        authors=("Ann <b>Author</b>",),
        year=2024,
        language="en",
        characters=len(text),
        page_starts=(0, half) if kind == "pdf" else (),
        sections=(),
        passages=passages,
        terms={"light": 2},
        phrases={"bright light": 3, title[:20].encode("utf-8", "replace").decode() or "untitled": 1},
    )


def add(store: Store, folder: Path, number: int, title: str, text: str = "") -> str:
    """A document, new or in a new version; its original stands in `folder`."""
    kind = "md" if number % 5 == 4 else "pdf"
    text = text or f"Document {number} begins. [[Stars]] #x %% <b>bold</b> {title} and so it ends."
    text = text.encode("utf-8", "replace").decode()
    path = folder / f"part {number % 2}" / f"{number:02d}.{kind}"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())
    facts = path.stat()
    file = SourceFile(str(folder), path.relative_to(folder).as_posix(), facts.st_size, facts.st_mtime_ns)
    id = store.put_reading(file, read(text, title, kind))
    vector = unit(number, number % len(ENTITIES))
    passages = np.stack([vector, unit(number + 100, 0)])
    signs = np.packbits(passages >= 0, axis=1)
    words = np.packbits(projected(passages) >= 0, axis=1)
    sketches = tuple(Sketch(signs[i : i + 1], words[i : i + 1], np.packbits([1])) for i in range(2))
    store.put_vectors(id, Encoded(vector, vector, passages, sketches))
    return id


def unit(seed: int, axis: int) -> np.ndarray:
    vector = np.random.default_rng(seed).normal(0, 0.15, DIMENSION).astype(np.float32)
    vector[axis] += 1
    return vector / np.linalg.norm(vector)


def grow(store: Store) -> Tree:
    """A tree over what the store holds: document i is at home in entity i modulo 4, and a guest in the next."""
    documents = sorted(store.documents(), key=lambda document: document.path[-6:])
    homes = {document.id: i % len(ENTITIES) for i, document in enumerate(documents)}
    members = {e: [id for id, home in homes.items() if home == e] for e in range(len(ENTITIES))}

    def node(level: Level, name: str, parent: str | None, inside: list[str], axis: int) -> Node:
        key = hashlib.sha256((level + "".join(sorted(inside))).encode()).hexdigest()[:10]
        summary = tuple(
            Quote(f"A sentence of {name} <i>in</i> [[{id}]].", id, 1 if id != inside[-1] else None, 0, 9)
            for id in (inside[0], inside[-1])
        )
        keyphrases = ("bright | light", "<script>", name.lower())
        return Node(level[0] + key, level, name, parent, len(inside), keyphrases, summary, (), 0.75, unit(7, axis))

    nodes: list[Node] = []
    memberships: list[Membership] = []
    for name, entities in (("Science", (0, 1)), ("Economy & <Society>", (2, 3))):
        inside = [id for e in entities for id in members[e]]
        domain = node("domain", name, None, inside, entities[0])
        category = node("category", name, domain.id, inside, entities[0])
        nodes += [domain, category]
        for e in entities:
            nodes.append(node("entity", ENTITIES[e], category.id, members[e], e))
            memberships += [Membership(id, nodes[-1].id, 0.8, True) for id in members[e]]
    by_name = {n.name: n.id for n in nodes if n.level == "entity"}
    for id, home in homes.items():
        memberships.append(Membership(id, by_name[ENTITIES[(home + 1) % 4]], 0.2, False))
    order = {"domain": 0, "category": 1, "entity": 2}
    nodes.sort(key=lambda n: order[n.level])
    digest = hashlib.sha256("".join(n.id for n in nodes).encode()).hexdigest()
    tree = Tree(digest[:8], digest, {}, tuple(nodes), tuple(memberships))
    store.put_tree(tree)
    return tree


def fill(store: Store, folder: Path) -> None:
    """All documents, then the tree."""
    store.set_model(ModelFacts("test", "0", DIMENSION, 254))
    for number, title in enumerate(TITLES):
        add(store, folder, number, title)
    grow(store)
