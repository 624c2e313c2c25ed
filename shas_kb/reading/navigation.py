"""What of a page leads to other pages: bars of links, paths, "previous" and "next". Readers pass it over."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from dataclasses import dataclass

from selectolax.lexbor import LexborHTMLParser, LexborNode

_NAMED = "nav, [role=navigation], [role=search], [role=contentinfo]"
# The classes that DocBook, Publican, Sphinx, Docutils, Doxygen, Javadoc, MkDocs, Texinfo, TeX4ht, MediaWiki and
# Bootstrap give to navigation, without marks and figures ("top-nav", "navrow1"). "sidebar" and "header" are none of
# them: DocBook has texts in boxes of the one, many have the title of the page in the other.
_CLASS_NAMES = """
    docnav navheader navfooter navpath navtab navrow navbar navbarcell navlist navpanel navmenu navlinks navbox
    navigation topnav bottomnav subnav subnavlist sidenav mainnav skipnav fixednav sitenav pagenav postnav skiplink
    breadcrumb breadcrumbs wybreadcrumbs wynavside wynavtop pagination pager crosslinks sphinxsidebar
    sphinxsidebarwrapper relbar rstversions rstfooterbuttons mdnav mdheader mdtabs mdfooter mdskip mdsidebar
    headerlink copiablelink copiableanchor anchorlink headeranchor mweditsection mwjumplink catlinks printfooter
"""
_CLASSES = frozenset(_CLASS_NAMES.split())
# classes that are also given to what a page says: navigation if there is hardly anything but links
_UNCERTAIN = frozenset(("banner", "footer", "header", "menu", "node", "related", "tablist", "tabs"))
_NO_LETTERS = re.compile(r"[\W\d_]+")
_KEYS = frozenset("hnptu")  # next, previous, up, home, top
_RELATIONS = frozenset(("contents", "home", "next", "prev", "previous", "start", "up"))
_CONTENT = "main, article, [role=main]"
_HEADINGS = "h1, h2"
_SMALL_HEADINGS = "h3, h4, h5, h6"
# headings of links rather than of what a page says, without blanks
_HEADINGS_OF_LINKS = """
    navigation menu contents tableofcontents links quicklinks thispage relatedtopics previoustopic nexttopic
    navegación navegação navigazione navigatie nawigacja навигация 导航 導覽 ナビゲーション 탐색
