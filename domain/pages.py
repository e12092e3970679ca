"""Keyset pages: how long lists are asked for and answered."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic, TypeVar

from domain.errors import Invalid

MAX_PAGE = 100
DEFAULT_PAGE = 25
EXACT_COUNT_LIMIT = 10_000

Item = TypeVar("Item")


class Direction(StrEnum):
    """Order of a list."""

    ASC = "ASC"
    DESC = "DESC"


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRequest:
    """A window of a list: the ``limit`` items after (or, ``backward``, before) a position.

    ``after`` and ``before`` are the values of the ordering columns, ending with the id.
    """

    limit: int = DEFAULT_PAGE
    after: tuple[Any, ...] | None = None
    before: tuple[Any, ...] | None = None
    backward: bool = False
    count: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TotalCount:
    """How many items there are; ``exact`` is false from 10,000 on, then the value is a lower bound."""

    value: int
    exact: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[Item]):
    """Items in list order. ``positions[i]`` is the keyset position of ``items[i]``."""

    items: tuple[Item, ...] = ()
    positions: tuple[tuple[Any, ...], ...] = ()
    has_next: bool = False
    has_previous: bool = False
    total: TotalCount | None = None


def page_size(first: int | None, last: int | None) -> tuple[int, bool]:
    """The size of a page and whether it is taken from the end.

    Raises:
        Invalid: both are given, or one is outside 0 to 100.
    """
    if first is not None and last is not None:
        raise Invalid("Give first or last, not both.", path=("first",))
    size = last if last is not None else first if first is not None else DEFAULT_PAGE
    if not 0 <= size <= MAX_PAGE:
        name = "last" if last is not None else "first"
        raise Invalid(f"{name} must be from 0 to {MAX_PAGE}, not {size}.", path=(name,))
    return size, last is not None
