"""Words, phrases and languages."""

from __future__ import annotations

import py3langid
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shas_kb.reading.language import guess_language
from shas_kb.reading.phrases import key_phrases, terms

CONSENSUS = (
    "Byzantine fault tolerance is a property of systems. TCP is not enough for Byzantine fault tolerance. The TCP"
    " stack of a replica, and its state machine, are tested. A state machine with Byzantine fault tolerance uses"
    " 3f+1 replicas,"
    " and 42 of them are Byzantine. "
)
CHINESE = (
    "人工智能正在改变世界。机器学习是人工智能的一部分，而深度学习是机器学习的一部分。"
    "研究人工智能的人很多，他们用机器学习来研究深度学习。"
)


def test_terms_are_counted_without_stop_words_and_numbers() -> None:
    found = terms("The tree, the TREE and a 2019 tree's x1 naïve हिन्दी don't", "en")
    assert found == {"tree": 3, "naïve": 1, "x1": 1, "हिन्दी": 1}


def test_chinese_terms_are_pairs_of_characters() -> None:
    found = terms("数据结构和数据。BERT模型", "zh")
    assert found["数据"] == 2
    assert found["bert"] == 1
    assert "构和" not in found


def test_terms_are_capped() -> None:
    assert len(terms(" ".join(f"word{i}" for i in range(9000)), "en")) == 4000


def test_phrases_stand_as_they_are_written() -> None:
    found = key_phrases(CONSENSUS * 30, "en", [])
    assert found["Byzantine fault tolerance"] == 90
    assert found["TCP"] == 60
    assert found["state machine"] == 60
    assert "fault tolerance" not in found
    assert not any(phrase.lower().split()[0] in ("the", "of", "a", "is") for phrase in found)
    assert not any(phrase.replace(" ", "").isdigit() for phrase in found)


def test_in_a_long_text_a_phrase_must_come_twice_or_in_a_heading() -> None:
    text = "The lonely phrase is here. " + CONSENSUS * 90 + " A purple heading word stands here."
    assert "lonely phrase" not in key_phrases(text, "en", [])
    assert "lonely phrase" in key_phrases(text, "en", ["Lonely Phrase"])
    assert "lonely phrase" in key_phrases("The lonely phrase is here.", "en", [])


def test_chinese_phrases_are_words() -> None:
    found = key_phrases(CHINESE * 5, "zh", [])
    assert {"人工智能", "机器学习", "深度学习"} <= set(found)
    assert not {"工智", "器学习", "能的"} & set(found)


@pytest.mark.parametrize(
    ("text", "there", "not_there"),
    [
        ("They compress the record. We can compress a block, and must compress it.", {"record"}, {"compress"}),
        ("Code example generates the warning. It generates a file.", {"Code example"}, {"Code example generates"}),
        ("The river is cold. It was cold, and the bank is very steep.", {"river", "bank"}, {"cold", "steep"}),
        ("It has 12 metres of rope, and twenty metres of chain.", {"rope", "chain"}, {"metres", "twenty metres"}),
        ("There’s no proof, it’s clear. Newton’s laws are three.", {"proof", "Newton’s laws"}, {"There", "There’s"}),
        ("The laws of Newton’s, and the stars of Newton’s.", {"Newton"}, {"Newton’s"}),
        ("Values obtained from a probe, and bread baked at home.", {"bread"}, {"Values obtained", "bread baked"}),
    ],
)
def test_verbs_adjectives_and_what_is_counted_name_nothing(text: str, there: set[str], not_there: set[str]) -> None:
    found = set(key_phrases(text, "en", []))
    assert there <= found
    assert not not_there & found


def test_the_pieces_of_a_file_name_are_no_phrase() -> None:
    found = key_phrases("Chips_Podcast_with_Lisa_Su.txt\nLisa Su makes chips. Lisa Su began as an engineer.", "en", [])
    assert "Lisa Su" in found
    assert not {"Chips Podcast", "Lisa Su.txt", "Podcast"} & {phrase for phrase in found if " " in phrase}


def test_names_held_together_by_of_are_one() -> None:
    found = key_phrases("The Bill of Rights was added. Some feared the Bill of Rights, or all of Congress.", "en", [])
    assert found["Bill of Rights"] == 2
    assert not {"Bill", "Rights", "of Rights"} & set(found)


def test_a_part_of_a_longer_phrase_is_none_by_itself_if_it_occurs_once() -> None:
    found = key_phrases("The honey bee is small. The East Pacific Rise is long.", "en", [])
    assert {"honey bee", "East Pacific Rise"} <= set(found)
    assert not {"East Pacific", "Pacific Rise"} & set(found)


def test_of_phrases_that_count_the_same_the_first_are_kept() -> None:
    text = " ".join(f"The zebra{chr(97 + i // 26)}{chr(97 + i % 26)} is." for i in range(400))
    found = list(key_phrases("The zygote is. " + text + " The aardvark is.", "en", []))
    assert found[0] == "zygote"
    assert "aardvark" not in found


STATUTE = (
    "居民委员会和村民委员会都协助工作。居民委员会很小。村民委员会很大，本条例对居民委员会适用。本条例对村民委员会也适用。"
    "三条边相交，两条边平行，这条边很长，n 条边很短。最高人民法院解释本条例，最高人民法院很忙。"
)


def test_chinese_fragments_are_no_words() -> None:
    found = set(key_phrases(STATUTE * 2, "zh", []))
    assert {"居民委员会", "村民委员会"} <= found
    assert not {"民委员会", "条边", "本条例", "高人民法院"} & found


