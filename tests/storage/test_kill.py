"""SIGKILL at any moment: the database opens, is consistent, and the work goes on. And readers while a writer writes."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
from pathlib import Path
from time import monotonic, sleep

from shas_kb.errors import ShasKBError
from shas_kb.storage import Store

FILES = 12

# Reads, encodes and organises the same files, and lets some leave the tree, over and over, with other content in each
# round, as fast as it can.
WRITER = """if True:
    import itertools, runpy, sys
    from pathlib import Path
    from shas_kb.records import Problem
    from shas_kb.storage import Store
    parts = runpy.run_path(sys.argv[2])
    file, reading, vectors, tree = (parts[name] for name in ("make_file", "make_reading", "make_vectors", "make_tree"))
    with Store.open(Path(sys.argv[1]), create=True) as store, store.exclusive():
        print("writing", flush=True)
        for round in itertools.count(int(sys.argv[3])):
            for i in range(FILES):
                texts = [f"round {round} of file {i}, passage {j}" * 30 for j in range(10)]
                store.put_reading(file(f"{i}.txt"), reading(*texts))
            for id in store.pending():
                store.put_vectors(id, vectors(10, round))
            store.put_tree(tree(store, f"run {round}"))
            store.put_problem(file("0.txt"), None, Problem("damaged"))
            store.forget([file("1.txt"), file("2.txt")])
            store.place([])
    """.replace("FILES", str(FILES))


def writer(path: Path, round: int) -> subprocess.Popen[str]:
    parts = Path(__file__).with_name("conftest.py")
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path), str(parts), str(round)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "writing\n"
    return process


def test_a_killed_writer_loses_at_most_what_it_had_in_hand(path: Path, vectors, tree_of) -> None:
    moments = random.Random(0)
    for round in range(6):
        process = writer(path, 1000 * round)
        sleep(moments.uniform(0.0, 0.3))
        process.kill()
        process.communicate()
        with Store.open(path) as store:
            assert store.check() == []
            paths = {document.path for document in store.documents()}
            assert {state.file.path for state in store.files() if state.status == "read"} == paths
            for document in store.documents():
                rounds = {text.split()[1] for text in store.texts(document.id)}
                assert len(rounds) == 1
                assert len(store.texts(document.id)) == document.passages == 10
    with Store.open(path) as store, store.exclusive():
        for id in store.pending():
            store.put_vectors(id, vectors(10))
        store.put_tree(tree_of(store, "the end"))
        assert not store.tree_is_stale()
        assert store.check() == []


def test_a_reader_sees_whole_states_while_a_writer_writes(path: Path) -> None:
    process = writer(path, 0)
    try:
        with Store.open(path) as store:
            seen: set[str] = set()
            give_up = monotonic() + 30
            while len(seen) < 3 and monotonic() < give_up:
                tree = store.tree()
                if tree is not None:
                    seen.add(tree.run)
                    for node in tree.nodes:
                        below = [child.documents for child in tree.nodes if child.parent == node.id]
                        assert node.level == "entity" or node.documents == sum(below)
                matrix = store.passage_matrix()
                assert len(matrix.matrix) == matrix.offsets[-1] == 10 * len(matrix.documents)
                assert len(store.match("round passage", 5)) <= 5
                assert store.check() == []
                facts = store.info()
                assert facts["passages"] == 10 * facts["documents"]  # type: ignore[operator]
                assert len(facts["bytes"]) == 5  # type: ignore[arg-type]
            assert process.poll() is None
    finally:
        process.kill()
        process.communicate()
    assert len(seen) == 3


def test_two_threads_with_a_store_each_write_in_turn(path: Path, file, reading) -> None:
    Store.open(path, create=True).close()
    errors: list[ShasKBError] = []

    def write(name: str) -> None:
        try:
            with Store.open(path) as store:
                for i in range(20):
                    store.put_reading(file(f"{name}{i}.txt"), reading(f"{name} {i}"))
        except ShasKBError as error:
            errors.append(error)

    threads = [threading.Thread(target=write, args=(name,)) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    with Store.open(path) as store:
        assert len(store.documents()) == 40
        assert store.check() == []
