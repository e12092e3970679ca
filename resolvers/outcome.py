"""What a mutation answers: a value, or the reasons why there is none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from domain.errors import Rejection

Value = TypeVar("Value")
Other = TypeVar("Other")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome(Generic[Value]):
    """Either ``value`` is there and ``errors`` is empty, or nothing was changed and ``errors`` says why."""

    value: Value | None = None
    errors: tuple[Rejection, ...] = ()

    def map(self, change: Callable[[Value], Other]) -> Outcome[Other]:
        """The same outcome with another value made of this one's."""
        return Outcome(value=None if self.value is None else change(self.value), errors=self.errors)
