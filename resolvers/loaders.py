"""The dataloaders of one operation: one for each batch function and arguments, made when first asked for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, cast

from aiodataloader import DataLoader

if TYPE_CHECKING:
    from resolvers.context import Context

Parent = TypeVar("Parent")
Value = TypeVar("Value")

Batch: TypeAlias = "Callable[[Context, Sequence[Parent], tuple[Any, ...]], Awaitable[Sequence[Value]]]"
"""``async (context, parents, args) -> values`` aligned with the parents."""


class Loaders:
    """Loaders by ``(batch function, args)``. They remember what they loaded until they are cleared."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._loaders: dict[tuple[Hashable, ...], DataLoader[Any, Any]] = {}

    async def load(self, batch: Batch[Parent, Value], parent: Parent, args: tuple[Any, ...]) -> Value:
        """The batch function's value for one parent; parents asked for in the same turn share one call."""
        loader = self._loaders.get((batch, *args))
        if loader is None:
            loader = self._loaders[(batch, *args)] = self._make(batch, args)
        return cast("Value", await loader.load(parent))

    def clear(self) -> None:
        """Forget everything, so that the next read sees the present."""
        self._loaders.clear()

    def _make(self, batch: Batch[Parent, Value], args: tuple[Any, ...]) -> DataLoader[Parent, Value]:
        async def load_all(parents: list[Parent]) -> list[Value]:
            return list(await batch(self._context, parents, args))

        return DataLoader(load_all, get_cache_key=_identity)


def _identity(parent: Any) -> Hashable:
    """Read models hold mappings and cannot be hashed: their id stands for them."""
    return cast("Hashable", getattr(parent, "id", parent))
