"""Connections: a page of a list as a client sees it, with a cursor for each item."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, Protocol, TypeAlias, TypeVar
from uuid import UUID

from domain.pages import Page, PageRequest, TotalCount, page_size
from resolvers import cursors
from resolvers.context import Context
from resolvers.loaders import Batch

Item = TypeVar("Item")

Scope: TypeAlias = Callable[[], str]
"""What the cursors of a list are bound to, found when the first of them is read or made: most pages need none."""


class Identified(Protocol):
    """Whatever owns a list."""

    @property
    def id(self) -> UUID:
        """Its id."""


Owner = TypeVar("Owner", bound=Identified)


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The part of a list that a client asks for; ``count`` when it also wants the number of all items."""

    first: int | None = None
    last: int | None = None
    after: str | None = None
    before: str | None = None
    count: bool = False

    @property
    def has_cursor(self) -> bool:
        """Whether it begins or ends at a place in one certain list."""
        return self.after is not None or self.before is not None

    def request(self, scope: Scope) -> PageRequest:
        """The same in keyset terms.

        Raises:
            Invalid: first and last are both given, or one is out of range.
            InvalidCursor: a cursor does not belong to this list.
        """
        size, backward = page_size(self.first, self.last)
        return PageRequest(
            limit=size,
            backward=backward,
            count=self.count,
            after=None if self.after is None else cursors.decode(scope(), self.after, path=("after",)),
            before=None if self.before is None else cursors.decode(scope(), self.before, path=("before",)),
        )


@dataclass(frozen=True, slots=True)
class Edge(Generic[Item]):
    """An item and its place."""

    node: Item
    cursor: str


@dataclass(frozen=True, slots=True)
class PageInfo:
    """Where a page begins and ends, and whether there is more on either side."""

    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


@dataclass(frozen=True, slots=True)
class Connection(Generic[Item]):
    """A page with its cursors, which are made only when they are asked for."""

    page: Page[Item]
    scope: Scope

    @property
    def nodes(self) -> tuple[Item, ...]:
        """The items."""
        return self.page.items

    @property
    def edges(self) -> list[Edge[Item]]:
        """The items with their cursors."""
        scope = self.scope()
        return [
            Edge(item, cursors.encode(scope, position))
            for item, position in zip(self.page.items, self.page.positions, strict=True)
        ]

    @property
    def page_info(self) -> PageInfo:
        """Where the page begins and ends."""
        positions = self.page.positions
        scope = self.scope()
        ends = [cursors.encode(scope, positions[i]) for i in (0, -1)] if positions else [None] * 2
        return PageInfo(self.page.has_next, self.page.has_previous, *ends)

    @property
    def total_count(self) -> TotalCount | None:
        """How many items the list has, when that was asked for."""
        return self.page.total


async def connect(
    context: Context, name: str, batch: Batch[Owner, Page[Item]], owner: Owner, window: Window, *args: Any
) -> Connection[Item]:
    """A page of a list that belongs to ``owner``, through the batch function's loader."""
    scope = partial(cursors.scope, name, owner.id, *args)
    return Connection(await context.load(batch, owner, *args, window.request(scope)), scope)


async def connect_all(
    context: Context, name: str, batch: Batch[Owner, Page[Item]], owners: Sequence[Owner], window: Window, *args: Any
) -> list[Connection[Item]]:
    """The same page of the lists of many owners, aligned with them.

    Raises:
        InvalidCursor: a cursor was given that does not belong to the list of each of them.
    """
    scopes = [partial(cursors.scope, name, owner.id, *args) for owner in owners]
    requests = {window.request(scope) for scope in (scopes if window.has_cursor else scopes[:1])}
    (request,) = requests
    pages = await context.load_all(batch, owners, *args, request)
    return [Connection(page, scope) for page, scope in zip(pages, scopes, strict=True)]


async def connect_root(
    name: str, read: Callable[[PageRequest], Awaitable[Page[Item]]], window: Window, *args: Any
) -> Connection[Item]:
    """A page of a list that belongs to the workspace. ``args`` are what selects and orders its items."""
    scope = partial(cursors.scope, name, *args)
    return Connection(await read(window.request(scope)), scope)
