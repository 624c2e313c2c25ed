"""The house stands as ARCHITECTURE.md draws it: packages, links, imports, commands."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
LINKED = ("cli", "encoder", "kernels", "storage")
HEAVY = ("torch", "triton", "transformers", "sentence_transformers", "pymupdf", "sklearn", "scipy")


def test_every_package_is_listed() -> None:
    inside = {path.parent for path in (ROOT / "shas_kb").rglob("__init__.py")}
    linked = {path.parent for name in LINKED for path in (ROOT / name).rglob("__init__.py")}
    names = {".".join(path.relative_to(ROOT).parts) for path in inside}
    names |= {".".join(("shas_kb", *path.relative_to(ROOT).parts)) for path in linked}
    assert set(PROJECT["tool"]["setuptools"]["packages"]) == names


@pytest.mark.parametrize("name", LINKED)
def test_links_match_the_top_level(name: str) -> None:
    link = ROOT / "shas_kb" / name
    assert link.is_symlink()
    assert link.readlink() == Path("..") / name
    assert PROJECT["tool"]["setuptools"]["package-dir"][f"shas_kb.{name}"] == name


@pytest.mark.parametrize("module", ["shas_kb", "shas_kb.cli.app", "shas_kb.storage", "shas_kb.ask", "shas_kb.kernels"])
def test_imports_stay_light(module: str) -> None:
    program = f"import sys, {module}; print([name for name in {HEAVY!r} if name in sys.modules])"
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd="/")
    assert found.stdout.strip() == "[]"


def test_architecture_names_what_is_there() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text()
    named = set(re.findall(r"`((?:shas_kb|cli|encoder|kernels|storage|benchmarks)/[\w/.]+)`", text))
    assert named
    assert sorted(name for name in named if not (ROOT / name).exists()) == []
    folders = {path.parent for path in (ROOT / "shas_kb").glob("*/__init__.py")}
    missing = sorted(folder.name for folder in folders if f"{folder.name}/" not in text)
    assert missing == []


def test_readme_and_makefile_agree() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"make ([a-z-]+)", (ROOT / "README.md").read_text()))
    assert {"demo", "test"} <= named <= targets
    assert (ROOT / ".ci" / "run").read_text().splitlines()[-1] == "make test"


@pytest.mark.slow
def test_the_wheel_holds_only_shas_kb(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", tmp_path, ROOT]
    subprocess.run(build, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names if ".dist-info" not in name} == {"shas_kb"}
    for package in PROJECT["tool"]["setuptools"]["packages"]:
        assert f"{package.replace('.', '/')}/__init__.py" in names
    assert {"shas_kb/py.typed", "shas_kb/encoder/learned.safetensors", "shas_kb/encoder/MODEL_CARD.md"} <= set(names)
    assert any(name.startswith("shas_kb/export/") and name.endswith(".html") for name in names)


def test_every_export_is_described() -> None:
    from shas_kb.export import FORMATS

    page = (ROOT / "docs" / "export" / "graphs.md").read_text()
    rows = re.findall(r"^\| `(\w+)` \| [^|]+ \| [^|]+ \|$", page, re.MULTILINE)
    assert sorted(rows) == sorted(FORMATS)
