"""``Node``, and which GraphQL type a domain object is shown as."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeAlias, TypeVar
from uuid import UUID

import strawberry
from strawberry.types.base import get_object_definition

from resolvers.context import Context
from schema import node_ids

Info: TypeAlias = strawberry.Info[Context, None]
Shown = TypeVar("Shown", bound=type)


class Persisted(Protocol):
    """A thing with an identity."""

    @property
    def id(self) -> UUID:
        """Its id."""


_NAMES: dict[type, str] = {}


def represents(*classes: type) -> Callable[[Shown], Shown]:
    """Show objects of these domain classes as the decorated GraphQL type.

    Without it an interface or a union would not know what the object is.
    """

    def decorate(shown: Shown) -> Shown:
        definition = get_object_definition(shown, strict=True)
        definition.is_type_of = lambda value, _info: isinstance(value, classes)
        _NAMES.update(dict.fromkeys(classes, definition.name))
        return shown

    return decorate


def type_name(value: object) -> str:
    """Name of the GraphQL type that a domain object is shown as."""
    return _NAMES[type(value)]


def resolved_by(name_of: Callable[[Any], str]) -> Callable[[Shown], Shown]:
    """Let an interface find the type of a value by one look-up, rather than by asking each of its types."""

    def decorate(shown: Shown) -> Shown:
        definition = get_object_definition(shown, strict=True)
        definition.resolve_type = lambda value, _info, _type: name_of(value)
        return shown

    return decorate


def _id(root: strawberry.Parent[Persisted]) -> strawberry.ID:
    return node_ids.encode(type_name(root), root.id)


@resolved_by(type_name)
@strawberry.interface(description="Anything that is kept and can be asked for again by its id.")
class Node:
    """What every persisted thing has."""

    id = strawberry.field(_id, description="Opaque, and the same for ever. Send it back exactly as it is.")
