"""Questions made of a collection's own texts, without labels and without a language model.

Two kinds, half of each. A **fragment** is a few words out of a sentence, often with words beside it that only the
document's title or a passage nearby has; whoever asks so has half forgotten where it stood. A **frame** puts phrases
that are rare elsewhere and frequent in the passage into what people ask: it teaches which words of a question say
nothing. Frames are English; texts in other languages teach by their fragments, and by their bare phrases.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from random import Random

from shas_kb.records import StoredPassage

FRAMES = (
    "What is {x}?",
    "What are {x}?",
    "How does {x} work?",
    "Why is {x} important?",
    "What is said about {x}?",
    "What did they discuss about {x}?",
    "What was the opinion on {x}?",
    "Explain {x}",
    "Which of the following describes {x}?",
    "How is {x} related to {y}?",
    "What is the difference between {x} and {y}?",
    "What effect does {x} have on {y}?",
    "Why did {x} lead to {y}?",
    "Summarize the discussion on {x}",
    "What role does {x} play in {y}?",
    "When is {x} used?",
)
BARE = ("{x}", "{x} {y}")
FEWEST, MOST = 4, 14
"""Words of a fragment."""
SHORTEST, SHORTEST_UNSPACED = 40, 16
"""Characters of a sentence that a fragment is taken from, and of one in a language without spaces."""
LETTERS = 0.85
"""The part of it that must be letters and spaces: tables and formulas make no questions."""
PHRASES = 12
"""So many of a passage's phrases are asked for."""
RARE = 0.2
"""A word that more than this share of passages holds says nothing by itself."""

_WORD = re.compile(r"[^\W\d_](?:[\w'’-]*\w)?")
_TOKEN = re.compile(r"[^\W\d_](?:[\w'’-]*\w)?|\S")

Rarity = Callable[[Sequence[str]], Sequence[float]]
"""The share of passages that hold each word, 0 to 1."""


@dataclass(frozen=True, slots=True)
class Question:
    """A question and the passage it is from, counted from the first of the document; of a fragment also the part of the
    passage (characters, from its beginning) that must not give the answer away."""

    text: str
    passage: int
    source: tuple[int, int] | None = None


class Questioner:
    """Asks about documents.

    Args:
        rarity: how common words are in the collection.
        passages: how many it has.
    """

    def __init__(self, rarity: Rarity, passages: int) -> None:
        self._rarity = rarity
        self._once = 1.5 / max(passages, 2)
        self._known: dict[str, float] = {}

    def ask(
        self, title: str, english: bool, passages: Sequence[StoredPassage], count: int, random: Random
    ) -> list[Question]:
        """Up to `count` questions about a document, half of each kind where its texts give both."""
        found = []
        frames = FRAMES + BARE if english else BARE
        for number in range(count):
            passage = random.randrange(len(passages))
            if number % 2:
                question = self._framed(title, frames, passages, passage, random)
            else:
                question = self._fragment(title, passages, passage, random)
            if question:
                found.append(question)
        return found

    def _fragment(self, title: str, passages: Sequence[StoredPassage], passage: int, random: Random) -> Question | None:
        own = passages[passage]
        if not own.sentences:
            return None
        sentence = random.choice(own.sentences)
        spaced = len(sentence.text.split()) >= FEWEST
        if len(sentence.text) < (SHORTEST if spaced else SHORTEST_UNSPACED) or _lettered(sentence.text) < LETTERS:
            return None
        fragment = _words(sentence.text, random) if spaced else _characters(sentence.text, random)
        content = self._content(fragment)
        if spaced and len(content) < 2:
            return None
        if spaced and random.random() < 0.3:
            fragment = " ".join(content)
        parts, beside = [fragment], self._beside(title, passages, passage, random)
        if beside:
            parts.insert(random.randint(0, 1), beside)
        return Question(" ".join(parts), passage, (sentence.start - own.start, sentence.end - own.start))

    def _beside(self, title: str, passages: Sequence[StoredPassage], passage: int, random: Random) -> str:
        """Words that the passage itself need not have: of the title, of a passage nearby, or none."""
        kind = random.random()
        if kind < 0.5:
            words = self._content(title)
            return " ".join(random.sample(words, min(len(words), random.randint(1, 3))))
        if kind < 0.8 and len(passages) > 1:
            near = [other for other in (passage - 1, passage + 1) if 0 <= other < len(passages)]
            other = passages[random.choice(near if random.random() < 0.6 else range(len(passages)))]
            if other.sentences:
                return " ".join(self._content(random.choice(other.sentences).text)[: random.randint(2, 4)])
        return ""

    def _framed(
        self, title: str, frames: Sequence[str], passages: Sequence[StoredPassage], passage: int, random: Random
    ) -> Question | None:
        phrases = self._phrases(passages[passage].text)
        if len(phrases) < 4:
            return None
        x = random.choice(phrases[:8])
        y = random.choice([phrase for phrase in phrases if phrase != x])
        named = " ".join(self._content(title)) if random.random() < 0.3 else ""
        text = random.choice(frames).format(x=x, y=named or y)
        return Question(text, passage)

    def _phrases(self, text: str) -> list[str]:
        """The most telling words, pairs and triples of a passage, by tf-idf; longer ones count more."""
        tokens = _TOKEN.findall(text)
        said = self._rarities(token.lower() for token in tokens if _WORD.fullmatch(token))
        telling = [len(token) > 2 and said.get(token.lower(), 1.0) < RARE for token in tokens]
        counts: Counter[str] = Counter()
        for start in range(len(tokens)):
            for end in range(start + 1, min(start + 3, len(tokens)) + 1):
                if not telling[end - 1]:
                    break
                counts[" ".join(tokens[start:end]).lower()] += 1
        worth = {
            phrase: count * sum(-math.log(max(said[word], 1e-9)) for word in phrase.split())
            for phrase, count in counts.items()
            if count > 1 or all(said[word] > self._once for word in phrase.split())
        }
        return sorted(worth, key=lambda phrase: (-worth[phrase], phrase))[:PHRASES]

    def _content(self, text: str) -> list[str]:
        """The words that say something."""
        words = _WORD.findall(text)
        said = self._rarities(word.lower() for word in words)
        return [word for word in words if len(word) > 2 and said[word.lower()] < RARE]

    def _rarities(self, words: Iterable[str]) -> dict[str, float]:
        """The share of passages that hold each word; what was looked up once is remembered."""
        wanted = dict.fromkeys(words)
        unknown = [word for word in wanted if word not in self._known]
        self._known.update(zip(unknown, self._rarity(unknown), strict=True))
        return {word: self._known[word] for word in wanted}


def _lettered(text: str) -> float:
    """The part of a text that is letters and spaces."""
    return sum(character.isalpha() or character.isspace() for character in text) / len(text)


def _words(sentence: str, random: Random) -> str:
    """Some consecutive words."""
    words = sentence.split()
    size = min(len(words), random.randint(FEWEST, MOST))
    start = random.randint(0, len(words) - size)
    return " ".join(words[start : start + size])


def _characters(sentence: str, random: Random) -> str:
    """Of a sentence without spaces, about as much: two characters for a word."""
    size = min(len(sentence), random.randint(2 * FEWEST, 2 * MOST))
    start = random.randint(0, len(sentence) - size)
    return sentence[start : start + size]
