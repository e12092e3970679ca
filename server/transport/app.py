"""The ASGI application behind ``/graphql``."""

from __future__ import annotations

import asyncio
from typing import Generic

import strawberry
from starlette.types import Receive, Scope, Send

from server.transport.document import Documents
from server.transport.errors import ErrorPublisher
from server.transport.execution import ContextFactory, Principal, Runner
from server.transport.http import Authenticate, HttpEndpoint
from server.transport.limits import TransportLimits
from server.transport.websocket import SocketEndpoint


class GraphQLApp(Generic[Principal]):
    """Serves one schema over HTTP, server-sent events and graphql-transport-ws, all on the same path.

    ``http`` is its endpoint over HTTP, whose operations other protocols run too.
    """

    def __init__(
        self, http: HttpEndpoint[Principal], socket: SocketEndpoint[Principal], closing: asyncio.Event
    ) -> None:
        self.http = http
        self._socket = socket
        self._closing = closing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI entry point."""
        if scope["type"] == "websocket":
            await self._socket(scope, receive, send)
        else:
            await self.http(scope, receive, send)

    def close(self) -> None:
        """End every stream and socket so that clients reconnect and resume elsewhere; call it when shutdown begins."""
        self._closing.set()


def graphql_app(
    schema: strawberry.Schema,
    *,
    context_factory: ContextFactory[Principal],
    authenticate: Authenticate[Principal],
    limits: TransportLimits | None = None,
    docs_url: str | None = None,
) -> GraphQLApp[Principal]:
    """Build the endpoint.

    ``context_factory`` is called once for each operation, on a socket too, and its context is closed when that
    operation ends. ``docs_url`` is where the pages about error codes are served. Hosts and origins are checked in front
    of the whole server, by ``server.security.edge.EdgeGuard``.
    """
    limits = limits or TransportLimits()
    errors = ErrorPublisher(docs_url=docs_url)
    runner = Runner(schema, context_factory, limits, errors)
    documents = Documents(limits)
    closing = asyncio.Event()
    http = HttpEndpoint(
        runner=runner,
        documents=documents,
        authenticate=authenticate,
        errors=errors,
        limits=limits,
        closing=closing,
    )
    socket = SocketEndpoint(
        runner=runner,
        documents=documents,
        authenticate=authenticate,
        errors=errors,
        limits=limits,
        closing=closing,
    )
    return GraphQLApp(http, socket, closing)
