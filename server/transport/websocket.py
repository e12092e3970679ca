"""GraphQL over WebSocket, in the protocol graphql-transport-ws."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Generic, NoReturn

import structlog
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from domain.error_codes import ErrorCode
from server.transport.document import Documents
from server.transport.errors import ErrorPublisher
from server.transport.execution import OperationScope, Principal, Runner
from server.transport.failure import ClientGone, RequestFailure, SlowReader
from server.transport.http import Authenticate
from server.transport.limits import TransportLimits
from server.transport.messages import (
    CloseCode,
    Complete,
    Init,
    Ping,
    SocketClose,
    Subscribe,
    bad_message,
    read_message,
)
from server.transport.reply import Reply, encode_json
from server.transport.request import request_from
from server.transport.request_id import request_id_of

log = structlog.get_logger(__name__)

SUBPROTOCOL = "graphql-transport-ws"
RESUME = "You read too slowly: reconnect and resume from your last cursor."


@dataclass(frozen=True, slots=True, kw_only=True)
class SocketEndpoint(Generic[Principal]):
    """Serves sockets."""

    runner: Runner[Principal]
    documents: Documents
    authenticate: Authenticate[Principal]
    errors: ErrorPublisher
    limits: TransportLimits
    closing: asyncio.Event

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one socket until it closes."""
        websocket = WebSocket(scope, receive, send)
        await websocket.receive()  # websocket.connect
        if SUBPROTOCOL not in scope["subprotocols"]:
            await websocket.accept()
            await websocket.close(CloseCode.NO_SUBPROTOCOL, f"Only the subprotocol {SUBPROTOCOL} is spoken here.")
            return
        await websocket.accept(subprotocol=SUBPROTOCOL)
        await _Conversation(endpoint=self, websocket=websocket, request_id=request_id_of(websocket)).hold()


