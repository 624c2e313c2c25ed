"""Full text: any question, any script."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shas_kb.storage import Store
from shas_kb.storage.search import searchable

TEXTS = {
    "river": "The river carries water to the sea, and the sea gives it back as rain.",
    "café": "In the café they speak of naïve art: Ångström, Öl, smörgåsbord; state-of-the-art C++ too.",
    "chinese": "神经网络是一种模仿生物神经网络的数学模型。深度learning很流行，2023年。",
    "japanese": "東京タワーは高さ333メートルです。ひらがなとカタカナ、ﾊﾝｶｸ。",
    "korean": "한국어는 교착어이다. 서울에서 만나요.",
    "hindi": "हिन्दी भाषा में लिखा गया पाठ।",
    "thai": "ภาษาไทยไม่มีช่องว่างระหว่างคำ",
    "arabic": "تتكون الشبكة العصبية من خلايا.",
    "cyrillic": "Нейронная сеть состоит из нейронов.",
    "wide": "ＳＱＬｉｔｅ is a database.",
}


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory, file, reading) -> Iterator[Store]:
    with Store.open(tmp_path_factory.mktemp("search") / "kb.sqlite", create=True) as store:
        for name, text in TEXTS.items():
            store.put_reading(file(name), reading(text))
        yield store


def found(store: Store, query: str) -> set[str]:
    names = {document.id: document.path for document in store.documents()}
    return {names[document] for document, _, _ in store.match(query, 100)}


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("RIVER", {"river"}),
        ("rivers of rain?", {"river", "café"}),
        ("cafe angstrom SMORGASBORD", {"café"}),
        ("cafe\u0301", {"café"}),
        ("art-of", {"café"}),
        ("神经网络", {"chinese"}),
        ("网", {"chinese"}),
        ("络", {"chinese"}),
        ("型", {"chinese"}),
        ("深度学习", {"chinese"}),
        ("什么是learning", {"chinese"}),
        ("2023", {"chinese"}),
        ("東京", {"japanese"}),
        ("タワーの高さ", {"japanese"}),
        ("ハンカク", {"japanese"}),
        ("す", {"japanese"}),
        ("한국", {"korean"}),
        ("서울", {"korean"}),
        ("\u1112\u1161\u11ab국어", {"korean"}),
        ("भाषा", {"hindi"}),
        ("ไทย", {"thai"}),
        ("العصبية", {"arabic"}),
        ("НЕЙРОННАЯ", {"cyrillic"}),
        ("sqlite", {"wide"}),
        ("ＳＱＬ ＲＩＶＥＲ", {"river"}),
        ("网 river", {"chinese", "river"}),
        ("zebra", set()),
        ("猫", set()),
    ],
)
def test_words_are_found(library: Store, query: str, names: set[str]) -> None:
    assert found(library, query) == names


@pytest.mark.parametrize(
    "query",
    [
        "",
        " \n\t",
        "\0",
        '"',
        '"""river"" ""',
        "'; DROP TABLE passages; --",
        "river AND NOT",
        "NEAR(river sea, 1)",
        "text:river",
        "^river*",
        "river + (sea",
        "-river",
        "{text} : *",
        "😀🎉",
        "\ud800\udfff",
        "river\0sea",
        "a" * 100_000,
        "word " * 10_000,
        " ".join(f"w{i}" for i in range(10_000)),
        "网" * 10_000,
        "the of and to in",
        "!?.,;:()[]{}<>@#$%^&*_+=|\\/~`",
    ],
)
def test_a_hostile_question_is_only_a_question(library: Store, query: str) -> None:
    for document, ordinal, score in library.match(query, 5):
        assert library.passages([(document, ordinal)])
        assert score > 0
    assert all(0 <= share <= 1 for share in library.rarity([query]))


@settings(max_examples=150, deadline=None)
@given(
    st.one_of(
        st.text(),
        st.text("网络aé한ハ \"'*^:()-\0\ud800"),
        st.lists(st.sampled_from(["AND", "OR", "NOT", "NEAR", "(", ")", "*", "sea"])).map(" ".join),
    )
)
def test_no_question_is_an_error(library: Store, query: str) -> None:
    hits = library.match(query, 7)
    assert len(hits) <= 7
    assert [hit[2] for hit in hits] == sorted((hit[2] for hit in hits), reverse=True)
    assert all(0 <= share <= 1 for share in library.rarity([query, query[:1]]))


@settings(max_examples=25, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30))
def test_any_text_can_be_stored_and_removed(tmp_path_factory: pytest.TempPathFactory, file, reading, text: str) -> None:
    path = tmp_path_factory.mktemp("any") / "kb.sqlite"
    with Store.open(path, create=True) as store:
        id = store.put_reading(file("a"), reading(text, content="a"))
        assert store.texts(id) == [text]
        assert store.check() == []
        store.remove([id])
        assert store.check() == []


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_every_piece_of_a_chinese_text_is_found(library: Store, data: st.DataObject) -> None:
    text = TEXTS["chinese"]
    start = data.draw(st.integers(0, 20))
    piece = text[start : start + data.draw(st.integers(1, 6))]
    assert "chinese" in found(library, piece) or not piece.strip("。，")


