"""Acceptance checks: what must hold for a task to be COMPLETED, and how it came out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, TypeAlias

import strawberry
from strawberry import Parent

import domain.acceptance as domain
from domain.acceptance import CheckKind
from domain.severity import Severity
from schema.node import represents
from schema.scalars import JSON
from schema.step import milliseconds


@represents(domain.FindingThreshold)
@strawberry.type(description="A condition of success that the platform itself evaluates.")
class AcceptanceCheck:
    """At most so many findings."""

    name: str = strawberry.field(description="Its name for people.")
    severity: Severity = strawberry.field(description="Findings of this severity or a worse one count.")
    maximum: int = strawberry.field(description="How many of them there may be.")
    only_new: bool = strawberry.field(description="Whether only new findings count.")


@represents(domain.CommandCheck)
@strawberry.type(description="A program, run in the sandbox, must end with an exit code.")
class CommandCheck:
    """A program."""

    name: str = strawberry.field(description="Its name for people.")
    command: list[str] = strawberry.field(description="The program and its arguments.")
    exit_code: int = strawberry.field(description="The exit code that is expected.")
    timeout: timedelta = strawberry.field(description="How long it may take.")


@represents(domain.FileCheck)
@strawberry.type(description="There must be a file: one of the checkout, or an artifact.")
class FileCheck:
    """A file."""

    name: str = strawberry.field(description="Its name for people.")
    path: str | None = strawberry.field(description="A pattern for its path in the checkout.")
    artifact: str | None = strawberry.field(description="The name of the artifact.")


@represents(domain.QueryCheck)
@strawberry.type(description="A query on this graph must answer something.")
class QueryCheck:
    """A GraphQL assertion."""

    name: str = strawberry.field(description="Its name for people.")
    document: str = strawberry.field(description="The query.")
    pointer: str = strawberry.field(description="A JSON pointer into its data; empty: all of it.")
    expected: JSON | None = strawberry.field(description="What must be there.")


Check: TypeAlias = Annotated[
    AcceptanceCheck | CommandCheck | FileCheck | QueryCheck,
    strawberry.union("Check", description="An acceptance check of any kind. New kinds may be added."),
]


def counting(checks: Sequence[domain.AcceptanceCheck]) -> list[domain.FindingThreshold]:
    """Those that count findings."""
    return [check for check in checks if isinstance(check, domain.FindingThreshold)]


def _duration(root: Parent[domain.AcceptanceResult]) -> float:
    return milliseconds(root.duration) or 0.0


@strawberry.type(description="How an acceptance check came out.")
class AcceptanceResult:
    """See the description."""

    name: str = strawberry.field(description="The name of the check.")
    kind: CheckKind = strawberry.field(description="What it looks at.")
    passed: bool = strawberry.field(description="Whether it is met.")
    message: str = strawberry.field(description="What was found, in a sentence.")
    sandbox: str | None = strawberry.field(description="Which sandbox its command ran in; null when it ran none.")
    details: JSON = strawberry.field(description="Facts for a program, such as exitCode and stderr.")
    duration_ms = strawberry.field(_duration, description="How long it took, in milliseconds.")
