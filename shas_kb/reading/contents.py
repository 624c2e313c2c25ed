"""Tables of contents and indexes with leaders ("Preface . . . . . 3"): signposts to the text, and no text.

Lines with leaders may as well be of a bill of fare, a list of telephones or a log. Those of a table of contents stand
under its heading, or their numbers are such as the pages of the document have, and in order. Where that is not sure
they stay, and so does whatever stands between them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from shas_kb.reading.layout import Paragraph

_ROMAN = r"(?=[ivxlcdm])m{0,3}(?:c[md]|d?c{0,3})(?:x[cl]|l?x{0,3})(?:i[xv]|v?i{0,3})"
_PAGE = rf"(?:[A-Za-z0-9]{{1,3}}[-–])?(?:\d{{1,4}}|{_ROMAN}|{_ROMAN.upper()})"
_PAGES = re.compile(rf"{_PAGE}(?:,\s*{_PAGE})*,?")
_ONE_PAGE = re.compile(_PAGE)
_SECTION = re.compile(r"(?:\d{1,3}(?:\.\d{1,3})*|[IVX]{1,5}|[A-Z])\.?")
_LETTER = re.compile(r"[^\W\d_]")
_DOTS = ".·…"
_BLANKS = " \t\xa0\u2002\u2003\u2009\u202f\u3000"
_VALUES = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100, "d": 500, "m": 1000}
_LONGEST = 300  # characters of a line with leaders
_FEWEST = 4  # lines of a table of contents
_LEAST_DOTS = 4  # of leaders; "…" counts as two
_BETWEEN = 2  # lines without a page between two entries: the name of a part, the first half of a long title
_NO_PROSE = 100  # characters of such a line
_ABOVE = 4  # lines above the first entry among which the heading is
_LOWEST = 20  # page on which at the most the first entry is
_GOES_ON = 12  # lines between two parts of a table of contents
_NEXT = 3  # pages at the most from the last entry of the one to the first of the other
_SPAN = 3  # one in so many pages of the document lie, at the least, between the first and the last of its entries
_DISTINCT = 0.6  # share of the entries that have a page to themselves, where no heading says what they are
_IN_ORDER = 0.8  # share of the entries of an index that come in the order of the alphabet
_SEVERAL = 0.25  # share of the entries of an index without heads that have several pages
_HEADS = 2  # letters that stand alone over the entries of an index
# what stands over tables of contents and indexes, without blanks and marks
_HEADING_NAMES = """
    contents tableofcontents toc briefcontents detailedcontents listoffigures listoftables listofillustrations figures
    tables index subjectindex authorindex generalindex
    inhalt inhaltsverzeichnis inhaltsübersicht abbildungsverzeichnis tabellenverzeichnis verzeichnis register
    sachregister stichwortverzeichnis personenregister
    tabledesmatières tabledesmatieres sommaire tabledesfigures listedesfigures listedestableaux
    índice indice índicegeneral tabladecontenido tabladecontenidos contenido contenidos sumario sumário conteúdo
    sommario indicegenerale indicedeicontenuti inhoud inhoudsopgave inhoudstafel
    innehåll innehållsförteckning indhold indholdsfortegnelse innhold innholdsfortegnelse sisällys sisällysluettelo
    spistreści obsah tartalom tartalomjegyzék cuprins sadržaj kazalo içindekiler
    содержание оглавление зміст съдържание περιεχόμενα תוכןהעניינים المحتويات فهرس
    目录 目錄 目次 もくじ 차례 목차 索引
