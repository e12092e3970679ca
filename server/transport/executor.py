"""graphql-core's executor, with a short way for what most of an answer is: attributes, and objects that hold them.

The short way is taken only where it gives the very value that the long way would. Whatever is out of the ordinary (an
attribute that is missing, null where there must be a value, a value that its type cannot say) is left to the long way,
which also makes the error.
"""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

from graphql import (
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
)
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from server.transport.breadth_first.leaves import LONG_WAY, leaves_of


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
        leaves = leaves_of(parent_type)
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
