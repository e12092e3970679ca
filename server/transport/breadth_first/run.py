"""Executing an outline, level by level."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Sequence
from typing import Any

from graphql import GraphQLObjectType, GraphQLResolveInfo, default_type_resolver
from graphql.pyutils import Path

from schema.direct import EXTENSION
from server.transport.breadth_first.leaves import LONG_WAY
from server.transport.breadth_first.outline import (
    AbstractShape,
    AnyExecutor,
    LeafField,
    LeafShape,
    ListShape,
    ObjectShape,
    Outline,
    OutlinedField,
    Shape,
    outline_of_type,
)


class Extraordinary(Exception):
    """Something came up that only the long way can tell."""


async def data_of(executor: AnyExecutor, outline: Outline) -> dict[str, Any]:
    """The data of a query.

    Raises:
        Exception: whatever a resolver raised, or ``Extraordinary``; the query has to go the long way.
    """
    data: dict[str, Any] = {}
    await _Run(executor).fill(outline, [executor.root_value], [data])
    return data


class _Run:
    def __init__(self, executor: AnyExecutor) -> None:
        self._executor = executor

    async def fill(self, outline: Outline, sources: Sequence[Any], targets: Sequence[dict[str, Any]]) -> None:
        """Write the selected fields of each source into its target, in the order of the document."""
        for field in outline.fields:
            if isinstance(field, LeafField):
                _read(field, sources, targets)
                continue
            path = Path(None, field.name, outline.type.name)
            info = self._executor.build_resolve_info(field.definition, field.nodes, outline.type, path)
            values = await self._complete(field.shape, info, await self._resolve(field, info, sources))
            for value, target in zip(values, targets, strict=True):
                target[field.name] = value

    async def _resolve(
        self, field: OutlinedField, info: GraphQLResolveInfo[Any], sources: Sequence[Any]
    ) -> Sequence[Any]:
        attribute = field.attribute
        if attribute is not None:
            read, name = attribute.default_resolver, attribute.python_name
            return [read(source, name) for source in sources]
        arguments = field.arguments_for(self._executor)
        together = field.definition.extensions.get(EXTENSION)
        if together is not None:
            values: Sequence[Any] = await together(info, sources, **arguments)
            return values
        resolve = field.definition.resolve or self._executor.field_resolver
        results: list[Any] = []
        try:
            results += (resolve(source, info, **arguments) for source in sources)
        except BaseException:
            for begun in results:
                if inspect.iscoroutine(begun):
                    begun.close()
            raise
        return await self._awaited(results)

    async def _awaited(self, values: list[Any]) -> list[Any]:
        """The values, those that have to be awaited side by side: what they load is loaded together."""
        is_awaitable = self._executor.is_awaitable
        waiting = [place for place, value in enumerate(values) if is_awaitable(value)]
        if len(waiting) == 1:
            values[waiting[0]] = await values[waiting[0]]
        elif waiting:
            async with asyncio.TaskGroup() as group:
                tasks = {place: group.create_task(values[place]) for place in waiting}
            for place, task in tasks.items():
                values[place] = task.result()
        return values

    async def _complete(self, shape: Shape, info: GraphQLResolveInfo[Any], values: Sequence[Any]) -> list[Any]:
        """The JSON of each value."""
        if not shape.nullable and any(value is None for value in values):
            raise Extraordinary
        match shape:
            case LeafShape(write=write):
                written = [None if value is None else write(value) for value in values]
                if any(value is LONG_WAY for value in written):
                    raise Extraordinary
                return written
            case ListShape(of=inner):
                return await self._lists(inner, info, values)
            case ObjectShape(outline=outline):
                return await self._objects(outline, info, values)
            case AbstractShape():
                return await self._abstract(shape, info, values)

    async def _lists(self, inner: Shape, info: GraphQLResolveInfo[Any], values: Sequence[Any]) -> list[Any]:
        flat: list[Any] = []
        for value in values:
            if value is not None:
                if not isinstance(value, (list, tuple)):
                    raise Extraordinary
                flat += value
        items = iter(await self._complete(inner, info, flat) if flat else ())
        return [None if value is None else [next(items) for _ in value] for value in values]

    async def _objects(self, outline: Outline, info: GraphQLResolveInfo[Any], values: Sequence[Any]) -> list[Any]:
        results: list[dict[str, Any] | None] = [None if value is None else {} for value in values]
        sources = [value for value in values if value is not None]
        is_type_of = outline.type.is_type_of
        if is_type_of is not None and not all(is_type_of(source, info) is True for source in sources):
            raise Extraordinary
        if sources:
            await self.fill(outline, sources, [target for target in results if target is not None])
        return results

    async def _abstract(self, shape: AbstractShape, info: GraphQLResolveInfo[Any], values: Sequence[Any]) -> list[Any]:
        resolve_type = shape.type.resolve_type or default_type_resolver
        places: dict[str, list[int]] = {}
        for place, value in enumerate(values):
            if value is not None:
                name = resolve_type(value, info, shape.type)
                if not isinstance(name, str):
                    raise Extraordinary
                places.setdefault(name, []).append(place)
        results: list[Any] = [None] * len(values)
        for name, found in places.items():
            outline = shape.outlines.get(name)
            if outline is None:
                outline = shape.outlines[name] = self._outline(shape, name)
            for place, result in zip(
                found, await self._objects(outline, info, [values[place] for place in found]), strict=True
            ):
                results[place] = result
        return results

    def _outline(self, shape: AbstractShape, name: str) -> Outline:
        graphql_type = self._executor.schema.get_type(name)
        if not isinstance(graphql_type, GraphQLObjectType):
            raise Extraordinary
        if not self._executor.schema.is_sub_type(shape.type, graphql_type):
            raise Extraordinary
        return outline_of_type(self._executor, graphql_type, shape.details)


def _read(field: LeafField, sources: Sequence[Any], targets: Sequence[dict[str, Any]]) -> None:
    name, read = field.name, field.read
    for source, target in zip(sources, targets, strict=True):
        target[name] = value = read(source)
        if value is LONG_WAY:
            raise Extraordinary
