"""An answer in a language model's words, from what was found and nothing else, with its citations checked.

Any OpenAI-compatible endpoint serves (`POST URL/chat/completions`). The question and the quoted evidence are sent to
it, and only when a person names one.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import replace
from http.client import HTTPException
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from shas_kb.ask.answer import NOTHING
from shas_kb.errors import ModelError, UsageError
from shas_kb.records import Quote, Reply

MOST = 12
"""Pieces of evidence that are sent."""

LONGEST = 1500
"""Characters of each."""

UNSUPPORTED = "No source in this collection supports this: "
INSTRUCTIONS = (
    "Answer the question from the numbered sources alone, briefly, in the language of the question. After each "
    "statement give the number of its source in square brackets, like [2]. If the sources do not answer the question, "
    "reply with the single word UNANSWERED."
)
_CITED = re.compile(r"\[(\d{1,3})\]")


def answer_by_model(reply: Reply, url: str, *, seconds: float = 120.0) -> Reply:
    """The same reply with an answer written by the model at `url`.

    Citations of sources that do not exist are taken out; an answer that cites none is marked as unsupported. The model
    is `$SHAS_KB_LLM_MODEL`, else the first that the endpoint lists; `$OPENAI_API_KEY` is sent if it is set.

    Args:
        reply: what was found.
        url: where the endpoint is, like `http://localhost:11434/v1`.
        seconds: how long to wait for it.

    Raises:
        UsageError: `url` is no HTTP address.
        ModelError: the endpoint does not answer, or not as such an endpoint does.
    """
    if urlsplit(url).scheme not in ("http", "https"):
        raise UsageError(f"--llm must be an http or https address, got {url}; try http://localhost:11434/v1.")
    evidence = _evidence(reply)
    if not evidence:
        return replace(reply, answer=NOTHING, citations=())
    sources = "\n\n".join(f"[{number}] {quote.text[:LONGEST]}" for number, quote in enumerate(evidence, 1))
    said = _chat(url.rstrip("/"), f"{sources}\n\nQuestion: {reply.query}", seconds)
    if said.strip(" .*\"'").upper() == "UNANSWERED":
        return replace(reply, answer=NOTHING, citations=())
    text = _CITED.sub(lambda cited: cited[0] if 1 <= int(cited[1]) <= len(evidence) else "", said).strip()
    numbers = dict.fromkeys(int(number) for number in _CITED.findall(text))
    renumbered = {old: new for new, old in enumerate(numbers, 1)}
    text = _CITED.sub(lambda cited: f"[{renumbered[int(cited[1])]}]", text)
    citations = tuple(evidence[number - 1] for number in numbers)
    return replace(reply, answer=text if citations else UNSUPPORTED + text, citations=citations)


def _evidence(reply: Reply) -> list[Quote]:
    """The quotations of the answer and the passages of the hits, none twice."""
    quotes = {(quote.document, quote.start, quote.end): quote for quote in reply.citations}
    for hit in reply.hits:
        if hit.document is not None and hit.start is not None and hit.end is not None:
            quote = Quote(hit.text, hit.document.id, hit.page, hit.start, hit.end)
            quotes.setdefault((quote.document, quote.start, quote.end), quote)
    return list(quotes.values())[:MOST]


def _chat(url: str, question: str, seconds: float) -> str:
    model = os.environ.get("SHAS_KB_LLM_MODEL") or _first_model(url, seconds)
    messages = [{"role": "system", "content": INSTRUCTIONS}, {"role": "user", "content": question}]
    answer = _call(f"{url}/chat/completions", {"model": model, "messages": messages, "temperature": 0}, seconds)
    try:
        return str(answer["choices"][0]["message"]["content"])  # type: ignore[index]
    except (KeyError, IndexError, TypeError):
        raise _strange(url, answer) from None


def _first_model(url: str, seconds: float) -> str:
    listed = _call(f"{url}/models", None, seconds)
    try:
        return str(listed["data"][0]["id"])  # type: ignore[index]
    except (KeyError, IndexError, TypeError):
        raise _strange(url, listed) from None


def _call(url: str, body: Mapping[str, object] | None, seconds: float) -> object:
    headers = {"Content-Type": "application/json"}
    if key := os.environ.get("OPENAI_API_KEY"):
        headers["Authorization"] = f"Bearer {key}"
    request = Request(url, json.dumps(body).encode() if body else None, headers)
    try:
        with urlopen(request, timeout=seconds) as response:
            return json.load(response)
    except (URLError, HTTPException, TimeoutError, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        raise ModelError(
            f"--llm must be an OpenAI-compatible endpoint, got no answer from {url} ({reason}); check the address."
        ) from error


def _strange(url: str, answer: object) -> ModelError:
    return ModelError(
        f"--llm must be an OpenAI-compatible endpoint, got {str(answer)[:120]!r} from {url}; check the address."
    )
