"""Keyset pages as SQL: one statement, for a list or for the lists of many parents at once.

One row more than asked for is read: it tells whether there is a further page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Integer,
    Select,
    SmallInteger,
    Uuid,
    bindparam,
    column,
    func,
    literal,
    literal_column,
    select,
    true,
    tuple_,
)

from domain.errors import InvalidCursor
from domain.pages import EXACT_COUNT_LIMIT, Page, PageRequest, TotalCount
from persistence.mappers import AnyRow
from persistence.readers.session import Reading

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Ordering:
    """Columns that order a list, the last one unique, and their common direction."""

    columns: tuple[ColumnElement[Any], ...]
    descending: bool = False

    def window(self, base: Select[Any], page: PageRequest) -> Select[Any]:
        """The rows of a page in reading direction, and one more; its parameters are those of ``values``.

        Raises:
            InvalidCursor: a position does not fit the columns.
        """
        values = self.values(page)
        windowed = base
        if page.after is not None:
            windowed = windowed.where(self._beyond("after", values, forward=True))
        if page.before is not None:
            windowed = windowed.where(self._beyond("before", values, forward=False))
        limit = bindparam("rows", values["rows"], type_=Integer)
        return windowed.order_by(*self.directed(self.columns, page)).limit(limit)

    def values(self, page: PageRequest) -> dict[str, Any]:
        """The values of a window's parameters, by name.

        Raises:
            InvalidCursor: a position does not fit the columns.
        """
        values: dict[str, Any] = {"rows": page.limit + 1}
        for name, position in (("after", page.after), ("before", page.before)):
            if position is not None:
                if len(position) != len(self.columns) or not all(map(_fits, position, self.columns)):
                    raise InvalidCursor(path=(name,))
                values.update({f"{name}_{n}": value for n, value in enumerate(position)})
        return values

    def directed(self, columns: Iterable[ColumnElement[Any]], page: PageRequest) -> list[ColumnElement[Any]]:
        """The columns in the direction in which the page is read."""
        down = self.descending != page.backward
        return [one.desc() if down else one.asc() for one in columns]

    def _beyond(self, name: str, values: dict[str, Any], *, forward: bool) -> ColumnElement[bool]:
        bound = [f"{name}_{n}" for n in range(len(self.columns))]
        here = tuple_(*self.columns)
        there = tuple_(*(bindparam(key, values[key], one.type) for key, one in zip(bound, self.columns, strict=True)))
        return here < there if self.descending == forward else here > there


async def read_page(
    connection: Reading,
    base: Select[Any],
    ordering: Ordering,
    page: PageRequest,
    to_item: Callable[[AnyRow], Item],
) -> Page[Item]:
    """A page of ``base``. The count, when asked for, is a second statement."""
    positioned = base.add_columns(*(one.label(f"position_{n}") for n, one in enumerate(ordering.columns)))
    rows = await connection.rows(ordering.window(positioned, page))
    total = None
    if page.count:
        limited = (
            base.with_only_columns(literal(1), maintain_column_froms=True)
            .order_by(None)
            .limit(EXACT_COUNT_LIMIT + 1)
            .subquery()
        )
        total = _total(await connection.scalar(select(func.count()).select_from(limited)))
    return _page(list(rows), page, len(ordering.columns), to_item, total)


def select_pages(
    base: Callable[[ColumnElement[UUID]], Select[Any]],
    parents: Sequence[UUID],
    ordering: Ordering,
    page: PageRequest,
) -> Select[Any]:
    """The same page of many lists in one statement; its parameters are ``parents`` and those of the window.

    ``base`` gives the list of one parent, from the SQL expression of the parent's id.

    Raises:
        InvalidCursor: a position does not fit the columns.
    """
    asked = func.unnest(bindparam("parents", list(parents), type_=ARRAY(Uuid))).table_valued(
        column("id", Uuid), with_ordinality=literal_column("n", Integer).name, name="parent"
    )
    parent = asked.render_derived()
    listed = base(parent.c.id)
    positioned = listed.add_columns(*(one.label(f"position_{n}") for n, one in enumerate(ordering.columns)))
    child = ordering.window(positioned, page).lateral("child")
    wanted = select(parent.c.n.label("parent_n"), child)
    if page.count:
        limited = (
            listed.with_only_columns(literal(1), maintain_column_froms=True)
            .order_by(None)
            .limit(EXACT_COUNT_LIMIT + 1)
            .correlate(parent)
            .subquery()
        )
        counted = select(func.count().label("list_total")).select_from(limited).correlate(parent).lateral("counted")
        wanted = select(parent.c.n.label("parent_n"), counted.c.list_total, *child.c).select_from(
            parent.join(counted, true()).outerjoin(child, true())
        )
    else:
        wanted = wanted.select_from(parent.join(child, true()))
    # A lateral join keeps no order by itself; and only the database knows the order of texts.
    positions = [child.c[f"position_{n}"] for n in range(len(ordering.columns))]
    return wanted.order_by(parent.c.n, *ordering.directed(positions, page))


def pages_of(
    rows: Iterable[AnyRow],
    parents: Sequence[UUID],
    ordering: Ordering,
    page: PageRequest,
    to_item: Callable[[AnyRow], Item],
) -> list[Page[Item]]:
    """The pages in the rows of ``select_pages``, aligned with ``parents``."""
    groups: list[list[AnyRow]] = [[] for _ in parents]
    totals: list[TotalCount | None] = [None for _ in parents]
    for row in rows:
        place = row["parent_n"] - 1
        if page.count:
            totals[place] = _total(row["list_total"])
        if not page.count or row["position_0"] is not None:
            groups[place].append(row)
    width = len(ordering.columns)
    return [_page(rows, page, width, to_item, total) for rows, total in zip(groups, totals, strict=True)]


async def read_pages(
    connection: Reading,
    base: Callable[[ColumnElement[UUID]], Select[Any]],
    parents: Sequence[UUID],
    ordering: Ordering,
    page: PageRequest,
    to_item: Callable[[AnyRow], Item],
) -> list[Page[Item]]:
    """The same page of many lists, aligned with ``parents``, in one statement that is made for this call.

    ``persistence.readers.lists.Lists`` makes it once, where ``base`` is always the same.
    """
    rows = await connection.rows(select_pages(base, parents, ordering, page))
    return pages_of(rows, parents, ordering, page, to_item)


def _fits(value: Any, ordering: ColumnElement[Any]) -> bool:
    """Whether a value that came in a cursor can be compared with a column; a cursor can be made up."""
    kind = ordering.type.python_type
    if kind is int:
        most = 2**15 if isinstance(ordering.type, SmallInteger) else 2**31
        return type(value) is int and -most <= value < most
    return isinstance(value, kind)


def _page(
    rows: list[AnyRow], page: PageRequest, width: int, to_item: Callable[[AnyRow], Item], total: TotalCount | None
) -> Page[Item]:
    further = len(rows) > page.limit
    names = [f"position_{n}" for n in range(width)]
    kept = rows[: page.limit]
    if page.backward:
        kept.reverse()
    return Page(
        items=tuple(to_item(row) for row in kept),
        positions=tuple(_position(row, names) for row in kept),
        has_next=(page.before is not None) if page.backward else further,
        has_previous=further if page.backward else (page.after is not None),
        total=total,
    )


def _position(row: AnyRow, names: Sequence[str]) -> tuple[Any, ...]:
    return tuple([row[name] for name in names])


def _total(count: int) -> TotalCount:
    return TotalCount(value=min(count, EXACT_COUNT_LIMIT), exact=count <= EXACT_COUNT_LIMIT)
