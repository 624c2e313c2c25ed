"""Articles as a web page, a Word document and an EPUB book. Zip archives carry one fixed date: bytes never differ."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from html import escape

from press.source import Article, Block, Code, Heading, Items, Paragraph, Quote, Table, spans

STYLE = """body { max-width: 38em; margin: 2em auto; padding: 0 1em; font: 17px/1.5 Georgia, serif; color: #222 }
h1, h2, nav, footer { font-family: Helvetica, Arial, sans-serif; line-height: 1.2 } nav, footer, .by { color: #666 }
table { border-collapse: collapse } td, th { border-bottom: 1px solid #ccc; padding: .3em 1em .3em 0; text-align: left }
caption { text-align: left; font-style: italic }"""
TAGS = {"bold": "strong", "italic": "em", "code": "code"}
WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
CONTAINER = "urn:oasis:names:tc:opendocument:xmlns:container"
XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'


def archive(files: Mapping[str, str]) -> bytes:
    """A zip archive; the first file is stored as it is, as EPUB wants it for its media type."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as box:
        for number, (name, text) in enumerate(files.items()):
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            box.writestr(entry, text, zipfile.ZIP_DEFLATED if number else zipfile.ZIP_STORED)
    return buffer.getvalue()


def markup(text: str) -> str:
    """A line of an article as HTML."""
    pieces = (
        (f"<{TAGS[kind]}>{escape(piece)}</{TAGS[kind]}>" if kind in TAGS else escape(piece))
        for kind, piece in spans(text)
    )
    return "".join(pieces)


def elements(blocks: Sequence[Block]) -> Iterator[str]:
    """Blocks as HTML elements."""
    for block in blocks:
        match block:
            case Heading(text):
                yield f"<h2>{markup(text)}</h2>"
            case Paragraph(text):
                yield f"<p>{markup(text)}</p>"
            case Items(items, ordered):
                tag = "ol" if ordered else "ul"
                yield f"<{tag}>{''.join(f'<li>{markup(item)}</li>' for item in items)}</{tag}>"
            case Quote(text):
                yield f"<blockquote><p>{markup(text)}</p></blockquote>"
            case Code(text):
                yield f"<pre>{escape(text)}</pre>"
            case Table(rows, caption):
                head, *body = (
                    "<tr>" + "".join(f"<{tag}>{markup(cell)}</{tag}>" for cell in row) + "</tr>"
                    for tag, row in zip(["th"] + ["td"] * (len(rows) - 1), rows, strict=True)
                )
                yield f"<table><caption>{markup(caption)}</caption>{head}{''.join(body)}</table>"


def html(article: Article) -> bytes:
    """The article as a page of a small web site."""
    body = "\n".join(elements(article.blocks))
    subtitle = f'<p class="by">{markup(article.subtitle)}</p>\n' if article.subtitle else ""
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>{escape(article.title)}</title>
<meta name="author" content="{escape(article.author)}">
<meta name="date" content="{article.year}">
<style>
{STYLE}
</style>
</head>
<body>
<nav>Home | Archive</nav>
<main>
<h1>{escape(article.title)}</h1>
{subtitle}{body}
</main>
<footer>{escape(article.author)}, {article.year}</footer>
</body>
</html>
""".encode()


def epub(article: Article) -> bytes:
    """The article as a small book, a chapter for each heading."""
    chapters: list[tuple[str, list[Block]]] = [(article.title, [])]
    for block in article.blocks:
        if isinstance(block, Heading):
            chapters.append((block.text, []))
        chapters[-1][1].append(block)
    names = [f"chapter-{number}.xhtml" for number in range(len(chapters))]
    root = '<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops" xml:lang="en">'
    head = f"{XML}<!DOCTYPE html>\n{root}<head><title>{{}}</title></head><body>"
    title = f"<h1>{escape(article.title)}</h1><p>{escape(article.subtitle)}</p>"
    files = {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": f'{XML}<container version="1.0" xmlns="{CONTAINER}">'
        '<rootfiles><rootfile full-path="book.opf" media-type="application/oebps-package+xml"/></rootfiles>'
        "</container>",
        "book.opf": f'{XML}<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id">'
        '<metadata xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f'<dc:identifier id="id">{escape(article.title)}</dc:identifier><dc:title>{escape(article.title)}</dc:title>'
        f"<dc:creator>{escape(article.author)}</dc:creator><dc:language>en</dc:language><dc:date>{article.year}</dc:date>"
        f'<meta property="dcterms:modified">{article.year}-01-01T00:00:00Z</meta></metadata><manifest>'
        '<item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>'
        + "".join(f'<item id="{name[:-6]}" href="{name}" media-type="application/xhtml+xml"/>' for name in names)
        + "</manifest><spine>"
        + "".join(f'<itemref idref="{name[:-6]}"/>' for name in names)
        + "</spine></package>",
        "nav.xhtml": head.format("Contents")
        + '<nav epub:type="toc"><ol>'
        + "".join(
            f'<li><a href="{name}">{escape(text)}</a></li>' for name, (text, _) in zip(names, chapters, strict=True)
        )
        + "</ol></nav></body></html>",
    }
    for name, (text, blocks) in zip(names, chapters, strict=True):
        body = "\n".join(elements(blocks))
        files[name] = f"{head.format(escape(text))}{title if name == names[0] else ''}{body}</body></html>"
    return archive(files)


def word_runs(text: str, bold: bool = False) -> str:
    """A line of an article as Word runs."""
    marks = {
        "bold": "<w:b/>",
        "italic": "<w:i/>",
        "plain": "<w:b/>" if bold else "",
        "code": '<w:rFonts w:ascii="Courier New" w:hAnsi="Courier New"/>',
    }
    return "".join(
        f'<w:r><w:rPr>{marks[kind]}</w:rPr><w:t xml:space="preserve">{escape(piece, quote=False)}</w:t></w:r>'
        for kind, piece in spans(text)
    )


def word_paragraph(text: str, style: str = "Normal", bold: bool = False) -> str:
    """A Word paragraph in a style."""
    return f'<w:p><w:pPr><w:pStyle w:val="{style}"/></w:pPr>{word_runs(text, bold)}</w:p>'


def word_blocks(blocks: Sequence[Block]) -> Iterator[str]:
    """Blocks as Word paragraphs and tables."""
    for block in blocks:
        match block:
            case Heading(text):
                yield word_paragraph(text, "Heading1")
            case Paragraph(text):
                yield word_paragraph(text)
            case Items(items, False):
                yield from (word_paragraph(item, "ListBullet") for item in items)
            case Items(items):
                yield from (word_paragraph(f"{number}. {item}", "ListNumber") for number, item in enumerate(items, 1))
            case Quote(text):
                yield word_paragraph(text, "Quote")
            case Code(text):
                yield word_paragraph(text)
            case Table(rows, caption):
                yield word_paragraph(caption, "Caption")
                cells = (
                    "<w:tr>"
                    + "".join(f"<w:tc>{word_paragraph(cell, bold=not number)}</w:tc>" for cell in row)
                    + "</w:tr>"
                    for number, row in enumerate(rows)
                )
                borders = "".join(f'<w:{side} w:val="single" w:sz="4"/>' for side in ("top", "bottom", "insideH"))
                grid = "<w:gridCol/>" * len(rows[0])
                yield (
                    f'<w:tbl><w:tblPr><w:tblW w:w="5000" w:type="pct"/><w:tblBorders>{borders}</w:tblBorders></w:tblPr>'
                    f"<w:tblGrid>{grid}</w:tblGrid>{''.join(cells)}</w:tbl>" + word_paragraph("")
                )


def word_style(
    key: str, name: str, size: int, before: int, extra: str = "", list_marks: str = "", indent: str = ""
) -> str:
    """A paragraph style; size in half points, space before in twentieths of a point."""
    return (
        f'<w:style w:type="paragraph" w:styleId="{key}"><w:name w:val="{name}"/><w:pPr>{list_marks}'
        f'<w:spacing w:before="{before}" w:after="120"/>{indent}</w:pPr>'
        f'<w:rPr><w:rFonts w:ascii="Georgia" w:hAnsi="Georgia"/>{extra}<w:sz w:val="{size}"/></w:rPr></w:style>'
    )


def docx(article: Article) -> bytes:
    """The article as a Word document."""
    front = word_paragraph(article.title, "Title") + word_paragraph(article.subtitle, "Subtitle")
    marks = '<w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr>'
    styles = (
        word_style("Normal", "Normal", 22, 0)
        + word_style("Title", "Title", 44, 0, "<w:b/>")
        + word_style("Subtitle", "Subtitle", 28, 0, "<w:i/>")
        + word_style("Heading1", "heading 1", 28, 240, "<w:b/>")
        + word_style("Caption", "caption", 20, 120, "<w:i/>")
        + word_style("Quote", "Quote", 22, 0, "<w:i/>", indent='<w:ind w:left="480"/>')
        + word_style("ListNumber", "List Number", 22, 0, indent='<w:ind w:left="360" w:hanging="360"/>')
        + word_style("ListBullet", "List Bullet", 22, 0, list_marks=marks)
    )
    kinds = "application/vnd.openxmlformats-officedocument.wordprocessingml"
    parts = (
        ("/word/document.xml", f"{kinds}.document.main+xml"),
        ("/word/styles.xml", f"{kinds}.styles+xml"),
        ("/word/numbering.xml", f"{kinds}.numbering+xml"),
        ("/docProps/core.xml", "application/vnd.openxmlformats-package.core-properties+xml"),
    )
    core = "http://schemas.openxmlformats.org/package/2006/metadata/core-properties"
    files = {
        "[Content_Types].xml": f'{XML}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        + "".join(f'<Override PartName="{name}" ContentType="{kind}"/>' for name, kind in parts)
        + "</Types>",
        "_rels/.rels": f'{XML}<Relationships xmlns="{RELATIONS}">'
        f'<Relationship Id="a" Type="{OFFICE}/officeDocument" Target="word/document.xml"/>'
        f'<Relationship Id="b" Type="{RELATIONS}/metadata/core-properties" Target="docProps/core.xml"/>'
        "</Relationships>",
        "word/_rels/document.xml.rels": f'{XML}<Relationships xmlns="{RELATIONS}">'
        f'<Relationship Id="a" Type="{OFFICE}/styles" Target="styles.xml"/>'
        f'<Relationship Id="b" Type="{OFFICE}/numbering" Target="numbering.xml"/></Relationships>',
        "word/document.xml": f'{XML}<w:document xmlns:w="{WORD}"><w:body>{front}{"".join(word_blocks(article.blocks))}'
        "</w:body></w:document>",
        "word/styles.xml": f'{XML}<w:styles xmlns:w="{WORD}">{styles}</w:styles>',
        "word/numbering.xml": f'{XML}<w:numbering xmlns:w="{WORD}"><w:abstractNum w:abstractNumId="0">'
        '<w:lvl w:ilvl="0"><w:numFmt w:val="bullet"/><w:lvlText w:val="•"/>'
        '<w:pPr><w:ind w:left="360" w:hanging="260"/></w:pPr></w:lvl>'
        '</w:abstractNum><w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num></w:numbering>',
        "docProps/core.xml": f'{XML}<cp:coreProperties xmlns:cp="{core}" xmlns:dc="http://purl.org/dc/elements/1.1/" '
        'xmlns:dcterms="http://purl.org/dc/terms/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f"<dc:title>{escape(article.title)}: {escape(article.subtitle)}</dc:title>"
        f"<dc:creator>{escape(article.author)}</dc:creator>"
        f'<dcterms:created xsi:type="dcterms:W3CDTF">{article.year}-01-01T00:00:00Z</dcterms:created>'
        "</cp:coreProperties>",
    }
    return archive(files)
