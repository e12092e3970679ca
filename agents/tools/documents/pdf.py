"""PDF, by pypdf: what its pages say, its outline, its links. Tables are drawn, not marked, so they are only text."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pypdf import PdfReader
from pypdf.errors import PyPdfError

from agents.tools.bounded import Refused
from agents.tools.documents.contents import Contents

MOST_PAGES = 1_000
DEEPEST_OUTLINE = 9


def read(path: Path) -> Contents:
    """The document.

    Raises:
        Refused: it is encrypted, or no PDF that can be read.
    """
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # it says of every oddity what only its author could mend
    try:
        reader = PdfReader(path)
        if reader.is_encrypted and not reader.decrypt(""):
            raise Refused("It is encrypted: save it without a password.")
        return _contents(reader)
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, IndexError, OSError) as error:
        raise Refused(f"It is no PDF that can be read: {error}.") from error


def _contents(reader: PdfReader) -> Contents:
    contents = Contents("pdf", pages=len(reader.pages))
    for name, value in (reader.metadata or {}).items():
        contents.note(name.removeprefix("/"), value)
    contents.title = contents.metadata.get("Title")
    for level, text in _outline(reader.outline, 1):
        contents.head(level, text)
    for number, page in enumerate(reader.pages):
        if number == MOST_PAGES:
            contents.left_out[f"pages beyond {MOST_PAGES:,}"] = None
            break
        for url in _links(page):
            contents.link(f"page {number + 1}", url)
        if not contents.say(page.extract_text()):
            break
    return contents


def _outline(entries: list[Any], level: int) -> Iterator[tuple[int, str]]:
    for entry in entries:
        if isinstance(entry, list):
            if level < DEEPEST_OUTLINE:
                yield from _outline(entry, level + 1)
        else:
            yield level, str(entry.title)


def _links(page: Any) -> Iterator[str]:
    for annotation in page.get("/Annots") or ():
        action = annotation.get_object().get("/A")
        if action is not None and "/URI" in action.get_object():
            yield str(action.get_object()["/URI"])
