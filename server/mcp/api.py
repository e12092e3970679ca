"""The GraphQL API as the tools of the MCP server use it: in this process, or over the network."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping
from typing import Any, Protocol

from mcp.server.mcpserver import Context

from server.client.graphql_client import GraphQLErrors

Variables = Mapping[str, Any]


class Api(Protocol):
    """Operations with the rights of one caller. :class:`server.client.graphql_client.GraphQLClient` is one."""

    async def query(self, document: str, variables: Variables | None = None) -> dict[str, Any]:
        """The data of a query or mutation.

        Raises:
            GraphQLErrors: it has errors.
        """

    def subscribe(self, document: str, variables: Variables | None = None) -> AsyncGenerator[dict[str, Any], None]:
        """The data of each event of a subscription.

        Raises:
            GraphQLErrors: it was ended with errors.
        """


ApiOf = Callable[[Any], Api]
"""The API for the caller of a request, which is a ``starlette.requests.Request``, or ``None`` over stdio."""


def api_of(context: Context) -> Api:
    """The API with the rights of whoever called the tool."""
    found: Api = context.request_context.lifespan_context(context.request_context.request)  # type: ignore[operator]
    return found


async def perform(api: Api, document: str, mutation: str, asked: Variables) -> dict[str, Any]:
    """The payload of a mutation that was not refused.

    Raises:
        GraphQLErrors: it was refused, by the payload's own errors or altogether.
    """
    given = {name: value for name, value in asked.items() if value is not None}
    payload: dict[str, Any] = (await api.query(document, {"input": given}))[mutation]
    if payload["errors"]:
        raise refused(*payload["errors"])
    return payload


def refused(*errors: Mapping[str, Any]) -> GraphQLErrors:
    """What a payload's errors are as top-level errors."""
    return GraphQLErrors(
        [
            {
                "message": error["message"],
                "path": error.get("path", []),
                "extensions": {"code": error["code"], "retryable": error.get("retryable", False)},
            }
            for error in errors
        ]
    )


def not_found(what: str, name: str) -> GraphQLErrors:
    """There is no such thing for whoever asks."""
    return refused({"message": f"There is no {what} {name!r} here.", "code": "NOT_FOUND"})
