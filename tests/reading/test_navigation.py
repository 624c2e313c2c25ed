"""What leads to other pages is no text of a page, whatever made it; what a page says is."""

from __future__ import annotations

import pytest

from shas_kb.reading.html import read_html

DOCBOOK = """<div class="navheader"><table summary="Navigation header"><tr><th colspan="3">Chapter 2. Oaks</th></tr><tr>
<td><a accesskey="p" href="one.html">Prev</a> </td><td><a accesskey="n" href="three.html">Next</a></td></tr></table>
<hr/></div>"""
PUBLICAN = """<ul class="docnav"><li class="previous"><a accesskey="p" href="a.html"><strong>Zurück</strong>Ulmen</a>
</li><li class="up"><a accesskey="u" href="#"><strong>Nach oben</strong></a></li></ul>"""
SPHINX = """<div class="related"><h3>Navigation</h3><ul><li><a href="genindex.html">index</a></li>
<li><a href="next.html">next</a> |</li></ul></div><div class="sphinxsidebar"><div class="sphinxsidebarwrapper">
<h1 class="logo"><a href="index.html">Forest</a></h1><p>Next topic</p></div></div>"""
DOXYGEN = """<div id="navrow1" class="tabs"><ul class="tablist"><li><a href="index.html">Main Page</a></li>
<li><a href="classes.html">Classes</a></li></ul></div><div id="nav-path" class="navpath"><ul><li>Home</li></ul></div>"""
JAVADOC = """<div class="topNav"><a name="navbar.top"></a><div class="skipNav"><a href="#skip">Skip links</a></div>
<ul class="navList" title="Navigation"><li>Package</li></ul></div><div class="sub-nav">Summary: Nested</div>"""
MKDOCS = """<div class="md-sidebar md-sidebar--primary"><ul class="md-nav__list"><li>Home</li></ul></div>
<ul class="breadcrumb"><li>Docs</li></ul><div class="rst-footer-buttons"><a href="b.html">Next</a></div>"""
TEXINFO = """<div class="nav-panel"><p>Next: <a href="b.html" accesskey="n" rel="next">Elms</a> &nbsp;
[<a href="#C">Contents</a>]</p></div><div class="header"><p>Next: <a href="b.html" accesskey="n" rel="next">Elms</a>,
Up: <a href="index.html" accesskey="u" rel="up">Trees</a></p></div>"""
BY_KEYS = """<center><p>[<a href="a.html" rel="prev">The page before</a>]
[<a href="b.html" rel="next">Next page</a>]</p></center>"""
TOP = '<p id="title"><a href="http://x.org"><img alt="Product Site" src="left.png"/></a></p>'

CONTENT = "<h2>Oaks</h2><p>They are tall.</p>"
READ = "Oaks\n\nThey are tall."


@pytest.mark.parametrize("bar", [DOCBOOK, PUBLICAN, SPHINX, DOXYGEN, JAVADOC, MKDOCS, TEXINFO, BY_KEYS, TOP])
def test_navigation_is_no_text(bar: str) -> None:
    page = f"<html><head><title>t</title></head><body>{bar}<div>{CONTENT}</div>{bar}</body></html>"
    assert read_html(page.encode(), "a.html").text == READ


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ('<div class="sidebar"><p>A box of text.</p></div>', "A box of text."),
        ('<div class="header"><h1>The title</h1><p>By <a href="a.html">Ada</a></p></div>', "The title\n\nBy Ada"),
        ('<div class="navbar-page navigation"><main><p>All of it.</p></main></div>', "All of it."),
        ('<div class="related"><p>Work on oaks by Knuth is related to ours.</p></div>', "Work on oaks by Knuth"),
        ('<p>Read the <a rel="next" href="b.html">next</a> or the <a rel="prev" href="a.html">last</a> part of the long'
         " story of the oaks.</p>", "Read the next or the last part"),
        ('<p>Press <a accesskey="n" href="#n">n</a> for a new file.</p>', "Press n for a new file."),
        ('<a href="large.PNG"><img alt="An oak in May" src="small.png"></a>', "An oak in May"),
        ('<p><img alt="An elm" src="elm.png"></p>', "An elm"),
        ('<section id="navigation"><p>Ships found their way by stars.</p></section>', "Ships found their way"),
        ('<p class="navy">Blue text.</p>', "Blue text."),
    ],
)  # fmt: skip
def test_content_is_text(content: str, text: str) -> None:
    page = f"<html><body>{content}{CONTENT}</body></html>"
    read = read_html(page.encode(), "a.html").text
    assert read.startswith(text)
    assert read.endswith(READ)