def among_others(word: str) -> str:
    """A text in which a word has many neighbours."""
    said = "".join(f"{before}{word}{after}。" for before, after in zip("甲乙丙丁戊己", "红黄蓝白黑紫", strict=True))
    return said + "".join(chr(0x4E00 + 97 * i) for i in range(200))


@pytest.mark.parametrize("word", ["以及", "应当组织", "可以采取", "需要注意", "十六条", "容器中", "本解释"])
def test_chinese_words_of_grammar_name_nothing(word: str) -> None:
    assert word not in key_phrases(among_others(word), "zh", [])


@pytest.mark.parametrize("word", ["应用", "本质", "有限公司", "二次剩余", "并查集"])
def test_chinese_words_that_begin_like_grammar_are_words(word: str) -> None:
    assert word in key_phrases(among_others(word), "zh", [])


def test_english_among_chinese_is_read_as_english() -> None:
    found = key_phrases("数据结构。It is an array, and the array is long. 数据结构很长。", "zh", [])
    assert "array" in found
    assert not {"is", "an", "an array", "the array"} & set(found)


def test_english_stop_words_hold_in_texts_of_other_languages() -> None:
    german = "Das Paket ist eine Datei. The package is called by the system, and this package can be removed. " * 2
    found = key_phrases(german, "de", ["Package & the"])
    assert {"Paket", "Datei"} <= set(found)
    assert {word for phrase in found for word in phrase.lower().split()}.isdisjoint({"the", "is", "this", "can", "be"})
    assert "the" not in terms(german, "de")
    assert "the" not in terms("Система the система.", "ru")
    assert "the" not in terms("To je the balíček.", "cs")


@pytest.mark.parametrize(
    ("language", "text", "words"),
    [
        ("de", "Der See liegt tief. Die Not ist groß, die Last schwer, die Mine leer.", {"see", "not", "last", "mine"}),
        ("fr", "Le but du jeu est marqué, l'or noir reste dans la mine.", {"but", "mine"}),
        ("nl", "Het been is gebroken en de last is zwaar.", {"been", "last"}),
        ("pl", "Ten most jest stary.", {"most"}),
        ("sv", "Det är en liten by.", {"by"}),
    ],
)
def test_words_that_are_english_by_chance_count(language: str, text: str, words: set[str]) -> None:
    assert words <= set(terms(text, language))


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("en", "Mon: Red lentil dal\nTue: leftovers\nWed: Shakshuka\nThu: Miso aubergine\nFri: pizza out"),
        (
            "en",
            "[x] Sungold tomato\n[x] Kale Nero di Toscana\n[ ] Borlotti beans\n[ ] Sweet pea Matucana\n\n"
            "Total 38.20 francs from Sativa Rheinau.",
        ),
        ("de", "Milch, Butter, Brot, Kartoffeln, Zwiebeln, Äpfel"),
        ("it", "Latte, burro, pane, patate e cipolle"),
        ("zh", "上一页下一页。搜索软件包的方法，在管理员手册中。"),
    ],
)
def test_languages_of_short_lists(code: str, text: str) -> None:
    assert guess_language(text) == code


def test_varieties_of_chinese_are_chinese() -> None:
    wu = "侬好，阿拉今朝到上海去白相。伊拉讲个闲话阿拉侪听得懂，搿个物事是啥人个？" * 8
    assert str(py3langid.classify(wu)[0]) == "wuu"
    assert guess_language(wu) == "zh"


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("en", "This is a plain text in a language that many people know."),
        ("de", "Das ist ein einfacher Text in einer Sprache, die viele kennen."),
        ("fr", "Ceci est un texte simple dans une langue que beaucoup connaissent."),
        ("zh", "这是一篇用许多人都懂的语言写成的简单文章。"),
        ("ja", "これは多くの人が知っている言語で書かれた簡単な文章です。"),
        ("ru", "Это простой текст на языке, который знают многие люди."),
        ("und", "12 + 30 = 42"),
    ],
)
def test_languages(code: str, text: str) -> None:
    assert guess_language(text) == code
    assert guess_language(text * 300) == code


def test_the_words_of_formulas_are_no_phrases() -> None:
    text = r"The sum of all primes is $\sum_{p} p \cdots \binom{n}{k}$, and $\binom{n}{k}$ counts subsets. " * 3
    assert not {"sum_", "cdots", "binom"} & set(key_phrases(text, "en", []))
    assert {"primes", "counts subsets"} <= set(key_phrases(text, "en", []))
    refers = r"By \begin{equation} x \end{equation} and \ref{eq:loss}, \cite[p. 3]{smithson} is right. " * 3
    assert not {"equation", "loss", "smithson"} & set(key_phrases(refers, "en", []))
    assert "Rotor" in key_phrases(r"The files are in C:\Turbines\Rotor on this machine. " * 3, "en", [])


@given(st.text(), st.sampled_from(["en", "zh", "xx"]))
def test_any_text_has_words_and_phrases_that_stand_in_it(text: str, language: str) -> None:
    for found in (terms(text, language), key_phrases(text, language, [text[:20]])):
        assert all(count > 0 and word.strip() == word != "" for word, count in found.items())
    plain = " ".join(text.lower().split())
    for phrase in key_phrases(text, language, []):
        assert phrase.split(" ")[0].lower() in plain or len(phrase.lower()) != len(phrase)
