"""Reading the text of pictures, if an engine for it is installed: RapidOCR, or Tesseract through MuPDF."""

from __future__ import annotations

import importlib
import importlib.util
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import numpy as np

from shas_kb.reading.draft import UnreadableError
from shas_kb.records import Problem

Box = tuple[float, float, float, float]
_RAPID = ("rapidocr", "rapidocr_onnxruntime")
_TESSDATA = (
    "/usr/share/tesseract-ocr/5/tessdata",
    "/usr/share/tesseract-ocr/4.00/tessdata",
    "/usr/share/tessdata",
    "/opt/homebrew/share/tessdata",
    "/usr/local/share/tessdata",
)


@dataclass(frozen=True)
class Engine:
    """What recognises text: "rapidocr" with its `recogniser`, or "tesseract" with the `languages` installed for it."""

    name: Literal["rapidocr", "tesseract"]
    languages: str = ""
    recogniser: Any = None

    def recognise(self, samples: bytes, width: int, height: int) -> Iterator[tuple[str, Box]]:
        """Lines of text with their boxes (x0, y0, x1, y1 in pixels) in a picture of 8-bit red, green and blue."""
        picture = np.frombuffer(samples, dtype=np.uint8).reshape(height, width, 3)[:, :, ::-1]
        result = self.recogniser(picture)
        found: list[tuple[Any, Any]] = []
        if not hasattr(result, "boxes"):
            found = [(box, text) for box, text, _ in result[0] or ()]
        elif result.boxes is not None:
            found = list(zip(result.boxes, result.txts, strict=True))
        for corners, text in found:
            xs, ys = [float(x) for x, _ in corners], [float(y) for _, y in corners]
            yield str(text), (min(xs), min(ys), max(xs), max(ys))


@lru_cache(maxsize=1)
def engine() -> Engine:
    """The engine that is installed.

    Raises:
        UnreadableError: if there is none, with the names of those that would do.
    """
    for name in _RAPID:
        if importlib.util.find_spec(name) is not None:
            return Engine("rapidocr", recogniser=importlib.import_module(name).RapidOCR())
    for folder in (os.environ.get("TESSDATA_PREFIX", ""), *_TESSDATA):
        languages = (
            sorted(file.stem for file in Path(folder).glob("*.traineddata") if file.stem != "osd") if folder else []
        )
        if languages:
            os.environ["TESSDATA_PREFIX"] = folder
            return Engine("tesseract", languages="+".join(languages[:6]))
    found = "Tesseract has no language data" if shutil.which("tesseract") else "no engine for OCR is installed"
    raise UnreadableError(Problem(f"no text layer, and {found}: pip install rapidocr", passing=True))
