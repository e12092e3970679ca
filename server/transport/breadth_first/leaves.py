"""Short ways from an object to the JSON of one of its attributes."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any, Final, TypeAlias, cast

from graphql import (
    GraphQLEnumType,
    GraphQLLeafType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLString,
    Undefined,
    is_leaf_type,
)
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.field import StrawberryField

LONG_WAY: Final = object()
"""What a short way answers when it does not know."""

Leaf: TypeAlias = Callable[[Any], Any]
"""From an object to the JSON of one of its attributes, or from a value to its JSON; or ``LONG_WAY``."""

_LEAVES: Final = "wrenchai.leaves"


def leaves_of(parent_type: GraphQLObjectType) -> dict[str, Leaf]:
    """The short ways of an object type, by field; found once, and kept with the type."""
    leaves: dict[str, Leaf] | None = parent_type.extensions.get(_LEAVES)
    if leaves is None:
        leaves = {"__typename": _constant(parent_type.name)}
        for name, field in parent_type.fields.items():
            definition = default_of(field)
            if definition is not None:
                nullable = not isinstance(field.type, GraphQLNonNull)
                inner = field.type if nullable else cast("Any", field.type).of_type
                if is_leaf_type(inner):
                    leaves[name] = _attribute(definition, writer(inner), nullable=nullable)
        parent_type.extensions[_LEAVES] = leaves
    return leaves


def default_of(field: Any) -> StrawberryField | None:
    """The definition of a field that is an attribute, ``None`` for one that has a resolver."""
    definition = field.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
    if isinstance(definition, StrawberryField) and getattr(field.resolve, "_is_default", False):
        return definition
    return None


def writer(leaf_type: GraphQLLeafType) -> Leaf:
    """From a value that is not null to its JSON."""
    if leaf_type is GraphQLString:
        return lambda value: value if type(value) is str else LONG_WAY
    if isinstance(leaf_type, GraphQLEnumType):
        return _name_of(leaf_type)

    def write(value: Any) -> Any:
        written = LONG_WAY if isinstance(value, Exception) else leaf_type.coerce_output_value(value)
        return LONG_WAY if written is None or written is Undefined else written

    return write


def _name_of(enum_type: GraphQLEnumType) -> Leaf:
    names = {entry.value: name for name, entry in enum_type.values.items()}

    def write(value: Any) -> Any:
        name = names.get(value, LONG_WAY)  # members of a StrEnum are equal to their values
        return names.get(value.value, LONG_WAY) if name is LONG_WAY and isinstance(value, Enum) else name

    return write


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
