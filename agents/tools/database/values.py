"""Values on their way to the server, and rows on their way to JSON."""

from __future__ import annotations

import json
import math
from base64 import b64encode
from collections.abc import Sequence
from typing import Any

from psycopg import AsyncCursor
from psycopg.types.json import Jsonb
from pydantic import JsonValue

from agents.tools.database.models import Column
from agents.tools.database.session import Connection


def sent(parameters: Sequence[JsonValue]) -> list[Any]:
    """The parameters as they are sent: a text has no type of its own, so the server takes it for what it needs."""
    return [Jsonb(one) if isinstance(one, dict) else one for one in parameters]


def plain(value: Any) -> JsonValue:
    """A value of a row as JSON."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, bytes):
        return b64encode(value).decode()
    if isinstance(value, dict):
        return {str(name): plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    return str(value)


class Kept:
    """Rows up to a number and a size. ``full`` once something was left out."""

    def __init__(self, most_rows: int, most_bytes: int) -> None:
        self.rows: list[list[JsonValue]] = []
        self.full = False
        self._most_rows = most_rows
        self._left = most_bytes

    def add(self, row: Sequence[Any]) -> None:
        """Keep the row, unless there is no room: then nothing is kept any more."""
        if self.full or len(self.rows) == self._most_rows:
            self.full = True
            return
        values = [plain(value) for value in row]
        self._left -= len(json.dumps(values, ensure_ascii=False).encode("utf-8", "replace"))
        if self._left < 0:
            self.full = True
        else:
            self.rows.append(values)


async def columns_of(connection: Connection, cursor: AsyncCursor[Any]) -> list[Column]:
    """The columns of a result with the names of their types; empty without a result."""
    described = cursor.description or []
    numbers = [one.type_code for one in described]
    answer = await connection.execute("SELECT format_type(oid, NULL) FROM unnest(%s::oid[]) AS oid", (numbers,))
    types = [str(name) for (name,) in await answer.fetchall()]
    return [Column(name=one.name, type=name) for one, name in zip(described, types, strict=True)]
