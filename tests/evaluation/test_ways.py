"""The ways that `ask` is compared with do what they say."""

from __future__ import annotations

import numpy as np
import pytest

from shas_kb.ask import ask
from shas_kb.ask.levels import Embed
from shas_kb.evaluation.remembered import Remembered
from shas_kb.evaluation.ways import BACKBONE, BASELINES, BM25, COLLAPSED, DEPTH, SHOWN, Baselines, fused, of_hits
from shas_kb.records import LEVELS, NODE_LEVELS, Asked
from shas_kb.storage import Store

QUESTION = "How does leader election avoid split votes?"


@pytest.fixture(scope="module")
def baselines(small: Store, embed: Embed) -> Baselines:
    return Baselines(small, embed)


def test_bm25_is_the_full_text_index(small: Store, baselines: Baselines) -> None:
    found = [each.key for each in baselines(QUESTION)[BM25]]
    assert found and found == [(document, ordinal) for document, ordinal, _ in small.match(QUESTION, DEPTH)]


def test_backbone_is_the_cosine_of_passages(small: Store, embed: Embed, baselines: Baselines) -> None:
    passages = small.passage_matrix()
    cosine = passages.matrix.astype(np.float32) @ embed([QUESTION])[0]
    nearest = [passages.key(int(row)) for row in np.argsort(-cosine, kind="stable")[:DEPTH]]
    assert [each.key for each in baselines(QUESTION)[BACKBONE]] == nearest


def test_fusion_adds_what_both_rankings_say() -> None:
    assert fused([3, 1], [1, 2]) == [1, 3, 2]
    assert fused([], [7]) == [7]


@pytest.mark.parametrize("question", [QUESTION, "sourdough", "the sea"])
def test_the_collapsed_tree_shows_a_passage_a_place_under_what_was_found(
    small: Store, baselines: Baselines, question: str
) -> None:
    tree = small.tree()
    assert tree is not None
    members = tree.members()
    found = baselines(question)[COLLAPSED]
    assert len({each.key for each in found}) == len(found)
    assert {each.level for each in found} & set(NODE_LEVELS)
    for each in found:
        assert (each.node is not None) == (each.level in NODE_LEVELS)
        assert each.node is None or each.document in members[each.node]


@pytest.mark.parametrize("way", BASELINES)
def test_a_branch_holds_all_ways_back(small: Store, baselines: Baselines, way: str) -> None:
    document = small.documents()[3]
    found = baselines(document.title + " " + QUESTION, {document.id})[way]
    assert {each.document for each in found} == {document.id}
    assert len(found) <= document.passages


def test_texts_are_those_of_the_passages(small: Store, baselines: Baselines) -> None:
    for found in baselines(QUESTION).values():
        texts = [passage.text for passage in small.passages([each.key for each in found[:SHOWN]])]
        assert [each.text for each in found[:SHOWN]] == texts
        assert not any(each.text for each in found[SHOWN:])


@pytest.mark.parametrize("level", LEVELS)
def test_hits_of_every_level_have_their_place(small: Store, embed: Embed, level: str) -> None:
    reply = ask(small, embed, QUESTION, [level])  # type: ignore[list-item]
    found = of_hits(reply.hits)
    assert len(found) == len(reply.hits)
    known = {document.id: document.passages for document in small.documents()}
    for each, hit in zip(found, reply.hits, strict=True):
        assert each.node == (hit.id if level in NODE_LEVELS else None)
        if level in ("sentence", "passage"):
            (passage,) = small.passages([each.key])
            assert hit.text in passage.text
        else:
            assert each.ordinal == -1
        assert each.document in known


def test_a_question_is_embedded_once(embed: Embed) -> None:
    class Counting:
        questions = 0

        def asked(self, question: str) -> Asked:
            self.questions += 1
            return embed.asked(question)

    counting = Counting()
    remembered = Remembered(counting, {})
    assert np.array_equal(remembered.asked("a bee").plain, remembered.asked("a bee").plain)
    assert np.array_equal(remembered.asked("a bee").plain, embed.asked("a bee").plain)
    assert counting.questions == 1
