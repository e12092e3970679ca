"""Bytes of source files as text; those of Python by Python's own rules."""

from __future__ import annotations

import io
import re
import tokenize

BOM = "\ufeff"
_DECLARATION_BYTES = 500
_LINE_ENDS = re.compile(r"(?<=\n)|(?<=\r)(?!\n)")


class NotText(Exception):
    """The bytes are not source text. ``rule`` names the defect when Python could not load the file either."""

    def __init__(self, message: str, rule: str = "") -> None:
        super().__init__(message)
        self.rule = rule


def is_binary(start: bytes) -> bool:
    """Whether the first bytes of a file are those of a binary: text has no NUL."""
    return b"\0" in start


def decode_python(content: bytes) -> str:
    """The text of a Python file, without its byte order mark.

    Raises:
        NotText: binary, broken encoding, or an encoding other than UTF-8.
    """
    if is_binary(content):
        raise NotText("a binary file, although its name ends in .py", "binary-source")
    try:
        encoding = _encoding(content)
        text = content.decode(encoding)
    except (SyntaxError, LookupError) as error:
        raise NotText(f"broken encoding: {error}", "broken-encoding") from error
    except UnicodeDecodeError as error:
        where = f"byte 0x{content[error.start]:02x} at offset {error.start}"
        raise NotText(f"broken encoding: {where} is not {error.encoding}", "broken-encoding") from error
    if encoding not in {"utf-8", "utf-8-sig"} and not content.isascii():
        raise NotText(f"encoded as {encoding}; the engines read UTF-8 only")
    return text


def decode_text(content: bytes) -> str:
    """The text of a file of another language, without its byte order mark.

    Raises:
        NotText: it is not UTF-8.
    """
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        where = f"byte 0x{content[error.start]:02x} at offset {error.start}"
        raise NotText(f"not UTF-8 ({where}); the engines read UTF-8 only") from error


def split_lines(text: str) -> list[str]:
    """Lines with their ends, as Python and the engines count them: form feeds and the like end no line."""
    return [line for line in _LINE_ENDS.split(text) if line]


def _encoding(content: bytes) -> str:
    try:
        return tokenize.detect_encoding(io.BytesIO(content).readline)[0]
    except SyntaxError:
        # Where nothing is declared, the place of the wrong byte says more than Python's message does.
        if b"coding" in content[:_DECLARATION_BYTES]:
            raise
        return "utf-8"
