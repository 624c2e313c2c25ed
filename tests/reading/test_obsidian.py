"""Notes of Obsidian, as a person reads them."""

from __future__ import annotations

import pytest

from shas_kb.reading.markdown import read_markdown


def read(text: str) -> str:
    return read_markdown(text.encode(), "a.md").text


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("See [[Trees]] and [[folder/Oaks.md|the oaks]].", "See Trees and the oaks."),
        ("See [[Elms#Bark]], [[#Kinds]], [[Elms#^ab12cd]].", "See Elms > Bark, Kinds, Elms."),
        ("Before ![[photo.png|300]]after ![[Plan]].", "Before after Plan."),
        ("| a |\n|---|\n| [[X\\|alias]] |", "a\nalias"),
        ("One %%hidden words%% two (%%three%%).", "One two ()."),
        ("One\n%% hidden words %%\ntwo.", "One two."),
        ("One\n%%\nhidden\n\nalso hidden\n%%\ntwo", "One\n\ntwo"),
        ("One.\n\n%%\n## Drawing\n```json\nhidden\n```\n%%", "One."),
        ("It is ==**very** good==, and x==1 or y==2.", "It is very good, and x==1 or y==2."),
        ("这是==重点==内容。", "这是重点内容。"),
        ("A claim. ^claim-1\n\n- item ^37066d\n\nNext.", "A claim.\n\nitem\n\nNext."),
        ("> [!note]- My *title*\n> Its [[text]].", "My title\n\nIts text."),
        ("> [!tip]\n> Only text.", "Only text."),
        ("# {{title}}\n\nFrom {{date:YYYY-MM-DD}} on.", "From on."),
        ("Notes.\n\n```dataview\nTABLE rating FROM #book\n```\n\n```dataviewjs\ndv.list()\n```", "Notes."),
    ],
)
def test_syntax_of_obsidian_is_not_shown(written: str, text: str) -> None:
    assert read(written) == text


@pytest.mark.parametrize(
    "text",
    [
        "Run `[[ -f x ]]`, `==a==`, `%%b%%` and `{{title}}`.",
        "A matrix [[1, 2], [3, 4]] and if [[ -f x ]]; then.",
        "It is 100%% sure, 50%% maybe.",
        "An unclosed %% comment and [[link.",
        "A template says {{ user.name }}.",
        "Energy is mc ^2",
        "In R, the operator %% gives the remainder of a division; 5 %% 2 is 1.",
        "FOR %%i IN (a b) DO echo %%i",
        "Write %%s for a name (%%) or a part (%%), up to 50%%.",
        "The first item is m[[1]], then m[[2]][[1]].",
        "A tenth is 10 ^-1",
        "It grows as e ^kt",
        "It starts with two\nlines %% of\ntext %% here.",
        "a == b and c == d",
    ],
)
def test_what_only_looks_like_it_stays(text: str) -> None:
    assert read(text) == text.replace("`", "").replace("\n", " ")


def test_code_stays() -> None:
    code = "if [[ -f x ]]; then echo %% ==a== {{title}} ^abc-d; fi\n[[Trees]]"
    draft = read_markdown(f"Text.\n\n```bash\n{code}\n```\n".encode(), "a.md")
    assert draft.text == f"Text.\n\n{code}"
    assert draft.code == ((7, 7 + len(code)),)


def test_a_link_of_markdown_stays_one() -> None:
    assert read("As [[1]](http://x.org/1) says.") == "As [1] says."


def test_a_comment_without_an_end_hides_nothing() -> None:
    assert read("%%\nnot hidden\n\nnor this") == "%% not hidden\n\nnor this"


def test_a_template_has_the_name_of_its_file() -> None:
    assert read_markdown(b"# {{title}}\n\nText.", "Book.md").title == ""


def test_two_marks_with_a_heading_between_hide_nothing() -> None:
    assert read("%%\n\nOaks.\n\n# Elms\n\nMore.\n\n%%\n\nEnd.") == "%%\n\nOaks.\n\nElms\n\nMore.\n\n%%\n\nEnd."
    assert "Oaks" in read("%%\n\nOaks\n====\n\n%%")


def test_a_mark_after_a_list_ends_no_comment_in_it() -> None:
    assert "Oaks" in read("- %%\n  one\n\nOaks.\n\n%%\n\nEnd.")


def test_code_of_whatever_name_stays() -> None:
    assert read("Text.\n\n```tasks\nnot done\n```") == "Text.\n\nnot done"
