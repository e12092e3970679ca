"""Looking things up by id (or another unique column), aligned with what was asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic, TypeVar
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Select, bindparam, func

from persistence.mappers import AnyRow
from persistence.readers.compiled import Prepared
from persistence.readers.session import ReadSession

Item = TypeVar("Item")
Key = TypeVar("Key")


@dataclass(frozen=True)
class Lookup(Generic[Key, Item]):
    """Finds the rows of ``base`` by the unique column ``key``. The statement is built once, for any number of keys.

    ``workspace`` is the column that has the workspace of a row; without it the rows belong to none.
    """

    base: Select[Any]
    key: ColumnElement[Key]
    to_item: Callable[[AnyRow], Item]
    workspace: ColumnElement[UUID] | None = None

    async def find(
        self, session: ReadSession, wanted: Sequence[Key], workspace_id: UUID | None = None
    ) -> list[Item | None]:
        """What is there under each wanted key; ``None`` where nothing is, or not in this workspace."""
        async with session.connection() as connection:
            rows = await connection.prepared_rows(self._statement, wanted=list(wanted), workspace_id=workspace_id)
        found = {row["wanted_key"]: self.to_item(row) for row in rows}
        return [found.get(one) for one in wanted]

    @cached_property
    def _statement(self) -> Prepared:
        wanted = bindparam("wanted", type_=ARRAY(self.key.type))
        keyed = self.base.add_columns(self.key.label("wanted_key")).where(self.key == func.any(wanted))
        if self.workspace is not None:
            keyed = keyed.where(self.workspace == bindparam("workspace_id", type_=self.workspace.type))
        return Prepared(keyed)
