"""How the commands speak: results to standard output, everything else to standard error."""

from __future__ import annotations

import json
from typing import Any

from rich.console import Console

output = Console(highlight=False, soft_wrap=True)
"""Where the result of a command goes."""

errors = Console(stderr=True, highlight=False, soft_wrap=True)
"""Where progress and complaints go."""


def say_json(value: Any) -> None:
    """Write a result for a program: one JSON document, indented, without colours."""
    output.out(json.dumps(value, indent=2, ensure_ascii=False, default=str), highlight=False)


def complain(sentence: str) -> None:
    """Say in one sentence what went wrong."""
    errors.print(f"[bold red]error:[/] {_plain(sentence)}")


def _plain(text: str) -> str:
    return text.replace("[", r"\[")
