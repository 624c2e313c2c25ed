"""Learning on a collection itself, without labels: questions made of its texts must find where they are from."""

from __future__ import annotations

from shas_kb.training.train import ONLY_MEANS, Trained, train

__all__ = ["ONLY_MEANS", "Trained", "train"]
