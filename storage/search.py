"""Full text: FTS5 over passages, for any script and for whatever a person types.

**Scripts without spaces.** FTS5 takes a run of Chinese for one word. Such runs are indexed as overlapping pairs of
characters, and the last one alone: 神经网络 as 神经 经网 网络 络. A question is cut into pairs likewise; a single
character is looked for as the beginning of a pair, which finds it anywhere, as each begins a pair or stands alone.

**Any question.** It is never parsed as FTS5 syntax. SQLite's own tokenizer cuts it into words (in a table in memory),
so that they are the very words of the index; each is quoted, and they are joined by OR.

**Frequent words.** BM25 gives a word that is in half of the passages or more a weight of nearly nothing (1e-6, not 0,
so it still settles the order where nothing rarer is found, as it will among a handful of passages). In a large
collection such words cost the most time. So words are taken from the rarest on until they occur in `_OCCURRENCES`
passages together: this leaves out stop words of any language, and nothing at all in a small collection.

**Speed.** FTS5 reckons BM25 a passage at a time, at some microseconds each. Here it is reckoned in numpy from what its
index holds: who has a word how often, how long passages are, and how many there are. It is the same function (Robertson
and Zaragoza, "The probabilistic relevance framework: BM25 and beyond", 2009) with FTS5's constants.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shas_kb.storage.part import Part
from shas_kb.storage.schema import TOKENIZER

# Of a question: how many words are looked up, how many are looked for, and in how many passages these may be together.
_READ = 500
_WORDS = 64
_OCCURRENCES = 10_000

_K1, _B = 1.2, 0.75
_FREQUENT = 1e-6  # the weight of a word that half of the passages hold, or more

# Thai, Lao, Myanmar, Khmer; ideographs, kana, bopomofo; hangul, which has spaces, but joins particles to its nouns.
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3041-\u309f\u30a1-\u30fa\u30fc-\u30ff\u3105-\u312f\u31a0-\u31bf"
    "\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff\U00020000-\U0003ffff"
)
_RUN = re.compile(f"[{_UNSPACED}]+")
# Full and half width forms, and jamo, become characters of the above (or plain Latin) when normalised.
_SPECIAL = re.compile(f"[{_UNSPACED}\u1100-\u11ff\uff00-\uffef]")


_Ids = NDArray[np.int64]
_Scores = NDArray[np.float64]


def searchable(text: str) -> str | None:
    """What full text is to see in place of `text`; None where that is `text` itself."""
    return _RUN.sub(lambda run: _pairs(run[0]) + f"{run[0][-1]} ", _normal(text)) if _SPECIAL.search(text) else None


@dataclass(slots=True)
class _Read:
    """What was read of the index in one state of the database: how many words passages have, by their ids (0: not read
    yet), and how many passages hold a word."""

    version: tuple[int, int]
    lengths: NDArray[np.uint32]
    counts: dict[tuple[str, bool], int]


class FullText(Part):
    """Looking for words in passages."""

    _read: _Read | None = None

    def match(self, query: str, limit: int) -> list[tuple[str, int, float]]:
        """Passages that hold words of a question, best first.

        Args:
            query: any text; nothing in it is syntax.
            limit: how many passages at most.

        Returns:
            (document, ordinal, score); the score is BM25, higher is better, and only good for putting passages in
            order. Equal ones are ordered by document and ordinal.
        """
        if limit < 1:
            return []
        with self._db.snapshot():
            words = self._rarest(self._question_words(query))
            if not words:
                return []
            ids, scores = self._best(words, limit)
            places = self._db.rows(
                f"SELECT document, ordinal FROM passages WHERE id IN ({_listed(ids)}) ORDER BY id",
            )
        found = [(*place, score) for place, score in zip(places, scores.tolist(), strict=True)]
        return sorted(found, key=lambda hit: (-hit[2], *hit[:2]))[:limit]

    def rarity(self, words: Sequence[str]) -> list[float]:
        """For each of `words`, the share of passages that hold it (0 to 1); several words in one are a phrase."""
        with self._db.snapshot():
            passages, _ = self._totals()
            return [self._holding(word) / max(passages, 1) for word in words]

    def like(self, word: str) -> list[tuple[str, int]]:
        """Words of several passages that begin with the same two letters as `word` and are about as long, each with the
        passages that hold it."""
        return self._db.rows(
            "SELECT term, doc FROM full_text_words"
            " WHERE term BETWEEN ? AND ? AND length(term) BETWEEN ? AND ? AND doc > 1",
            (*_range(word[:2], prefix=True), len(word) - 1, len(word) + 1),
        )

    def _holding(self, word: str) -> int:
        terms = self._question_words(word)
        if len(terms) < 2:
            return sum(count for _, _, count in self._counted(terms))
        phrase = '"' + _question_form(word).replace('"', " ") + '"'
        return int(self._db.value("SELECT count(*) FROM full_text WHERE full_text MATCH ?", (phrase,)))

    def _best(self, words: Sequence[tuple[str, bool]], limit: int) -> tuple[_Ids, _Scores]:
        """The ids of the best `limit` passages and of any others that are as good as the last of these, rising, and
        their scores."""
        passages, total = self._totals()
        held = [self._frequencies(word, prefix) for word, prefix in words]
        ids = np.unique(np.concatenate([its for its, _ in held]), return_index=True)[0]
        often = np.zeros((len(words), len(ids)))
        for row, (its, counts) in zip(often, held, strict=True):
            row[np.searchsorted(ids, its)] = counts
        rare = np.array([len(its) for its, _ in held])
        weights = np.maximum(np.log((passages - rare + 0.5) / (rare + 0.5)), _FREQUENT)
        often *= (_K1 + 1) / (often + _K1 * (1 - _B + _B * self._lengths(ids) * passages / total))
        scores = weights @ often
        kept = scores >= (np.partition(scores, -limit)[-limit] if len(scores) > limit else -np.inf)
        return ids[kept], scores[kept]

    def _totals(self) -> tuple[int, int]:
        """How many passages there are, and how many words in all, from the record that FTS5 keeps of it."""
        block = self._db.value("SELECT block FROM full_text_data WHERE id = 1") or b"\0\0"
        passages, words, *_ = _varints(block)
        return passages, words

    def _frequencies(self, word: str, prefix: bool) -> tuple[_Ids, _Ids]:
        """The ids of the passages that hold a word, rising, and how often each does."""
        self._db.execute(
            "CREATE VIRTUAL TABLE IF NOT EXISTS temp.instances USING fts5vocab (main, full_text, 'instance')"
        )
        listed = self._db.value(
            "SELECT group_concat(doc) FROM temp.instances WHERE term BETWEEN ? AND ?", _range(word, prefix)
        )
        return np.unique(np.fromstring(listed or "", np.int64, sep=","), return_counts=True)

    def _lengths(self, ids: _Ids) -> NDArray[np.uint32]:
        """The words in each of some passages."""
        lengths = self._remembered().lengths
        unknown = ids[lengths[ids] == 0]
        if len(unknown):
            rows = self._db.rows(f"SELECT id, sz FROM full_text_docsize WHERE id IN ({_listed(unknown)})")
            lengths[[id for id, _ in rows]] = [next(_varints(size)) for _, size in rows]
        found: NDArray[np.uint32] = lengths[ids]
        return found

    def _remembered(self) -> _Read:
        """What was read of the index since the database changed last."""
        version = self._db.version()
        if self._read is None or self._read.version != version:
            last = self._db.value("SELECT max(id) FROM full_text_docsize") or 0
            self._read = _Read(version, np.zeros(last + 1, np.uint32), {})
        return self._read

    def _question_words(self, query: str) -> list[tuple[str, bool]]:
        """The first distinct words of a question, spelt as in the index; True with those that are only beginnings."""
        text = _question_form(query)
        single = {run[0] for run in _RUN.finditer(text) if len(run[0]) == 1}
        self._db.execute(
            "CREATE VIRTUAL TABLE IF NOT EXISTS temp.question"
            f" USING fts5 (text, content = '', tokenize = '{TOKENIZER}')"
        )
        self._db.execute(
            "CREATE VIRTUAL TABLE IF NOT EXISTS temp.question_words USING fts5vocab (temp, question, 'instance')"
        )
        self._db.execute("INSERT INTO temp.question (rowid, text) VALUES (1, ?)", (text,))
        rows = self._db.rows(
            "SELECT term FROM temp.question_words GROUP BY term ORDER BY min(offset) LIMIT ?", (_READ,)
        )
        self._db.execute("INSERT INTO temp.question (question) VALUES ('delete-all')")
        return [(word, word in single) for (word,) in rows]

    def _rarest(self, words: Sequence[tuple[str, bool]]) -> list[tuple[str, bool]]:
        """The words to look for, rarest first; none that is in no passage."""
        taken: list[tuple[str, bool]] = []
        occurrences = 0
        for word, prefix, count in sorted(self._counted(words), key=lambda found: (found[2], found[0])):
            occurrences += count
            if len(taken) == _WORDS or (taken and occurrences > _OCCURRENCES):
                break
            taken.append((word, prefix))
        return taken

    def _counted(self, words: Sequence[tuple[str, bool]]) -> list[tuple[str, bool, int]]:
        """Those of `words` that the index has, with the number of passages they are in."""
        counts = self._remembered().counts
        for word, prefix in words:
            if (word, prefix) not in counts:
                counts[word, prefix] = int(
                    self._db.value(
                        "SELECT total(doc) FROM full_text_words WHERE term BETWEEN ? AND ?", _range(word, prefix)
                    )
                )
        return [(*word, counts[word]) for word in words if counts[word]]


def _normal(text: str) -> str:
    return unicodedata.normalize("NFKC", text)


def _pairs(run: str) -> str:
    return f" {' '.join(run[i : i + 2] for i in range(len(run) - 1))} "


def _question_form(text: str) -> str:
    """A question as FTS5 is to cut it into words; what SQLite cannot take as text is no part of a word."""
    text = text.encode("utf-8", "replace").decode().replace("\0", " ")
    if not _SPECIAL.search(text):
        return text
    return _RUN.sub(lambda run: _pairs(run[0]) if len(run[0]) > 1 else f" {run[0]} ", _normal(text))


def _listed(ids: _Ids) -> str:
    """Numbers as SQL lists them: there may be more than a statement has parameters."""
    return ",".join(map(str, ids.tolist()))


def _range(word: str, prefix: bool) -> tuple[str, str]:
    """The first and the last word of the index that a word stands for."""
    return word, word + "\U0010ffff" if prefix else word


def _varints(block: bytes) -> Iterator[int]:
    """The numbers in a record of FTS5: seven bits a byte, the highest first, up to a byte below 128."""
    number = 0
    for byte in block:
        number = number << 7 | byte & 0x7F
        if byte < 0x80:
            yield number
            number = 0
