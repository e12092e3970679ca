"""Documents: what is in them, and what hostile ones cannot do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from agents.contract import ToolFailure, ToolTimedOut, WrongInputs
from agents.tools.document_analyzer import outline
from tests.agents.tools import made_documents as made
from tests.agents.tools.conftest import Call


async def read(call: Call, checkout: Path, name: str, content: bytes | str, **arguments: Any) -> Any:
    (checkout / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return await call("document_analyzer", path=name, **arguments)


def tree(headings: list[Any]) -> list[Any]:
    return [(one.text, tree(one.children)) for one in headings]


async def test_html(call: Call, checkout: Path) -> None:
    done = await read(call, checkout, "plan.html", made.HTML)
    assert (done.title, done.metadata) == ("A Plan", {"author": "Ada"})
    assert tree(done.headings) == [("Beginning", [("Details", [])])]
    assert done.tables == [[["a", "b"], ["c", "d"]]]
    assert [(one.text, one.url) for one in done.links] == [("more", "https://example.org/more")]
    assert "Some words." in done.text
    assert "never" not in done.text
    assert "red" not in done.text


async def test_markdown(call: Call, checkout: Path) -> None:
    done = await read(call, checkout, "plan.md", made.MARKDOWN)
    assert done.metadata == {"title": "A Plan", "author": "Ada", "tags": "one, two"}
    assert tree(done.headings) == [("Beginning", [("Details", [])]), ("End", [])]
    assert done.tables == [[["a", "b"], ["c", "d"]]]
    assert [(one.text, one.url) for one in done.links] == [("more", "https://example.org/more")]
    assert done.text.startswith("# Beginning")


async def test_pdf(call: Call, checkout: Path) -> None:
    done = await read(call, checkout, "plan.pdf", made.rich_pdf())
    assert (done.title, done.pages, done.metadata["Author"]) == ("A Plan", 2, "Ada")
    assert tree(done.headings) == [("Beginning", [("Details", [])])]
    assert [(one.text, one.url) for one in done.links] == [("page 2", "https://example.org/more")]
    assert done.text.split("\n") == ["First page.", "Second page."]
    assert done.words == 4


async def test_docx(call: Call, checkout: Path) -> None:
    done = await read(call, checkout, "plan.docx", made.docx())
    assert (done.title, done.metadata["author"]) == ("A Plan", "Ada")
    assert tree(done.headings) == [("Beginning", [("Details", [])])]
    assert done.tables == [[["a", "b"], ["c", "d"]]]
    assert "Some words." in done.text


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.pdf", made.rich_pdf("hush"), "It is encrypted"),
        ("a.pdf", b"%PDF-1.7 and nothing else", "no PDF that can be read"),
        ("a.docx", made.bomb(), "It unpacks to 3,000,000,000 bytes"),
        ("a.docx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "encrypted, or a .doc"),
        ("a.md", b"\xff\xfe\xfa", "not text in UTF-8"),
        ("a.docx", b"no zip", "no DOCX"),
        ("a.docx", made.entities(), "no DOCX that can be read: Maximum entity nesting depth"),
        ("a.pdf", made.ENDLESS_PDF, "no PDF that can be read: Detected cyclic page references"),
    ],
    ids=["encrypted", "broken", "bomb", "old", "bytes", "nothing", "entities", "endless"],
)
async def test_what_cannot_be_read_is_said(call: Call, checkout: Path, name: str, content: bytes, said: str) -> None:
    with pytest.raises(ToolFailure, match=said):
        await read(call, checkout, name, content)


async def test_what_keeps_it_busy_is_ended(call: Call, checkout: Path) -> None:
    with pytest.raises(ToolTimedOut, match=r"took longer than 0\.3 seconds"):
        await read(call, checkout, "busy.html", "<p>word <b>bold</b></p>" * 500_000, timeout_seconds=0.3)


@pytest.mark.parametrize(
    "arguments", [{}, {"path": "/etc/passwd"}, {"path": "a/../../b.md"}, {"path": "a.md", "kind": "exe"}]
)
async def test_wrong_arguments_are_refused(call: Call, arguments: dict[str, Any]) -> None:
    with pytest.raises(WrongInputs):
        await call("document_analyzer", **arguments)


async def test_a_file_that_does_not_say_what_it_is(call: Call, checkout: Path) -> None:
    with pytest.raises(ToolFailure, match=r"does not say what it is \(\.docx, "):
        await read(call, checkout, "a.bin", b"")
    assert (await read(call, checkout, "a.bin", "# A", kind="markdown")).title == "A"


def test_headings_that_skip_levels_are_below_the_last_higher_one() -> None:
    assert tree(outline([(2, "a"), (4, "b"), (3, "c"), (1, "d"), (2, "e")])) == [
        ("a", [("b", []), ("c", [])]),
        ("d", [("e", [])]),
    ]
