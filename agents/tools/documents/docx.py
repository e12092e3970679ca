"""DOCX, by python-docx. A document is a ZIP file, which may hold a thousand times what it weighs."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

from docx import Document
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.opc.exceptions import OpcError
from docx.table import Table
from docx.text.paragraph import Paragraph

from agents.tools.bounded import Refused
from agents.tools.documents.contents import Contents

MOST_UNPACKED = 200 * 2**20
MOST_MEMBERS = 5_000
HEADING = re.compile(r"heading (\d)", re.IGNORECASE)
COMPOUND = bytes.fromhex("d0cf11e0a1b11ae1")
"""How files of Microsoft's older formats begin, and encrypted ones of the newer."""
PROPERTIES = (
    "author",
    "title",
    "subject",
    "keywords",
    "comments",
    "category",
    "created",
    "modified",
    "last_modified_by",
)


def read(path: Path) -> Contents:
    """The document.

    Raises:
        Refused: it is encrypted, unpacks to too much, or is no DOCX.
    """
    _check(path)
    try:
        document = Document(str(path))
    except (OpcError, KeyError, ValueError, zipfile.BadZipFile, SyntaxError, AttributeError) as error:
        raise Refused(f"It is a ZIP file and no DOCX that can be read: {error}.") from error
    properties = document.core_properties
    contents = Contents("docx", title=properties.title or None)
    for name in PROPERTIES:
        contents.note(name, getattr(properties, name))
    for part in document.iter_inner_content():
        if isinstance(part, Paragraph):
            _paragraph(contents, part)
        else:
            rows = _rows(part)
            contents.table(rows)
            contents.say("\n".join("\t".join(row) for row in rows))
    listed = {url for _, url in contents.links}
    for relation in document.part.rels.values():
        if (
            relation.reltype == RELATIONSHIP_TYPE.HYPERLINK
            and relation.is_external
            and relation.target_ref not in listed
        ):
            contents.link("", relation.target_ref)  # one in a table, say
    return contents


def _check(path: Path) -> None:
    with path.open("rb") as file:
        if file.read(8) == COMPOUND:
            raise Refused("It is encrypted, or a .doc of the older format: save it as a .docx without a password.")
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except zipfile.BadZipFile as error:
        raise Refused(f"It is no DOCX: {error}.") from error
    unpacked = sum(member.file_size for member in members)
    if len(members) > MOST_MEMBERS or unpacked > MOST_UNPACKED:
        raise Refused(
            f"It unpacks to {unpacked:,} bytes in {len(members):,} files; {MOST_UNPACKED:,} bytes in "
            f"{MOST_MEMBERS:,} files are the most."
        )


def _paragraph(contents: Contents, paragraph: Paragraph) -> None:
    style = paragraph.style.name if paragraph.style is not None else None
    found = HEADING.fullmatch(style or "")
    if found or style == "Title":
        contents.head(int(found[1]) if found else 1, paragraph.text)
    for link in paragraph.hyperlinks:
        contents.link(link.text, link.url)
    contents.say(paragraph.text)


def _rows(table: Table) -> list[list[str]]:
    return [[cell.text for cell in row.cells] for row in table.rows]
