"""What notes of Obsidian have beyond Markdown, as a person reads it: links by their names, no comments, no queries.

Rules for the parser: what stands in code stays as it is.
"""

from __future__ import annotations

import re

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline

_QUERIES = frozenset(("dataview", "dataviewjs"))
# a link, or what is embedded; "[[1]](http://...)" is a link of Markdown, "[[ -f file ]]" a test, "m[[1]]" an item of m
_LINK = re.compile(r"(!|(?<![A-Za-z0-9_À-ɏ)\]]))\[\[(?!\s)([^\[\]|\n]+?)(?:\\?\|([^\[\]\n]*))?\]\](?![(\[])")
_ATTACHMENT = re.compile(
    r"\.(?:avif|base|bmp|canvas|excalidraw|flac|gif|jpe?g|m4a|mkv|mov|mp[34]|og[gv]|pdf|png|svg|wav|web[mp])\Z", re.I
)
# on one line; "5 %% 2", "FOR %%i IN (a b) DO echo %%i", "(%%) and (%%)", "%%s, and 50%%" have none
_COMMENT = re.compile(r"(?<![\w%])%%[\w\[(<#@!](?:(?!%%).)*(?<=[^\W\d]|[.!?)\]>…])%%(?![\w%])")
_COMMENT_LINE = re.compile(r"(?:\A|(?<=\n))%%(?!%)(?:(?!%%).)+%%[ \t]*(?=\n|\Z)")
# a heading, also underlined, or not of a reader: drawings are stored below the heading "Drawing"
_HEADING = re.compile(r"#{1,6}(?!\s+Drawing\Z)(?:\s|\Z)|=+\Z|-+\Z")
# named by a person, or by the program
_BLOCK_ID = re.compile(r"\^(?:[A-Za-z][A-Za-z0-9-]{3,}|(?=\d+[a-z])[0-9a-z]{6})[ \t]*\Z")
_HIGHLIGHT = re.compile(r"(?<![A-Za-z0-9_=!<>)\]])==(?=[^\s=])((?:(?!==).)+)(?<=\S)==(?![A-Za-z0-9_=(\[])", re.DOTALL)
_PLACEHOLDER = re.compile(r"\{\{(?:date|time|title)(?::[^{}\n]*)?\}\}")
_CALLOUT = re.compile(r"\[![\w -]+(?:\|[^\]\n]*)?\][+-]?[ \t]*([^\n]*)\n?")


def obsidian(parser: MarkdownIt) -> None:
    """Teach `parser` the syntax of Obsidian."""
    parser.block.ruler.before("fence", "comment", _comment_block, {"alt": ["paragraph", "reference", "blockquote"]})
    parser.core.ruler.after("block", "callout", _callouts)
    parser.core.ruler.after("block", "query", _drop_queries)
    parser.inline.ruler.before("link", "note_link", _note_link)
    parser.inline.ruler.before("emphasis", "highlight", _highlight)
    parser.inline.ruler.before("emphasis", "silent", _silent)


def _note_link(state: StateInline, silent: bool) -> bool:
    """`[[Target|alias]]`: the alias, or the target's name and heading; nothing for an image, sound or drawing."""
    found = _LINK.match(state.src, state.pos, state.posMax)
    if found is None:
        return False
    if not silent and not (found[1] and _ATTACHMENT.search(found[2].partition("#")[0].strip())):
        state.push("text", "", 0).content = (found[3] or "").strip() or _name(found[2])
    state.pos = found.end()
    return True


def _name(target: str) -> str:
    """A target as Obsidian shows it, without folders and the ids of blocks: `a/Trees#Roots` gives "Trees > Roots"."""
    note, *headings = target.split("#")
    parts = [note.strip().rpartition("/")[2].removesuffix(".md"), *map(str.strip, headings)]
    return " > ".join(part for part in parts if part and not part.startswith("^"))


def _highlight(state: StateInline, silent: bool) -> bool:
    """`==text==`: the text, whatever marks are in it."""
    found = _HIGHLIGHT.match(state.src, state.pos, state.posMax)
    if found is None:
        return False
    if not silent:
        end = state.posMax
        state.pos, state.posMax = found.start(1), found.end(1)
        state.md.inline.tokenize(state)
        state.posMax = end
    state.pos = found.end()
    return True


def _silent(state: StateInline, silent: bool) -> bool:
    """What a reader does not see: comments, the id of a block at its end, what a template has filled in."""
    start = state.src[state.pos]
    if start == "^" and not state.src[max(state.pos - 1, 0)].isspace():
        return False
    patterns = {"%": (_COMMENT, _COMMENT_LINE), "^": (_BLOCK_ID,), "{": (_PLACEHOLDER,)}.get(start, ())
    found = next((found for each in patterns if (found := each.match(state.src, state.pos, state.posMax))), None)
    if found is None:
        return False
    state.pos = found.end()
    return True


def _comment_block(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """A comment between two lines of its mark alone. One that has no end is none, nor one with a heading in it: these
    are two marks that have nothing to do with each other."""
    if _line(state, start) != "%%" or state.is_code_block(start):
        return False
    last = start + 1
    while last < end and _line(state, last) != "%%":
        if _HEADING.match(_line(state, last)) or _is_outside(state, last):
            return False
        last += 1
    if last >= end or _is_outside(state, last):
        return False
    if not silent:
        state.line = last + 1
    return True


def _is_outside(state: StateBlock, line: int) -> bool:
    """Whether a line is not in the item of a list that is being read."""
    return bool(_line(state, line)) and state.sCount[line] < state.blkIndent


def _line(state: StateBlock, line: int) -> str:
    return state.src[state.bMarks[line] + state.tShift[line] : state.eMarks[line]].rstrip()


def _drop_queries(state: StateCore) -> None:
    """Leave out blocks that ask a plugin for a list."""
    state.tokens = [
        token for token in state.tokens if token.type != "fence" or _QUERIES.isdisjoint(token.info.lower().split()[:1])
    ]


def _callouts(state: StateCore) -> None:
    """`> [!note] Title`: the title in a paragraph of its own."""
    for index, token in reversed(list(enumerate(state.tokens))):
        if token.type != "inline" or index < 2 or state.tokens[index - 2].type != "blockquote_open":
            continue
        found = _CALLOUT.match(token.content)
        if found is None:
            continue
        opening, closing = state.tokens[index - 1], state.tokens[index + 1]
        parts = [part for part in (found[1], token.content[found.end() :]) if part.strip()]
        state.tokens[index - 1 : index + 2] = [
            each for part in parts for each in (opening, token.copy(content=part, children=[]), closing)
        ]
