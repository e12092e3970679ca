"""``/mcp``: the server over streamable HTTP, behind the same checks as ``/graphql``.

It keeps no sessions: each request stands for itself, is authenticated for itself, and may come to any replica.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from contextvars import Context as Variables
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, Generic

import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bound_contextvars

from domain.error_codes import ErrorCode
from server.mcp.in_process import InProcess
from server.transport.body import read_body
from server.transport.execution import OperationScope, Principal
from server.transport.failure import HTTP_STATUS, ClientGone, RequestFailure
from server.transport.http import WHO_ARE_YOU, HttpEndpoint
from server.transport.request_id import HEADER, request_id_of

if TYPE_CHECKING:
    from server.mcp.api import Api

log = structlog.get_logger(__name__)

PATH: Final = "/mcp"
_PRINCIPAL: Final = "wrenchai.principal"
_REQUEST_ID: Final = "wrenchai.request_id"
_REFUSED: Final = -32000
"""The code of JSON-RPC for an error of the server's own; ours is in ``data``."""


class McpEndpoint(Generic[Principal]):
    """The ASGI application behind ``/mcp``. ``graphql`` serves ``/graphql`` in the same process."""

    def __init__(self, graphql: HttpEndpoint[Principal]) -> None:
        self._graphql = graphql
        self._serve: asyncio.Future[ASGIApp] | None = None
        self._running: asyncio.Task[None] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check who asks and what, then let the SDK answer."""
        request = Request(scope)
        request_id = request_id_of(request)
        with bound_contextvars(request_id=request_id):
            try:
                principal, body = await self._admitted(request, receive)
            except RequestFailure as failure:
                await self._refusal(failure, request_id)(scope, receive, send)
                return
            except ClientGone:
                return
            known = {**scope, _PRINCIPAL: principal, _REQUEST_ID: request_id}
            await self._until_closing(await self._started(), known, _replayed(body, receive), send)

    async def _admitted(self, request: Request, receive: Receive) -> tuple[Principal, bytes]:
        principal = await self._graphql.authenticate(request, None)
        if principal is None:
            raise RequestFailure(ErrorCode.UNAUTHENTICATED, WHO_ARE_YOU, headers={"www-authenticate": "Bearer"})
        if request.method != "POST":
            # There are no sessions whose messages could be waited for, or that could be ended.
            text = "MCP is spoken here with POST: this server keeps no sessions."
            raise RequestFailure(ErrorCode.METHOD_NOT_ALLOWED, text, headers={"allow": "POST"})
        return principal, await read_body(receive, request.headers.get("content-length"), self._graphql.limits)

    def _refusal(self, failure: RequestFailure, request_id: str) -> Response:
        shown = self._graphql.errors.refusal(failure, request_id)
        error = {"code": _REFUSED, "message": shown["message"], "data": shown["extensions"]}
        return JSONResponse(
            {"jsonrpc": "2.0", "id": None, "error": error},
            status_code=HTTP_STATUS.get(failure.code, 400),
            headers={"cache-control": "no-store", **failure.headers, HEADER: request_id},
        )

    async def _until_closing(self, serve: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the request; when the server closes it is cut, so that a watch does not hold it up."""
        serving = asyncio.ensure_future(serve(scope, receive, send))
        closing = asyncio.ensure_future(self._graphql.closing.wait())
        either: set[asyncio.Future[Any]] = {serving, closing}
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        finally:
            closing.cancel()
            serving.cancel()
            with suppress(asyncio.CancelledError):
                await serving

    async def _started(self) -> ASGIApp:
        """What answers requests, started with the first one: the SDK takes a second to load."""
        if self._serve is None:
            self._serve = asyncio.get_running_loop().create_future()
            # A context of its own: the ids of the first request belong to no other.
            self._running = asyncio.get_running_loop().create_task(self._run(self._serve), context=Variables())
        return await asyncio.shield(self._serve)

    async def _run(self, serve: asyncio.Future[ASGIApp]) -> None:
        try:
            build = await asyncio.to_thread(import_module, "server.mcp.build")
            manager = build.session_manager(self._api_of, self._graphql.limits.body_bytes)
            async with manager.run():
                serve.set_result(manager.handle_request)
                await self._graphql.closing.wait()
        except Exception as error:
            log.exception("mcp_not_started")
            if not serve.done():
                serve.set_exception(error)
                self._serve = None

    def _api_of(self, request: Request) -> Api:
        principal: Principal = request.scope[_PRINCIPAL]
        asked = OperationScope(connection=request, principal=principal, request_id=request.scope[_REQUEST_ID])
        return InProcess(self._graphql, asked)


def _replayed(body: bytes, receive: Receive) -> Receive:
    """The body that was read, then whatever else comes, such as the news that the client has gone."""
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return messages.pop() if messages else await receive()

    return replay
