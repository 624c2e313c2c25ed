"""Names, key phrases and summaries: what a person reads first."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from places import check_places

from shas_kb.config import TreeConfig
from shas_kb.organise.material import Material, unit
from shas_kb.organise.meaning import Meaning
from shas_kb.organise.name import name_levels
from shas_kb.organise.titled import LONGEST_TITLE
from shas_kb.organise.vocabulary import stem, vocabulary
from shas_kb.organise.weights import WEIGHTS, weighed


def test_an_entity_is_named_by_what_its_documents_say(world):
    tree = world.tree(TreeConfig(entities=10, categories=4, domains=2))
    names = {node.name.lower() for node in tree.nodes if node.level == "entity"}
    telling = (
        "membrane",
        "photosynthesis",
        "chloroplast",
        "mitosis",
        "chromosome",
        "food web",
        "reef",
        "consensus",
        "replication",
        "cache",
        "neural network",
        "decision tree",
        "forest",
        "gradient",
        "leader",
        "quorum",
        "eviction",
        "light",
        "trophic",
        "bilayer",
        "ion",
        "predator",
        "algae",
        "failover",
        "hit rate",
        "spindle",
        "log",
        "gain",
        "attention",
        "acidification",
    )
    assert all(any(word in name for word in telling) for name in names), names


def test_a_domain_is_named_by_what_all_its_documents_say(world):
    tree = world.tree(TreeConfig(entities=10, categories=4, domains=2))
    assert {node.name for node in tree.nodes if node.level == "domain"} == {"Biology", "Computing"}


def test_no_name_occurs_twice_among_siblings_or_along_a_path(world):
    check_places(world.tree(TreeConfig(entities=80, categories=80, domains=80)), len(world.materials))


def test_cousins_may_have_one_name():
    """Two categories far apart each have documents about energy."""
    said = [{"energy": 5 + i} for i in range(4)] + [{"cells": 5 + i} for i in range(8)]
    said += [{"energy": 5 + i} for i in range(4)] + [{"engines": 5 + i} for i in range(8)]
    entities = np.repeat(np.arange(4), (4, 8, 4, 8))
    low, _ = named(said, [entities, np.array([0, 0, 1, 1])])
    assert low == ["Energy", "Cells", "Energy", "Engines"]


def test_a_part_of_a_name_says_most_of_the_child_it_stands_for():
    """Half of a child's documents say "riots" most tellingly; nearly all of them say "cities"."""
    said = [{"riots": 9 + i} if i > 3 else {"riots": 9 + i, "cities": 3 + i} for i in range(5)]
    said += [{"cities": 3 + i} for i in range(4)]
    said += [{"cheese": 5 + i} for i in range(9)]
    _, (upper,) = named(said, [np.arange(2).repeat(9), np.zeros(2, dtype=np.int64)])
    assert upper == "Cities & cheese"


def test_what_is_said_in_passing_does_not_speak_for_a_node():
    """All documents mention planets, but those about stars do so once."""
    said = [{"planets": 60 + i} for i in range(5)] + [{"planets": 1, "stars": 20 + i} for i in range(5)]
    said += [{"poems": 5 + i} for i in range(12)]
    levels = [np.repeat([0, 1, 2], (5, 5, 12)), np.array([0, 0, 1])]
    assert named(said, levels)[1][0] == "Planets & stars"


@pytest.mark.parametrize(
    ("noun", "other", "share"),
    [("pollution", "environmental", 6), ("sociology", "sociologists", 6), ("colonies", "American", 4)],
)
def test_a_noun_names_before_an_adjective_or_those_who_study_it(noun, other, share):
    """All six documents say the other word, and far more often."""
    said = [{noun: 1 + i, other: 60 + i} if i < share else {other: 60 + i} for i in range(6)]
    said[0][f"{other} views"] = 2
    said += [{"rivers": 2 + i} for i in range(6)]
    assert named(said, halves(6))[0][0] == noun.capitalize()


def test_a_form_of_titles_is_no_name():
    said = [{"regulations": 5, "ships": 5}] * 6 + [{"regulations": 1, "taxes": 5}] * 6 + [{"birds": 5}] * 12
    titles = ["Ships: regulations"] * 6 + ["Taxes: regulations"] * 6 + ["Birds"] * 12
    (names, *_) = named(said, [np.repeat([0, 1, 2], (6, 6, 12)), np.zeros(3, dtype=np.int64)], titles)
    assert names == ["Ships", "Taxes", "Birds"]


