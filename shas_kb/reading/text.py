"""Plain text, in whatever encoding."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator

import charset_normalizer

from shas_kb.reading.asciidoc import is_asciidoc, parts
from shas_kb.reading.contents import contents_lines
from shas_kb.reading.draft import Builder, Draft, UnreadableError, clean, is_unspaced
from shas_kb.reading.lines import Joiner
from shas_kb.records import Problem

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SAMPLE = 200_000
_GARBAGE = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f\ufffd]")
_UNDERLINE = re.compile(r"([=\-~^#*])\1{2,}\s*")
_UNEQUAL = 3  # characters by which an underline and its heading may differ
_ITEM = re.compile(r"\s*(?:[-*+•◦▪]|\d{1,3}[.)]|[a-zA-Z][.)])\s+")
# "-" at the end of a line is mostly a hyphen of the word: editors break lines there, and divide no words
_DIVIDING = "‐"
_DIVIDED = re.compile(r"[^\W\d_]‐\Z")
_TEX_HEADING = re.compile(r"\\(part|chapter|(?:sub){0,2}section|paragraph)\*?\{([^{}]*(?:\{[^{}]*\}[^{}]*)*)\}")
_TEX_DEPTHS = {"part": 1, "chapter": 1, "section": 2, "subsection": 3, "subsubsection": 4, "paragraph": 5}


def decode(data: bytes) -> str:
    """Bytes to text: by their mark, as UTF-8, as UTF-16 without a mark, else by what the bytes most look like.

    Raises:
        UnreadableError: if it is no text at all.
    """
    text = _decoded(data)
    sample = text[:_SAMPLE]
    if len(_GARBAGE.findall(sample)) > 0.02 * len(sample) + 2:
        raise UnreadableError(Problem("not a text: its bytes make no sense in any encoding; save it as UTF-8"))
    return clean(text)


def _decoded(data: bytes) -> str:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data.decode(encoding, "replace")
    if (wide := _utf_16(data, 4)) is not None:
        return wide
    try:
        # surrogates written one by one are no proper UTF-8, but common; `clean` drops them
        return data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError as error:
        if error.start > len(data) - 4:
            # cut off in the middle of a character
            return data[: error.start].decode("utf-8")
    if (wide := _utf_16(data, 40)) is not None:
        return wide
    repaired = data.decode("utf-8", "replace")
    beyond = sum(1 for byte in data[:_SAMPLE] if byte >= 0x80)
    if repaired[:_SAMPLE].count("\ufffd") * 20 < beyond:
        # one bad byte in a long text
        return repaired
    return data.decode(_likely_encoding(data[:_SAMPLE]), "replace")


def _likely_encoding(sample: bytes) -> str:
    """The encoding that makes the most sense; of several that make equal sense, the most common one."""
    matches = list(charset_normalizer.from_bytes(sample))
    if not matches:
        return "cp1252"
    best = matches[0]
    equal = [match.encoding for match in matches if (match.chaos, match.coherence) == (best.chaos, best.coherence)]
    return "cp1252" if "cp1252" in equal else best.encoding


def _utf_16(data: bytes, one_in: int) -> str | None:
    """UTF-16 without a mark, told by the zeros in every other byte: at least `one_in` so many of them."""
    sample = data[: _SAMPLE & ~1]
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    if max(even, odd) * one_in <= len(sample) // 2 or min(even, odd) * 8 > max(even, odd):
        return None
    return data.decode("utf-16-be" if even > odd else "utf-16-le", "replace")


def read_text(data: bytes, path: str) -> Draft:
    """Read plain text: paragraphs, underlined headings (reStructuredText), sections of TeX, AsciiDoc.

    Raises:
        UnreadableError: if it is no text.
    """
    lines = _without_contents(decode(data).split("\n"))
    joiner = Joiner(lines, _DIVIDING)
    builder = Builder()
    if path.lower().endswith(".tex"):
        return builder.finish(_write_tex(builder, lines, joiner))
    if is_asciidoc(lines, path):
        return builder.finish(_write_asciidoc(builder, lines, joiner))
    return builder.finish(_write_plain(builder, _blocks(lines), joiner, {}))


def _without_contents(lines: list[str]) -> list[str]:
    """Lines without those of a table of contents, unless nothing else is there."""
    listed = contents_lines(lines)
    kept = [line for number, line in enumerate(lines) if number not in listed]
    return kept if any(map(str.strip, kept)) else lines


def _blocks(lines: Iterable[str]) -> Iterator[list[str]]:
    """Lines between empty lines."""
    for block in re.split(r"\n[ \t]*\n\s*", "\n".join(lines)):
        if kept := [line for line in block.split("\n") if line.strip()]:
            yield kept


def _write_plain(builder: Builder, blocks: Iterable[list[str]], joiner: Joiner, marks: dict[str, int]) -> str:
    """Write blocks, some with an underlined heading on top, and return the first heading. `marks` gives the depths of
    the marks that were met."""
    title = ""
    for block in blocks:
        lines = block
        if heading := _underlined(lines):
            text_of, mark, used = heading
            builder.heading(text_of, marks.setdefault(mark, len(marks) + 1))
            title = title or text_of
            lines = lines[used:]
        _add(builder, lines, joiner)
    return title


def _write_tex(builder: Builder, lines: list[str], joiner: Joiner) -> str:
    title, marks = "", dict[str, int]()
    for block in _blocks(lines):
        if found := _TEX_HEADING.match(block[0].strip()):
            builder.heading(found[2], _TEX_DEPTHS[found[1]])
            rest = [block[0].strip()[found.end() :], *block[1:]]
            _add(builder, [line for line in rest if line.strip()], joiner)
        else:
            underlined = _write_plain(builder, [block], joiner, marks)
            title = title or underlined
    return title


def _write_asciidoc(builder: Builder, lines: list[str], joiner: Joiner) -> str:
    """Write AsciiDoc and return its title: the heading of the first rank, where it comes first."""
    title, marks = "", {"=": 1}
    for part in parts(lines):
        if part.depth:
            builder.heading(part.lines[0], part.depth)
            title = title or (part.lines[0] if part.depth == 1 else "")
        elif part.code:
            builder.code("\n".join(part.lines))
        else:
            underlined = _write_plain(builder, [part.lines], joiner, marks)
            title = title or underlined
    return title


def _underlined(lines: list[str]) -> tuple[str, str, int] | None:
    """The heading at the top of a block, the mark under it, and how many lines it takes."""
    over = len(lines) >= 3 and _UNDERLINE.fullmatch(lines[0]) and _UNDERLINE.fullmatch(lines[2])
    if over:
        heading = lines[1].strip()
        matches = lines[0].strip() == lines[2].strip() and _fits(lines[2], heading)
        return (heading, "over" + lines[2][0], 3) if matches else None
    if len(lines) >= 2 and _UNDERLINE.fullmatch(lines[1]) and not _UNDERLINE.fullmatch(lines[0]):
        heading = lines[0].strip()
        if len(heading) <= 120 and _fits(lines[1], heading):
            return heading, lines[1][0], 2
    return None


def _fits(line: str, heading: str) -> bool:
    """Whether a line of marks is about as long as a heading. Only dashes are fences of listings, and so may not be
    much longer; other marks may run over the page."""
    longer = len(line.strip()) - sum(2 if is_unspaced(character) else 1 for character in heading)
    return longer >= -_UNEQUAL and (longer <= _UNEQUAL or line.strip()[0] != "-")


def _add(builder: Builder, lines: list[str], joiner: Joiner) -> None:
    """A paragraph whose lines were broken to fit a width becomes one line; other lines stay."""
    rows: list[list[str]] = []
    wrapped = _is_wrapped(lines)
    for line in lines:
        if rows and not _ITEM.match(line) and (wrapped or _DIVIDED.search(rows[-1][-1])):
            rows[-1].append(line.strip())
        else:
            rows.append([line.strip()])
    builder.lines(map(joiner.join, rows))


def _is_wrapped(lines: list[str]) -> bool:
    """Whether the breaks come from a width: all lines but the last of an item are about equally long."""
    if len(lines) < 2:
        return False
    lengths = [len(line.rstrip()) for line in lines]
    longest = max(lengths)
    wide = 20 if is_unspaced(lines[0].strip()[0]) else 45
    inner = [length for length, following in zip(lengths, lines[1:], strict=False) if not _ITEM.match(following)]
    return wide <= longest <= 160 and all(length >= 0.6 * longest for length in inner)