def test_marks_that_link_to_a_heading_are_no_part_of_it() -> None:
    page = '<html><body><h1>Oaks<a class="headerlink" href="#oaks">¶</a></h1><p>They are tall.</p></body></html>'
    assert read_html(page.encode(), "a.html").sections[0].title == "Oaks"


def test_a_page_of_nothing_but_nested_bars_is_read_in_time() -> None:
    bars = '<div class="menu"><a rel="next" accesskey="n" href="b">x</a>' * 2000
    assert read_html(f"<html><body>{bars}{CONTENT}</body></html>".encode(), "a.html").text.endswith("They are tall.")


PROSE = "The results of this year are better than those of any year before it, as the oaks have grown tall and wide."


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ('<table><tr class="header"><th>2019</th><th>2020</th></tr><tr><td>1</td></tr></table>', "2019 | 2020"),
        ('<table><tr><td class="header">1914</td><td>War</td></tr></table>', "1914 | War"),
        ('<table><tr class="header"><th><a href="#o">Oak</a></th></tr></table>', "Oak"),
        ('<table><tr><td class="pager">Yes</td></tr></table>', "Yes"),
        ('<div class="header"><h3>The results of 2020</h3></div>', "The results of 2020"),
        ('<div class="menu"><h3>Starters</h3><p>Soup, <a href="b.html">bread and butter</a></p></div>', "Starters"),
        ('<div class="banner"><h4>Warning: do not burn</h4></div>', "Warning: do not burn"),
        (f'<div class="navigation"><p>{PROSE}</p><a href="b.html">Next</a></div>', "The results of this year"),
        (f'<table class="navbar"><tr><td>{PROSE}</td></tr></table>', "The results of this year"),
        (f'<div class="related"><p>As <a href="k">{PROSE}</a> says of the bark of all elms</p></div>', "As The"),
    ],
)  # fmt: skip
def test_what_only_has_a_class_of_navigation_is_text(content: str, text: str) -> None:
    assert read_html(f"<html><body>{content}{CONTENT}</body></html>".encode(), "a.html").text.startswith(text)


@pytest.mark.parametrize(
    "bar",
    [
        '<div class="related"><h3>Navigation</h3><a href="a.html">index</a></div>',
        '<div class="navigation">' + '<a href="a.html">One of a great many links</a> | ' * 99 + "</div>",
        f'<div class="navbar"><script>{PROSE}</script><a href="a.html">Home</a></div>',
        '<table><tr><td class="NavBarCell1"><a href="a.html">Overview</a> Class</td></tr></table>',
    ],
)
def test_bars_of_links_are_no_text(bar: str) -> None:
    assert read_html(f"<html><body>{bar}{CONTENT}</body></html>".encode(), "a.html").text == READ


def test_a_page_that_is_all_navigation_by_its_class_is_kept() -> None:
    page = f'<html><body><div class="navigation">{CONTENT}</div></body></html>'
    assert read_html(page.encode(), "a.html").text == READ
    only_links = f"<html><body>{DOCBOOK}<nav>Home</nav></body></html>"
    assert "Home" not in read_html(only_links.encode(), "a.html").text


def test_nested_bars_are_measured_in_time() -> None:
    bars = f'<div class="navbar"><p>{PROSE}</p>' * 2000
    assert read_html(f"<html><body>{bars}{CONTENT}</body></html>".encode(), "a.html").text.endswith("They are tall.")
