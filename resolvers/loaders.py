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
    """What was loaded, by ``(batch function, args)`` and parent. It is remembered until it is cleared."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._loaders: dict[tuple[Hashable, ...], DataLoader[Any, Any]] = {}
        self._known: dict[tuple[Hashable, ...], dict[Hashable, Any]] = {}

    async def load(self, batch: Batch[Parent, Value], parent: Parent, args: tuple[Any, ...]) -> Value:
        """The batch function's value for one parent; parents asked for in the same turn share one call."""
        loader = self._loaders.get((batch, *args))
        if loader is None:
            loader = self._loaders[(batch, *args)] = self._make(batch, args)
        return cast("Value", await loader.load(parent))

    async def load_all(
        self, batch: Batch[Parent, Value], parents: Sequence[Parent], args: tuple[Any, ...]
    ) -> list[Value]:
        """The batch function's values for many parents, from one call for all that are not known yet."""
        known = self._known.setdefault((batch, *args), {})
        keys = [_identity(parent) for parent in parents]
        missing = {key: parent for key, parent in zip(keys, parents, strict=True) if key not in known}
        if missing:
            values = await batch(self._context, list(missing.values()), args)
            known.update(zip(missing, values, strict=True))
        return [known[key] for key in keys]

    def clear(self) -> None:
        """Forget everything, so that the next read sees the present."""
        self._loaders.clear()
        self._known.clear()

    def _make(self, batch: Batch[Parent, Value], args: tuple[Any, ...]) -> DataLoader[Parent, Value]:
        async def load_all(parents: list[Parent]) -> list[Value]:
            return await self.load_all(batch, parents, args)

        return DataLoader(load_all, get_cache_key=_identity)


def _identity(parent: Any) -> Hashable:
    """Read models hold mappings and cannot be hashed: their id stands for them."""
    return cast("Hashable", getattr(parent, "id", parent))
