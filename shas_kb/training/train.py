"""The order of a training: lesson after lesson, with a checkpoint that a kill does not take away."""

from __future__ import annotations

import io
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from pickle import UnpicklingError
from time import perf_counter
from typing import TYPE_CHECKING, Any

from shas_kb.config import LESSONS
from shas_kb.encoder.learned import Learned
from shas_kb.errors import UsageError
from shas_kb.progress import NoProgress, Progress
from shas_kb.training.curve import drawn
from shas_kb.training.lessons import Lessons
from shas_kb.writing import write_whole

if TYPE_CHECKING:
    from shas_kb.encoder.encoder import Encoder
    from shas_kb.encoder.training import Outcome
    from shas_kb.storage import Store

ONLY_MEANS = "the model must make a text's vector the mean of its token states, got another kind; choose another model."
CHECKPOINT = 25
"""Lessons between two checkpoints: about ten seconds of work on two cores."""


@dataclass(frozen=True, slots=True)
class Trained:
    """What a training made: at `weights` what was learned, at `curve` a picture of how."""

    weights: Path
    curve: Path
    outcomes: tuple[Outcome, ...]
    seconds: float


def train(
    store: Store,
    encoder: Encoder,
    out: Path,
    steps: int = LESSONS,
    seed: int = 0,
    progress: Progress | None = None,
) -> Trained:
    """Learn from all encoded documents of a collection.

    Beside `out` stand a picture of the losses and, until all is done, a checkpoint: the same call goes on from it.

    Args:
        store: the collection.
        encoder: with which it was encoded.
        out: the file to write.
        steps: lessons.
        seed: of their choice.
        progress: told where the work stands.

    Raises:
        UsageError: too little to learn from, or a model whose vectors are not the means of token states.
    """
    import torch

    from shas_kb.encoder.training import Learner, Outcome

    if steps < 1:
        raise UsageError(f"steps must be at least 1, got {steps}; the default is {LESSONS}.")
    if not encoder.has_pieces:
        raise UsageError(ONLY_MEANS)
    progress = progress or NoProgress()
    began = perf_counter()
    lessons, learner = Lessons(store, seed), Learner(encoder, steps)
    checkpoint = out.with_name(f"{out.name}.checkpoint")
    plan = {"steps": steps, "seed": seed, "backbone": encoder.facts.fingerprint, "collection": _contents(store)}
    outcomes: list[Outcome] = []
    saved = _saved(checkpoint)
    if saved.get("plan") == plan:
        learner.restore(saved["learner"])
        outcomes = [Outcome(*each) for each in saved["outcomes"]]
    progress.start("Learning", steps, "lesson")
    progress.advance(len(outcomes))
    while len(outcomes) < steps:
        outcomes.append(learner.learn(lessons.lesson(len(outcomes))))
        progress.advance()
        if len(outcomes) % CHECKPOINT == 0:
            content = io.BytesIO()
            state = {"plan": plan, "learner": learner.state(), "outcomes": [tuple(each) for each in outcomes]}
            torch.save(state, content)
            write_whole(checkpoint, content.getvalue())
    progress.finish()
    facts = {key: str(value) for key, value in plan.items()} | {
        "model": encoder.facts.name,
        "documents": str(len(store.documents())),
    }
    write_whole(out, Learned(learner.saliency.detach().numpy(), facts).to_bytes())
    curve = out.with_name(f"{out.name}.svg")
    write_whole(curve, drawn(outcomes).encode())
    checkpoint.unlink(missing_ok=True)
    return Trained(out, curve, tuple(outcomes), perf_counter() - began)


def _saved(checkpoint: Path) -> dict[str, Any]:
    """What a checkpoint holds; nothing if there is none that can be read."""
    import torch

    try:
        saved: object = torch.load(checkpoint, weights_only=True)
    except (OSError, EOFError, RuntimeError, UnpicklingError):
        return {}
    return saved if isinstance(saved, dict) else {}


def _contents(store: Store) -> str:
    """What the collection holds, as a hash of its documents' contents."""
    contents = sorted(document.sha256 for document in store.documents())
    return sha256("\n".join(contents).encode()).hexdigest()
