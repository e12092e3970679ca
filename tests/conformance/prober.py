"""Asks the platform what no well-meaning client asks, and looks at what that left behind."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.error_codes import ErrorCode

TABLES = ("projects", "sources", "tasks", "dependencies", "executions", "events", "idempotency_keys", "artifacts")
IN_TIME = 5.0
"""Seconds that any answer may take, on a busy machine; nearly all take milliseconds."""
NEVER = {"INTERNAL", "SERVICE_UNAVAILABLE", "DEADLINE_EXCEEDED"}
"""Codes that nothing a client sends may bring about."""


@dataclass(frozen=True)
class Answer:
    """``codes`` are those of the response's errors and of the payloads' errors."""

    status: int
    payload: Any
    codes: tuple[str, ...]
    seconds: float

    @property
    def fault(self) -> str | None:
        """What is wrong with it: not prompt, not GraphQL, or an error whose code is none or is our fault."""
        if self.status >= 500 or not set(self.codes) <= set(ErrorCode) - NEVER:
            return f"{self.status} {self.payload!r:.500}"
        if not isinstance(self.payload, dict) or not ("data" in self.payload or self.codes):
            return f"not GraphQL: {self.status} {self.payload!r:.500}"
        if self.seconds > IN_TIME:
            return f"took {self.seconds:.1f} s"
        return None

    @property
    def refused(self) -> bool:
        """Whether there was any error."""
        return bool(self.codes)


@dataclass(frozen=True)
class Prober:
    """``http`` is signed in as the owner."""

    http: httpx.AsyncClient
    engine: AsyncEngine

    async def ask(self, document: str, variables: Mapping[str, Any] | None = None) -> Answer:
        """One operation, as a client would send it; lone surrogates and NUL go as escapes, as JSON has them."""
        return await self.send(json.dumps({"query": document, "variables": variables or {}}).encode())

    async def send(self, body: bytes, method: str = "POST", **headers: str) -> Answer:
        """Any bytes. ``headers`` are by their names with underscores."""
        named = {"content-type": "application/json"} | {key.replace("_", "-"): value for key, value in headers.items()}
        given = [(name.encode(), value.encode("latin-1")) for name, value in named.items()]
        started = time.perf_counter()
        response = await self.http.request(method, "/graphql", content=body, headers=given)
        seconds = time.perf_counter() - started
        try:
            payload = response.json()
        except ValueError:
            payload = response.text
        return Answer(response.status_code, payload, codes_of(payload), seconds)

    async def rows(self) -> dict[str, int]:
        """How many rows each table has."""
        counts = ", ".join(f"(SELECT count(*) FROM {table}) AS {table}" for table in TABLES)
        async with self.engine.connect() as connection:
            (row,) = (await connection.execute(text(f"SELECT {counts}"))).mappings()
            return dict(row)

    @asynccontextmanager
    async def no_trace(self, about: str = "") -> AsyncIterator[None]:
        """Fail if there are other rows at the end than at the beginning."""
        before = await self.rows()
        yield
        assert await self.rows() == before, about


def codes_of(payload: Any) -> tuple[str, ...]:
    """The codes of a response's errors and of those in its payloads."""
    if not isinstance(payload, dict):
        return ()
    codes = [error["extensions"]["code"] for error in payload.get("errors", ())]
    data = payload.get("data")
    for value in data.values() if isinstance(data, dict) else ():
        if isinstance(value, dict):
            codes += [error["code"] for error in value.get("errors", ()) if "code" in error]
    return tuple(codes)