@pytest.mark.parametrize(
    ("title", "names"),
    [
        ("On tides: why they rise", ["On tides: why they rise", "On tides", "Why they rise"]),
        ("Erinnerung", ["Erinnerung", "Erinnerung 2", "Erinnerung 3"]),
        ("the \n parliament of owls -", ["The parliament of owls", "Parliament", "Owls"]),
        ("", ["Untitled", "Untitled 2", "Untitled 3"]),
        ("tides - tide", ["Tides - tide", "Tides", "Tides - tide 2"]),
    ],
)
def test_one_document_without_phrases_is_named_by_its_title(world, title, names):
    alone = replace(world.materials[0], title=title, phrases={})
    assert [node.name for node in world.tree(materials=[alone]).nodes] == names


def test_one_document_with_few_phrases_is_named_by_them_first(world):
    alone = replace(world.materials[0], title="Moon lore", phrases={"spring tide": 3, "tidal range": 2})
    assert [node.name for node in world.tree(materials=[alone]).nodes] == [
        "Spring tide",
        "Tidal range",
        "Spring tide & tidal range",
    ]


def test_a_long_title_is_cut_after_a_word(world):
    alone = replace(world.materials[0], title="a very long winded title " * 9, phrases={})
    top, *below = world.tree(materials=[alone]).nodes
    assert top.name == "A very long winded title a very long winded title a very…"
    assert all(len(node.name) <= LONGEST_TITLE for node in below)


def test_a_name_that_leaves_out_a_large_child_gives_way_to_the_names_of_both(world):
    """The best phrase of the whole is "water", but only the documents of one half say it."""
    said = [{"water": 30, "sea": 2}] * 4 + [{"disk": 3, "memory": 2}] * 4
    materials = [replace(world.materials[i], title="", phrases=phrases) for i, phrases in enumerate(said)]
    units = unit(np.eye(2).repeat(4, axis=0) + 0.3)
    halves = np.arange(2).repeat(4)
    low, (whole,) = name_levels(vocabulary(materials), [""] * 8, units, [halves, np.zeros(2, dtype=np.int64)])
    assert [named.name for named in low] == ["Water", "Disk"]
    assert whole.name == "Water & disk"
    assert whole.keyphrases[0] == "water"


def named(said, levels, titles=None, embed=None):
    """The names of the nodes of each level, of documents that say `said`, each entity's pointing its own way."""
    titles = titles or [""] * len(said)
    materials = [
        Material(f"{i:03}", f"{i:03}", title, "en", *(np.zeros((1, 2), np.float32),) * 2, {}, phrases)
        for i, (title, phrases) in enumerate(zip(titles, said, strict=True))
    ]
    units = unit(np.eye(int(levels[0].max()) + 2)[levels[0]] + 0.3)
    meaning = Meaning(units, np.eye(units.shape[1]), embed) if embed else None
    found = name_levels(vocabulary(materials), titles, units, levels, meaning)
    return [[node.name for node in level] for level in found]


def test_an_entity_is_named_by_its_subject_not_by_an_example():
    """Some documents are about one comet, all about comets; of these, another speaks a little."""
    comets = [{"comets": 2 + i, "Encke’s comet": 9 - i} for i in range(3)] + [{"comets": 2 + i} for i in range(5)]
    others = [{"stars": 4 + i, "spectra": 2} for i in range(7)] + [{"stars": 5, "comets": 1}]
    (names, *_) = named(comets + others, [np.arange(2).repeat(8), np.zeros(2, dtype=np.int64)])
    assert names == ["Comets", "Stars"]


def test_what_every_second_document_says_names_nothing():
    said = [{"committee": 2, topic: 2} for topic in ("taxes", "roads", "schools", "forests") for _ in range(5)]
    (names, *_) = named(said, [np.arange(4).repeat(5), np.zeros(4, dtype=np.int64)])
    assert names == ["Taxes", "Roads", "Schools", "Forests"]


def test_a_node_without_a_common_phrase_is_called_after_its_large_children():
    subjects = ("bread", "cheese", "coffee")
    said = [{subject: 5} for subject in subjects for _ in range(6)] + [{"stamps": 4}] * 3
    low, upper = named(said, [np.concatenate([np.arange(3).repeat(6), [3, 3, 3]]), np.zeros(4, dtype=np.int64)])
    assert low == ["Bread", "Cheese", "Coffee", "Stamps"]
    assert upper == ["Bread, cheese & coffee"]


def test_a_phrase_that_not_nearly_all_say_gives_way_to_the_names_of_children():
    def upper(share):
        subjects = ("bread", "cheese")
        said = [{subject: 5, **({"baking": 3} if i < share else {})} for subject in subjects for i in range(10)]
        return named(said + [{"stamps": 4}] * 20, [np.arange(4).repeat(10), np.array([0, 0, 1, 1])])[1][0]

    assert upper(share=10) == "Baking"
    assert upper(share=8) == "Bread & cheese"


