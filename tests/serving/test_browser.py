"""The page as a person meets it, in a real browser."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from browser import Browser

DETAIL = "At how many level 0 files does LevelDB stop accepting writes?"
ANSWER = "LevelDB delays writes at eight such files and stops them at twelve."


def wait(browser: Browser, code: str) -> None:
    """Until an expression in the page is true."""
    for _ in range(500):
        if browser.js(f"!!({code})"):
            return browser.settle()
        time.sleep(0.02)
    raise AssertionError(f"never: {code}; {browser.complaints}")


def element(selector: str) -> str:
    return f"document.querySelector({json.dumps(selector)})"


def ask(browser: Browser, question: str) -> None:
    """Type a question and press Enter."""
    browser.js(f"{element('#question')}.select()")
    browser.js(f"{element('#question')}.focus()")
    browser.write(question)
    browser.press("Enter")
    wait(browser, f"{element('#asked h2')}?.textContent === {json.dumps(question)} && {element('#asked .hits')}")


@pytest.fixture
def home(browser: Browser, sample) -> str:
    address = sample.server.address
    browser.open(address, "#detail h2")
    return address


def test_a_detail_is_answered_with_its_sentence_and_its_page(browser: Browser, home: str) -> None:
    ask(browser, DETAIL)
    assert browser.texts("#asked blockquote")[0] == f"{ANSWER}Log-structured merge trees, p. 2"
    assert browser.texts("#asked > .level")[0].startswith("Answered by the documents, 9")
    assert browser.texts(".heights a")[0].startswith("passage")
    wait(browser, element("#reader img"))
    assert browser.texts("#reader h2") == ["Log-structured merge trees"]
    assert browser.texts(".pager span") == ["2 of 2"]
    assert browser.js(f"[{element('#reader img')}.naturalWidth, Number({element('#reader img')}.dataset.marks)]") == [
        1400,
        2,
    ]
    assert browser.js(f"{element('.original')}.getAttribute('href')").endswith("survey.pdf#page=2")
    # the marker's yellow is in the picture, where the text is
    assert (
        browser.js(
            "(image => { const pen = new OffscreenCanvas(image.naturalWidth, image.naturalHeight).getContext('2d');"
            " pen.drawImage(image, 0, 0);"
            " const { data } = pen.getImageData(0, 0, image.naturalWidth, image.naturalHeight);"
            " let count = 0; for (let i = 0; i < data.length; i += 4) count += data[i] > 250 && data[i + 2] < 100;"
            f" return count; }})({element('#reader img')})"
        )
        > 5000
    )
    assert browser.js("document.body.scrollWidth <= innerWidth")
    assert browser.complaints == []


def test_the_address_holds_the_question(browser: Browser, home: str) -> None:
    ask(browser, DETAIL)
    first = browser.js("location.hash")
    ask(browser, "What is there about the sea?")
    browser.js("history.back()")
    wait(browser, f"{element('#asked h2')}?.textContent === {json.dumps(DETAIL)}")
    browser.js("history.back()")
    wait(browser, "!document.body.classList.contains('asking')")
    assert browser.js(f"{element('#reader')}.hidden")
    assert browser.texts("#detail h2") == ["Overview"]
    assert browser.js(f"{element('#tree')}.childElementCount") > 3
    browser.open(home + first, "#asked blockquote")
    assert browser.js(f"{element('#question')}.value") == DETAIL
    assert browser.complaints == []


def test_an_overview_leads_into_the_tree(browser: Browser, home: str) -> None:
    ask(browser, "What is there about the sea?")
    assert browser.texts(".said.node") == ["Sea (category, 29 documents)"]
    browser.click(".said.node a")
    wait(browser, "!document.body.classList.contains('asking')")
    assert browser.texts("#detail h2") == ["Sea"]
    assert browser.js("location.hash") == f"#node={browser.js('chosen.id')}"
    assert browser.complaints == []


def test_the_path_of_a_hit_leads_into_the_tree(browser: Browser, home: str) -> None:
    ask(browser, DETAIL)
    browser.js(f"{element('.hits .path')}.scrollIntoView()")
    path = browser.texts(".hits li:first-child .path a")
    assert len(path) == 3
    browser.js("document.querySelectorAll('.hits li:first-child .path a')[2].click()")
    wait(browser, "!document.body.classList.contains('asking')")
    assert browser.texts("#trail a") == ["All", *path]
    assert browser.complaints == []


def test_a_question_can_be_kept_to_the_branch_one_is_in(browser: Browser, home: str) -> None:
    browser.js("location.hash = link(items.find((item) => item.name === 'Coffee' && item.level === 'entity'))")
    wait(browser, f"{element('.scope b')}.textContent === 'Coffee'")
    browser.click(".scope input")
    ask(browser, "What is said of water?")
    places = set(browser.texts(".hits li .path"))
    assert all(place.endswith(("Coffee", "Flour, cheese & coffee")) for place in places)
    browser.js("[...document.querySelectorAll('.heights .auto')].at(-1).click()")
    wait(browser, f"!location.hash.includes('under') && {element('#asked .hits')}")
    assert set(browser.texts(".hits li .path")) - places
    assert browser.complaints == []


def test_pages_are_turned_and_read_as_text(browser: Browser, home: str) -> None:
    ask(browser, DETAIL)
    wait(browser, element("#reader img"))
    browser.js(f"{element('#asked .source')}.click()")
    wait(browser, f"document.activeElement === {element('#reader')} && {element('#reader img')}")
    browser.press("ArrowLeft")
    wait(browser, f"{element('.pager span')}.textContent === '1 of 2'")
    assert browser.js("[...document.querySelectorAll('.pager button')].map((b) => b.disabled)") == [True, False]
    browser.press("ArrowRight")
    wait(browser, f"{element('.pager span')}.textContent === '2 of 2'")
    browser.click("#reader .tabs button:last-child")
    wait(browser, element("#reader mark"))
    assert browser.texts("#reader mark") == [ANSWER]
    while browser.js(f"!!{element('.sheet > .rest')}"):
        count = len(browser.texts("#reader .text"))
        browser.js(f"{element('.sheet > .rest')}.click()")
        wait(browser, f"document.querySelectorAll('#reader .text').length > {count}")
    assert browser.texts("#reader mark") == [ANSWER]
    browser.press("Escape")
    assert browser.js(f"{element('#reader')}.hidden")
    assert browser.js("document.activeElement.className") == "source"
    assert browser.complaints == []


def test_escape_closes_the_source_that_an_answer_opened(browser: Browser, home: str) -> None:
    ask(browser, DETAIL)
    wait(browser, element("#reader img"))
    assert browser.js("document.activeElement.id") == "question"
    browser.press("Escape")
    assert browser.js(f"[{element('#reader')}.hidden, {element('#question')}.value]") == [True, DETAIL]


def test_a_question_may_hold_a_slash(browser: Browser, home: str) -> None:
    browser.js(f"{element('#question')}.focus()")
    browser.press("/")
    assert browser.js("document.activeElement.id") == "question"
    browser.js("document.activeElement.blur()")
    browser.press("/")
    assert browser.js("document.activeElement.id") == "query"


def test_reading_on_keeps_the_place(browser: Browser, home: str) -> None:
    lecture = "documents.find((one) => one.name === 'Log-structured merge trees').id"
    browser.js(f"reader.open({{ document: {lecture}, start: 1e6 }}).then(() => reader.text())")
    wait(browser, element(".sheet > .rest"))
    texts = "[...document.querySelectorAll('.sheet .text')]"
    browser.js(f"window.kept = {texts}[0].textContent")
    place = f"{texts}.find((one) => one.textContent === kept).getBoundingClientRect().y"
    before, count = browser.js(place), len(browser.texts(".sheet .text"))
    browser.js(f"{element('.sheet > .rest')}.click()")
    wait(browser, f"{texts}.length > {count}")
    assert abs(browser.js(place) - before) < 2
    assert browser.js(f"{element('#reader')}.contains(document.activeElement)")
    assert browser.complaints == []


def test_text_that_cannot_be_had_is_told(browser: Browser, serving, sample_kb: Path) -> None:
    with serving(sample_kb) as client:
        browser.open(client.server.address, "#detail h2")
        ask(browser, DETAIL)
        wait(browser, element("#reader img"))
        browser.click("#reader .tabs button:last-child")
        wait(browser, element("#reader .rest"))
    browser.js(f"{element('#reader .sheet .rest')}.click()")
    wait(browser, element("#reader .trouble"))
    assert "is shas-kb serve still running" in browser.texts("#reader .trouble")[0]
    assert browser.texts("#reader mark") == [ANSWER]


def test_what_is_no_name_is_asked_from_the_box_for_names(browser: Browser, home: str) -> None:
    browser.press("/")
    browser.write("how warm is the sea?")
    browser.press("Enter")
    wait(browser, element("#asked .hits"))
    assert browser.texts("#asked h2") == ["how warm is the sea?"]
    browser.open(home, "#detail h2")
    browser.press("/")
    browser.write("coffee")
    browser.press("Enter")
    assert browser.js("document.body.classList.contains('asking')") is False
    assert browser.texts("#detail h2") == ["Coffee"]
    assert browser.complaints == []


def test_a_misspelt_question_says_as_what_it_was_read(browser: Browser, home: str) -> None:
    ask(browser, DETAIL.replace("writes", "wriites"))
    assert browser.texts(".read-as") == [f"Read as: {DETAIL}"]
    ask(browser, DETAIL)
    assert browser.texts(".read-as") == []


def test_nothing_is_shown_where_nothing_answers(browser: Browser, home: str) -> None:
    ask(browser, "Who won the football cup in 1987?")
    assert browser.texts("#asked > .level")[0].startswith("Probably not answered by the documents")
    assert browser.texts(".said") == ["Nothing in this collection answers this."]
    assert browser.js(f"{element('#reader')}.hidden")


def test_what_is_refused_is_told(browser: Browser, sample) -> None:
    browser.open(f"{sample.server.address}#ask=sea&under=nowhere", "#asked .trouble")
    assert "must name something in the collection" in browser.texts("#asked .trouble")[0]


def test_it_fits_a_phone(browser: Browser, sample) -> None:
    browser.call("Emulation.setDeviceMetricsOverride", width=390, height=844, deviceScaleFactor=2, mobile=True)
    try:
        browser.open(sample.server.address, "#detail h2")
        assert browser.js("document.documentElement.scrollWidth") == 390
        ask(browser, DETAIL)
        assert browser.js(f"{element('#reader')}.hidden")
        assert browser.js("document.documentElement.scrollWidth") == 390
        browser.js(f"{element('#asked .source')}.click()")
        wait(browser, element("#reader img"))
        box = browser.js(f"(b => [b.left, b.width, b.height])({element('#reader')}.getBoundingClientRect())")
        assert box == [0, 390, 844]
        assert browser.js(f"{element('#reader')}.scrollWidth") == 390
        assert browser.js("[...document.querySelectorAll('header, main, #asked')].every((one) => one.inert)")
        browser.click("#reader .close")
        assert browser.js(f"{element('#reader')}.hidden")
        assert browser.js("document.activeElement.className") == "source"
        assert browser.js("document.querySelectorAll('[inert]').length") == 0
        assert browser.complaints == []
    finally:
        browser.call("Emulation.clearDeviceMetricsOverride")


def test_a_script_in_a_title_and_a_text_does_not_run(browser: Browser, serving, own_kb: Path) -> None:
    with serving(own_kb) as client:
        browser.open(client.server.address, "#detail h2")
        own = browser.js("document.scripts.length")
        ask(browser, "Who wrote of the bees that swarmed in June?")
        wait(browser, element("#reader mark"))
        assert "onerror" in browser.texts("#asked blockquote")[0]
        assert "onerror" in browser.texts("#reader h2")[0]
        assert "onerror" in browser.texts("#reader mark")[0]
        browser.js(f"{element('#reader h2 a')}.click()")
        wait(browser, "!document.body.classList.contains('asking')")
        browser.click("#detail .rest")
        wait(browser, element("#reader .text"))
        assert browser.js("document.title") != "pwned"
        assert browser.js("[document.scripts.length, document.images.length]") == [own, 0]
        assert browser.complaints == []


def test_where_the_original_is_gone_its_text_is_shown(browser: Browser, serving, own_kb: Path, find) -> None:
    (own_kb.parent / "folder" / "report.pdf").unlink()
    with serving(own_kb) as client:
        browser.open(client.server.address, "#detail h2")
        ask(browser, "What did the keeper write down of the tide?")
        wait(browser, element("#reader mark"))
        assert "no longer where it was read" in browser.texts("#reader .trouble")[0]
        assert "height of every tide" in browser.texts("#reader mark")[0]


def test_an_original_opens_as_text_that_does_nothing(browser: Browser, serving, own_kb: Path, find) -> None:
    with serving(own_kb) as client:
        # no script runs in it, not even what `open` waits with
        address = f"{client.server.address}document/{find(own_kb, 'evil.html').id}/evil.html"
        browser.call("Page.navigate", url=address)
        while browser.js("location.href + document.readyState") != f"{address}complete":
            time.sleep(0.05)
        assert "<script>alert(1)</script>" in browser.js("document.body.innerText")
        assert browser.js("document.contentType") == "text/plain"


def test_the_token_goes_from_the_address_into_a_cookie(browser: Browser, serving, own_kb: Path) -> None:
    with serving(own_kb, with_token=True) as client:
        browser.open(client.server.address, "#detail h2")
        assert browser.js("[location.search, document.cookie]") == ["", ""]
        ask(browser, "When was the lighthouse built?")
        wait(browser, element("#reader .sheet *"))
        assert browser.complaints == []
