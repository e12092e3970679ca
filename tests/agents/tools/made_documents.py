"""Documents for the tests, made here: well-formed ones, and ones that mean harm."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence

from docx import Document
from pypdf import PdfReader, PdfWriter
from pypdf.annotations import Link


def pdf_of(objects: Sequence[str]) -> bytes:
    """A PDF of these objects; the first is the catalogue."""
    body, places = b"%PDF-1.7\n", []
    for number, text in enumerate(objects, 1):
        places.append(len(body))
        body += f"{number} 0 obj\n{text}\nendobj\n".encode()
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    end = f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}"
    end += f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{len(body)}\n%%EOF\n"
    return body + end.encode()


def plain_pdf(*pages: str) -> bytes:
    """A PDF with a line of text on each page."""
    objects = ["<< /Type /Catalog /Pages 2 0 R >>"]
    kids = " ".join(f"{4 + 2 * number} 0 R" for number in range(len(pages)))
    objects.append(f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>")
    objects.append("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>")
    for number, text in enumerate(pages):
        stream = f"BT /F1 12 Tf 72 720 Td ({text}) Tj ET"
        objects.append(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Resources << /Font << /F1 3 0 R >> >> "
            f"/Contents {5 + 2 * number} 0 R >>"
        )
        objects.append(f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream")
    return pdf_of(objects)


def rich_pdf(password: str | None = None) -> bytes:
    """A PDF with metadata, an outline of two levels and a link."""
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(plain_pdf("First page.", "Second page."))))
    writer.add_metadata({"/Title": "A Plan", "/Author": "Ada"})
    above = writer.add_outline_item(title="Beginning", page_number=0)
    writer.add_outline_item(title="Details", page_number=1, parent=above)
    writer.add_annotation(1, Link(rect=(0, 0, 9, 9), url="https://example.org/more"))
    if password is not None:
        writer.encrypt(password)
    made = io.BytesIO()
    writer.write(made)
    return made.getvalue()


ENDLESS_PDF = pdf_of(
    ["<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [2 0 R 2 0 R] /Count 1000000000 /Parent 2 0 R >>"]
)
"""Its tree of pages is its own branch."""


def docx() -> bytes:
    """A DOCX with headings, a table and properties."""
    document = Document()
    document.core_properties.author, document.core_properties.title = "Ada", "A Plan"
    document.add_heading("Beginning", 1)
    document.add_paragraph("Some words.")
    document.add_heading("Details", 2)
    table = document.add_table(2, 2)
    for place, text in enumerate(("a", "b", "c", "d")):
        table.cell(place // 2, place % 2).text = text
    made = io.BytesIO()
    document.save(made)
    return made.getvalue()


def bomb() -> bytes:
    """A DOCX of a few bytes that says it unpacks to three gigabytes."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", b"\0" * 1000)
    content = bytearray(made.getvalue())
    entry = content.index(b"PK\x01\x02")
    content[entry + 24 : entry + 28] = (3 * 10**9).to_bytes(4, "little")
    return bytes(content)


def entities() -> bytes:
    """A DOCX whose XML doubles itself again and again."""
    lines = "".join(f'<!ENTITY e{n} "&e{n - 1};&e{n - 1};">' for n in range(1, 40))
    text = f'<?xml version="1.0"?><!DOCTYPE d [<!ENTITY e0 "ha">{lines}]>'
    text += '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body><w:p><w:r>'
    text += "<w:t>&e39;</w:t></w:r></w:p></w:body></w:document>"
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(docx())) as old, zipfile.ZipFile(made, "w") as new:
        for name in old.namelist():
            new.writestr(name, text if name == "word/document.xml" else old.read(name))
    return made.getvalue()


HTML = """<html><head><title>A Plan</title><meta name="author" content="Ada"><style>p { color: red }</style></head>
<body><h1>Beginning</h1><p>Some words. <a href="https://example.org/more">more</a></p>
<h2>Details</h2><table><tr><th>a</th><th>b</th></tr><tr><td>c</td><td>d</td></tr></table>
<script>alert("never")</script></body></html>"""

MARKDOWN = """---
title: A Plan
author: Ada
tags: [one, two]
---
# Beginning

Some words. [more](https://example.org/more)

## *Details*

| a | b |
|---|---|
| c | d |

# End
"""
