"""What is known of a tool: a program that agents run, or a typed tool that they call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any


class ToolKind(StrEnum):
    """What a tool is."""

    PROGRAM = "PROGRAM"
    TYPED = "TYPED"


class ToolStatus(StrEnum):
    """Whether a tool can be used."""

    AVAILABLE = "AVAILABLE"
    MISSING = "MISSING"
    BROKEN = "BROKEN"


@dataclass(frozen=True, slots=True)
class ExitCodeMeaning:
    """What an exit code of a program means; codes that are not listed mean that it failed."""

    code: int
    meaning: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolFacts:
    """A tool of this installation. ``problem`` says what is wrong with one that is not available.

    The schemas are JSON Schema, and only typed tools have them. So have they alone a limit of time, a limit of the
    bytes that they answer, and arguments as an example. ``needs_source``: it can only be called where there is a
    source.
    """

    name: str
    kind: ToolKind
    version: str | None
    status: ToolStatus
    licence: str
    purpose: str
    install_hint: str | None = None
    problem: str | None = None
    side_effects: tuple[str, ...] = ()
    repeatable: bool = True
    exit_codes: tuple[ExitCodeMeaning, ...] = ()
    arguments_schema: Mapping[str, Any] | None = field(default=None, hash=False)
    result_schema: Mapping[str, Any] | None = field(default=None, hash=False)
    needs_source: bool = False
    timeout: timedelta | None = None
    max_answer: int | None = None
    example: Mapping[str, Any] | None = field(default=None, hash=False)
