"""The words of an expression, as the grammar of CEL has them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

TOKEN = re.compile(
    r"""(?P<nothing>[ \t\r\n\f]+|//[^\n]*)
    |(?P<text>[bB]?[rR](?:\"\"\".*?\"\"\"|'''.*?'''|"[^"\r\n]*"|'[^'\r\n]*')
        |[bB]?(?:\"\"\"(?:\\.|[^\\])*?\"\"\"|'''(?:\\.|[^\\])*?'''|"(?:\\.|[^"\\\r\n])*"|'(?:\\.|[^'\\\r\n])*'))
    |(?P<name>[A-Za-z_][A-Za-z0-9_]*)
    |(?P<number>0x[0-9a-fA-F]+[uU]?|(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?[uU]?)
    |(?P<sign>&&|\|\||[=!<>]=|[-+*/%!<>?:.,(){}\[\]])""",
    re.DOTALL | re.VERBOSE,
)
"""A raw text (``r'…'``) takes backslashes as they are; ``nothing`` is white space, or a comment to the line's end."""


@dataclass(frozen=True, slots=True)
class Token:
    """A word: what it is (``nothing``, ``text``, ``name``, ``number``, ``sign``, or ``stray``), and where it begins."""

    kind: str
    text: str
    offset: int

    @property
    def end(self) -> int:
        """Where the next one begins."""
        return self.offset + len(self.text)


def tokens(text: str, begin: int = 0) -> Iterator[Token]:
    """The words from a place on. A character that begins none is a ``stray`` one."""
    while begin < len(text):
        found = TOKEN.match(text, begin)
        token = Token("stray", text[begin], begin) if found is None else Token(found.lastgroup or "", found[0], begin)
        yield token
        begin = token.end
