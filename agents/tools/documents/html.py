"""HTML, by Beautiful Soup on Python's own parser: nothing is fetched and no script is run."""

from __future__ import annotations

from pathlib import Path

from bs4 import BeautifulSoup, Tag

from agents.tools.documents.contents import Contents

HEADINGS = {f"h{level}": level for level in range(1, 7)}
UNSEEN = ("script", "style", "template", "noscript")


def read(path: Path) -> Contents:
    """The document."""
    soup = BeautifulSoup(path.read_bytes(), "html.parser")
    contents = Contents("html", title=soup.title.get_text(" ", strip=True)[:2_000] if soup.title else None)
    for meta in soup.find_all("meta"):
        name = meta.get("name") or meta.get("property")
        if name:
            contents.note(str(name), meta.get("content"))
    for unseen in soup.find_all(UNSEEN):
        unseen.decompose()
    for heading in soup.find_all(list(HEADINGS)):
        contents.head(HEADINGS[heading.name], heading.get_text(" ", strip=True))
    for anchor in soup.find_all("a", href=True):
        contents.link(anchor.get_text(" ", strip=True), str(anchor["href"]))
    for table in soup.find_all("table"):
        contents.table([_cells(row) for row in table.find_all("tr")])
    contents.say((soup.body or soup).get_text("\n", strip=True))
    return contents


def _cells(row: Tag) -> list[str]:
    return [cell.get_text(" ", strip=True) for cell in row.find_all(["td", "th"], recursive=False)]
