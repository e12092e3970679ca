"""Telling an outage of the database from a defect of ours."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from asyncpg import InternalClientError
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

_UNAVAILABLE_CLASSES: Final = ("08", "53", "57P", "58")
"""SQLSTATE prefixes: connection, resources (memory, disk, connections), operator intervention, system."""
_QUERY_CANCELED: Final = "57014"
_DISK_FULL: Final = "53100"


def is_outage(error: BaseException) -> bool:
    """Whether the database could not be reached, was going down, or had no resources left."""
    return any(_lost(link) for link in _chain(error))


def is_disk_full(error: BaseException) -> bool:
    """Whether the disk of the database has no room left."""
    return any(_sqlstate(link) == _DISK_FULL for link in _chain(error))


def ran_out_of_time(error: BaseException) -> bool:
    """Whether PostgreSQL cut the statement off at its ``statement_timeout``."""
    return any(_sqlstate(link) == _QUERY_CANCELED for link in _chain(error))


def _lost(error: BaseException) -> bool:
    # The driver raises InternalClientError for a connection to which the server has said farewell while it rested.
    if isinstance(error, (PoolTimeout, InternalClientError)):
        return True
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    if isinstance(error, OperationalError) and not _sqlstate(error.orig):
        return True  # psycopg, which the engine uses, could not connect: the server has said nothing
    if isinstance(error, OSError):
        return _raised_in_driver(error)
    return isinstance(error, InterfaceError) or _sqlstate(error).startswith(_UNAVAILABLE_CLASSES)


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    link: BaseException | None = error
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        yield link
        link = link.__cause__ or link.__context__


def _sqlstate(error: BaseException | None) -> str:
    return str(getattr(error, "sqlstate", None) or "")


def _raised_in_driver(error: BaseException) -> bool:
    """The driver lets the operating system's own errors through when it cannot connect."""
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_globals.get("__name__", "").partition(".")[0] == "asyncpg":
            return True
        trace = trace.tb_next
    return False
