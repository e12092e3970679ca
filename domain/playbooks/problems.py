"""What is wrong with a playbook, and where."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from domain.errors import Rejection

MOST_PROBLEMS = 100
"""No more are collected: who has so many reads the first ones."""


@dataclass(frozen=True, slots=True, order=True)
class Mark:
    """A place in a text: line and column, both from 1; the column counts characters."""

    line: int = 1
    column: int = 1


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing that is wrong, in one sentence, with the place where it stands."""

    line: int
    column: int
    reason: str

    def __str__(self) -> str:
        return f"{self.line}:{self.column}: {self.reason}"


@dataclass(eq=False)
class PlaybookInvalid(Rejection):
    """The document is no playbook that could be run. ``problems`` are all that were found, in the order of the text."""

    code: ClassVar[str] = "VALIDATION_FAILED"
    problems: tuple[Problem, ...] = field(default=())

    @property
    def message(self) -> str:
        """The first of the problems, and how many more there are."""
        first = self.problems[0]
        more = f" There are more, {len(self.problems)} in all." if len(self.problems) > 1 else ""
        return f"The playbook has a problem in line {first.line}, column {first.column}: {first.reason}{more}"


class Problems:
    """Collects problems while a document is read, so that all of them are told at once."""

    def __init__(self) -> None:
        self._found: set[Problem] = set()

    def add(self, mark: Mark, reason: str) -> None:
        """Note one; the same is noted once."""
        if len(self._found) < MOST_PROBLEMS:
            self._found.add(Problem(mark.line, mark.column, reason))

    def __bool__(self) -> bool:
        return bool(self._found)

    def sorted(self) -> tuple[Problem, ...]:
        """All of them in the order of the text."""
        return tuple(sorted(self._found))
