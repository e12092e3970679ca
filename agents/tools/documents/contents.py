"""What is read from a document, up to limits: what does not fit is left out and named."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

MOST_TEXT = 2_000_000
MOST_HEADINGS = 5_000
MOST_LINKS = 5_000
MOST_TABLES = 200
MOST_ROWS = 1_000
MOST_CELLS = 100
LONGEST = 2_000
"""Characters of a heading, a cell, an address or an entry of the metadata."""


@dataclass(slots=True)
class Contents:
    """A document. ``headings`` are level and text, in order; ``left_out`` names what was too much."""

    kind: str
    title: str | None = None
    pages: int | None = None
    metadata: dict[str, str] = field(default_factory=dict)
    headings: list[tuple[int, str]] = field(default_factory=list)
    tables: list[list[list[str]]] = field(default_factory=list)
    links: list[tuple[str, str]] = field(default_factory=list)
    left_out: dict[str, None] = field(default_factory=dict)
    _text: list[str] = field(default_factory=list)
    _characters: int = 0

    def say(self, text: str) -> bool:
        """Add a piece of text; false when there is no room for more."""
        room = MOST_TEXT - self._characters
        if len(text) > room:
            self.left_out[f"text beyond {MOST_TEXT:,} characters"] = None
            text = text[:room]
        if text:
            self._text.append(text)
            self._characters += len(text) + 1
        return self._characters < MOST_TEXT

    def head(self, level: int, text: str) -> None:
        """Add a heading; one without text is none."""
        text = _one_line(text)
        if text and self._room(self.headings, MOST_HEADINGS, "headings"):
            self.headings.append((min(max(level, 1), 9), text))

    def link(self, text: str, url: str) -> None:
        """Add a link."""
        if url and self._room(self.links, MOST_LINKS, "links"):
            self.links.append((_one_line(text), url[:LONGEST]))

    def table(self, rows: list[list[str]]) -> None:
        """Add a table; one without rows is none."""
        if not rows or not self._room(self.tables, MOST_TABLES, "tables"):
            return
        if len(rows) > MOST_ROWS or any(len(row) > MOST_CELLS for row in rows):
            self.left_out[f"rows of a table beyond {MOST_ROWS:,}, or cells beyond {MOST_CELLS}"] = None
        self.tables.append([[_one_line(cell) for cell in row[:MOST_CELLS]] for row in rows[:MOST_ROWS]])

    def note(self, name: str, value: object) -> None:
        """Add an entry of the metadata; an empty one is none."""
        if len(self.metadata) < 200 and value not in (None, ""):
            self.metadata[_one_line(name)] = _one_line(str(value))

    def plain(self) -> dict[str, Any]:
        """The same as JSON."""
        found = {name: value for name, value in asdict(self).items() if name[0] != "_"}
        return {**found, "left_out": list(self.left_out), "text": "\n".join(self._text)}

    def _room(self, found: list[Any], most: int, what: str) -> bool:
        if len(found) < most:
            return True
        self.left_out[f"{what} beyond {most:,}"] = None
        return False


def _one_line(text: str) -> str:
    return " ".join(text.split())[:LONGEST]
