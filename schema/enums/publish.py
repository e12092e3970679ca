"""How an enum of the domain becomes one of GraphQL."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from strawberry.types.enum import EnumValue, StrawberryEnumDefinition


def publish(enum: type[Enum], description: str, values: Mapping[str, str]) -> None:
    """Give an enum of the domain its GraphQL definition. A test sees to it that every value is described."""
    definition = StrawberryEnumDefinition(
        wrapped_cls=enum,
        name=enum.__name__,
        values=[
            EnumValue(name, member.value, description=values.get(name)) for name, member in enum.__members__.items()
        ],
        description=f"{description} The list may grow: treat a value you do not know as unknown.",
    )
    enum.__strawberry_definition__ = definition  # type: ignore[attr-defined]
