"""Keyset pages against a sorted list: forwards and backwards, with ties, for one list and for many at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Column, Integer, MetaData, Table, Text, Uuid, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.pages import EXACT_COUNT_LIMIT, Page, PageRequest
from persistence.keyset import Ordering, read_page, read_pages
from persistence.readers.session import Reading
from server.platform.wiring import Platform

items = Table(
    "paged_items",
    MetaData(),
    Column("id", Uuid, primary_key=True),
    Column("parent", Uuid, nullable=False),
    Column("rank", Integer, nullable=False),
    Column("name", Text, nullable=False),
    prefixes=["TEMPORARY"],
    postgresql_on_commit="DROP",
)

ORDERINGS = {
    "rank": Ordering((items.c.rank, items.c.id)),
    "rank, descending": Ordering((items.c.rank, items.c.id), descending=True),
    "name": Ordering((items.c.name, items.c.id)),
    "name, descending": Ordering((items.c.name, items.c.id), descending=True),
}
PARENTS = [UUID(int=number) for number in range(1, 4)]
rows = st.lists(
    st.tuples(st.sampled_from(PARENTS), st.integers(0, 3), st.sampled_from(["a", "B", "c", "Ä", "b"])), max_size=25
)
relaxed = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
each_ordering = pytest.mark.parametrize("name", ORDERINGS)


async def fill(connection: AsyncConnection, found: list[tuple[UUID, int, str]]) -> None:
    await connection.run_sync(lambda sync: items.create(sync))
    values = [{"id": uuid4(), "parent": parent, "rank": rank, "name": name} for parent, rank, name in found]
    if values:
        await connection.execute(insert(items), values)


async def reading(connection: AsyncConnection) -> Reading:
    """The same connection for readers: it sees the temporary table, and what the transaction has written."""
    raw = await connection.get_raw_connection()
    assert raw.driver_connection is not None
    return Reading(raw.driver_connection)


async def in_order(connection: AsyncConnection, ordering: Ordering, parent: UUID | None = None) -> list[UUID]:
    """All ids as the database orders them."""
    columns = [one.desc() if ordering.descending else one.asc() for one in ordering.columns]
    wanted = select(items.c.id).order_by(*columns)
    if parent is not None:
        wanted = wanted.where(items.c.parent == parent)
    return list((await connection.execute(wanted)).scalars())


async def walk(read: Callable[[PageRequest], Any], limit: int, *, backward: bool) -> list[UUID]:
    """Every item, page by page; checks what each page says of its neighbours."""
    found: list[UUID] = []
    position: tuple[Any, ...] | None = None
    while True:
        after = None if backward else position
        before = position if backward else None
        request = PageRequest(limit=limit, backward=backward, after=after, before=before)
        page: Page[UUID] = await read(request)
        assert len(page.items) == len(page.positions) <= limit
        assert (page.has_next if backward else page.has_previous) == (position is not None)
        found = [*page.items, *found] if backward else [*found, *page.items]
        if not (page.has_previous if backward else page.has_next):
            return found
        assert len(page.items) == limit
        position = page.positions[0 if backward else -1]


@each_ordering
@relaxed
@given(rows, st.integers(1, 7), st.booleans())
async def test_a_walk_finds_everything_once_in_order(
    idle: Platform, name: str, found: list[tuple[UUID, int, str]], limit: int, backward: bool
) -> None:
    ordering = ORDERINGS[name]
    async with idle.engine.begin() as connection:
        await fill(connection, found)
        here = await reading(connection)

        async def read(request: PageRequest) -> Page[UUID]:
            return await read_page(here, select(items), ordering, request, lambda row: UUID(str(row["id"])))

        assert await walk(read, limit, backward=backward) == await in_order(connection, ordering)


@each_ordering
@relaxed
@given(rows, st.integers(0, 7), st.booleans(), st.booleans(), st.data())
async def test_the_pages_of_many_lists_are_the_pages_of_each(
    idle: Platform,
    name: str,
    found: list[tuple[UUID, int, str]],
    limit: int,
    backward: bool,
    count: bool,
    data: st.DataObject,
) -> None:
    ordering = ORDERINGS[name]
    async with idle.engine.begin() as connection:
        await fill(connection, found)
        here = await reading(connection)
        everything = await read_page(here, select(items), ordering, PageRequest(limit=100), lambda row: row["id"])
        bounds = st.none() | st.sampled_from(everything.positions) if everything.positions else st.none()
        request = PageRequest(
            limit=limit, backward=backward, count=count, after=data.draw(bounds), before=data.draw(bounds)
        )
        asked = data.draw(st.lists(st.sampled_from([*PARENTS, UUID(int=99)]), max_size=5))
        together = await read_pages(
            here,
            lambda parent: select(items).where(items.c.parent == parent),
            asked,
            ordering,
            request,
            lambda row: row["id"],
        )
        alone = [
            await read_page(
                here, select(items).where(items.c.parent == parent), ordering, request, lambda row: row["id"]
            )
            for parent in asked
        ]
        assert together == alone


async def test_a_count_is_exact_up_to_a_limit(idle: Platform) -> None:
    async with idle.engine.begin() as connection:
        await fill(connection, [])
        here = await reading(connection)
        generated = text(
            "INSERT INTO paged_items SELECT gen_random_uuid(), :parent, n, '' FROM generate_series(1, :many) AS n"
        )
        request = PageRequest(limit=1, count=True)
        for many, value, exact in (
            (EXACT_COUNT_LIMIT, EXACT_COUNT_LIMIT, True),
            (1, EXACT_COUNT_LIMIT, False),
            (5_000, EXACT_COUNT_LIMIT, False),
        ):
            await connection.execute(generated.bindparams(parent=PARENTS[0], many=many))
            ordering = ORDERINGS["rank"]
            alone = await read_page(here, select(items), ordering, request, lambda row: row["id"])
            (together, none) = await read_pages(
                here,
                lambda parent: select(items).where(items.c.parent == parent),
                [PARENTS[0], PARENTS[1]],
                ordering,
                request,
                lambda row: row["id"],
            )
            assert alone.total is not None
            assert (alone.total.value, alone.total.exact) == (value, exact)
            assert together.total == alone.total
            assert none.total is not None
            assert (none.total.value, none.total.exact) == (0, True)
