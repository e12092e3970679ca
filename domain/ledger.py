"""The ledger: double entry, append-only. Every posting takes an amount from one account and puts it into another.

A scope (a workspace, project, task or execution) has for each unit what is still *available*, what is *reserved* for
calls that are under way, and what is *spent*. A posting of an execution is made in its own scope and in every one above
it, in one transaction: so a subtree's total includes its children at any moment.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from domain.units import Unit, written


class Pot(StrEnum):
    """The accounts of a scope: where an amount can be."""

    AVAILABLE = "AVAILABLE"
    RESERVED = "RESERVED"
    SPENT = "SPENT"


class PostingKind(StrEnum):
    """Why an amount is moved.

    ``RESERVE`` before a call, at its worst case; ``CHARGE`` what it took of that, ``RELEASE`` the rest. ``OVERRUN`` is
    what it took beyond its reservation, ``MEASURE`` what can only be measured afterwards: both are spent unreserved.
    """

    RESERVE = "RESERVE"
    CHARGE = "CHARGE"
    RELEASE = "RELEASE"
    OVERRUN = "OVERRUN"
    MEASURE = "MEASURE"


MOVES: Final[Mapping[PostingKind, tuple[Pot, Pot]]] = {
    PostingKind.RESERVE: (Pot.AVAILABLE, Pot.RESERVED),
    PostingKind.CHARGE: (Pot.RESERVED, Pot.SPENT),
    PostingKind.RELEASE: (Pot.RESERVED, Pot.AVAILABLE),
    PostingKind.OVERRUN: (Pot.AVAILABLE, Pot.SPENT),
    PostingKind.MEASURE: (Pot.AVAILABLE, Pot.SPENT),
}
"""From which account to which each kind moves an amount."""


class Scope(StrEnum):
    """Whose account it is. A task's includes its child tasks and their executions, and so on upwards."""

    WORKSPACE = "WORKSPACE"
    PROJECT = "PROJECT"
    TASK = "TASK"
    EXECUTION = "EXECUTION"


@dataclass(frozen=True, slots=True)
class Place:
    """One scope: which kind it is of, and its id."""

    scope: Scope
    id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """One movement. ``amount`` is above 0, in the unit's smallest part."""

    kind: PostingKind
    unit: Unit
    amount: int

    @property
    def legs(self) -> tuple[tuple[Pot, int], tuple[Pot, int]]:
        """Both entries: what leaves one account and what comes into the other."""
        source, target = MOVES[self.kind]
        return (source, -self.amount), (target, self.amount)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What a scope has reserved and spent of one unit. ``limit`` is its budget, ``None`` without one."""

    id: UUID
    scope: Scope
    scope_id: UUID
    unit: Unit
    reserved: int = 0
    spent: int = 0
    limit: int | None = None
    limit_set_at: datetime | None = None

    @property
    def available(self) -> int | None:
        """What is left of the budget; below 0 when more was measured than it allows; ``None`` without a budget."""
        return None if self.limit is None else self.limit - self.spent - self.reserved

    @property
    def used_up(self) -> bool:
        """Whether nothing is left of a budget."""
        return self.available is not None and self.available <= 0

    @property
    def overdrawn(self) -> bool:
        """Whether more is reserved and spent than the budget allows."""
        return self.available is not None and self.available < 0

    def after(self, posting: Posting) -> Account:
        """The account after a posting of its unit.

        Raises:
            ValueError: more would be charged or released than is reserved.
        """
        change = {Pot.AVAILABLE: 0, Pot.RESERVED: 0, Pot.SPENT: 0}
        for pot, amount in posting.legs:
            change[pot] += amount
        moved = replace(self, reserved=self.reserved + change[Pot.RESERVED], spent=self.spent + change[Pot.SPENT])
        if moved.reserved < 0:
            raise ValueError(f"{posting.kind} of {posting.amount} {self.unit}, but only {self.reserved} is reserved")
        return moved

    def refusal(self, wanted: int) -> str:
        """Why the budget does not allow another ``wanted``, for a person; 0 when nothing is left at all."""
        limit, spent, reserved, more = (
            f"{written(self.unit, parts):,}" for parts in (self.limit or 0, self.spent, self.reserved, wanted)
        )
        needs = f"another {more} cannot be reserved" if wanted else "nothing is left"
        return f"{limit}, of which {spent} is spent and {reserved} reserved: {needs}; raise the budget to go on"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """What is set aside for one call. ``reference`` names the call in the ledger: each posting of it counts once."""

    reference: UUID
    amounts: Mapping[Unit, int]

    def opening(self) -> tuple[Posting, ...]:
        """The postings before the call."""
        return tuple(_posting(PostingKind.RESERVE, unit, amount) for unit, amount in self.amounts.items() if amount)

    def closing(self, actual: Mapping[Unit, int]) -> tuple[Posting, ...]:
        """The postings after the call, of what it really took; a unit that is not in ``actual`` took nothing."""
        postings = []
        for unit in (*self.amounts, *(one for one in actual if one not in self.amounts)):
            reserved, took = self.amounts.get(unit, 0), actual.get(unit, 0)
            beyond = PostingKind.OVERRUN if unit in self.amounts else PostingKind.MEASURE
            postings += [
                _posting(PostingKind.CHARGE, unit, min(reserved, took)),
                _posting(PostingKind.RELEASE, unit, max(reserved - took, 0)),
                _posting(beyond, unit, max(took - reserved, 0)),
            ]
        return tuple(posting for posting in postings if posting.amount)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """What a call took, against what was set aside for it."""

    reservation: Reservation
    actual: Mapping[Unit, int]

    @property
    def postings(self) -> tuple[Posting, ...]:
        """The postings after the call."""
        return self.reservation.closing(self.actual)


def imbalance(postings: Iterable[Posting]) -> dict[Unit, int]:
    """The sum of all entries by unit: 0, or somebody has invented an amount."""
    sums: dict[Unit, int] = {}
    for posting in postings:
        for _, amount in posting.legs:
            sums[posting.unit] = sums.get(posting.unit, 0) + amount
    return sums


def _posting(kind: PostingKind, unit: Unit, amount: int) -> Posting:
    return Posting(kind=kind, unit=unit, amount=amount)
