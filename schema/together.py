"""Resolvers that can answer for many objects at once, since a batch function stands behind them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeAlias

from strawberry import Parent

from resolvers.loaders import Batch
from schema.node import Info

Resolver: TypeAlias = Callable[..., Any]
Together: TypeAlias = Callable[..., Awaitable[Sequence[Any]]]
"""``async (info, roots, **arguments) -> values`` aligned with the roots, which are at least one."""

TOGETHER: dict[Resolver, Together] = {}
"""Of resolvers, those for many objects."""


def loaded(batch: Batch[Any, Any], key: Callable[[Any], Any] | None = None) -> Resolver:
    """A resolver that answers what ``batch`` answers for the object itself, or for what ``key`` takes from it.

    A key of ``None`` has nothing behind it.
    """

    async def resolve(root: Parent[Any], info: Info) -> Any:
        wanted = root if key is None else key(root)
        return None if wanted is None else await info.context.load(batch, wanted)

    async def resolve_all(info: Info, roots: Sequence[Any]) -> Sequence[Any]:
        if key is None:
            return await info.context.load_all(batch, roots)
        keys = [key(root) for root in roots]
        wanted = [one for one in keys if one is not None]
        found = iter(await info.context.load_all(batch, wanted) if wanted else ())
        return [None if one is None else next(found) for one in keys]

    TOGETHER[resolve] = resolve_all
    return resolve
