"""Structure and text of a document in the checkout: PDF, DOCX, HTML, Markdown."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from enum import StrEnum
from pathlib import PurePosixPath

from pydantic import BaseModel, Field

from agents.contract import SourceUse, Tool, ToolFailure, ToolLimits, ToolScope
from agents.tools.bounded import bounded
from agents.tools.paths import PathBelow, file_below

LARGEST_FILE = 64 * 2**20
MEMORY = 2**30
READER = "agents.tools.documents.document_reader"


class DocumentKind(StrEnum):
    """What a document is written in."""

    PDF = "pdf"
    DOCX = "docx"
    HTML = "html"
    MARKDOWN = "markdown"


SUFFIXES = {
    ".pdf": DocumentKind.PDF,
    ".docx": DocumentKind.DOCX,
    ".html": DocumentKind.HTML,
    ".htm": DocumentKind.HTML,
    ".xhtml": DocumentKind.HTML,
    ".md": DocumentKind.MARKDOWN,
    ".markdown": DocumentKind.MARKDOWN,
}


class DocumentArguments(BaseModel):
    """Which document."""

    path: PathBelow = Field(description="The file, below the checkout.")
    kind: DocumentKind | None = Field(None, description="What it is; by the end of its name if left out.")
    timeout_seconds: float = Field(60, gt=0, le=300, description="How long reading it may take.")


class Heading(BaseModel):
    """A heading with those below it."""

    level: int
    text: str
    children: list[Heading] = Field(default_factory=list)


class Link(BaseModel):
    """Something that the document refers to."""

    text: str = Field(description="What it says; the page for a PDF.")
    url: str


class DocumentResult(BaseModel):
    """What is in the document."""

    kind: DocumentKind
    title: str | None
    pages: int | None = Field(description="Of a PDF.")
    metadata: dict[str, str]
    headings: list[Heading] = Field(description="The outline, as a tree.")
    tables: list[list[list[str]]] = Field(description="Rows of cells; none of a PDF, which has no marked tables.")
    links: list[Link]
    text: str
    words: int
    left_out: list[str] = Field(description="What was too much.")


class DocumentAnalyzer(Tool[DocumentArguments, DocumentResult]):
    """Reads only. Hostile files meet a process with a limit on time and one on memory."""

    name = "document_analyzer"
    version = "1.0"
    purpose = "Reads a PDF, DOCX, HTML or Markdown file: outline, tables, links, metadata and text."
    licence = "Apache-2.0"
    limits = ToolLimits(timeout=timedelta(minutes=6), max_output=32 * 2**20, max_memory=MEMORY)
    source_use = SourceUse.NEEDED
    example = DocumentArguments(path="README.md")
    arguments_model = DocumentArguments
    result_model = DocumentResult

    async def run(self, scope: ToolScope, arguments: DocumentArguments) -> DocumentResult:
        """Read it.

        Raises:
            ToolFailure: there is no such file, it cannot be read, or takes too long.
        """
        kind = arguments.kind or SUFFIXES.get(PurePosixPath(arguments.path).suffix.lower())
        if kind is None:
            known = ", ".join(sorted(SUFFIXES))
            raise ToolFailure(f"{arguments.path!r} does not say what it is ({known}): give its kind.")
        path = await asyncio.to_thread(file_below, scope.checkout, arguments.path, most=LARGEST_FILE)
        found = await bounded(
            scope,
            READER,
            {"path": str(path), "kind": kind.value},
            timeout=timedelta(seconds=arguments.timeout_seconds),
            max_memory=MEMORY,
        )
        return DocumentResult(
            kind=kind,
            title=found["title"],
            pages=found["pages"],
            metadata=found["metadata"],
            headings=outline(found["headings"]),
            tables=found["tables"],
            links=[Link(text=text, url=url) for text, url in found["links"]],
            text=found["text"],
            words=len(found["text"].split()),
            left_out=found["left_out"],
        )


def outline(headings: Sequence[tuple[int, str]]) -> list[Heading]:
    """The headings as a tree: each below the last one of a higher level."""
    roots: list[Heading] = []
    above: list[Heading] = []
    for level, text in headings:
        heading = Heading(level=level, text=text)
        while above and above[-1].level >= level:
            above.pop()
        (above[-1].children if above else roots).append(heading)
        above.append(heading)
    return roots
