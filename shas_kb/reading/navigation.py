"""What of a page leads to other pages: bars of links, paths, "previous" and "next". Readers pass it over."""

from __future__ import annotations

import re
from collections.abc import Iterator

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
_LONGEST = 600  # characters of a block of links
_WITHIN_LINKS = 0.5  # share of its letters


def navigation(tree: LexborHTMLParser) -> set[int]:
    """The nodes that are navigation, by their `mem_id`: as their tags, roles and classes say, or because there is
    little in them but links to the page before, after or above this one."""
    found = {node.mem_id for node in tree.css(_NAMED)}
    found.update(node.mem_id for node in tree.css("[class]") if _is_navigation(node))
    return found.union(_leading_away(tree))


def _is_navigation(node: LexborNode) -> bool:
    """Whether the classes of a node say so, and it does not hold the content of the page as well."""
    classes = {_NO_LETTERS.sub("", name) for name in (node.attributes.get("class") or "").lower().split()}
    if not classes.isdisjoint(_CLASSES):
        return not _is_page(node) and node.css_first(_CONTENT) is None
    return not classes.isdisjoint(_UNCERTAIN) and not _is_page(node) and _is_links(node)


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
    """Whether most of the letters of a short block, but for its own small headings, are in links."""
    text = block.text()
    if len(text) > _LONGEST or block.css_first(f"{_CONTENT}, {_HEADINGS}") is not None:
        return False
    linked, headed = (sum(_letters(node.text()) for node in block.css(tags)) for tags in ("a", "h3, h4, h5, h6"))
    return linked >= _WITHIN_LINKS * (_letters(text) - headed)


def _letters(text: str) -> int:
    return len(_NO_LETTERS.sub("", text))
