"""Text to units at every level: the backbone, the pyramid over its tokens, and the vectors of passages and documents.

Cheap to import: torch comes with `load`, and a question encoder of the BERT family does without it altogether.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shas_kb.encoder.learned import Learned, learned_for
from shas_kb.encoder.models import Described, describe, locate

if TYPE_CHECKING:
    from shas_kb.encoder.encoder import Encoder
    from shas_kb.encoder.question import QuestionEncoder

__all__ = ["Described", "describe", "learned_for", "load", "load_question_encoder"]


def load(model: str | None = None, device: str = "auto") -> Encoder:
    """Load an encoder of documents.

    Args:
        model: folder or name of a sentence-transformers model; the bundled one where None.
        device: "cpu", "cuda", or "auto": the GPU where there is one.

    Raises:
        ModelError: the model or the device cannot be had, or the bundled model is not the expected one.
    """
    from shas_kb.encoder.encoder import Encoder

    return Encoder(describe(model), device)


def load_question_encoder(model: str | None = None, weights: bytes | None = None) -> QuestionEncoder:
    """Load an encoder of questions and sentences: the same vectors as `load` gives, for a few short texts at once.

    For the BERT family it needs neither torch nor its import time. It does not check the bundled model's hash: that was
    done when the collection was encoded.

    Args:
        model: folder or name of a sentence-transformers model; the bundled one where None.
        weights: what was learned for it, as `learned_for` gives it and the collection keeps it.

    Raises:
        ModelError: the model cannot be had, or the weights are none.
    """
    from shas_kb.encoder.question import load_question_encoder as load_from

    return load_from(locate(model), Learned.from_bytes(weights, "the collection") if weights else None)
