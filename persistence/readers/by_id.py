"""Looking things up by id (or another unique column), aligned with what was asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select

from persistence.mappers import AnyRow
from persistence.readers.session import Reading
from persistence.selects import among

Item = TypeVar("Item")
Key = TypeVar("Key")


async def read_by(
    connection: Reading,
    base: Select[Any],
    column: ColumnElement[Key],
    wanted: Sequence[Key],
    to_item: Callable[[AnyRow], Item],
) -> list[Item | None]:
    """What ``base`` holds under each wanted value of a unique column; ``None`` where it holds nothing."""
    keyed = base.add_columns(column.label("wanted_key")).where(among(column, wanted))
    found = {row["wanted_key"]: to_item(row) for row in await connection.rows(keyed)}
    return [found.get(one) for one in wanted]
