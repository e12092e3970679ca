"""What a subscription sends: an event and the place behind it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from domain.events import Event, EventRecord, LogWritten, ModelAnswered, ModelSpoke
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

MOST_BYTES = 16 * 1024 * 1024
BYTES_BESIDES = 1024
"""What an event takes besides its long texts, roughly."""


def shared_reads() -> Reads:
    """Reads kept for as long as it may take to send one event to everybody."""
    return Flights(lifetime=2.0, capacity=MOST_BYTES, weigh=_weigh)


def _weigh(deliveries: tuple[Delivery, ...]) -> int:
    return sum(BYTES_BESIDES + _log_of(delivery.event.event) for delivery in deliveries)


def _log_of(event: Event) -> int:
    """Log lines and what a model says are the only parts of an event that can be large: up to 64 KiB."""
    if isinstance(event, ModelSpoke | ModelAnswered):
        return len(event.text)
    return sum(map(len, event.lines)) if isinstance(event, LogWritten) else 0
