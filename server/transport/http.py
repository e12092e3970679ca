"""GraphQL over HTTP: one request, one answer, or an event stream where the client asks for one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Generic

from graphql import OperationType
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from structlog.contextvars import bound_contextvars

from domain.error_codes import ErrorCode
from server.transport.body import decode_json, read_body
from server.transport.document import Documents, Operation
from server.transport.errors import ErrorPublisher
from server.transport.execution import OperationScope, Principal, Runner
from server.transport.failure import HTTP_STATUS, ClientGone, RequestFailure
from server.transport.limits import TransportLimits
from server.transport.negotiation import JSON, Acceptance, negotiate, require_json
from server.transport.reply import Reply, encode_json
from server.transport.request import GraphQLRequest, request_from
from server.transport.request_id import HEADER, request_id_of
from server.transport.sse import EventStream

Authenticate = Callable[[HTTPConnection, Mapping[str, object] | None], Awaitable[Principal | None]]
"""Who is asking, from the connection and, on a socket, from the payload of ``connection_init``; ``None`` for nobody."""

WHO_ARE_YOU = (
    "You are not signed in: send 'Authorization: Bearer <token>', or open the sign-in link and send your cookie "
    "together with the header 'x-wrenchai-client'."
)
_DOCUMENT_CODES = frozenset(
    {
        ErrorCode.BAD_USER_INPUT,
        ErrorCode.DOCUMENT_TOO_COMPLEX,
        ErrorCode.GRAPHQL_PARSE_FAILED,
        ErrorCode.GRAPHQL_VALIDATION_FAILED,
        ErrorCode.UNKNOWN_OPERATION,
    }
)
"""Faults in the document of a well-formed request: 200 in ``application/json``, as old clients expect."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpEndpoint(Generic[Principal]):
    """Answers one HTTP request."""

    runner: Runner[Principal]
    documents: Documents
    authenticate: Authenticate[Principal]
    errors: ErrorPublisher
    limits: TransportLimits
    closing: asyncio.Event

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read, check, execute, answer. A refusal at any stage is a GraphQL error with its code."""
        request = Request(scope)
        request_id = request_id_of(request)
        with bound_contextvars(request_id=request_id):
            try:
                await self._answer(request, request_id, receive, send)
            except RequestFailure as failure:
                response = self._refusal(failure, JSON, request_id, in_document=False)
                await response(scope, receive, send)
            except ClientGone:
                return

    async def _answer(self, request: Request, request_id: str, receive: Receive, send: Send) -> None:
        if request.method not in ("GET", "POST"):
            raise _not_allowed("GraphQL is spoken here with GET and POST.", "GET, POST")
        acceptance = negotiate(request.headers.get("accept"))
        principal = await self.authenticate(request, None)
        if principal is None:
            headers = {"www-authenticate": "Bearer"}
            raise RequestFailure(ErrorCode.UNAUTHENTICATED, WHO_ARE_YOU, headers=headers)
        graphql_request = request_from(await self._parameters(request, receive), self.limits)
        scope = OperationScope(
            connection=request,
            principal=principal,
            request_id=request_id,
            last_event_id=request.headers.get("last-event-id") or None,
        )
        stream = EventStream(receive, send, self.limits, self.closing, {HEADER: request_id})
        try:
            operation = self._operation(graphql_request, request.method)
        except RequestFailure as failure:
            if failure.code not in _DOCUMENT_CODES:
                raise
            if acceptance.json is None:
                await stream.refuse(encode_json({"errors": [self.errors.refusal(failure, request_id)]}))
            else:
                response = self._refusal(failure, acceptance.json, request_id, in_document=True)
                await response(request.scope, receive, send)
            return
        if acceptance.wants_stream(is_subscription=operation.is_subscription):
            await stream.serve(lambda deliver: self.runner.run(operation, scope, deliver))
        else:
            await self._single(operation, scope, acceptance, receive, send)

    async def _parameters(self, request: Request, receive: Receive) -> object:
        if request.method == "POST":
            require_json(request.headers.get("content-type"))
            raw = await read_body(receive, request.headers.get("content-length"), self.limits)
            return decode_json(raw, self.limits)
        parameters: dict[str, object] = dict(request.query_params)
        for name in ("variables", "extensions"):
            text = request.query_params.get(name)
            parameters[name] = decode_json(text, self.limits) if text else None
        return parameters

    def _operation(self, request: GraphQLRequest, method: str) -> Operation:
        operation = self.documents.operation(request)
        if method == "GET" and operation.type is OperationType.MUTATION:
            raise _not_allowed("A mutation must be sent with POST.", "POST")
        return operation

    async def _single(
        self,
        operation: Operation,
        scope: OperationScope[Principal],
        acceptance: Acceptance,
        receive: Receive,
        send: Send,
    ) -> None:
        replies: list[Reply] = []

        async def keep(reply: Reply) -> None:
            replies.append(reply)

        await self.runner.run(operation, scope, keep)
        media_type = acceptance.json or JSON
        for reply in replies:
            status = 200
            if reply.refused:
                status = _status(reply.payload["errors"][0]["extensions"]["code"], media_type, in_document=True)
            response = _response(reply.text, status, media_type, scope.request_id)
            await response(scope.connection.scope, receive, send)

    def _refusal(self, failure: RequestFailure, media_type: str, request_id: str, *, in_document: bool) -> Response:
        text = encode_json({"errors": [self.errors.refusal(failure, request_id)]})
        status = _status(failure.code, media_type, in_document=in_document)
        return _response(text, status, media_type, request_id, failure.headers)


def _status(code: str, media_type: str, *, in_document: bool) -> int:
    if in_document and media_type == JSON and code in _DOCUMENT_CODES:
        return 200
    return HTTP_STATUS.get(code, 400)


def _response(
    text: str, status: int, media_type: str, request_id: str, headers: Mapping[str, str] | None = None
) -> Response:
    own = {"content-type": f"{media_type}; charset=utf-8", "cache-control": "no-store", "vary": "accept"}
    return Response(text, status_code=status, headers={**own, **(headers or {}), HEADER: request_id})


def _not_allowed(message: str, allow: str) -> RequestFailure:
    return RequestFailure(ErrorCode.METHOD_NOT_ALLOWED, message, headers={"allow": allow})