"""
_HEADINGS = frozenset(_HEADING_NAMES.split())


@dataclass(frozen=True, slots=True)
class _Entry:
    """Where it stands, the letters of its title, how many pages it names, and the first of them: of which kind its
    number is ("", "roman" or "chapter"), and its place among these."""

    row: int
    letters: str
    pages: int
    kind: str
    page: tuple[str, int]


def without_contents(found: Sequence[Paragraph], pages: int) -> list[Paragraph]:
    """Paragraphs of a document of so many pages without the lines of tables of contents and indexes; all of them where
    nothing else is there."""
    rows = [line for paragraph in found for line in paragraph.lines]
    listed = contents_lines(rows, pages)
    if not listed:
        return list(found)
    kept: list[Paragraph] = []
    row = 0
    for paragraph in found:
        end = row + len(paragraph.lines)
        lines = [line for number, line in enumerate(paragraph.lines, row) if number not in listed]
        if lines:
            kept.append(paragraph if len(lines) == len(paragraph.lines) else replace(paragraph, lines=lines))
        row = end
    return kept


def contents_lines(rows: Sequence[str], pages: int | None = None) -> set[int]:
    """Which of the lines of a document are of its table of contents or its index. None if there are no others.

    Args:
        rows: its lines.
        pages: how many it has, if it has any.
    """
    listed: set[int] = set()
    last: _Entry | None = None
    for run in _runs(rows):
        if found := _lines_of(rows, run, pages, last):
            listed |= found
            last = run[-1]
    others = (row for number, row in enumerate(rows) if number not in listed)
    return listed if any(_LETTER.search(row) and not _is_heading(row) for row in others) else set()


def _runs(rows: Sequence[str]) -> Iterator[list[_Entry]]:
    """Entries between which hardly anything stands."""
    run: list[_Entry] = []
    for number, row in enumerate(rows):
        if (entry := _entry(row, number)) is None:
            continue
        if run and not _close(rows, run[-1].row, number):
            yield run
            run = []
        run.append(entry)
    yield run


def _entry(row: str, number: int) -> _Entry | None:
    """The entry that a line is: words, leaders, pages. Told from its end, so that no line of dots takes long."""
    if len(row) > _LONGEST:
        return None
    line = row.rstrip()
    end = max(map(line.rfind, _DOTS)) + 1
    title = line[:end].rstrip(_DOTS + _BLANKS)
    if not end or not _are_leaders(line[len(title) : end]):
        return None
    numbers = line[end:].strip()
    title = title.strip(_DOTS + _BLANKS)
    if not title or _PAGES.fullmatch(numbers) is None:
        return None
    first, *others = numbers.rstrip(",").split(",")
    return _Entry(number, _letters(title), 1 + len(others), *_rank(first.strip()))


def _are_leaders(text: str) -> bool:
    return text.count(".") + text.count("·") + 2 * text.count("…") >= _LEAST_DOTS


def _letters(text: str) -> str:
    return "".join(_LETTER.findall(text)).casefold()


def _is_heading(row: str) -> bool:
    """Whether a line says that a table of contents or an index follows."""
    return len(row) <= _NO_PROSE and _letters(row).removesuffix("continued") in _HEADINGS


def _close(rows: Sequence[str], before: int, number: int) -> bool:
    """Whether hardly anything stands between two entries but entries without leaders, and no heading of a new list."""
    left = _BETWEEN
    for row in rows[before + 1 : number]:
        if len(row) > _NO_PROSE or _is_heading(row):
            return False
        if row.strip() and _bare_page(row) is None:
            left -= 1
            if left < 0:
                return False
    return True


def _bare_page(row: str) -> str | None:
    """The page of an entry without leaders ("2 Oaks 14"), as those of the first rank often are."""
    words = row.split()
    bare = len(words) > 1 and _ONE_PAGE.fullmatch(words[-1]) and any(map(_LETTER.search, words[:-1]))
    return words[-1] if bare else None


def _lines_of(rows: Sequence[str], run: Sequence[_Entry], pages: int | None, last: _Entry | None) -> set[int]:
    """The lines of the entries of a run, if they are long enough a list and surely one of pages. `last` is the last
    entry of the list before."""
    if len(run) < _FEWEST or 2 * sum(bool(entry.letters) for entry in run) < len(run):
        return set()
    headed = _is_headed(rows, run[0].row)
    if _is_contents(run, pages, headed) or (pages is not None and last is not None and _goes_on(run, pages, last)):
        return {entry.row for entry in run} | _bare_entries(rows, run)
    if pages is not None and _is_index(rows, run, pages, headed):
        return {entry.row for entry in run} | _rest_of_index(rows, run)
    return set()


def _is_headed(rows: Sequence[str], first: int) -> bool:
    """Whether the heading of a table of contents or an index stands shortly before a line."""
    left = _ABOVE
    for number in range(first - 1, max(-1, first - 1 - 4 * _ABOVE), -1):
        if _is_heading(rows[number]):
            return True
        left -= bool(rows[number].strip())
        if left <= 0:
            return False
    return False


def _is_contents(run: Sequence[_Entry], pages: int | None, headed: bool) -> bool:
    """Whether the pages of the entries never fall, rise from first to last, and begin low. Without a heading they must
    be spread over the document as well: the points of an examination and the prices of a bar may rise, too."""
    kinds = {entry.kind: [other.page for other in run if other.kind == entry.kind] for entry in run}
    if any(_falls(found) for found in kinds.values()):
        return False
    most = max(kinds.values(), key=len)
    if most[0] == most[-1] or any(found[0][1] > _LOWEST for found in kinds.values()):
        return False
    if headed or pages is None:
        return headed
    distinct = len({(entry.kind, entry.page) for entry in run})
    spread = (most[-1][1] - most[0][1]) * _SPAN >= pages
    return _within(run, pages) and spread and distinct >= _DISTINCT * len(run)


def _falls(found: Sequence[tuple[str, int]]) -> bool:
    return any(one > other for one, other in pairwise(found))


def _goes_on(run: Sequence[_Entry], pages: int, last: _Entry) -> bool:
    """Whether a run is the next part of a table of contents: it stands near, and its pages go on from there."""
    found = [entry.page for entry in (last, *run)]
    near = run[0].row - last.row <= _GOES_ON and found[1][1] - found[0][1] <= _NEXT
    same = all(entry.kind == last.kind for entry in run)
    return near and same and not _falls(found) and found[0] < found[-1] and _within(run, pages)


def _within(run: Sequence[_Entry], pages: int) -> bool:
    return all(entry.kind != "chapter" and entry.page[1] <= pages for entry in run)


def _is_index(rows: Sequence[str], run: Sequence[_Entry], pages: int, headed: bool) -> bool:
    """Whether the entries come in the order of the alphabet, under its letters or with several pages each."""
    named = [entry.letters for entry in run if entry.letters]
    order = [one <= other for one, other in pairwise(named)]
    if sum(order) < _IN_ORDER * len(order) or not (headed or _within(run, pages)):
        return False
    several = sum(entry.pages > 1 for entry in run)
    return several >= _SEVERAL * len(run) or len(_heads(rows, run)) >= _HEADS


def _heads(rows: Sequence[str], run: Sequence[_Entry]) -> set[int]:
    """The lines between the entries of an index that are no more than the letter with which the next one begins."""
    pairs = ((entry.row - 1, entry.letters[:1]) for entry in run if entry.row and entry.letters)
    return {row for row, letter in pairs if rows[row].strip().casefold() == letter}


def _rest_of_index(rows: Sequence[str], run: Sequence[_Entry]) -> set[int]:
    """The letters over the entries, and the lines that go on with the numbers of an entry that ends in a comma."""
    going_on = {
        entry.row + 1
        for entry in run
        if entry.row + 1 < len(rows)
        and rows[entry.row].rstrip().endswith(",")
        and _PAGES.fullmatch(rows[entry.row + 1].strip())
    }
    return going_on | _heads(rows, run)


def _bare_entries(rows: Sequence[str], run: Sequence[_Entry]) -> set[int]:
    """The entries without leaders: they begin with the number of a section, and their page is none before that of the
    entry above and none after that of the entry below."""
    found = set()
    for one, other in pairwise(run):
        for number in range(one.row + 1, other.row):
            page = _bare_page(rows[number])
            if page is None or _SECTION.fullmatch(rows[number].split()[0]) is None:
                continue
            kind, rank = _rank(page)
            if kind == one.kind == other.kind and one.page <= rank <= other.page:
                found.add(number)
    return found


def _rank(number: str) -> tuple[str, tuple[str, int]]:
    """The kind of a page number (Roman, or with the number of a chapter before it) and its place among these."""
    chapter, _, page = number.replace("–", "-").rpartition("-")
    if page.isdigit():
        return "chapter" if chapter else "", (chapter.rjust(3), int(page))
    values = [_VALUES[letter] for letter in page.lower()]
    pairs = zip(values, [*values[1:], 0], strict=True)
    value = sum(-value if value < following else value for value, following in pairs)
    return "chapter" if chapter else "roman", (chapter.rjust(3), value)
