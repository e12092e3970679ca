"""To what class an error belongs."""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterator
from datetime import timedelta

import httpx
from pydantic import ValidationError

from domain.errors import BudgetExceeded, Rejection, StoreLost
from domain.recovery import POLICIES, ErrorClass

NOT_DONE = frozenset({408, 425, 429, 503})
"""Not all of it came in time, not yet, not so often, not now: none of it was done, and it may work later."""
NEVER_DONE = frozenset({501, 505})
"""The other side cannot do such a thing at all, however often it is asked."""
THEIR_TROUBLE = 500
"""From here on it is the other side's trouble, which may have come when half of it was done (RFC 9110, 15.6)."""

BY_TYPE: tuple[tuple[type[BaseException] | tuple[type[BaseException], ...], ErrorClass], ...] = (
    (StoreLost, ErrorClass.STORE_LOST),
    (BudgetExceeded, ErrorClass.OVER_BUDGET),
    (Rejection, ErrorClass.BAD_INPUT),
    (ValidationError, ErrorClass.BAD_INPUT),
    (MemoryError, ErrorClass.OUT_OF_MEMORY),
    # Before their bases: nothing was sent.
    ((httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout), ErrorClass.UNREACHABLE),
    ((ConnectionRefusedError, socket.gaierror), ErrorClass.UNREACHABLE),
    ((httpx.TimeoutException, TimeoutError), ErrorClass.TIMEOUT),
    ((httpx.NetworkError, httpx.RemoteProtocolError, ConnectionError), ErrorClass.CONNECTION_LOST),
)
"""The first row that fits counts."""

BY_NUMBER = {
    errno.ENOSPC: ErrorClass.DISK_FULL,
    errno.EDQUOT: ErrorClass.DISK_FULL,
    errno.ENOMEM: ErrorClass.OUT_OF_MEMORY,
    errno.EHOSTUNREACH: ErrorClass.UNREACHABLE,
    errno.ENETUNREACH: ErrorClass.UNREACHABLE,
}
"""What the operating system said, for its errors that have no type of their own."""


def classify(error: BaseException) -> ErrorClass:
    """The class of an error: what it says itself (``error_class``), else what its type says, else ``BUG``.

    Of several that happened side by side it is the gravest.
    """
    return max((_of_one(one) for one in _flat(error)), key=lambda found: POLICIES[found].severity.rank)


def worst(error: BaseException) -> BaseException:
    """The gravest of several errors that happened side by side: the one to show."""
    return max(_flat(error), key=lambda one: POLICIES[_of_one(one)].severity.rank)


def retry_after(error: BaseException) -> timedelta:
    """How long the other side asks to be left alone; zero when it does not say, or says a date."""
    seconds = 0.0
    for one in _flat(error):
        own = getattr(one, "retry_after", None)
        if isinstance(own, timedelta):
            seconds = max(seconds, own.total_seconds())
        if isinstance(one, httpx.HTTPStatusError):
            said = one.response.headers.get("retry-after", "")
            seconds = max(seconds, float(said) if said.isdecimal() and len(said) < 7 else 0.0)
    return timedelta(seconds=seconds)


def _of_one(error: BaseException) -> ErrorClass:
    own = getattr(error, "error_class", None)
    if isinstance(own, ErrorClass):
        return own
    if isinstance(error, httpx.HTTPStatusError):
        return _of_status(error.response.status_code)
    for types, found in BY_TYPE:
        if isinstance(error, types):
            return found
    number = error.errno if isinstance(error, OSError) else None
    return BY_NUMBER.get(number, ErrorClass.BUG) if number is not None else ErrorClass.BUG


def _of_status(status: int) -> ErrorClass:
    if status in NOT_DONE:
        return ErrorClass.RATE_LIMITED
    if status < THEIR_TROUBLE or status in NEVER_DONE:
        return ErrorClass.BAD_INPUT
    return ErrorClass.CONNECTION_LOST


def _flat(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for one in error.exceptions:
            yield from _flat(one)
    else:
        yield error
