"""Pages as pictures, with what is quoted marked in them."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

import numpy as np
import psutil
import pymupdf
import pytest

from shas_kb.config import DrawConfig
from shas_kb.reading import location
from shas_kb.reading.pdf import line_places
from shas_kb.records import Document
from shas_kb.serving.pictures import Pictures
from shas_kb.storage import Store

MARKER = (255, 229, 91)


def pixels(png: bytes) -> np.ndarray:
    picture = pymupdf.Pixmap(png)
    return np.frombuffer(picture.samples, np.uint8).reshape(picture.height, picture.width, -1)


def marked(png: bytes) -> np.ndarray:
    """Which pixels are white under the marker."""
    return (np.abs(pixels(png)[:, :, :3].astype(int) - MARKER) <= 2).all(axis=2)


def place(db: Path, document: Document, words: str) -> tuple[int, int, int]:
    """Page, start and end of the sentence with these words."""
    with Store.open(db, read_only=True) as store:
        sentences = [one for passage in store.document_passages(document.id) for one in passage.sentences]
    sentence = next(one for one in sentences if words in one.text)
    return sentence.page, sentence.start, sentence.end


def test_the_sentence_is_marked_where_it_stands(serving, own_kb: Path, find) -> None:
    report = find(own_kb, "report.pdf")
    page, start, end = place(own_kb, report, "height of every tide")
    with serving(own_kb) as client:
        plain = client.get(f"/page/{report.id}/{page}.png")
        assert (plain.headers["Content-Type"], plain.headers["X-Marks"]) == ("image/png", "0")
        assert not marked(plain.body).any()
        shown = client.get(f"/page/{report.id}/{page}.png?start={start}&end={end}")
    with pymupdf.open(own_kb.parent / "folder" / "report.pdf") as pdf:
        zoom = pixels(shown.body).shape[1] / pdf[0].rect.width
        lines = [line["bbox"] for line in pdf[0].get_text("dict", clip=(72, 110, 300, 160))["blocks"][0]["lines"]]
    tide = marked(shown.body)
    rows = np.flatnonzero(tide.any(axis=1)) / zoom
    assert int(shown.headers["X-Marks"]) >= 2
    assert rows.min() == pytest.approx(lines[0][1], abs=2)
    assert rows.max() < lines[-1][3] + 20
    assert np.flatnonzero(tide.any(axis=0)).min() / zoom == pytest.approx(72, abs=2)
    # black stays black, and what is not marked stays as it is: the marker leaves red alone
    assert (pixels(shown.body)[:, :, 0] == pixels(plain.body)[:, :, 0]).all()


def test_a_sentence_that_goes_on_is_marked_on_both_pages(serving, own_kb: Path, find) -> None:
    """The second of them is turned."""
    report = find(own_kb, "report.pdf")
    page, start, end = place(own_kb, report, "last evening of the year")
    assert page == 1
    with serving(own_kb) as client:
        first, second = (client.get(f"/page/{report.id}/{n}.png?start={start}&end={end}") for n in (1, 2))
    assert marked(first.body).any()
    turned = marked(second.body)
    height, width = turned.shape
    assert width > height
    # upright, the text begins in the upper left corner; turned, that is the upper right one
    assert turned[: height // 2, width // 2 :].sum() > 0.6 * turned.sum() > 0


def test_nearly_every_sentence_is_found_on_its_page(sample_kb: Path) -> None:
    """Of the sample corpus, one sentence in forty."""
    found = total = 0
    with Store.open(sample_kb, read_only=True) as store:
        for one in store.documents():
            if not one.pages:
                continue
            sentences = [each for passage in store.document_passages(one.id) for each in passage.sentences][::40]
            with pymupdf.open(location(one)) as pdf:
                found += sum(bool(line_places(pdf[each.page - 1], [each.text])) for each in sentences)
            total += len(sentences)
    assert total > 170
    assert found >= 0.99 * total


def test_a_page_is_drawn_once(own_kb: Path, find) -> None:
    report = find(own_kb, "report.pdf")
    pictures = Pictures(DrawConfig())
    try:
        began = time.perf_counter()
        first = pictures.get(report, 1, ())
        middle = time.perf_counter()
        for process in psutil.Process().children():
            if "shas_kb.reading.drawing_worker" in process.cmdline():
                process.kill()
        assert pictures.get(report, 1, ()) is first
        assert time.perf_counter() - middle < (middle - began) / 2
        assert pictures.get(report, 2, ()) != first
    finally:
        pictures.close()


def hanging() -> bytes:
    """A PDF of one small page that takes for ever to draw: each form draws the one before it ten times."""
    depth = 14
    parts = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] /Contents 4 0 R /Resources << %s >> >>"
        % (b"/XObject << /X %d 0 R >>" % (4 + depth)),
        b"<< /Length 5 >>\nstream\n/X Do\nendstream",
    ]
    for level in range(depth):
        body = b"0 0 m 200 200 l S" if level == 0 else b"/X Do " * 10
        inside = b"" if level == 0 else b"/XObject << /X %d 0 R >>" % (4 + level)
        parts.append(
            b"<< /Subtype /Form /BBox [0 0 200 200] /Resources << %s >> /Length %d >>\nstream\n%s\nendstream"
            % (inside, len(body), body)
        )
    data = b"%PDF-1.7\n"
    places = []
    for number, part in enumerate(parts, 1):
        places.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, part)
    table = b"".join(b"%010d 00000 n \n" % at for at in places)
    end = b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % (len(parts) + 1, len(data))
    return data + b"xref\n0 %d\n0000000000 65535 f \n" % (len(parts) + 1) + table + end


def swap(db: Path, document: Document, data: bytes) -> None:
    """Have these bytes be what was read."""
    (Path(document.root) / document.path).write_bytes(data)
    with Store.open(db) as store, store._db.transaction():
        store._db.execute("UPDATE documents SET sha256 = ? WHERE id = ?", (sha256(data).hexdigest(), document.id))


def test_a_page_that_hangs_costs_only_itself(serving, own_kb: Path, find) -> None:
    report = find(own_kb, "report.pdf")
    swap(own_kb, report, hanging())
    with serving(own_kb, drawing=DrawConfig(seconds=1.5)) as client:
        reply = client.get(f"/page/{report.id}/1.png")
        assert (reply.status, "took longer than 1.5 s to draw" in reply.text) == (410, True)
        # once is enough
        began = time.perf_counter()
        assert client.get(f"/page/{report.id}/1.png").status == 410
        assert time.perf_counter() - began < 1
        assert client.get("/ask?q=lighthouse").status == 200
        swap(own_kb, report, blank())
        assert client.get(f"/page/{report.id}/1.png").status == 200


def blank() -> bytes:
    document = pymupdf.open()
    document.new_page()
    return bytes(document.tobytes())


@pytest.mark.parametrize(("signal", "said"), [(11, "crashed its process (SIGSEGV)"), (9, "for want of memory")])
def test_a_page_that_crashes_costs_only_itself(own_kb: Path, find, signal: int, said: str) -> None:
    report = find(own_kb, "report.pdf")
    swap(own_kb, report, hanging())
    hung = find(own_kb, "report.pdf")
    pictures = Pictures(DrawConfig(seconds=30))

    def shoot() -> None:
        while True:
            for child in psutil.Process().children():
                with suppress(psutil.Error):  # another test's, that has just ended
                    if "shas_kb.reading.drawing_worker" in child.cmdline() and child.cpu_times().user > 1.5:
                        child.send_signal(signal)
                        return
            time.sleep(0.05)

    gun = threading.Thread(target=shoot)
    gun.start()
    try:
        problem = pictures.get(hung, 1, ())
        gun.join()
        assert said in problem.reason
        swap(own_kb, hung, blank())
        assert pictures.get(find(own_kb, "report.pdf"), 1, ()).png.startswith(b"\x89PNG")
    finally:
        pictures.close()


def test_what_is_no_pdf_is_told(hostile, hostile_kb: Path, find) -> None:
    reply = hostile.get(f"/page/{find(hostile_kb, '00.pdf').id}/1.png")
    assert reply.status == 410
    assert reply.text.startswith("part 0/00.pdf cannot be shown: damaged:")
