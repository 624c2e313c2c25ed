"""The words of a text, and how much each of them says in this collection.

What a word is worth is measured (how few passages hold it), not listed. The first list below holds only words that
ask or join, some of which are rare in expository text, so that rarity would take "who" or "怎么" for a subject. The
second holds the words that name a collection or the asking itself ("main topics", "summarise"): they decide nothing
wherever a question has a subject; a question made of nothing else is about everything.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping, Sequence, Set
from functools import lru_cache

from shas_kb.reading.stopwords import LANGUAGES, stop_words

MOST_WORDS = 64
"""Distinct words of a question that are looked up: more cost time and add nothing (a pasted page is not a question)."""

_IDEOGRAPH = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0002ffff"
_LETTERS = rf"(?:(?![{_IDEOGRAPH}])[^\W_])+"
_WORD = re.compile(rf"[{_IDEOGRAPH}]+|{_LETTERS}(?:_+{_LETTERS})*")
_WIDE = re.compile(rf"[{_IDEOGRAPH}]")
_STOP = frozenset(
    """
    a about after all also although am among an and any are as at be because been before being between both but by
    can could did do does doing done during each either else every few for from further get give gives given go had
    has have having he her here hers him his how however i if in instead into is it its itself just let like many
    may me might mine more most much must my neither no nor not of off on once one only or other our ours out over
    own per please rather s same say says shall she should show since so some such t tell than that the their them
    then there these they this those though through thus to too under until up upon us use used using very via was
    we were what when where whether which while who whom whose why will with within without would yet you your yours
    什么 怎么 怎样 如何 哪些 哪个 哪里 为何 为什 多少 是否 的是 是什 以及 我们 你们 他们 这个 那个 这些
    那些 可以 因为 所以
    """.split()  # noqa: SIM905
)
_ASKING = frozenset(
    """
    article articles collection contain contained contains content contents cover covered covering covers describe
    describes description discuss discussed discusses document documents everything explain explains file files
    general library main mention mentioned mentions note notes outline overall overview paper papers subject subjects
    summarise summarize summary talk talks text texts theme themes thing things topic topics vault whole
    主要 主题 内容 文档 文件 文章 概述 总结 介绍 全部 整体 资料
    handelt sammlung dokument dokumente dokumenten gib geht gibt inhalt notizen thema themen überblick worum wovon
    zusammenfassung
    aperçu collection contenu documents donne parle principaux quoi résumé sujet sujets thème thèmes
    colección contenido dame documentos principales resumen tema temas trata visión
    collezione contenuto documenti panoramica parla principali riassunto temi argomenti
    coleção conteúdo documentos principais resumo temas visão
    collectie documenten gaat inhoud onderwerp onderwerpen overzicht samenvatting verzameling
    документах документов документы коллекции коллекция краткое обзор основные сборник содержание тема темы чём
    dokumentach dokumenty dokumentów główne kolekcja kolekcji przegląd streszczenie temat tematy treść zbiór zbiorze
    コレクション 文書 概要 要約 主な 資料 テーマ
    """.split()  # noqa: SIM905
)


def words(text: str) -> list[str]:
    """The words of `text` in order, case folded; Chinese and Japanese, without spaces, give pairs of characters, and a
    name as programs have them ("PROMPT_COMMAND") itself and its parts."""
    found: list[str] = []
    for run in _WORD.findall(text.casefold()):
        if _WIDE.match(run) and len(run) > 2:
            found += [run[i : i + 2] for i in range(len(run) - 1)]
        else:
            found.append(run)
            if "_" in run:
                found += re.split("_+", run)
    return found


def content_words(text: str) -> list[str]:
    """The distinct words of `text` that can carry a topic, in order, at most `MOST_WORDS`."""
    every = dict.fromkeys(words(text))
    found = [word for word in every if word not in _STOP]
    grammar = _grammar(every.keys())
    return ([word for word in found if word not in grammar] or found)[:MOST_WORDS]


def _grammar(found: Set[str]) -> Set[str]:
    """The stop words of the language of which a question has most, and several, where that is not English: English
    questions may be about words of grammar, of which `_STOP` has fewer, and "war" alone is no German."""
    counts = {language: len(found & its) for language, its in _own_stop_words().items()}
    most = max(counts, key=lambda language: counts[language])
    return _own_stop_words()[most] if counts[most] > max(1, len(found & stop_words("en"))) else frozenset()


@lru_cache(1)
def _own_stop_words() -> Mapping[str, frozenset[str]]:
    """The stop words of each language but English that are none of English."""
    return {language: stop_words(language) - stop_words("en") for language in sorted(LANGUAGES - {"en"})}


def subject_words(content: Sequence[str]) -> list[str]:
    """Those content words that say what a question is about, rather than only that something is asked."""
    return [word for word in content if word not in _ASKING]


@lru_cache(1 << 16)
def stem(word: str) -> str:
    """`word` without a common English ending, so that "theories" meets "theory": crude, and only used to compare."""
    if not word.isascii() or len(word) < 5:
        return word
    for ending, instead in (("ies", "y"), ("ing", ""), ("ed", ""), ("es", ""), ("s", ""), ("e", "")):
        if word.endswith(ending) and len(word) - len(ending) >= 4 and not word.endswith("ss"):
            return word[: -len(ending)] + instead
    return word


def stems(text: str) -> frozenset[str]:
    """The stems of the content words of `text`, all of them."""
    return frozenset(stem(word) for word in words(text) if word not in _STOP)


def worth(share: float, passages: int) -> float:
    """What a word says that a share of the passages holds: 0 if all hold it, 1 if one does, or none.

    Args:
        share: 0 to 1.
        passages: how many there are.
    """
    most = max(passages, 2)
    return min(1.0, -math.log(max(share, 1 / most)) / math.log(most))


def commonness(shares: Mapping[str, float], naming: Mapping[str, float], passages: int) -> float:
    """How common the rarest word is, 0 to 1. Without words 1: a question about nothing is about everything.

    A word that names a node counts as one of all its passages, whatever they call themselves; a word that is unknown
    otherwise does not count, as it tells nothing about a height here (0.5 where all are unknown).

    Args:
        shares: the words, with the share of passages that hold each.
        naming: stems that names of nodes hold, with the share of documents under these.
        passages: how many there are.
    """
    known = [max(share, naming.get(stem(word), 0.0)) for word, share in shares.items()]
    return 1 - max((worth(share, passages) for share in known if share > 0), default=0.5 if shares else 0.0)


class Covering:
    """Which words of a question stand in texts, and what they say together.

    Args:
        weights: what each word says.
    """

    def __init__(self, weights: Mapping[str, float]) -> None:
        total = sum(weights.values()) or 1.0
        self._shares: dict[str, float] = {}
        for word, weight in weights.items():
            self._shares[stem(word)] = self._shares.get(stem(word), 0.0) + weight / total

    def among(self, stems: Set[str]) -> Set[str]:
        """The stems of the question's that are among some."""
        return self._shares.keys() & stems

    def share(self, held: Collection[str]) -> float:
        """The share of the question's weight that some stems of its have, 0 to 1; 0 without words. Added up in the
        question's order: a set's is another in each process."""
        return sum(share for stem, share in self._shares.items() if stem in held)
