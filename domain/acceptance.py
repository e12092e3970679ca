"""Acceptance checks: conditions of success that the platform evaluates itself, and how they came out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any, TypeAlias
from uuid import UUID

from domain.severity import Severity


class CheckKind(StrEnum):
    """What an acceptance check looks at."""

    FINDINGS = "FINDINGS"
    COMMAND = "COMMAND"
    FILE = "FILE"
    QUERY = "QUERY"


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingThreshold:
    """At most ``maximum`` findings of ``severity`` or worse."""

    name: str
    severity: Severity
    maximum: int = 0
    only_new: bool = True

    @property
    def kind(self) -> CheckKind:
        """What it looks at."""
        return CheckKind.FINDINGS


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandCheck:
    """A program, run in the sandbox on what the agent has left, ends with the expected exit code.

    ``command`` is the program and its arguments; nothing is given to a shell unless it names one.
    """

    name: str
    command: tuple[str, ...]
    exit_code: int = 0
    timeout: timedelta = timedelta(minutes=5)

    @property
    def kind(self) -> CheckKind:
        """What it looks at."""
        return CheckKind.COMMAND


@dataclass(frozen=True, slots=True, kw_only=True)
class FileCheck:
    """There is a file whose path in the checkout fits the pattern ``path``, or an artifact named ``artifact``.

    Exactly one of the two is given. In a pattern ``*`` and ``?`` stay within a folder, ``**`` is any number of them.
    """

    name: str
    path: str | None = None
    artifact: str | None = None

    @property
    def kind(self) -> CheckKind:
        """What it looks at."""
        return CheckKind.FILE


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryCheck:
    """A GraphQL query answers ``expected`` at ``pointer`` (a JSON pointer into its data; empty is all of it).

    The document may declare ``$execution``, ``$task`` and ``$project``, each an ``ID``.
    """

    name: str
    document: str
    pointer: str = ""
    expected: Any = None

    @property
    def kind(self) -> CheckKind:
        """What it looks at."""
        return CheckKind.QUERY


AcceptanceCheck: TypeAlias = FindingThreshold | CommandCheck | FileCheck | QueryCheck


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptanceResult:
    """How a check came out. ``sandbox`` is which one its command ran in; ``details`` are facts for a program."""

    position: int
    name: str
    kind: CheckKind
    passed: bool
    message: str
    sandbox: str | None = None
    details: Mapping[str, Any] = field(default_factory=dict)
    duration: timedelta = timedelta()


@dataclass(frozen=True, slots=True, kw_only=True)
class QuerySubject:
    """Whose rights a query of a check has (those of a reader of the workspace), and what its variables name."""

    workspace_id: UUID
    project_id: UUID
    task_id: UUID
    execution_id: UUID
