"""Markdown, by markdown-it: CommonMark with tables, and front matter in YAML."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import yaml
from markdown_it import MarkdownIt
from markdown_it.token import Token

from agents.tools.bounded import Refused
from agents.tools.documents.contents import Contents

FRONT_MATTER = re.compile(r"---\n(.*?)\n---\n", re.DOTALL)


def read(path: Path) -> Contents:
    """The document.

    Raises:
        Refused: it is not text in UTF-8.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise Refused("It is not text in UTF-8.") from error
    contents = Contents("markdown")
    front = FRONT_MATTER.match(text)
    if front is not None:
        _front_matter(contents, front[1])
        text = text[front.end() :]
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    for place, token in enumerate(tokens):
        if token.type == "heading_open":
            contents.head(int(token.tag[1:]), _said(tokens[place + 1]))
        elif token.type == "table_open":
            contents.table(_rows(tokens[place:]))
        elif token.type == "inline":
            _links(contents, token.children or ())
    contents.title = contents.metadata.get("title") or next((text for level, text in contents.headings), None)
    contents.say(text.strip())
    return contents


def _front_matter(contents: Contents, text: str) -> None:
    try:
        found = yaml.safe_load(text)
    except yaml.YAMLError:
        return
    for name, value in found.items() if isinstance(found, dict) else ():
        if isinstance(value, list):
            value = ", ".join(str(one) for one in value[:100] if not isinstance(one, list | dict))
        if not isinstance(value, dict):
            contents.note(str(name), value)


def _rows(tokens: Sequence[Token]) -> list[list[str]]:
    rows: list[list[str]] = []
    for place, token in enumerate(tokens):
        if token.type == "table_close":
            break
        if token.type == "tr_open":
            rows.append([])
        elif token.type in {"th_open", "td_open"}:
            rows[-1].append(_said(tokens[place + 1]))
    return rows


def _links(contents: Contents, children: Sequence[Token]) -> None:
    for place, token in enumerate(children):
        if token.type == "link_open":
            text = ""
            for inner in children[place + 1 :]:
                if inner.type == "link_close":
                    break
                text += inner.content
            contents.link(text, str(token.attrGet("href") or ""))


def _said(inline: Token) -> str:
    """What is read of a line: without its marks."""
    return "".join(child.content if child.type != "softbreak" else " " for child in inline.children or ())
