"""Inputs about acceptance checks."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import cast

import strawberry
from graphql import GraphQLError, OperationDefinitionNode, OperationType, parse
from strawberry import UNSET

from domain.acceptance import AcceptanceCheck, CommandCheck, FileCheck, FindingThreshold, QueryCheck
from domain.errors import Invalid, below
from domain.severity import Severity
from schema.absence import given
from schema.scalars import JSON

MOST_TOKENS = 2_500


@strawberry.input(
    description="A program ends with the expected exit code. It is run in the sandbox on what the agent has left, "
    "which it can read; it can write to its working folder only."
)
class CommandCheckInput:
    """A program."""

    command: list[str] = strawberry.field(
        description="The program and its arguments, 1 to 100. No shell is involved unless it is named: "
        '["sh", "-c", "..."].'
    )
    exit_code: int = strawberry.field(default=0, description="The exit code that is expected.")
    timeout: timedelta = strawberry.field(
        default=timedelta(minutes=5), description="How long it may take: 1 second to 1 hour."
    )


@strawberry.input(one_of=True, description="There is a file.")
class FileCheckInput:
    """A file of the checkout, or an artifact."""

    path: str | None = strawberry.field(
        default=UNSET,
        description="A file of the checkout whose path fits this pattern: * and ? stay within a folder, ** is any "
        "number of folders.",
    )
    artifact: str | None = strawberry.field(default=UNSET, description="An artifact of this name.")


@strawberry.input(description="A query on this graph answers what is expected, read with the rights of a reader.")
class QueryCheckInput:
    """A GraphQL assertion."""

    document: str = strawberry.field(
        description="One query. It may declare $execution, $task and $project, each an ID: the ids of what is checked."
    )
    pointer: str = strawberry.field(
        default="", description="A JSON pointer (RFC 6901) into its data, such as /execution/error; empty: all of it."
    )
    expected: JSON | None = strawberry.field(default=None, description="What must be there.")


@strawberry.input(
    description="A condition of success that the platform itself evaluates: give exactly one of severity, command, "
    "file and query."
)
class AcceptanceCheckInput:
    """One check, of one of four kinds."""

    name: str = strawberry.field(description="Its name for people.")
    severity: Severity | None = strawberry.field(
        default=UNSET, description="Findings of this severity or a worse one count: there may be at most maximum."
    )
    maximum: int = strawberry.field(default=0, description="How many findings there may be, with severity.")
    only_new: bool = strawberry.field(default=True, description="Whether only new findings count, with severity.")
    command: CommandCheckInput | None = strawberry.field(default=UNSET, description="A program to run.")
    file: FileCheckInput | None = strawberry.field(default=UNSET, description="A file to look for.")
    query: QueryCheckInput | None = strawberry.field(default=UNSET, description="A query to ask.")

    def parsed(self) -> AcceptanceCheck:
        """The same in terms of the domain.

        Raises:
            Invalid: not exactly one kind is given, or the document is not one query.
        """
        kinds = {name: given(getattr(self, name)) for name in ("severity", "command", "file", "query")}
        chosen = [name for name, value in kinds.items() if value is not None]
        if len(chosen) != 1:
            found = " and ".join(chosen) or "none of them"
            raise Invalid(
                f"The acceptance check {self.name!r} needs exactly one of severity, command, file and query; it has "
                f"{found}."
            )
        if self.command:
            one = self.command
            return CommandCheck(
                name=self.name, command=tuple(one.command), exit_code=one.exit_code, timeout=one.timeout
            )
        if self.file:
            return FileCheck(name=self.name, path=given(self.file.path), artifact=given(self.file.artifact))
        if self.query:
            _require_query(self.name, self.query.document)
            return QueryCheck(
                name=self.name,
                document=self.query.document,
                pointer=self.query.pointer,
                expected=given(self.query.expected),
            )
        severity = cast("Severity", self.severity)
        return FindingThreshold(name=self.name, severity=severity, maximum=self.maximum, only_new=self.only_new)


def parsed_checks(checks: Iterable[AcceptanceCheckInput]) -> tuple[AcceptanceCheck, ...]:
    """The checks in terms of the domain.

    Raises:
        Invalid: as for each of them; ``path`` says which.
    """
    parsed = []
    for position, check in enumerate(checks):
        with below("input", "acceptanceChecks", str(position)):
            parsed.append(check.parsed())
    return tuple(parsed)


def _require_query(name: str, document: str) -> None:
    try:
        definitions = parse(document, max_tokens=MOST_TOKENS).definitions
    except (GraphQLError, RecursionError) as error:
        why = error.message if isinstance(error, GraphQLError) else "it is nested too deep"
        raise Invalid(f"The query of the acceptance check {name!r} cannot be read: {why}") from None
    operations = [one for one in definitions if isinstance(one, OperationDefinitionNode)]
    if len(operations) != 1 or operations[0].operation is not OperationType.QUERY:
        raise Invalid(
            f"The acceptance check {name!r} needs a document with one query, and no mutation or subscription."
        )