def test_an_only_child_has_a_narrower_name_than_its_parent():
    said = [{"bees": 9, "hives": 2}] * 6 + [{"birds": 9, "storks": 2}] * 6
    levels = [np.arange(2).repeat(6), np.arange(2), np.zeros(2, dtype=np.int64)]
    entities, categories, (domain,) = named(said, levels)
    assert categories == ["Bees", "Birds"]
    assert entities == ["Bees & hives", "Birds & storks"]
    assert domain == "Bees & birds"


def test_two_phrases_name_an_entity_that_no_phrase_covers():
    said = (
        [{"tides": 5 + i} for i in range(3)]
        + [{"currents": 5 + i} for i in range(3)]
        + [{"poetry": 1, f"verse {i}": 1} for i in range(4)]
        + [{"odes": 4}] * 10
    )
    (names, *_) = named(said, [np.array([0] * 10 + [1] * 10), np.zeros(2, dtype=np.int64)])
    assert set(names[0].lower().split(" & ")) == {"tides", "currents"}


def test_a_second_phrase_speaks_for_those_that_do_not_say_the_first():
    """The one that adds most documents, not the next best; none beside a phrase that nearly all say."""
    broker = [{"brokers": 9, "producers": 5}] * 4 + [{"brokers": 9}] * 2 + [{"queues": 6}] * 4
    others = [{"poems": 4, "verse": 3}] * 9 + [{"verse": 2}]
    (names, *_) = named(broker + others, halves(10))
    assert names == ["Brokers & queues", "Verse"]


def halves(size):
    """Two entities of one category, of `size` documents each."""
    return [np.arange(2).repeat(size), np.zeros(2, dtype=np.int64)]


def test_a_heading_of_every_page_is_no_name():
    said = [{"Comprehension Questions": 2, "petitions": 1 + i} for i in range(5)] + [
        {"rivers": 2 + i} for i in range(5)
    ]
    assert named(said, halves(5))[0] == ["Petitions", "Rivers"]


def test_a_phrase_of_the_titles_comes_before_one_of_the_texts():
    said = [{"水土保持": 3, "治理工程": 5}] * 5 + [{"刑事案件": 2 + i} for i in range(5)]
    titles = [f"中华人民共和国水土保持法{year}" for year in "一二三四五"] + [""] * 5
    assert named(said, halves(5), titles)[0][0] == "水土保持、治理工程"
    assert named(said, halves(5))[0][0] == "治理工程、水土保持"


def test_a_word_of_a_script_without_spaces_goes_with_another():
    said = [{"网络": 5 + i, "流量": 3} for i in range(5)] + [{"BFS": 5 + i, "搜索": 2} for i in range(5)]
    assert named(said, halves(5))[0] == ["网络、流量", "BFS、搜索"]
    said = [{"networks": 5 + i, "flow": 3} for i in range(5)] + [{"search": 5 + i, "graphs": 2} for i in range(5)]
    assert named(said, halves(5))[0] == ["Networks", "Search"]


def test_a_word_from_another_script_does_not_make_names_of_two():
    said = [{"networks": 5 + i, "flow": 3, "网络": 1} for i in range(5)] + [
        {"search": 5 + i, "graphs": 2, "图": 1} for i in range(5)
    ]
    assert named(said, halves(5))[0] == ["Networks", "Search"]


def test_a_phrase_alone_comes_before_a_title_with_a_number():
    said = [{"面包": 5, "烘焙": 3, "酵母": 4}] * 6 + [{"河流": 2 + i} for i in range(40)]
    levels = [np.array([0, 0, 0, 1, 1, 1] + [2] * 40), np.array([0, 0, 1]), np.zeros(2, dtype=np.int64)]
    entities, categories, _ = named(said, levels, ["如何做面包"] * 46)
    assert len(categories[0].split("、")) == 2
    assert set(entities[:2]) == set(categories[0].split("、"))


def test_a_person_is_called_in_full():
    said = [{"Nixon": 2 + i} for i in range(4)] + [{"Nixon": 3 + i, "Richard Nixon": 1} for i in range(2)]
    said += [{"rivers": 2 + i} for i in range(6)]
    assert named(said, halves(6))[0][0] == "Richard Nixon"


