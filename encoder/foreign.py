"""Any other sentence-transformers model, by sentence-transformers itself (whose import alone takes seconds).

Texts go one by one: without padding a text's vector does not depend on which others came with it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from sentence_transformers import SentenceTransformer
from torch import Tensor
from torch.nn.functional import normalize

from shas_kb.encoder.learned import Learned
from shas_kb.encoder.models import Located, takes_mean
from shas_kb.encoder.question import known, weighed
from shas_kb.encoder.sketch import projected
from shas_kb.records import Asked, Vectors


class ForeignBackbone:
    """Token states from the model's first module, sentence vectors by its others."""

    def __init__(self, located: Located, device: torch.device | str) -> None:
        self._device = torch.device(device)
        self._model = SentenceTransformer(str(located.folder), device=str(device), local_files_only=True).eval()

    @property
    def dimension(self) -> int:
        return self._model.get_sentence_embedding_dimension() or 0

    def states(self, ids: Sequence[Sequence[int]]) -> Tensor:
        """Token states of texts given by their word pieces: [tokens, hidden], text after text."""
        return torch.cat([self._model[0](self._features(text))["token_embeddings"][0] for text in ids])

    def pool(self, states: Tensor, ids: Sequence[Sequence[int]]) -> Tensor:
        """The model's own vector of each text, float32: [tokens, hidden] to [texts, dimension]."""
        vectors = []
        for text, part in zip(ids, torch.split(states, [len(text) for text in ids]), strict=True):
            features = self._features(text) | {"token_embeddings": part[None]}
            for module in list(self._model)[1:]:
                features = module(features)
            vectors.append(features["sentence_embedding"][0])
        return torch.stack(vectors).float()

    def _features(self, text: Sequence[int]) -> dict[str, Tensor]:
        ids = torch.tensor([text], device=self._device)
        return {"input_ids": ids, "attention_mask": torch.ones_like(ids)}


class ForeignQuestions:
    """Questions and sentences for such a model, a few at once, on the CPU.

    Args:
        located: the model.
        learned: what was learned for it, if anything.
    """

    def __init__(self, located: Located, learned: Learned | None) -> None:
        self._tokenizer = located.load_tokenizer()
        self._backbone = ForeignBackbone(located, "cpu")
        self._learned = learned
        self._has_words = takes_mean(located)

    @torch.inference_mode()
    def __call__(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors float32 [texts, dimension], each text cut at the window."""
        ids = [encoding.ids for encoding in self._tokenizer.encode_batch([*texts])]
        if not ids:
            return np.zeros((0, self._backbone.dimension), np.float32)
        return _unit(self._backbone.pool(self._backbone.states(ids), ids))

    @torch.inference_mode()
    def asked(self, question: str) -> Asked:
        """A question by which passages are found; where a text's vector is no mean of its tokens, the question is
        itself its only word."""
        encoding = self._tokenizer.encode(question)
        if not self._has_words:
            plain = self([question])
            return Asked(plain[0], plain[0], projected(plain), np.ones(1, np.float32), known(encoding.tokens))
        states = self._backbone.states([encoding.ids]).float()
        return weighed(states.numpy(), self._learned, known(encoding.tokens))


def _unit(rows: Tensor) -> Vectors:
    return normalize(rows, dim=1).numpy()