@dataclass(kw_only=True)
class _Conversation(Generic[Principal]):
    """One socket: a reader, and a task for each operation. Whatever ends it is raised in one of them and ends all."""

    endpoint: SocketEndpoint[Principal]
    websocket: WebSocket
    request_id: str
    group: asyncio.TaskGroup = field(default_factory=asyncio.TaskGroup)
    greeted: asyncio.Event = field(default_factory=asyncio.Event)
    principal: Principal | None = None
    operations: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    started: int = 0
    sending: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def hold(self) -> None:
        """Talk until one side ends it. All operations are cancelled, and their generators closed, before the close."""
        try:
            async with self.group:
                self.group.create_task(self._expect_init())
                self.group.create_task(self._server_closing())
                await self._read()
        except* SocketClose as ended:
            first = next(_leaves(ended))
            await self._close(first.code, first.reason)
        except* SlowReader:
            await self._close(CloseCode.SLOW_READER, RESUME)
        except* ClientGone:
            pass
        except* Exception as failed:
            log.error("socket failed", request_id=self.request_id, exc_info=failed)
            await self._close(CloseCode.INTERNAL, "Something went wrong on our side: reconnect.")

    async def _read(self) -> NoReturn:
        limits = self.endpoint.limits
        while True:
            event = await self.websocket.receive()
            if event["type"] == "websocket.disconnect":
                raise ClientGone
            frame = event.get("text")
            if frame is None:
                raise bad_message("A message must be a text frame.")
            if len(frame) > limits.body_bytes:
                raise bad_message(f"A message may be {limits.body_bytes // 1024} KiB at most.")
            match read_message(frame, limits):
                case Init(payload):
                    await self._init(payload)
                case Ping(payload):
                    await self._send({"type": "pong"} if payload is None else {"type": "pong", "payload": payload})
                case Subscribe() as message:
                    await self._subscribe(message)
                case Complete(id=operation_id):
                    self._stop(operation_id)

    async def _init(self, payload: Any) -> None:
        if self.greeted.is_set():
            raise SocketClose(CloseCode.INIT_TWICE, "Too many initialisation requests")
        self.greeted.set()
        self.principal = await self.endpoint.authenticate(self.websocket, payload or {})
        if self.principal is None:
            reason = 'Forbidden: send {"authorization": "Bearer <token>"} in connection_init, or sign in.'
            raise SocketClose(CloseCode.FORBIDDEN, reason)
        await self._send({"type": "connection_ack"})

    async def _subscribe(self, message: Subscribe) -> None:
        if self.principal is None:
            raise SocketClose(CloseCode.UNAUTHORIZED, "Unauthorized: send connection_init first.")
        if message.id in self.operations:
            raise SocketClose(CloseCode.DUPLICATE_OPERATION, f"Subscriber for {message.id[:60]} already exists")
        self.started += 1
        scope = OperationScope(
            connection=self.websocket, principal=self.principal, request_id=f"{self.request_id}.{self.started}"
        )
        limit = self.endpoint.limits.operations_per_socket
        if len(self.operations) >= limit:
            text = f"This socket runs {limit} operations already: complete one, or open another socket."
            await self._refuse(message.id, RequestFailure(ErrorCode.TOO_MANY_OPERATIONS, text), scope)
            return
        self.operations[message.id] = self.group.create_task(self._operate(message, scope))

    async def _operate(self, message: Subscribe, scope: OperationScope[Principal]) -> None:
        operation_id = message.id
        terminated = False

        async def deliver(reply: Reply) -> None:
            nonlocal terminated
            if reply.refused:
                terminated = True
                self._forget(operation_id)
                await self._send({"id": operation_id, "type": "error", "payload": reply.payload["errors"]})
            else:
                await self._send_text(f'{{"id":{encode_json(operation_id)},"type":"next","payload":{reply.text}}}')

        try:
            try:
                operation = self.endpoint.documents.operation(request_from(message.parameters, self.endpoint.limits))
            except RequestFailure as failure:
                if failure.code is ErrorCode.BAD_REQUEST:
                    raise bad_message(failure.message) from None
                self._forget(operation_id)
                await self._refuse(operation_id, failure, scope)
                return
            await self.endpoint.runner.run(operation, scope, deliver)
            if not terminated:
                # The id is free for another operation as soon as the client reads this.
                self._forget(operation_id)
                await self._send({"id": operation_id, "type": "complete"})
        finally:
            self._forget(operation_id)

    def _stop(self, operation_id: str) -> None:
        if task := self.operations.pop(operation_id, None):
            task.cancel()

    def _forget(self, operation_id: str) -> None:
        if self.operations.get(operation_id) is asyncio.current_task():
            del self.operations[operation_id]

    async def _refuse(self, operation_id: str, failure: RequestFailure, scope: OperationScope[Principal]) -> None:
        shown = self.endpoint.errors.refusal(failure, scope.request_id)
        await self._send({"id": operation_id, "type": "error", "payload": [shown]})

    async def _send(self, message: dict[str, Any]) -> None:
        await self._send_text(encode_json(message))

    async def _send_text(self, text: str) -> None:
        """One frame at a time and none queued: a client that reads slowly slows its operations and is cut at last."""
        async with self.sending:
            try:
                async with asyncio.timeout(self.endpoint.limits.slow_reader.total_seconds()):
                    await self.websocket.send_text(text)
            except TimeoutError:
                raise SlowReader from None
            except (WebSocketDisconnect, OSError):
                raise ClientGone from None

    async def _close(self, code: CloseCode, reason: str) -> None:
        if self.websocket.application_state is WebSocketState.DISCONNECTED:
            return
        shortened = reason.encode()[:123].decode(errors="ignore")
        with suppress(TimeoutError, WebSocketDisconnect, OSError):
            async with asyncio.timeout(self.endpoint.limits.slow_reader.total_seconds()):
                await self.websocket.close(code, shortened)

    async def _expect_init(self) -> None:
        try:
            async with asyncio.timeout(self.endpoint.limits.connection_init.total_seconds()):
                await self.greeted.wait()
        except TimeoutError:
            raise SocketClose(CloseCode.INIT_TIMEOUT, "Connection initialisation timeout") from None

    async def _server_closing(self) -> NoReturn:
        await self.endpoint.closing.wait()
        raise SocketClose(CloseCode.SERVICE_RESTART, "The server restarts: reconnect and resume from your last cursor.")


def _leaves(group: BaseExceptionGroup[SocketClose]) -> Any:
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _leaves(error)
        else:
            yield error
