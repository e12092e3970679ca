"""What a subscription sends: an event and the place behind it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from domain.events import EventRecord
from resolvers.flights import Flights


@dataclass(frozen=True, slots=True, eq=False)
class Delivery:
    """An event and where to resume after it, as one read of the log found it.

    Two are equal only when they are the same object: what is computed for it is then as fresh as that read.
    """

    cursor: str
    event: EventRecord


Reads: TypeAlias = Flights[tuple[Delivery, ...]]
"""Reads of the event log that the subscriptions of a process share."""

MOST_EVENTS = 2_000


def shared_reads() -> Reads:
    """Reads kept for as long as it may take to send one event to everybody."""
    return Flights(lifetime=2.0, capacity=MOST_EVENTS, weigh=len)
