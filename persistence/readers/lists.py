"""The lists that belong to things, for many of them at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, Select, bindparam

from domain.pages import Page, PageRequest
from persistence.keyset import Ordering, pages_of, select_pages
from persistence.mappers import AnyRow
from persistence.readers.compiled import Prepared
from persistence.readers.session import ReadSession

Item = TypeVar("Item")


@dataclass(frozen=True)
class Lists(Generic[Item]):
    """Reads pages of the lists of many parents. Each form of page has a statement, which is built once.

    ``rows`` of a list are those whose ``parent`` is the parent's id; ``workspace`` is the column that has their
    workspace.
    """

    rows: Select[Any]
    parent: ColumnElement[UUID]
    workspace: ColumnElement[UUID]
    ordering: Ordering
    to_item: Callable[[AnyRow], Item]
    _statements: dict[tuple[bool, ...], Prepared] = field(default_factory=dict)

    async def read(
        self, session: ReadSession, workspace_id: UUID, parents: Sequence[UUID], page: PageRequest
    ) -> list[Page[Item]]:
        """The same page of the list of each parent, aligned with them.

        Raises:
            InvalidCursor: a position in the request does not fit the ordering.
        """
        values = self.ordering.values(page)
        statement = self._statement(page)
        async with session.connection() as connection:
            rows = await connection.prepared_rows(statement, workspace_id=workspace_id, parents=list(parents), **values)
        return pages_of(rows, parents, self.ordering, page, self.to_item)

    def _statement(self, page: PageRequest) -> Prepared:
        form = (page.backward, page.count, page.after is not None, page.before is not None)
        if form not in self._statements:
            self._statements[form] = Prepared(select_pages(self._list_of, (), self.ordering, page))
        return self._statements[form]

    def _list_of(self, parent_id: ColumnElement[UUID]) -> Select[Any]:
        own = self.workspace == bindparam("workspace_id", type_=self.workspace.type)
        return self.rows.where(own, self.parent == parent_id)