"""
_OVER_LINKS = frozenset(_HEADINGS_OF_LINKS.split())
# rows and cells of tables are data, whatever their class: Pandoc gives "header" to the first row of each
_PARTS_OF_TABLES = frozenset(("caption", "col", "colgroup", "tbody", "td", "tfoot", "th", "thead", "tr"))
_SILENT = frozenset(("button", "noscript", "script", "select", "style", "svg", "template"))
_LONGEST = 600  # characters of a block of links
_WITHIN_LINKS = 0.5  # share of its letters
_SENTENCE = 20  # letters without a break that are prose rather than a label
_PROSE = 60  # letters of prose that are text, whatever is around them
_WIDE = "\u2e80"  # from here on a letter says as much as three


@dataclass(frozen=True, slots=True)
class _Amount:
    """How many letters there are in a block, in its links, and in prose beside these."""

    letters: int = 0
    linked: int = 0
    prose: int = 0

    def with_text(self, text: str, linked: bool) -> _Amount:
        """With a piece of text more."""
        length = _letters(text)
        prose = 0 if linked or length < _SENTENCE else length
        return _Amount(self.letters + length, self.linked + (length if linked else 0), self.prose + prose)

    def since(self, before: _Amount) -> _Amount:
        """What has come since an amount before."""
        return _Amount(self.letters - before.letters, self.linked - before.linked, self.prose - before.prose)


def navigation(tree: LexborHTMLParser) -> set[int]:
    """The nodes that are navigation, by their `mem_id`: as their tags, roles and classes say, or because there is
    little in them but links to the page before, after or above this one."""
    found = certain_navigation(tree)
    named = {node.mem_id: node for node in tree.css("[class]") if _is_named(node, _CLASSES)}
    amounts = _amounts(tree, named)
    found.update(number for number, node in named.items() if _is_bar(node, amounts.get(number, _Amount())))
    found.update(node.mem_id for node in tree.css("[class]") if _is_named(node, _UNCERTAIN) and _is_links_alone(node))
    return found


def certain_navigation(tree: LexborHTMLParser) -> set[int]:
    """Those of the nodes of which it is no matter of their classes."""
    return {node.mem_id for node in tree.css(_NAMED)}.union(_leading_away(tree))


def _is_named(node: LexborNode, names: frozenset[str]) -> bool:
    """Whether a node has one of the classes, and is not the page."""
    classes = {_NO_LETTERS.sub("", name) for name in (node.attributes.get("class") or "").lower().split()}
    return not classes.isdisjoint(names) and not _is_page(node)


def _is_bar(node: LexborNode, amount: _Amount) -> bool:
    """Whether a node with the class of navigation is: it does not hold the content of the page or prose as well."""
    if node.tag in _PARTS_OF_TABLES:
        return 0 < amount.linked >= _WITHIN_LINKS * amount.letters
    if node.css_first(_CONTENT) is not None:
        return False
    return amount.prose < max(_PROSE, amount.linked) or (amount.letters <= _LONGEST and _leads_twice(node))


def _is_links_alone(node: LexborNode) -> bool:
    """Whether a node with a class that also others have is navigation: no part of a table, no heading of its own, no
    prose, and most of it links."""
    if node.tag in _PARTS_OF_TABLES or not _is_links(node):
        return False
    texts = (text for text in node.traverse(include_text=True) if text.tag == "-text" and not _is_linked(text, node))
    return all(_letters(text.text_content or "") < _SENTENCE for text in texts)


def _is_linked(text: LexborNode, block: LexborNode) -> bool:
    """Whether a text in a block stands in a link."""
    above = text.parent
    while above is not None and above.mem_id != block.mem_id:
        if above.tag == "a":
            return True
        above = above.parent
    return False


def _amounts(tree: LexborHTMLParser, wanted: Container[int]) -> dict[int, _Amount]:
    """How much there is in each of the nodes that are wanted, in one walk: they may lie in each other."""
    found: dict[int, _Amount] = {}
    opened: list[tuple[int, _Amount]] = []
    so_far, silent, links = _Amount(), 0, 0
    for node, enters in _walk(tree.body) if wanted else ():
        step = 1 if enters else -1
        if node.tag == "-text":
            if enters and not silent:
                so_far = so_far.with_text(node.text_content or "", links > 0)
            continue
        silent += step * (node.tag in _SILENT)
        links += step * (node.tag == "a")
        if node.mem_id in wanted:
            if enters:
                opened.append((node.mem_id, so_far))
            else:
                number, before = opened.pop()
                found[number] = so_far.since(before)
    return found


def _walk(top: LexborNode | None) -> Iterator[tuple[LexborNode, bool]]:
    """All nodes, each as it is entered and as it is left. Without recursion: pages can be nested deep."""
    node = top
    while node is not None and top is not None:
        yield node, True
        if (child := node.first_child) is not None:
            node = child
            continue
        yield node, False
        while node.mem_id != top.mem_id and node.next is None and node.parent is not None:
            node = node.parent
            yield node, False
        node = None if node.mem_id == top.mem_id else node.next


def _is_page(node: LexborNode) -> bool:
    return node.tag in ("html", "body")


def _leading_away(tree: LexborHTMLParser) -> Iterator[int]:
    """The largest blocks around links with the keys or relations of navigation that hold little else."""
    judged: dict[int, bool] = {}
    for link in tree.css("a[accesskey], a[rel]"):
        if not _leads_away(link):
            continue
        block = link.parent
        while block is not None and not _is_page(block):
            if block.mem_id not in judged:
                judged[block.mem_id] = _is_links(block) and _leads_twice(block)
            if judged[block.mem_id]:
                yield block.mem_id
            elif len(block.text()) > _LONGEST:
                break
            block = block.parent


def _leads_twice(block: LexborNode) -> bool:
    return sum(map(_leads_away, block.css("a[accesskey], a[rel]"))) > 1


def _leads_away(link: LexborNode) -> bool:
    key, relations = link.attributes.get("accesskey") or "", link.attributes.get("rel") or ""
    return key.lower() in _KEYS or not _RELATIONS.isdisjoint(relations.lower().split())


def _is_links(block: LexborNode) -> bool:
    """Whether most of the letters of a short block are in links, and it has no heading but "Navigation" or the like."""
    text = block.text()
    if len(text) > _LONGEST or block.css_first(f"{_CONTENT}, {_HEADINGS}") is not None:
        return False
    headings = [heading.text() for heading in block.css(_SMALL_HEADINGS)]
    if any(_NO_LETTERS.sub("", heading).casefold() not in _OVER_LINKS for heading in headings):
        return False
    linked = sum(_letters(link.text()) for link in block.css("a"))
    return 0 < linked >= _WITHIN_LINKS * (_letters(text) - sum(map(_letters, headings)))


def _letters(text: str) -> int:
    """How many letters there are, those of Chinese and the like threefold."""
    letters = _NO_LETTERS.sub("", text)
    return len(letters) if letters.isascii() else sum(3 if letter >= _WIDE else 1 for letter in letters)
