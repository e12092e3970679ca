"""Where the database is: one address in the spellings our drivers want, and what is said when nobody answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Self
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

import asyncpg

SCHEMES = frozenset({"postgresql", "postgres", "postgresql+asyncpg", "postgresql+psycopg"})
OLDEST_MAJOR = 15
ONLY_LIBPQ = frozenset({"application_name", "connect_timeout", "options", "gssencmode", "channel_binding"})


class DatabaseUnavailable(Exception):
    """The database cannot be used. The message is one sentence for a person and never contains a password."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


@dataclass(frozen=True, slots=True)
class DatabaseAddresses:
    """How to reach the database as its owner (migrations) and as the application's own, weaker role.

    ``owner_url`` and ``app_url`` are for SQLAlchemy (``postgresql+asyncpg://…``); ``owner_dsn`` and ``app_dsn`` are the
    same places for libpq, DBOS and plain asyncpg (``postgresql://…``). They may contain passwords and are kept out of
    ``repr``.
    """

    owner_dsn: str = field(repr=False)
    app_dsn: str = field(repr=False)

    @property
    def owner_url(self) -> str:
        """The owner's address for SQLAlchemy."""
        return asyncpg_url(self.owner_dsn)

    @property
    def app_url(self) -> str:
        """The application role's address for SQLAlchemy."""
        return asyncpg_url(self.app_dsn)

    @classmethod
    def external(cls, app_url: str, owner_url: str | None = None) -> Self:
        """Addresses of a database of the user's own; without an owner's URL the migrations use the application's.

        Raises:
            ValueError: one of them is not the URL of a PostgreSQL database.
        """
        return cls(owner_dsn=libpq_url(owner_url or app_url), app_dsn=libpq_url(app_url))


def libpq_url(url: str) -> str:
    """Spell an address the way libpq, DBOS and asyncpg read it: ``postgresql://…`` with ``sslmode``.

    Raises:
        ValueError: it is not the URL of a PostgreSQL database; the message does not repeat it.
    """
    query = {"sslmode" if name == "ssl" else name: value for name, value in _query(url)}
    return _rebuild("postgresql", url, query)


def asyncpg_url(url: str) -> str:
    """Spell an address the way SQLAlchemy's asyncpg dialect reads it: ``postgresql+asyncpg://…`` with ``ssl``.

    Parameters that only libpq understands are left out: the driver would refuse them.

    Raises:
        ValueError: it is not the URL of a PostgreSQL database; the message does not repeat it.
    """
    query = {"ssl" if name == "sslmode" else name: value for name, value in _query(url) if name not in ONLY_LIBPQ}
    return _rebuild("postgresql+asyncpg", url, query)


def describe(url: str) -> str:
    """The place without user, password and parameters, fit for a message: ``db.example:5432/wrenchai``."""
    parts = urlsplit(url)
    host = parts.hostname or dict(parse_qsl(parts.query)).get("host") or "the local socket"
    port = f":{parts.port}" if parts.port else ""
    return f"{host}{port}{unquote(parts.path)}"


async def check_database(dsn: str, *, timeout: float = 5.0) -> str:
    """Connect once and return the server's version, such as ``18.6``. ``timeout`` is in seconds.

    Raises:
        DatabaseUnavailable: nobody answers, the server refuses us, or it is older than PostgreSQL 15.
    """
    place = describe(dsn)
    try:
        connection = await asyncpg.connect(libpq_url(dsn), timeout=timeout)
    except asyncpg.InvalidCatalogNameError as error:
        raise DatabaseUnavailable(f"There is no database at {place}: create it, or correct its name.") from error
    except asyncpg.InvalidAuthorizationSpecificationError as error:
        raise DatabaseUnavailable(f"The database at {place} refuses the user or password it was given.") from error
    except (TimeoutError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError, ValueError) as error:
        reason = _reason(error, timeout)
        raise DatabaseUnavailable(
            f"The database at {place} cannot be reached ({reason}): start it, or correct its URL."
        ) from error
    try:
        major = connection.get_server_version().major
        version = str(await connection.fetchval("SHOW server_version")).split()[0]
    finally:
        await connection.close(timeout=timeout)
    if major < OLDEST_MAJOR:
        raise DatabaseUnavailable(f"The database at {place} is PostgreSQL {version}: use {OLDEST_MAJOR} or newer.")
    return version


def _reason(error: BaseException, timeout: float) -> str:
    if isinstance(error, TimeoutError):
        return f"no answer within {timeout:g} seconds"
    if isinstance(error, ConnectionRefusedError):
        return "connection refused"
    if isinstance(error, OSError):
        return (error.strerror or "no connection").lower()
    return type(error).__name__


def _query(url: str) -> list[tuple[str, str]]:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise ValueError("it is not a URL: write postgresql://user:password@host:5432/database") from error
    if parts.scheme not in SCHEMES:
        raise ValueError("only PostgreSQL is supported: write postgresql://user:password@host:5432/database")
    if not parts.path.strip("/"):
        raise ValueError("the name of the database is missing: write postgresql://user:password@host:5432/database")
    return parse_qsl(parts.query, keep_blank_values=True)


def _rebuild(scheme: str, url: str, query: dict[str, str]) -> str:
    parts = urlsplit(url)
    # libpq does not read "+" as a blank, hence quote and not the default quote_plus.
    tail = "?" + urlencode(query, quote_via=quote, safe="/") if query else ""
    return f"{scheme}://{parts.netloc}{parts.path}{tail}"
