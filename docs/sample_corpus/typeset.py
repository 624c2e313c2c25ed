"""Rebuild the sample corpus from its sources: the same bytes every time.

    python docs/sample_corpus/typeset.py [OUT]

Each file of `sources/` becomes one document of `sample_corpus/`; their folders become `truth.json`, and
`questions.jsonl` gets the pages on which its answers stand. Beside them come the files that any real folder has: two
duplicates, an empty file, one with a password, a scan and a truncated download.
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path

import pymupdf
from press import answers, packages, pdf
from press.source import Article, read

HERE = Path(__file__).resolve().parent
CORPUS = HERE.parents[1] / "sample_corpus"


def render(article: Article) -> bytes:
    """The article in the format that its file name asks for."""
    match Path(article.file).suffix:
        case ".pdf":
            return pdf.typeset(article)
        case ".html":
            return packages.html(article)
        case ".docx":
            return packages.docx(article)
        case ".epub":
            return packages.epub(article)
        case _:
            return article.body.encode()


def scan(source: bytes) -> bytes:
    """The first page of a PDF as a slightly crooked picture of itself, without a text layer."""
    pictures = pymupdf.open()
    with pymupdf.open("pdf", source) as document:
        page = document[0]
        picture = page.get_pixmap(matrix=pymupdf.Matrix(1.3, 1.3).prerotate(0.6), colorspace=pymupdf.csGRAY)
        rect = page.rect
        pictures.new_page(width=rect.width, height=rect.height).insert_image(
            rect, stream=picture.tobytes("jpeg", jpg_quality=45), keep_proportion=False
        )
    return bytes(pictures.tobytes(garbage=3, deflate=True, no_new_id=True))


def lock(source: bytes) -> bytes:
    """A PDF that opens only with the password `secret`."""
    with pymupdf.open("pdf", source) as document:
        # RC4 and a fixed file id: AES or a fresh id would make other bytes each time.
        document.xref_set_key(-1, "ID", "[<00><00>]")
        locked = document.tobytes(encryption=pymupdf.PDF_ENCRYPT_RC4_128, user_pw="secret", owner_pw="owner")
    return re.sub(rb"(/ID\[<00><)[0-9A-F]{32}", rb"\g<1>" + b"0" * 32, locked)


def build(out: Path) -> list[Path]:
    """Write all documents, their truth and the questions; return their paths."""
    articles = {path.stem: read(path) for path in sorted((HERE / "sources").rglob("*.md"))}
    files = {article.file: render(article) for article in articles.values()}
    files |= answers.files(HERE, articles, files)
    survey = "reading/log-structured merge trees - a short survey.pdf"
    protocol, study = "course material/reef-transect-protocol.pdf", "course material/case-study-bay-of-fundy.pdf"
    leaflet = "archive/varroa-leaflet.pdf"
    files |= {
        "to sort/log-structured merge trees - a short survey (1).pdf": files[survey],
        "from the old laptop/Copy of varroa-leaflet.pdf": files[leaflet],
        "to sort/untitled.pdf": b"",
        "to sort/case-study-bay-of-fundy.pdf": files[study][:900],
        "archive/exam solutions (locked).pdf": lock(files[study]),
        "archive/scan0007.pdf": scan(files[protocol]),
    }
    for name, content in files.items():
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).write_bytes(content)
    return [out / name for name in files]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("out", type=Path, nargs="?", default=CORPUS, help="folder to write to")
    paths = build(parser.parse_args().out)
    print(f"{len(paths)} files, {sum(path.stat().st_size for path in paths):,} bytes.")


if __name__ == "__main__":
    main()
