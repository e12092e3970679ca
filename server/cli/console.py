"""How the commands speak: results to standard output, everything else to standard error."""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from rich.console import Console
from rich.markup import escape

UNBOUNDED_WIDTH = 200
"""Columns of a table that goes to a file or another program, where nothing needs to fit a screen."""

output = Console(
    highlight=False,
    soft_wrap=True,
    width=None if sys.stdout.isatty() or "COLUMNS" in os.environ else UNBOUNDED_WIDTH,
)
"""Where the result of a command goes."""

errors = Console(stderr=True, highlight=False, soft_wrap=True)
"""Where progress and complaints go."""


def say_json(value: Any) -> None:
    """Write a result for a program: one JSON document, indented, without colours."""
    output.out(json.dumps(value, indent=2, ensure_ascii=False, default=str), highlight=False)


def complain(sentence: str) -> None:
    """Say in one sentence what went wrong."""
    lines = "\n".join(visible(line) for line in sentence.split("\n"))
    errors.print(f"[bold red]error:[/] {_plain(lines)}")


def visible(text: str) -> str:
    """The text with control and other unprintable characters as Python writes them, ``\\x1b`` for an escape.

    What stands in an audited repository must not command the terminal of the one who reads about it.
    """
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode("ascii")
        for character in text
    )


def foreign(text: str) -> str:
    """Text that somebody else wrote, to be put into markup: without style tags and control characters."""
    return escape(visible(text))


def _plain(text: str) -> str:
    return text.replace("[", r"\[")
