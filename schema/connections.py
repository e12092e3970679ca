"""Relay connections: long lists, a page at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Generic, TypeAlias, TypeVar

import strawberry
from strawberry import UNSET, Parent

from domain import pages
from resolvers.connections import Window, connect, connect_all
from resolvers.loaders import Batch
from schema.absence import given
from schema.enums import CountRelation
from schema.node import Info
from schema.scalars import Cursor
from schema.selection import selects
from schema.together import TOGETHER

Item = TypeVar("Item")

First: TypeAlias = Annotated[
    int | None, strawberry.argument(description="At most this many items from the beginning: 0 to 100, else 25.")
]
Last: TypeAlias = Annotated[
    int | None, strawberry.argument(description="At most this many items from the end: 0 to 100. Not with first.")
]
After: TypeAlias = Annotated[Cursor | None, strawberry.argument(description="Only items behind this cursor.")]
Before: TypeAlias = Annotated[Cursor | None, strawberry.argument(description="Only items in front of this cursor.")]


@strawberry.type(description="Where a page begins and ends, and whether there is more.")
class PageInfo:
    """Relay's page info."""

    has_next_page: bool = strawberry.field(description="Whether items follow the page.")
    has_previous_page: bool = strawberry.field(description="Whether items precede the page.")
    start_cursor: Cursor | None = strawberry.field(description="Cursor of the first item, null on an empty page.")
    end_cursor: Cursor | None = strawberry.field(description="Cursor of the last item, null on an empty page.")


def _relation(root: Parent[pages.TotalCount]) -> CountRelation:
    return CountRelation.EXACT if root.exact else CountRelation.AT_LEAST


@strawberry.type(description="How many items a list has.")
class TotalCount:
    """A number, and whether it is exact."""

    value: int = strawberry.field(description="The number, at most 10,000.")
    relation = strawberry.field(_relation, description="Whether the number is exact or a lower bound.")


@strawberry.type(description="One item of a list, and its place in it.")
class Edge(Generic[Item]):
    """An item with its cursor."""

    node: Item = strawberry.field(description="The item.")
    cursor: Cursor = strawberry.field(description="Its place: give it as after or before.")


@strawberry.type(description="A page of a list.")
class Connection(Generic[Item]):
    """A page in Relay's form, with a shortcut to the items."""

    edges: list[Edge[Item]] = strawberry.field(description="The items with their cursors, in order.")
    nodes: list[Item] = strawberry.field(description="The items alone, in order.")
    page_info: PageInfo = strawberry.field(description="Where the page begins and ends, and whether there is more.")
    total_count: TotalCount = strawberry.field(
        description="How many items the whole list has. Counted only when it is asked for."
    )


def window(info: Info, first: int | None, last: int | None, after: str | None, before: str | None) -> Window:
    """The part of the list that the client asks for."""
    return Window(
        first=given(first),
        last=given(last),
        after=given(after),
        before=given(before),
        count=selects(info, "totalCount"),
    )


def connection(batch: Batch[Any, pages.Page[Any]], graphql_type: Any, name: str, description: str) -> Any:
    """A field with a list that belongs to its object. ``name`` is what the list's cursors are bound to."""

    async def resolve(
        root: Parent[Any],
        info: Info,
        first: First = UNSET,
        last: Last = UNSET,
        after: After = UNSET,
        before: Before = UNSET,
    ) -> Any:
        return await connect(info.context, name, batch, root, window(info, first, last, after, before))

    async def resolve_all(
        info: Info,
        roots: Sequence[Any],
        first: int | None = UNSET,
        last: int | None = UNSET,
        after: str | None = UNSET,
        before: str | None = UNSET,
    ) -> Sequence[Any]:
        return await connect_all(info.context, name, batch, roots, window(info, first, last, after, before))

    TOGETHER[resolve] = resolve_all
    return strawberry.field(resolve, description=description, graphql_type=graphql_type)
