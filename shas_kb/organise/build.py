"""From materials to the tree: nest, name, summarise; then ids, hash and memberships."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence, Set
from dataclasses import dataclass, replace

import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-not-found,import-untyped,unused-ignore]

from shas_kb.config import TreeConfig
from shas_kb.organise.belong import belonging, confidence
from shas_kb.organise.group import merge_to_concept
from shas_kb.organise.identity import keep
from shas_kb.organise.material import Array, Labels, Material, members, tally
from shas_kb.organise.meaning import Embed, Meaning
from shas_kb.organise.name import Named, name_levels
from shas_kb.organise.nest import Nested, nest
from shas_kb.organise.represent import document_vectors
from shas_kb.organise.settle import Settled, settle
from shas_kb.organise.sow import sown
from shas_kb.organise.summarise import Fetch, Place, central, summarise
from shas_kb.organise.together import both
from shas_kb.organise.uncollected import uncollected
from shas_kb.organise.vocabulary import Vocabulary, vocabulary
from shas_kb.organise.wishes import demands
from shas_kb.progress import Progress
from shas_kb.records import NODE_LEVELS, Level, Membership, Node, Quote, Tree, Vectors, Wish

CENTRAL = 5


@dataclass(frozen=True, slots=True)
class Draft:
    """A node before it has its place: which rows of its level's children and of the documents it holds, and what is
    known of it."""

    children: Labels
    documents: Labels
    vector: Array
    confidence: float
    named: Named
    central: Sequence[int]
    summary: tuple[Quote, ...] = ()


@uncollected()
def organise(
    materials: Sequence[Material],
    config: TreeConfig,
    fetch: Fetch,
    progress: Progress,
    former: Tree | None = None,
    wishes: Sequence[Wish] = (),
    embed: Embed | None = None,
) -> Tree:
    """Builds the tree over all documents of a collection.

    The same materials and wishes give the same tree, bit for bit, in whatever order they come; with a former tree, but
    for the ids and names that are kept from it. Every document has exactly one primary entity, every entity one
    category, every category one domain.

    Args:
        materials: One for each document; none gives an empty tree.
        config: Counts and ratios. A count that is asked for is kept as far as there are enough different documents.
        fetch: Gives stored passages by (document, ordinal), in the order asked; called once.
        progress: Told of each stage.
        former: The tree before this one, as it was built; its nodes keep their ids and names.
        wishes: What a person said of nodes; it holds, as far as its documents are there.
        embed: Gives phrases vectors in the space of the passages; with it, names are chosen by their meaning as well.
            Called once, with some 20 phrases a node.

    Returns:
        The tree; nodes stand parents before children, the largest first among siblings.
    """
    ordered = sorted(materials, key=lambda material: (material.sha256, material.id))
    wishes = sorted(wishes, key=lambda wish: wish.id)
    if not ordered:
        return _sealed((), (), [], config)
    with threadpool_limits(1, user_api="blas"):
        built = _organised(ordered, config, fetch, progress, wishes, embed)
        return keep(built, former, ordered, wishes)


def _organised(
    ordered: Sequence[Material],
    config: TreeConfig,
    fetch: Fetch,
    progress: Progress,
    wishes: Sequence[Wish],
    embed: Embed | None,
) -> Tree:
    """The work itself, each product on one thread: most are small, waiting threads cost more than they bring, and how
    the work is divided among them would show in the last bits."""
    progress.start("Organising", 3, "stage")
    originals, original_of = distinct(ordered)
    known = [ordered[row] for row in originals]
    nested, words = both(lambda: nest(known, config), lambda: vocabulary(known))
    wanted = sown(wishes, ordered, nested.levels[0][original_of])
    settled, stands_for = settle(nested, demands(wanted, [material.id for material in ordered]), original_of)
    rows = np.unique(stands_for, return_index=True)[1].tolist()
    if rows != originals:  # copies were held apart
        known = [ordered[row] for row in rows]
        words = vocabulary(known)
    progress.advance()
    levels = _drafts(known, settled.nested, words, embed)
    progress.advance()
    levels = _with_summaries(known, levels, fetch)
    progress.advance()
    progress.finish()
    return _assembled(ordered, stands_for, settled, levels, config)


def distinct(materials: Sequence[Material]) -> tuple[list[int], Labels]:
    """The first of each set of documents that say the same (rows of `materials` [n]), and which of these each
    document is, [n].

    Copies take no part in grouping, so that they can weigh down nothing; they stand where their original stands.
    """
    seen: dict[bytes, int] = {}
    firsts: list[int] = []
    original_of = np.empty(len(materials), dtype=np.int64)
    for row, material in enumerate(materials):
        text = material.passages.tobytes() or repr(sorted(material.terms.items())).encode()
        content = hashlib.sha256(text).digest()
        if content not in seen:
            seen[content] = len(firsts)
            firsts.append(row)
        original_of[row] = seen[content]
    return firsts, original_of


def by_size(level: Sequence[Draft], rows: Labels) -> list[int]:
    """Nodes of a level, those with the most documents first."""
    return sorted(map(int, rows), key=lambda row: (-len(level[row].documents), row))


def in_turn(lists: Sequence[Sequence[int]]) -> list[int]:
    """The first of each list, then the second of each, and so on."""
    longest = max(map(len, lists))
    return [one[i] for i in range(longest) for one in lists if i < len(one)]


def _drafts(materials: Sequence[Material], nested: Nested, words: Vocabulary, embed: Embed | None) -> list[list[Draft]]:
    """All nodes, lowest level first, but for their summaries."""
    meaning = Meaning.of(materials, embed) if embed else None
    documents = meaning.documents if meaning else document_vectors(materials)
    titles = [one.title for one in materials]
    names = name_levels(words, titles, nested.units, nested.levels, meaning)
    vectors, weights = documents, np.ones(len(materials))
    levels: list[list[Draft]] = []
    for labels, of_documents, named in zip(nested.levels, nested.of_documents, names, strict=True):
        vectors = merge_to_concept(vectors, weights, labels)
        weights = tally(weights, labels)
        sure = confidence(nested.units, of_documents)
        level = []
        for vector, rows, children, name, certainty in zip(
            vectors, members(of_documents), members(labels), named, sure, strict=True
        ):
            if levels:
                middle = in_turn([levels[-1][child].central for child in by_size(levels[-1], children)])
            else:
                middle = central(documents, rows, vector)
            level.append(Draft(children, rows, vector, float(certainty), name, middle[:CENTRAL]))
        levels.append(level)
    return levels


def _with_summaries(materials: Sequence[Material], levels: list[list[Draft]], fetch: Fetch) -> list[list[Draft]]:
    drafts = [draft for level in levels for draft in level]
    summaries = iter(summarise(materials, [Place(d.central, d.vector, d.named.keyphrases) for d in drafts], fetch))
    return [[replace(draft, summary=next(summaries)) for draft in level] for level in levels]


def _assembled(
    materials: Sequence[Material], original_of: Labels, settled: Settled, levels: list[list[Draft]], config: TreeConfig
) -> Tree:
    """Gives every node its id and its parent, every document (copies too) its memberships."""
    nested = settled.nested
    originals = [materials[row].id for row in np.unique(original_of, return_index=True)[1]]
    copies: list[list[Material]] = [[] for _ in originals]
    for material, original in zip(materials, original_of, strict=True):
        copies[original].append(material)
    wished = {wish.id for level in settled.wishes for wish in level.values()}
    nodes: list[Node] = []
    entity_ids: dict[int, str] = {}

    def place(height: int, row: int, parent: str | None) -> dict[str, object]:
        draft = levels[height][row]
        members = sorted(material.sha256 for document in draft.documents for material in copies[document])
        level = NODE_LEVELS[height]
        wish = settled.wishes[height].get(row)
        identity = wish.id if wish else _identity(level, members, wished)
        nodes.append(
            Node(
                id=identity,
                level=level,
                name=draft.named.name,
                parent=parent,
                documents=len(members),
                keyphrases=draft.named.keyphrases,
                summary=draft.summary,
                central=tuple(originals[document] for document in draft.central),
                confidence=round(draft.confidence, 4),
                vector=_stored(draft.vector),
            )
        )
        if height == 0:
            entity_ids[row] = identity
            return {"name": draft.named.name, "documents": members}
        below = by_size(levels[height - 1], draft.children)
        return {"name": draft.named.name, "children": [place(height - 1, child, identity) for child in below]}

    top = len(NODE_LEVELS) - 1
    outline = [place(top, row, None) for row in by_size(levels[top], np.arange(len(levels[top])))]
    memberships = tuple(
        Membership(material.id, entity_ids[entity], weight, rank == 0)
        for document, entities in enumerate(belonging(nested.units, nested.levels[0]))
        for material in copies[document]
        for rank, (entity, weight) in enumerate(entities)
    )
    return _sealed(tuple(nodes), memberships, outline, config)


def _identity(level: Level, members: Sequence[str], taken: Set[str]) -> str:
    """The id of a node by the contents of its documents; where a wish has taken that with it, another one."""
    digest = hashlib.sha256("\n".join(members).encode())
    while (identity := level[0] + digest.hexdigest()[:10]) in taken:
        digest.update(b"#")
    return identity


def _sealed(
    nodes: tuple[Node, ...], memberships: tuple[Membership, ...], outline: list[dict[str, object]], config: TreeConfig
) -> Tree:
    settings = config.as_dict()
    structure = hashlib.sha256(json.dumps(outline, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
    run = hashlib.sha256((structure + json.dumps(settings, sort_keys=True)).encode()).hexdigest()[:12]
    return Tree(run, structure, settings, nodes, memberships)


def _stored(vector: Array) -> Vectors:
    return vector.astype(np.float32)
