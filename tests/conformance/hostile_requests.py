"""Requests made from the schema: every root field, with one hostile value in one place of its arguments at a time."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLSchema,
    get_named_type,
    get_nullable_type,
    is_input_object_type,
    is_leaf_type,
    is_list_type,
    is_required_argument,
    is_required_input_field,
)

from tests.conformance.hostile_values import HOSTILE, OF_ENUMS

Path = tuple[str | int, ...]
MANY = 5_000
"""How often a harmless value is repeated where a list is expected."""


@dataclass(frozen=True)
class HostileRequest:
    """A document with variables, and where the hostile value is."""

    document: str
    variables: dict[str, Any]
    place: str


@dataclass(frozen=True)
class RequestsOf:
    """``known`` has harmless values by the name of the argument or input field, such as ids of what exists."""

    schema: GraphQLSchema
    known: Mapping[str, Any]

    def requests(self) -> Iterator[HostileRequest]:
        """All of them, in the order of the schema."""
        for operation, root in (("query", self.schema.query_type), ("mutation", self.schema.mutation_type)):
            assert root is not None
            for name, field in root.fields.items():
                if field.args:
                    yield from self._of_field(operation, name, field)

    def _of_field(self, operation: str, name: str, field: GraphQLField) -> Iterator[HostileRequest]:
        declared = ", ".join(f"${key}: {argument.type}" for key, argument in field.args.items())
        passed = ", ".join(f"{key}: ${key}" for key in field.args)
        document = f"{operation} Hostile({declared}) {{ {name}({passed}) {_selection(field)} }}"
        for key, argument in field.args.items():
            for path, values in self._places(argument.type, (key,), depth=0):
                for value in (None, *values):
                    variables = self._harmless_arguments(field.args)
                    self._plant(variables, field.args, path, value)
                    yield HostileRequest(document, variables, f"{name}: {'.'.join(map(str, path))} = {value!r:.60}")

    def _places(self, kind: GraphQLInputType, path: Path, depth: int) -> Iterator[tuple[Path, tuple[Any, ...]]]:
        bare = get_nullable_type(kind)
        if is_list_type(bare):
            harmless = self._harmless(bare.of_type, str(path[-1]))
            yield path, ([None], [[]], "x", [harmless] * MANY)
            yield from self._places(bare.of_type, (*path, 0), depth)
        elif is_input_object_type(bare):
            yield path, ([], "x", {}, {"surprise": 1})
            if depth < 5:
                for name, field in bare.fields.items():
                    yield from self._places(field.type, (*path, name), depth + 1)
        elif isinstance(bare, GraphQLEnumType):
            yield path, OF_ENUMS
        else:
            yield path, HOSTILE[get_named_type(bare).name]

    def _plant(self, values: dict[str, Any], fields: Mapping[str, Any], path: Path, value: Any) -> None:
        name, *rest = path
        assert isinstance(name, str)
        kind = fields[name].type
        if not rest:
            values[name] = value
            return
        bare = get_nullable_type(kind)
        if is_list_type(bare):
            item = get_nullable_type(bare.of_type)
            inner = rest[1:]
            if not inner:
                values[name] = [value]
                return
            assert isinstance(item, GraphQLInputObjectType)
            whole = self._harmless(item, name)
            self._plant(whole, item.fields, tuple(inner), value)
            values[name] = [whole]
            return
        assert isinstance(bare, GraphQLInputObjectType)
        if name not in values or bare.is_one_of:
            values[name] = {} if bare.is_one_of else self._harmless(bare, name)
        self._plant(values[name], bare.fields, tuple(rest), value)

    def _harmless_arguments(self, arguments: Mapping[str, GraphQLArgument]) -> dict[str, Any]:
        return {key: self._harmless(one.type, key) for key, one in arguments.items() if is_required_argument(one)}

    def _harmless(self, kind: GraphQLInputType, name: str) -> Any:
        bare: Any = get_nullable_type(kind)
        if name in self.known and not is_input_object_type(bare):
            value = copy.deepcopy(self.known[name])
            return [value] if is_list_type(bare) else value
        if is_list_type(bare):
            return [self._harmless(bare.of_type, name)]
        if isinstance(bare, GraphQLInputObjectType):
            required: dict[str, GraphQLInputField] = {
                key: field for key, field in bare.fields.items() if is_required_input_field(field)
            }
            if bare.is_one_of:
                required = dict([next(iter(bare.fields.items()))])
            return {key: self._harmless(field.type, key) for key, field in required.items()}
        if isinstance(bare, GraphQLEnumType):
            return next(iter(bare.values))
        return self.known[bare.name]


def _selection(field: GraphQLField) -> str:
    kind: Any = get_named_type(field.type)
    if is_leaf_type(kind):
        return ""
    names = getattr(kind, "fields", {})
    if "errors" in names:
        return "{ errors { __typename message code path } }"
    if "edges" in names:
        return "{ edges { cursor node { __typename } } totalCount { value } }"
    return "{ __typename id }" if "id" in names else "{ __typename }"