def test_a_part_of_several_names_stays_as_it_is():
    said = [{"Roosevelt": 4 + i, first: 2} for i, first in enumerate(["Theodore Roosevelt", "Franklin Roosevelt"] * 3)]
    assert named(said + [{"rivers": 2 + i} for i in range(6)], halves(6))[0][0] == "Roosevelt"


@pytest.mark.parametrize(("one", "other"), [("colonies", "colonists"), ("Active Template Library", "ATL")])
def test_two_parts_of_a_name_are_not_forms_of_one(one, other):
    said = [{one: 5 + i} for i in range(3)] + [{other: 5 + i} for i in range(3)] + [{"frost": 1}]
    assert "&" not in named(said + [{"rivers": 2 + i} for i in range(7)], halves(7))[0][0]


def test_three_largest_children_name_a_node_of_many():
    subjects = ("bread", "cheese", "coffee", "tea", "wine", "salt", "sugar")
    sizes = (5, 5, 5, 3, 3, 3, 3)
    said = [{subject: 2 + i} for subject, size in zip(subjects, sizes, strict=True) for i in range(size)]
    _, upper = named(said, [np.arange(7).repeat(sizes), np.zeros(7, dtype=np.int64)])
    assert upper == ["Bread, cheese & coffee"]


def test_a_parent_of_an_only_child_changes_one_part_of_its_name():
    said = [{"flour": 5 + i, "dough": 5 + i} for i in range(6)] + [{"cheese": 9 + i, "rind": 1 + i} for i in range(6)]
    said += [{"stamps": 2 + i} for i in range(4)]
    levels = [np.array([0] * 6 + [1] * 6 + [2] * 4), np.array([0, 0, 1]), np.array([0, 1])]
    _, categories, domains = named(said, levels)
    assert categories[0] in ("Flour & cheese", "Dough & cheese")
    assert domains[0] in ("Flour & cheese", "Dough & cheese")
    assert categories[0] != domains[0]


def test_meaning_tells_the_subject_from_what_is_said_beside_it():
    """Half of the documents say "majority" more often; the model knows that they are about replication."""
    said = [{"majority": 5 + i, "replication": 3 + i} for i in range(6)] + [{"rivers": 2 + i} for i in range(6)]
    calls = []

    def embed(phrases):
        calls.append(phrases)
        return np.array([[1, 0, 0] if phrase == "replication" else [0, 1, 0] for phrase in phrases], dtype=np.float32)

    assert named(said, halves(6))[0][0] == "Majority"
    assert named(said, halves(6), embed=embed)[0][0] == "Replication"
    assert [sorted(phrases) for phrases in calls] == [["majority", "replication", "rivers"]]


def test_the_score_of_a_phrase_is_the_weighted_product_of_its_features():
    features = {name: np.array([1.0, 1.0]) for name in WEIGHTS}
    features["meaning"] = np.array([0.2, 0.1])
    assert weighed(features) == pytest.approx([1, 0.5 ** WEIGHTS["meaning"]])
    assert len(weighed({name: np.zeros(0) for name in WEIGHTS})) == 0


def test_meaning_says_nothing_of_a_script_the_model_does_not_know():
    said = [{"动态规划": 5 + i} for i in range(6)] + [{"字符串": 2 + i} for i in range(6)]
    assert named(said, halves(6), embed=None) == named(said, halves(6), embed=lambda phrases: 1 / 0)


def test_key_phrases_do_not_repeat_each_other(world):
    for node in world.tree().nodes:
        stems = [stem(phrase) for phrase in node.keyphrases]
        assert len(set(stems)) == len(stems) <= 8
        assert len(stems) >= 1


def test_summaries_quote_their_sources(world):
    tree = world.tree()
    sentences = {quote for passage in world.passages.values() for quote in passage.sentences}
    summarised = [node for node in tree.nodes if node.summary]
    assert len(summarised) == len(tree.nodes)
    for node in summarised:
        assert len(node.summary) <= 4
        assert set(node.summary) <= sentences
        assert len({quote.text for quote in node.summary}) == len(node.summary)


def test_central_documents_are_members(world):
    tree = world.tree()
    inside = {(m.node, m.document) for m in tree.memberships if m.primary}
    for node in tree.nodes:
        assert node.central
        if node.level == "entity":
            assert all((node.id, document) in inside for document in node.central)


def test_names_of_one_part_and_of_two_are_told_apart_as_they_are_written():
    said = [{"salt & pepper": 3} for _ in range(6)] + [{"salt": 3, "pepper": 2, "pans": 1} for _ in range(6)]
    (names, *_) = named(said, [np.arange(2).repeat(6), np.zeros(2, dtype=np.int64)])
    assert len({name.lower() for name in names}) == 2
