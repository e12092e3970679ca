"""graphql-core's executor, with a short way for what most of an answer is: attributes, and objects that hold them.

The short way is taken only where it gives the very value that the long way would. Whatever is out of the ordinary (an
attribute that is missing, null where there must be a value, a value that its type cannot say) is left to the long way,
which also makes the error.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeAlias

from graphql import (
    GraphQLEnumType,
    GraphQLLeafType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLString,
    Undefined,
    is_leaf_type,
)
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.field import StrawberryField

LONG_WAY: Final = object()
"""What a short way answers when it does not know."""

Leaf: TypeAlias = Callable[[Any], Any]
"""From an object to the JSON of one of its attributes, or ``LONG_WAY``."""

_LEAVES: Final = "wrenchai.leaves"


class Executor(StrawberryGraphQLCoreExecutionContext):
    """Executes one operation. The methods keep the signatures and the meaning of those they replace."""

    def execute_fields(
        self,
        parent_type: GraphQLObjectType,
        source_value: Any,
        path: Any,
        grouped_field_set: Any,
        position_context: Any,
    ) -> Any:
        """Read the attributes at once; the rest, in the order of the document, goes the long way."""
        leaves = _leaves_of(parent_type)
        results: dict[str, Any] = {}
        others = {}
        for response_name, details in grouped_field_set.items():
            leaf = leaves.get(details[0].node.name.value)
            value = results[response_name] = LONG_WAY if leaf is None else leaf(source_value)
            if value is LONG_WAY:
                others[response_name] = details
        if not others:
            return results
        found = super().execute_fields(parent_type, source_value, path, others, position_context)
        if isinstance(found, dict):
            return results | found
        return _joined(results, found)

    def complete_value(
        self, return_type: Any, field_details_list: Any, info: Any, path: Any, result: Any, position_context: Any
    ) -> Any:
        """Complete an object, or a list, without asking for each of the kinds that it is not."""
        inner = return_type.of_type if type(return_type) is GraphQLNonNull else return_type
        kind = type(inner)
        if result is not None and not isinstance(result, Exception):
            if kind is GraphQLObjectType:
                return self.complete_object_value(inner, field_details_list, info, path, result, position_context)
            if kind is GraphQLList:
                return self.complete_list_value(inner, field_details_list, info, path, result, position_context)
        return super().complete_value(return_type, field_details_list, info, path, result, position_context)


async def _joined(results: dict[str, Any], found: Awaitable[dict[str, Any]]) -> dict[str, Any]:
    return results | await found  # each value in the place that its field has in the document


def _leaves_of(parent_type: GraphQLObjectType) -> dict[str, Leaf]:
    """The short ways of an object type, by field; found once, and kept with the type."""
    leaves: dict[str, Leaf] | None = parent_type.extensions.get(_LEAVES)
    if leaves is None:
        leaves = {"__typename": _constant(parent_type.name)}
        for name, field in parent_type.fields.items():
            definition = field.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
            if isinstance(definition, StrawberryField) and getattr(field.resolve, "_is_default", False):
                nullable = not isinstance(field.type, GraphQLNonNull)
                inner = field.type if nullable else field.type.of_type
                if is_leaf_type(inner):
                    leaves[name] = _attribute(definition, _writer(inner), nullable=nullable)
        parent_type.extensions[_LEAVES] = leaves
    return leaves


def _constant(value: str) -> Leaf:
    return lambda _source: value


def _attribute(definition: StrawberryField, write: Leaf, *, nullable: bool) -> Leaf:
    read, name = definition.default_resolver, definition.python_name
    absent = None if nullable else LONG_WAY

    def leaf(source: Any) -> Any:
        try:
            value = read(source, name)
            return absent if value is None else write(value)
        except Exception:  # noqa: BLE001 - the long way meets it again, and publishes it
            return LONG_WAY

    return leaf


def _writer(leaf_type: GraphQLLeafType) -> Leaf:
    if leaf_type is GraphQLString:
        return lambda value: value if type(value) is str else LONG_WAY
    if isinstance(leaf_type, GraphQLEnumType):
        names = {entry.value: name for name, entry in leaf_type.values.items()}
        return lambda value: names.get(value, LONG_WAY)

    def write(value: Any) -> Any:
        written = leaf_type.coerce_output_value(value)
        return LONG_WAY if written is None or written is Undefined else written

    return write
