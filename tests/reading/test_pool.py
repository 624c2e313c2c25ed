"""Worker processes: one bad file costs itself and nothing else, and no process outlives the pool."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from shas_kb.config import ReadConfig
from shas_kb.errors import ModelError
from shas_kb.reading import ReaderPool, discover, fingerprint
from shas_kb.records import Problem, Reading, SourceFile

SLOW = "<html>" + "<p>It is a long story, and it goes on for ever.</p>" * 400_000


def make(folder: Path, **texts: str) -> list[SourceFile]:
    for name, text in texts.items():
        (folder / name.replace("_", ".")).write_text(text)
    return discover([folder])[0]


def workers() -> list[psutil.Process]:
    return [child for child in psutil.Process().children() if "shas_kb.reading.worker" in child.cmdline()]


def results(pool: ReaderPool, files: list[SourceFile]) -> dict[str, Reading | Problem]:
    return {file.path: result for file, _, result in pool.read(files)}


def test_files_come_back_with_their_hash(config: ReadConfig, tmp_path: Path) -> None:
    files = make(tmp_path, a_txt="One text.", b_md="# Two\n\nAnother text.", c_txt="")
    with ReaderPool(replace(config, workers=2)) as pool:
        found = {file: (sha256, result) for file, sha256, result in pool.read(files)}
        assert set(found) == set(files)
        assert all(sha256 == fingerprint(file) for file, (sha256, _) in found.items())
        assert [type(found[file][1]) for file in files] == [Reading, Reading, Problem]
        # and again, with the same workers
        before = {worker.pid for worker in workers()}
        assert len(list(pool.read(files))) == 3
        assert {worker.pid for worker in workers()} == before
    assert not workers()


def test_the_parent_loads_no_parser() -> None:
    parsers = {"pymupdf", "tokenizers", "torch", "docx", "selectolax", "markdown_it", "py3langid"}
    code = f"import sys, shas_kb.reading; sys.exit(bool({parsers} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_file_that_takes_too_long_is_one_problem(config: ReadConfig, tmp_path: Path) -> None:
    files = make(tmp_path, slow_html=SLOW, a_txt="One text.", z_txt="Last text.")
    with ReaderPool(replace(config, workers=1, seconds=1.0)) as pool:
        found = results(pool, files)
    assert found["slow.html"] == Problem(
        "took longer than 1 s to read; split it into parts, or open and save it again", passing=True
    )
    assert isinstance(found["a.txt"], Reading)
    assert isinstance(found["z.txt"], Reading)


@pytest.mark.skipif(sys.platform != "linux", reason="memory is limited on Linux only")
def test_a_file_that_eats_memory_is_one_problem(config: ReadConfig, tmp_path: Path) -> None:
    files = make(tmp_path, big_html=SLOW, z_txt="Last text.")
    with ReaderPool(replace(config, workers=1, megabytes=150)) as pool:
        found = results(pool, files)
    problem = found["big.html"]
    assert isinstance(problem, Problem)
    assert "150 MB" in problem.reason
    assert problem.passing
    assert isinstance(found["z.txt"], Reading)


@pytest.mark.parametrize(
    ("number", "passing", "words"),
    [(signal.SIGSEGV, False, "crashes its reader (SIGSEGV)"), (signal.SIGKILL, True, "want of memory")],
)
def test_a_crash_is_one_problem(config: ReadConfig, tmp_path: Path, number: int, passing: bool, words: str) -> None:
    files = make(tmp_path, crash_html=SLOW, z_txt="Last text.")

    def shoot() -> None:
        while not (found := workers()) or found[0].cpu_times().user < 0.5:
            time.sleep(0.05)
        time.sleep(1)
        found[0].send_signal(number)

    with ReaderPool(replace(config, workers=1)) as pool:
        gun = threading.Thread(target=shoot)
        gun.start()
        found = results(pool, files)
        gun.join()
    problem = found["crash.html"]
    assert isinstance(problem, Problem)
    assert words in problem.reason
    assert problem.passing is passing
    assert isinstance(found["z.txt"], Reading)


def test_leaving_early_leaves_no_process(config: ReadConfig, tmp_path: Path) -> None:
    files = make(tmp_path, a_txt="One text.", slow_html=SLOW)
    with ReaderPool(replace(config, workers=2)) as pool:
        file, _, _ = next(pool.read(files))
        assert file.path == "a.txt"
        begun = time.monotonic()
    assert time.monotonic() - begun < 2
    assert not workers()


def test_workers_end_when_their_pool_is_killed(config: ReadConfig, tmp_path: Path) -> None:
    make(tmp_path, slow_html=SLOW)
    code = (
        "import sys; from pathlib import Path; from shas_kb.config import ReadConfig; from shas_kb.reading import *\n"
        "list(ReaderPool(ReadConfig(sys.argv[1], workers=1)).read(discover([Path(sys.argv[2])])[0]))"
    )
    parent = subprocess.Popen([sys.executable, "-c", code, config.tokenizer, str(tmp_path)])
    try:
        while not (children := psutil.Process(parent.pid).children()) or children[0].cpu_times().user < 1:
            time.sleep(0.05)
    finally:
        parent.send_signal(signal.SIGKILL)
        parent.wait()
    _, alive = psutil.wait_procs(children, timeout=5)
    for process in alive:
        os.kill(process.pid, signal.SIGKILL)
    assert not alive


def test_a_missing_tokenizer_is_a_model_error() -> None:
    with pytest.raises(ModelError, match="tokenizer must be a file"):
        ReaderPool(ReadConfig("nowhere.json"))


def test_a_file_that_is_gone_is_worth_another_try(config: ReadConfig, tmp_path: Path) -> None:
    files = make(tmp_path, a_txt="One text.")
    (tmp_path / "a.txt").unlink()
    with ReaderPool(replace(config, workers=1)) as pool:
        ((_, sha256, problem),) = pool.read(files)
    assert sha256 is None
    assert isinstance(problem, Problem)
    assert problem.passing
