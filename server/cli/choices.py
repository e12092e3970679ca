"""Values of enums as words on the command line: case does not matter, nor whether a dash or ``_`` is written."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Any, TypeVar

import typer

Chosen = TypeVar("Chosen", bound=StrEnum)


def one_of(kind: type[Chosen], *, help: str) -> Any:
    """An option that takes a value of ``kind``, and names them all in its help."""
    return typer.Option(parser=_reader(kind), metavar="|".join(map(word, kind)), help=help)


def word(value: StrEnum) -> str:
    """The value as it is written in examples: ``openai-compatible``."""
    return value.value.lower().replace("_", "-")


def _reader(kind: type[Chosen]) -> Callable[[str | Chosen], Chosen]:
    def read(given: str | Chosen) -> Chosen:
        if isinstance(given, kind):  # a default
            return given
        try:
            return kind(given.strip().upper().replace("-", "_"))
        except ValueError:
            raise typer.BadParameter(f"{given!r} is none of {', '.join(map(word, kind))}.") from None

    return read
