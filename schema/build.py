"""The whole schema in one object."""

from __future__ import annotations

import strawberry
from strawberry.schema.config import StrawberryConfig

from schema import approval_events as approval_events  # importing them fills EVENT_TYPES
from schema import execution_events as execution_events
from schema import ledger_events as ledger_events
from schema import memory_events as memory_events
from schema import message_events as message_events
from schema import workspace_events as workspace_events
from schema.direct import resolve_directly
from schema.errors import ERROR_TYPES
from schema.event import EVENT_TYPES
from schema.mutation import Mutation
from schema.query import Query
from schema.scalars import SCALARS
from schema.subscription import Subscription


def build_schema(*, suggestions: bool = True) -> strawberry.Schema:
    """The executable schema.

    ``suggestions`` says whether validation errors may propose names that the schema has.
    """
    return resolve_directly(plain_schema(suggestions=suggestions))


def plain_schema(*, suggestions: bool = True) -> strawberry.Schema:
    """The same with each resolver in Strawberry's chain: slower, and what the tests hold the executable one against."""
    return strawberry.Schema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        types=[*EVENT_TYPES.values(), *ERROR_TYPES],
        config=StrawberryConfig(scalar_map=SCALARS, disable_field_suggestions=not suggestions),
    )
