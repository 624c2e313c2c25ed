"""Which model is meant, and what is said when it cannot be had."""

from __future__ import annotations

import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from shas_kb.encoder import describe, load, models
from shas_kb.encoder.encoder import Encoder
from shas_kb.errors import ModelError


def test_the_bundled_model_is_the_default() -> None:
    described = describe()
    assert described.facts == describe("sentence-transformers/all-MiniLM-L6-v2").facts
    assert described.facts.name == "all-MiniLM-L6-v2"
    assert described.facts.fingerprint == models.BUNDLE_SHA256
    assert (described.facts.dimension, described.facts.window) == (384, 254)
    assert described.tokenizer.is_file()


def test_a_folder_is_a_model(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    shutil.copytree(describe().folder, folder)
    first = describe(str(folder)).facts
    assert first.name == str(folder)
    assert (first.dimension, first.window) == (384, 254)
    limit = folder / "sentence_bert_config.json"
    limit.write_text(limit.read_text().replace("256", "128"))
    second = describe(str(folder)).facts
    assert second.window == 126
    assert second.fingerprint != first.fingerprint


def test_other_weights_than_expected_are_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    package = tmp_path / models.BUNDLE
    shutil.copytree(describe().folder, package / "model")
    (package / "__init__.py").touch()
    with (package / "model" / models.WEIGHTS).open("r+b") as stream:
        stream.seek(-1, 2)
        stream.write(b"\x7f")
    monkeypatch.delitem(sys.modules, models.BUNDLE, raising=False)
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(ModelError, match=r"must have the sha256 53aa5117.*install it again"):
        describe()


@pytest.mark.parametrize("name", ["no-such-model", "nobody/no-such-model", "not a name at all/!"])
def test_an_unknown_model_says_what_to_do(name: str) -> None:
    with pytest.raises(ModelError, match="fetch it once with a network"):
        describe(name)


def test_a_folder_without_a_model_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"without config\.json and tokenizer\.json"):
        describe(str(tmp_path))


def test_a_model_of_any_width_gets_a_head() -> None:
    described = describe()
    widths = {width: replace(described, facts=replace(described.facts, dimension=width)) for width in (16, 300, 384)}
    assert {width: Encoder(each, "cpu").head.groups for width, each in widths.items()} == {16: 16, 300: 3, 384: 12}


def test_an_unknown_device_is_refused() -> None:
    with pytest.raises(ModelError, match="must be auto, cpu or cuda"):
        load(device="abacus")
