"""How a text is written: with spaces between its words, or not."""

from __future__ import annotations

import re

_WIDE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


def is_wide(text: str) -> bool:
    """Whether a text is in a script that writes without spaces (Chinese, Japanese) or in syllables (Korean)."""
    return _WIDE.search(text) is not None
