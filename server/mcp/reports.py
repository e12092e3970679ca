"""Reports of agents, in whatever type they are: what is selected follows from the schema."""

from __future__ import annotations

from functools import cache
from typing import Any

from graphql import GraphQLObjectType, GraphQLSchema, GraphQLUnionType, get_named_type, is_leaf_type

from server.mcp.api import Api, not_found

DEEPEST = 5
"""Levels of a report that are read."""


async def report_of(api: Api, execution_id: str) -> dict[str, Any]:
    """``id``, ``agentKind``, ``status``, ``error`` and ``result`` of an execution.

    Raises:
        GraphQLErrors: there is none (``NOT_FOUND``), or it is no id of one.
    """
    found: dict[str, Any] | None = (await api.query(report_document(), {"id": execution_id}))["execution"]
    if found is None:
        raise not_found("execution", execution_id)
    return found


@cache
def report_document() -> str:
    """The query for a report with all its fields."""
    from schema.build import plain_schema

    schema: GraphQLSchema = plain_schema()._schema
    union = schema.type_map["AgentResult"]
    assert isinstance(union, GraphQLUnionType)  # noqa: S101 - a mistake of ours, seen by every test
    kinds = " ".join(f"... on {kind.name} {{ {_selection(kind, DEEPEST)} }}" for kind in union.types)
    return (
        "query McpReport($id: ID!) { execution(id: $id) { id agentKind status error { code message } "
        f"result {{ __typename {kinds} }} }} }}"
    )


def _selection(kind: GraphQLObjectType, depth: int) -> str:
    """All fields that need no argument and lead to no other node."""
    found = []
    for name, field in kind.fields.items():
        inner = get_named_type(field.type)
        if field.args:
            continue
        if is_leaf_type(inner):
            found.append(name)
        elif isinstance(inner, GraphQLObjectType) and depth and not inner.interfaces:
            found.append(f"{name} {{ {_selection(inner, depth - 1)} }}")
    return " ".join(found)
