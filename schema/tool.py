"""Tools: what agents run and call."""

from __future__ import annotations

from datetime import timedelta

import strawberry

from domain.tool import ToolKind, ToolStatus
from schema.scalars import JSON


@strawberry.type(description="What an exit code of a program means. Codes that are not listed mean that it failed.")
class ExitCode:
    """An exit code."""

    code: int = strawberry.field(description="The code.")
    meaning: str = strawberry.field(description="What it means; `findings` is no failure.")


@strawberry.type(
    description="A tool that agents use: a program, or a typed tool. It is looked for on the machine that answers; "
    "workers on other machines may have others."
)
class Tool:
    """A tool."""

    name: str = strawberry.field(description="Its name, that of the program for a program.")
    kind: ToolKind = strawberry.field(description="What it is.")
    version: str | None = strawberry.field(description="Its version; null when it is missing or does not say.")
    status: ToolStatus = strawberry.field(description="Whether it can be used.")
    problem: str | None = strawberry.field(description="What is wrong with one that cannot be used.")
    licence: str = strawberry.field(description="Its licence, an SPDX expression.")
    purpose: str = strawberry.field(description="What it is for.")
    install_hint: str | None = strawberry.field(
        description="The command that installs it; null for a typed tool that is there."
    )
    side_effects: list[str] = strawberry.field(description="What it may do outside an agent's own checkout.")
    repeatable: bool = strawberry.field(description="Whether doing it twice does no harm.")
    exit_codes: list[ExitCode] = strawberry.field(description="What its exit codes mean; empty for a typed tool.")
    arguments_schema: JSON | None = strawberry.field(
        description="JSON Schema of what a typed tool is called with; null for a program."
    )
    result_schema: JSON | None = strawberry.field(
        description="JSON Schema of what a typed tool answers; null for a program."
    )
    needs_source: bool = strawberry.field(
        description="Whether it works on a source, so that it can be called only in a project that has one."
    )
    timeout: timedelta | None = strawberry.field(description="How long a call may take; null for a program.")
    example: JSON | None = strawberry.field(
        description="Arguments that a typed tool can be called with, to begin with."
    )
