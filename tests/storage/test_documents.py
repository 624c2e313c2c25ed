"""Files and documents: what is stored comes back, and nothing else stays."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from shas_kb.errors import NotFoundError, UsageError
from shas_kb.records import Problem, Quote, Section, SourceFile
from shas_kb.storage import FileState, Store

TABLES = ("files", "documents", "sections", "passages", "words", "vectors", "sketches", "memberships", "quotes")


def rows_left(store: Store) -> dict[str, int]:
    return {table: store._db.value(f"SELECT count(*) FROM {table}") for table in TABLES}


def test_a_reading_comes_back(store: Store, file, reading) -> None:
    read = reading("Hello there.|Is anybody in? ", "Nobody, it seems.")
    id = store.put_reading(file("letters/hello.txt"), read)
    document = store.document(id)
    assert store.documents() == [document]
    assert (document.root, document.path, document.sha256) == ("/library", "letters/hello.txt", read.sha256)
    assert (document.title, document.authors, document.year, document.language, document.kind) == (
        read.title,
        ("Ada Lovelace", "李白"),
        1843,
        "en",
        "txt",
    )
    assert (document.pages, document.passages, document.tokens, document.characters) == (2, 2, 7, 47)
    assert store.sections(id) == [Section("Part 1", 1, 0), Section("Part 2", 1, 29)]
    assert store.texts(id) == ["Hello there.|Is anybody in? ", "Nobody, it seems."]
    assert store.tokens(id) == [4, 3]
    assert [counts.as_dict() for counts in store.words(id)] == [dict(read.terms), dict(read.phrases)]
    ((document_id, terms, phrases),) = store.all_words()
    assert (document_id, terms.as_dict(), phrases.as_dict()) == (id, dict(read.terms), dict(read.phrases))
    first, second = store.document_passages(id)
    assert (first.id, first.section, first.page, first.start, first.end) == (f"{id}:0", "Part 1", 1, 0, 28)
    assert second.sentences == (Quote("Nobody, it seems.", id, 2, 29, 46),)
    assert [quote.text for quote in first.sentences] == ["Hello there.|", "Is anybody in? "]


def test_sentences_know_their_own_page(store: Store, file, reading) -> None:
    read = replace(reading("one|two|three"), page_starts=(0, 4, 4, 9))
    (passage,) = store.document_passages(store.put_reading(file("a.txt"), read))
    assert passage.page == 1
    assert [(quote.text, quote.page) for quote in passage.sentences] == [("one|", 1), ("two|", 3), ("three", 3)]


def test_a_document_may_have_neither_pages_nor_sections(store: Store, file, reading) -> None:
    read = reading("alpha", pages=False)
    read = replace(read, sections=(), passages=(replace(read.passages[0], section=None),), year=None, authors=())
    id = store.put_reading(file("a.txt"), read)
    (passage,) = store.document_passages(id)
    assert (passage.page, passage.section, passage.sentences[0].page) == (None, None, None)
    assert (store.document(id).pages, store.document(id).year, store.document(id).authors) == (0, None, ())
    assert store.sections(id) == []


def test_passages_come_in_the_order_asked_for(store: Store, file, reading) -> None:
    a = store.put_reading(file("a.txt"), reading("a0", "a1", "a2"))
    b = store.put_reading(file("b.txt"), reading("b0", "b1"))
    keys = [(b, 1), (a, 2), (b, 0), (a, 2), (a, np.int64(0))]
    assert [passage.text for passage in store.passages(keys)] == ["b1", "a2", "b0", "a2", "a0"]
    assert store.passages([]) == []
    with pytest.raises(NotFoundError, match=f"got '{a}:3'"):
        store.passages([(a, 0), (a, 3)])


def test_an_unknown_document_is_an_error_everywhere(store: Store) -> None:
    methods = (
        store.document,
        store.sections,
        store.document_passages,
        store.texts,
        store.tokens,
        store.words,
        store.vectors,
    )
    for method in methods:
        with pytest.raises(NotFoundError, match="got 'nowhere'"):
            method("nowhere")


def test_new_content_keeps_the_id_and_replaces_the_rest(store: Store, file, reading, vectors) -> None:
    id = store.put_reading(file("a.txt"), reading("old words", "more old words"))
    store.put_vectors(id, vectors(2))
    assert store.put_reading(file("a.txt", size=7), reading("new words")) == id
    assert store.texts(id) == ["new words"]
    assert store.pending() == [id]
    assert store.match("old", 5) == []
    assert [hit[:2] for hit in store.match("new", 5)] == [(id, 0)]
    assert [state.file.size for state in store.files()] == [7]
    assert store.check() == []


def test_ids_come_from_the_path_inside_the_folder(store: Store, file, reading) -> None:
    first = store.put_reading(file("a.txt", root="/one"), reading("alpha"))
    second = store.put_reading(file("a.txt", root="/two"), reading("beta"))
    assert first == "18b7cb099a9e"
    assert second != first
    assert store.put_reading(file("a.txt", root="/two"), reading("gamma")) == second
    store.move([(file("a.txt", root="/one"), file("b.txt", root="/one"))])
    third = store.put_reading(file("a.txt", root="/one"), reading("delta"))
    assert len({first, second, third, store.put_reading(file("b.txt", root="/one"), reading("epsilon"))}) == 3
    assert store.documents()[1].id == first


def test_the_same_content_is_stored_once(store: Store, file, reading) -> None:
    id = store.put_reading(file("a.txt"), reading("alpha"))
    store.put_reading(file("copy.txt"), reading("beta"))
    assert store.put_reading(file("copy.txt"), reading("alpha")) == id
    state = store.files()[1]
    assert (state.status, state.document, state.passing) == ("skipped", None, False)
    assert state.reason == "the same content as a.txt; nothing to do"
    assert len(store.documents()) == 1
    store.put_reading(file("a.txt"), reading("gamma"))
    assert store.files()[1].passing
    assert store.check() == []


def test_a_problem_removes_what_was_read_before(store: Store, file, reading) -> None:
    store.put_reading(file("a.txt"), reading("alpha"))
    store.put_problem(file("a.txt"), "f" * 64, Problem("encrypted: needs a password"))
    store.put_problem(file("b.txt"), None, Problem("not a regular file", "skipped", passing=True))
    assert store.files() == [
        FileState(file("a.txt"), "f" * 64, "failed", "encrypted: needs a password", False, None),
        FileState(file("b.txt"), None, "skipped", "not a regular file", True, None),
    ]
    assert rows_left(store) == {**dict.fromkeys(TABLES, 0), "files": 2}
    id = store.put_reading(file("a.txt"), reading("alpha"))
    assert store.files()[0] == FileState(file("a.txt"), reading("alpha").sha256, "read", None, False, id)


def test_a_passing_problem_keeps_what_was_read_before(store: Store, file, reading, vectors) -> None:
    id = store.put_reading(file("a.txt"), reading("alpha"))
    store.put_vectors(id, vectors(1))
    before = store.files()
    slow = Problem("took longer than 1 s to read", passing=True)
    store.put_problem(file("a.txt", size=7), "f" * 64, slow)
    store.put_problem(file("new.txt"), "e" * 64, slow)
    assert store.files() == [*before, FileState(file("new.txt"), "e" * 64, "failed", slow.reason, True, None)]
    assert (store.texts(id), store.pending()) == (["alpha"], [])
    assert store.check() == []


def test_touch_and_move(store: Store, file, reading) -> None:
    id = store.put_reading(file("a.txt"), reading("alpha"))
    store.put_reading(file("c.txt"), reading("gamma"))
    store.touch(SourceFile("/library", "a.txt", 1, 2))
    assert store.files()[0].file == SourceFile("/library", "a.txt", 1, 2)
    store.move([(file("a.txt"), file("b.txt", root="/elsewhere"))])
    assert (store.document(id).root, store.document(id).path) == ("/elsewhere", "b.txt")
    store.move([(file("b.txt", root="/elsewhere"), file("c.txt"))])
    assert [(document.id, document.path) for document in store.documents()] == [(id, "c.txt")]
    store.move([(file("c.txt"), file("c.txt", size=5))])
    assert [state.file for state in store.files()] == [file("c.txt", size=5)]
    other = store.put_reading(file("d.txt"), reading("delta"))
    store.move([(file("c.txt"), file("d.txt")), (file("d.txt"), file("c.txt"))])
    assert [(document.id, document.path) for document in store.documents()] == [(other, "c.txt"), (id, "d.txt")]
    store.remove([other])
    for change in (lambda: store.touch(file("z.txt")), lambda: store.move([(file("z.txt"), file("c.txt"))])):
        with pytest.raises(NotFoundError, match=r"seen before, got 'z\.txt'"):
            change()
    assert len(store.files()) == 1
    assert store.check() == []


def test_forgetting_leaves_nothing(store: Store, file, filled) -> None:
    filled(store, 3)
    store.put_problem(file("bad.pdf"), None, Problem("damaged"))
    assert store.forget([file("0.txt"), file("bad.pdf"), file("never seen")]) == 1
    assert store.forget([state.file for state in store.files()]) == 2
    assert rows_left(store) == {**dict.fromkeys(TABLES, 0), "memberships": 4}
    assert store.match("words", 5) == []
    assert store.check() == []


def test_removing_is_all_or_nothing(store: Store, filled) -> None:
    ids = filled(store, 3)
    with pytest.raises(NotFoundError, match="got 'nowhere'"):
        store.remove([ids[0], "nowhere"])
    assert len(store.documents()) == 3
    assert store.remove([ids[0], ids[1], ids[0]]) == 2
    assert [document.id for document in store.documents()] == [ids[2]]
    assert len(store.files()) == 1
    assert store.check() == []


def test_text_that_is_not_unicode_is_refused_whole(store: Store, file, reading) -> None:
    with pytest.raises(UsageError, match=r"must be valid Unicode, got 'caf\\udce9\.txt'"):
        store.put_problem(file("caf\udce9.txt"), None, Problem("damaged"))
    with pytest.raises(UsageError, match="must be valid Unicode"):
        store.put_reading(file("a.txt"), reading("good", "bad \ud800"))
    assert store.files() == []
    with pytest.raises(UsageError, match=r"must have passages, got none from 'a\.txt'"):
        store.put_reading(file("a.txt"), replace(reading("x"), passages=()))


def test_info_counts(store: Store, path: Path, file, filled) -> None:
    filled(store, 3)
    store.put_problem(file("bad.pdf"), None, Problem("damaged"))
    facts = store.info()
    assert facts["files"] == {"read": 3, "failed": 1, "skipped": 0}
    assert (facts["documents"], facts["pages"], facts["passages"], facts["tokens"]) == (3, 6, 6, 18)
    assert (facts["kinds"], facts["languages"], facts["without_vectors"], facts["runs"]) == (
        {"txt": 3},
        {"en": 3},
        0,
        1,
    )
    json.dumps(facts)
    tree, sizes = facts["tree"], facts["bytes"]
    assert isinstance(tree, dict)
    assert (tree["run"], tree["documents"], tree["entities"], tree["stale"]) == ("run-1", 3, 2, False)
    assert isinstance(sizes, dict)
    passages, pieces, words = 1 + 1 + 2, 1 + 2, 8 + 16
    assert sizes["vectors"] == 3 * (passages * 12 * 2 + 2 * 2 + pieces * 2 + words * 16 + 2 * words // 8)
    assert sizes["file"] >= path.stat().st_size > sizes["text"] > 0
