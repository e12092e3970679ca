"""The connection URL in a secret: what may be in it, and how the connection goes to an address that was checked."""

from __future__ import annotations

import ssl
from dataclasses import dataclass

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from agents.contract import ToolFailure
from agents.contract.egress import Egress
from domain.recovery import ErrorClass

SCHEMES = ("postgresql://", "postgres://", "postgresql+asyncpg://", "postgresql+psycopg://")
PARTS = frozenset({"host", "port", "user", "password", "dbname", "sslmode", "application_name", "connect_timeout"})
MODES = frozenset({"disable", "prefer", "require", "verify-full"})
HIDDEN = "********"
SHORTEST = 3
"""Characters of what is taken out of messages: a shorter one would take half of the message along."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a secret leads. ``parts`` are those of the URL, by the names that libpq gives them."""

    secret: str
    parts: dict[str, str]

    @classmethod
    def read(cls, secret: str, url: str) -> Target:
        """Take the URL apart. Nothing of it is in an error.

        Raises:
            ToolFailure: it is no such URL, or has something in it that is not supported.
        """
        if not url.strip().startswith(SCHEMES):
            raise _bad(secret, "is not the URL of a PostgreSQL: write postgresql://user:password@host:5432/database")
        try:
            found = conninfo_to_dict("postgresql://" + url.strip().partition("://")[2])
        except psycopg.Error:
            raise _bad(
                secret, "is a URL that cannot be read: write special characters in it as %40 and so on"
            ) from None
        parts = {name: str(value) for name, value in found.items() if value is not None}
        strange = sorted(parts.keys() - PARTS)
        if strange:
            raise _bad(secret, f"sets {strange[0]}, which is not supported: leave it out")
        if parts.get("sslmode", "prefer") not in MODES:
            raise _bad(secret, f"has an sslmode that is not supported: use one of {', '.join(sorted(MODES))}")
        for name in ("user", "dbname", "host"):
            if not parts.get(name):
                raise _bad(secret, f"names no {name}: write postgresql://user:password@host:5432/database")
        if "," in parts["host"] or parts["host"].startswith(("/", "@")):
            raise _bad(secret, "has to name one host, and no socket of this machine")
        if not parts.setdefault("port", "5432").isdecimal():
            raise _bad(secret, "names no port that is a number")
        return cls(secret, parts)

    async def conninfo(self, egress: Egress, seconds: float) -> str:
        """What libpq connects with: the address that was checked, and the name for the server's certificate.

        Everything that libpq would take from the environment or the home folder otherwise is said.

        Raises:
            EgressRefused: the server must not be reached.
        """
        parts = self.parts
        address = (await egress.addresses(parts["host"], int(parts["port"])))[0]
        mode = parts.get("sslmode", "prefer")
        authorities = ssl.get_default_verify_paths().cafile or "system"
        return make_conninfo(
            host=parts["host"],
            hostaddr=address,
            port=parts["port"],
            user=parts["user"],
            password=parts.get("password", ""),
            dbname=parts["dbname"],
            sslmode=mode,
            sslrootcert=authorities if mode == "verify-full" else "",
            sslcertmode="disable",
            gssencmode="disable",
            passfile="/nonexistent/pgpass",
            options="",
            target_session_attrs="any",
            client_encoding="UTF8",
            application_name=parts.get("application_name", "wrenchai"),
            connect_timeout=max(2, round(seconds)),
        )

    def without_it(self, text: str) -> str:
        """The text without anything of the URL."""
        for name in ("password", "user", "host", "dbname"):
            if len(self.parts.get(name, "")) >= SHORTEST:
                text = text.replace(self.parts[name], HIDDEN)
        return text


def _bad(secret: str, problem: str) -> ToolFailure:
    return ToolFailure(f"The secret {secret!r} {problem}.", error_class=ErrorClass.BAD_INPUT)
