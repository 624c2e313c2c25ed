"""Title, authors and year: what a file says of itself, as far as it can be believed."""

from __future__ import annotations

import re
from collections.abc import Iterable

from shas_kb.reading.draft import one_line

_PROGRAMS = re.compile(
    r"^(?:microsoft (?:word|powerpoint|excel)\b|powerpoint presentation|untitled|unbenannt|no title|title|document\d*$"
    r"|dokument\d*$|slide \d+|presentation\d*$|sheet\d*$|book\d*$|layout \d|print(?:ing)?\b.*$|page \d+|template"
    r"|paper title|arxiv:|doi:|https?:|www\.|\(?anonymous\)?$|无标题|新建|文档\d*$)",
    re.IGNORECASE,
)
_FILE_NAME = re.compile(
    r"\S+\.(?:pdf|docx?|tex|dvi|ps|rtf|odt|indd|qxd|html?|txt|pptx?|xlsx?|fm|pmd|wpd|eps)$", re.IGNORECASE
)
_NOBODY = re.compile(
    r"^(?:admin(?:istrator)?|user|owner|author|unknown|anonymous|root|guest|none|n/?a|default|windows user|home|pc"
    r"|ieuser"
    r"|microsoft.*|.*\badobe\b.*|latex.*|tex|pdf.*|null|python-docx|-+|\W+)$",
    re.IGNORECASE,
)
_MARKED_YEAR = re.compile(
    r"(?:©|\(c\)|copyright|published|proceedings|conference|journal|vol(?:ume)?\.?|submitted|accepted|received"
    r"|revised|date[d:]|january|february|march|april|may|june|july|august|september|october"
    r"|november|december)[^\n]{0,60}?\b((?:19|20)\d\d)\b"
    r"|\(((?:19|20)\d\d)\)|\b((?:19|20)\d\d)\s*年",
    re.IGNORECASE,
)
_YEAR = re.compile(r"(?:19|20)\d\d")
_NAME = re.compile(r"[^\W\d_](?:[^\W\d_]|[.'’-])*(?: (?:[^\W\d_]|[.'’-])+){1,3}")
_NO_NAME = re.compile(
    r"\b(?:universi|institut|department|college|school|laborator|research|cent(?:er|re)|faculty|group|abstract|introduction"
    r"|version|chapter|draft|report|volume|journal|press|edition|table|page|form|list)\w*"
    r"|\b(?:the|of|and|for|by|in|on|to|with|an?|inc|corp|name|date)\b",
    re.IGNORECASE,
)
_PARTICLES = {"van", "von", "de", "der", "den", "da", "di", "du", "la", "le", "del", "dos", "el", "bin", "ter", "zu"}
# what stands for a space in a file's name; not the marks of a date ("2024-03-01")
_SPACE = re.compile(
    r"(?P<date>(?<!\d)(?:1\d|20)\d\d-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12]\d|3[01]))?(?!\d))|[_+]+|(?<=\w)-+(?=\w)|%20"
)
_ARXIV = re.compile(r"arXiv:(\d\d)(\d\d)\.\d{4,5}")


def credible_title(title: str, file_name: str) -> str:
    """`title` on one line if it may be a document's title; "" for program names, file names, placeholders."""
    title = one_line(title).strip(" .,;:-–_")
    letters = sum(character.isalpha() for character in title)
    if letters < 2 or letters < 0.4 * len(title) or len(title) > 400 or "\ufffd" in title:
        return ""
    if _PROGRAMS.match(title) or _FILE_NAME.search(title) or re.search(r"[\\/]\S+[\\/]", title):
        return ""
    stem = file_name.rpartition(".")[0] or file_name
    if " " not in title and (title.lower() == stem.lower() or "_" in title):
        return ""
    return title


def title_from_name(path: str) -> str:
    """A title made of a file's name: `notes/on_trees-v2.pdf` gives "on trees v2". Dates stay as they are."""
    name = path.rpartition("/")[2]
    stem = name.rpartition(".")[0] or name
    words = _SPACE.sub(lambda found: found["date"] or " ", stem)
    return one_line(words) or name


def split_authors(text: str | Iterable[str]) -> tuple[str, ...]:
    """The names in an author field, which may be separated by semicolons, commas, "and" or "&"."""
    fields = [text] if isinstance(text, str) else list(text)
    names: list[str] = []
    for field in fields:
        line = one_line(field)
        if ";" in line:
            parts = line.split(";")
        else:
            parts = re.split(r"\s+(?:and|und|et|&)\s+|\s*&\s*|、", line)
            commas = [part for piece in parts for part in re.split(r"\s*[,，]\s*", piece)]
            # "Knuth, Donald" is one name, "Ada Lovelace, Alan Turing" are two
            if all(" " in part.strip() for part in commas if part.strip()):
                parts = commas
        names += [
            part.strip(" ,.*†‡") if not part.strip().endswith((" Jr.", ".")) else part.strip(" ,*†‡") for part in parts
        ]
    kept = [name for name in names if 1 < len(name) <= 80 and not _NOBODY.match(name) and "@" not in name]
    return tuple(dict.fromkeys(kept))[:50]


def authors_below_title(line: str) -> tuple[str, ...]:
    """The authors if `line`, found under a title, is nothing but names; else none."""
    plain = re.sub(r"(?<=[^\W\d_.])[\d,*†‡§¶∗ ]*[\d*†‡§¶∗](?=[\s,]|$)", "", one_line(line))
    parts = [part.strip(" ,") for part in re.split(r",|;|\band\b|&|·", plain) if part.strip(" ,")]
    names = [part for part in parts if _is_name(part)]
    return tuple(names) if len(names) == len(parts) else ()


def _is_name(text: str) -> bool:
    if not _NAME.fullmatch(text) or _NO_NAME.search(text):
        return False
    words = text.split(" ")
    shouted = any(len(word) > 2 and word.isupper() for word in words)
    return not shouted and all(word[0].isupper() or word in _PARTICLES for word in words)


def year_in(text: str, latest: int) -> int | None:
    """The year that the first page of a document gives for itself: after a ©, in a date, in the name of a conference.

    `latest` bounds it: when the file was made.
    """
    if found := _ARXIV.search(text):
        return 2000 + int(found[1])
    years = [int(next(group for group in match.groups() if group)) for match in _MARKED_YEAR.finditer(text)]
    fitting = [year for year in years if 1900 <= year <= latest]
    return fitting[0] if fitting else None


def year_of(date: str) -> int | None:
    """The year of a date in a metadata field (`D:20190102...`, `2019-01-02`, "May 2019"), None if there is none."""
    found = _YEAR.search(date)
    return int(found.group()) if found else None
