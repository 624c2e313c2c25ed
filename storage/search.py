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
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from shas_kb.storage.database import Row
from shas_kb.storage.part import Part
from shas_kb.storage.schema import TOKENIZER

# Of a question: how many words are looked up, how many are looked for, and in how many passages these may be together.
_READ = 500
_WORDS = 64
_OCCURRENCES = 10_000

# Thai, Lao, Myanmar, Khmer; ideographs, kana, bopomofo; hangul, which has spaces, but joins particles to its nouns.
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3041-\u309f\u30a1-\u30fa\u30fc-\u30ff\u3105-\u312f\u31a0-\u31bf"
    "\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff\U00020000-\U0003ffff"
)
_RUN = re.compile(f"[{_UNSPACED}]+")
# Full and half width forms, and jamo, become characters of the above (or plain Latin) when normalised.
_SPECIAL = re.compile(f"[{_UNSPACED}\u1100-\u11ff\uff00-\uffef]")


def searchable(text: str) -> str | None:
    """What full text is to see in place of `text`; None where that is `text` itself."""
    return _RUN.sub(lambda run: _pairs(run[0]) + f"{run[0][-1]} ", _normal(text)) if _SPECIAL.search(text) else None


class FullText(Part):
    """Looking for words in passages."""

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
            rows = self._best(" OR ".join(_quoted(word, prefix) for word, prefix in words), limit) if words else []
            marks = ",".join("?" * len(rows))
            ids = [id for id, _ in rows]
            places = self._db.rows(f"SELECT id, document, ordinal FROM passages WHERE id IN ({marks})", ids)
        key = {id: (document, ordinal) for id, document, ordinal in places}
        found = [(*key[id], -rank) for id, rank in rows]
        return sorted(found, key=lambda hit: (-hit[2], *hit[:2]))[:limit]

    def rarity(self, words: Sequence[str]) -> list[float]:
        """For each of `words`, the share of passages that hold it (0 to 1); several words in one are a phrase."""
        with self._db.snapshot():
            passages = self._db.value("SELECT total(passages) FROM documents") or 1.0
            return [self._holding(word) / passages for word in words]

    def _holding(self, word: str) -> int:
        terms = self._question_words(word)
        if len(terms) < 2:
            return sum(count for _, _, count in self._counted(terms))
        phrase = '"' + _question_form(word).replace('"', " ") + '"'
        return int(self._db.value("SELECT count(*) FROM full_text WHERE full_text MATCH ?", (phrase,)))

    def _best(self, expression: str, limit: int) -> list[Row]:
        """(rowid, rank) of the best `limit` passages, and of any others that are as good as the last of these."""
        asked = limit + 16
        while True:
            rows = self._db.rows(
                "SELECT rowid, rank FROM full_text WHERE full_text MATCH ? ORDER BY rank LIMIT ?", (expression, asked)
            )
            if len(rows) < asked or rows[limit - 1][1] < rows[-1][1]:
                return rows
            asked *= 4

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
        counted = []
        for word, prefix in words:
            last = word + "\U0010ffff" if prefix else word
            count = self._db.value("SELECT sum(doc) FROM full_text_words WHERE term BETWEEN ? AND ?", (word, last))
            if count:
                counted.append((word, prefix, int(count)))
        return counted


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


def _quoted(word: str, prefix: bool) -> str:
    return f'"{word}"*' if prefix else f'"{word}"'