def test_the_best_comes_first(store: Store, file, reading) -> None:
    ids = [
        store.put_reading(file(str(i)), reading(text))
        for i, text in enumerate(["apple", "apple pie apple pie", "pie of the day", "bread", "bread and wine", "tea"])
    ]
    hits = store.match("apple pie", 10)
    assert hits[0][0] == ids[1]
    assert {hit[0] for hit in hits} == set(ids[:3])
    assert [hit[0] for hit in store.match("apple pie", 1)] == [ids[1]]
    assert store.match("apple", 0) == []


def test_words_in_most_passages_still_put_them_in_order(store: Store, file, reading) -> None:
    """BM25 weighs a word that is in half of the passages or more with next to nothing; it must not be nothing."""
    a, b, c = (
        store.put_reading(file(text), reading(text)) for text in ("sun and moon", "sun only it", "moon and sun up")
    )
    assert store.match("moon sun", 5)[-1][0] == b
    assert {hit[0] for hit in store.match("moon sun", 5)} == {a, b, c}


def test_equal_passages_come_in_the_order_of_their_ids(store: Store, file, reading) -> None:
    for i in reversed(range(40)):
        alike = replace(reading("the same words", "the same words", content=str(i)), title="words", authors=())
        store.put_reading(file(f"{i}.txt"), alike)
    everything = store.match("words", 1000)
    assert len(everything) == 80
    assert [hit[:2] for hit in everything] == sorted(hit[:2] for hit in everything)
    for limit in (1, 7, 40):
        assert store.match("words", limit) == everything[:limit]


def test_title_and_authors_are_found_with_the_first_passage(store: Store, file, reading) -> None:
    its = replace(reading("guests take the second network", "heron"), title="Wifi & 网络", authors=("Ada Lovelace",))
    document = store.put_reading(file("Wifi.md"), its)
    for query in ("wifi", "lovelace", "网络", "guests"):
        assert [hit[:2] for hit in store.match(query, 10)] == [(document, 0)], query
    assert [passage.text for passage in store.document_passages(document)] == [text.text for text in its.passages]
    assert store.check() == []


def test_rarity_is_the_share_of_passages(store: Store, file, reading) -> None:
    store.put_reading(file("a"), reading("deep neural network", "a network", "neural", "神经网络模型"))
    words = [
        "network",
        "NEURAL",
        "neural network",
        "network neural",
        "deep-neural",
        "zebra",
        "",
        "神经网络",
        "网络神经",
        "型",
        "?",
    ]
    assert store.rarity(words) == [0.5, 0.5, 0.25, 0, 0.25, 0, 0, 0.25, 0, 0.25, 0]
    assert store.rarity([]) == []


def test_rarity_of_an_empty_collection(store: Store) -> None:
    assert store.rarity(["anything"]) == [0]
    assert store.match("anything", 3) == []


def test_only_what_needs_it_is_indexed_in_another_form() -> None:
    assert searchable("plain text, naïve & 😀") is None
    assert searchable("深度learning") == " 深度 度 learning"


def test_frequent_words_do_not_make_a_long_question_slow(store: Store, file, reading, monkeypatch) -> None:
    monkeypatch.setattr("shas_kb.storage.search._OCCURRENCES", 20)
    store.put_reading(file("a"), reading(*(f"the common thing number n{i}" for i in range(60))))
    assert [hit[1] for hit in store.match("the common thing n7", 100)] == [7]
    assert len(store.match("the thing", 100)) == 60


def test_a_question_leaves_no_trace_on_disk(library: Store) -> None:
    library.match("Xylophonequartett", 5)
    database = Path(library._db.path)
    assert not any(b"xylophone" in each.read_bytes() for each in database.parent.iterdir())


WORDS = st.sampled_from(["tide", "moon", "sea", "网络", "神经", "网", "salt"])


@settings(deadline=None, max_examples=40)
@given(st.lists(st.lists(WORDS, min_size=1, max_size=12), min_size=1, max_size=12), st.lists(WORDS, min_size=1))
def test_scores_are_those_of_sqlite(
    tmp_path_factory: pytest.TempPathFactory, file, reading, texts: list[list[str]], query: list[str]
) -> None:
    with Store.open(tmp_path_factory.mktemp("bm25") / "kb.sqlite", create=True) as store:
        for i, text in enumerate(texts):
            store.put_reading(file(f"{i}.txt"), reading(" ".join(text), "beside it", content=str(i)))
        by_sqlite = dict(
            store._db.rows(
                "SELECT document || ordinal, -rank FROM full_text JOIN passages ON passages.id = full_text.rowid"
                " WHERE full_text MATCH ?",
                (expression(query),),
            )
        )
        ours = {f"{document}{ordinal}": score for document, ordinal, score in store.match(" ".join(query), 100)}
    assert ours == pytest.approx(by_sqlite, rel=1e-9)


def expression(query: list[str]) -> str:
    """What FTS5 is to look for: a single character as the beginning of a pair."""
    return " OR ".join(f'"{word}"*' if word == "网" else f'"{word}"' for word in dict.fromkeys(query))


def test_what_was_read_of_the_index_is_forgotten_when_others_write(path: Path, store: Store, file, reading) -> None:
    one = store.put_reading(file("a.txt"), reading("tide and tide", "nothing else"))
    before = store.match("tide", 5)
    with Store.open(path) as other:
        two = other.put_reading(file("b.txt"), reading("tide", "moon", "sea"))
    assert {hit[0] for hit in store.match("tide", 5)} == {one, two}
    assert store.rarity(["tide"]) == [2 / 5]
    store.remove([two])
    assert store.match("tide", 5) == before
