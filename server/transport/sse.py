"""GraphQL over server-sent events, in distinct-connections mode: one operation, one response that stays open."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import NoReturn

import structlog
from starlette.types import Receive, Send

from server.transport.execution import Deliver
from server.transport.failure import ClientGone, ServerClosing, SlowReader
from server.transport.limits import TransportLimits
from server.transport.reply import Reply

log = structlog.get_logger(__name__)

HEADERS = {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-cache, no-transform",
    "x-accel-buffering": "no",
    "vary": "accept",
}
PING = ": ping\n\n"
COMPLETE = "event: complete\ndata: \n\n"


class EventStream:
    """One response. There is no queue: a client that reads slowly slows the subscription, and is cut in the end."""

    def __init__(
        self,
        receive: Receive,
        send: Send,
        limits: TransportLimits,
        closing: asyncio.Event,
        headers: Mapping[str, str],
    ) -> None:
        self._receive = receive
        self._raw_send = send
        self._patience = limits.slow_reader.total_seconds()
        self._ping_interval = limits.stream_ping.total_seconds()
        self._closing = closing
        self._headers = {**HEADERS, **headers}
        self._sending = asyncio.Lock()

    async def serve(self, operation: Callable[[Deliver], Awaitable[None]]) -> None:
        """Send what the operation delivers, then ``complete``.

        Ends without ``complete``, so that the client reconnects and resumes, when the server closes or the client does
        not read; the operation is cancelled and its generators are closed before this returns.
        """
        await self._start()
        try:
            async with asyncio.TaskGroup() as group:
                attendants = [
                    group.create_task(watch()) for watch in (self._client_gone, self._server_closing, self._ping)
                ]
                await operation(self._deliver)
                await self._send(COMPLETE, last=True)
                for attendant in attendants:
                    attendant.cancel()
        except* (ClientGone, SlowReader) as ended:
            log.info("event stream ended early", reason=type(ended.exceptions[0]).__name__)
        except* ServerClosing:
            await self._send("", last=True)

    async def refuse(self, text: str) -> None:
        """Send the errors of a document that will not be executed, as the protocol wants: on an accepted stream."""
        await self._start()
        await self._send(f"event: next\ndata: {text}\n\n{COMPLETE}", last=True)

    async def _start(self) -> None:
        headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in self._headers.items()]
        await self._raw_send({"type": "http.response.start", "status": 200, "headers": headers})

    async def _deliver(self, reply: Reply) -> None:
        cursor = cursor_of(reply.payload)
        identity = f"id: {cursor}\n" if cursor else ""
        await self._send(f"event: next\n{identity}data: {reply.text}\n\n")

    async def _send(self, text: str, *, last: bool = False) -> None:
        async with self._sending:
            try:
                async with asyncio.timeout(self._patience):
                    await self._raw_send({"type": "http.response.body", "body": text.encode(), "more_body": not last})
            except TimeoutError:
                raise SlowReader from None
            except OSError:
                raise ClientGone from None

    async def _client_gone(self) -> NoReturn:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        raise ClientGone

    async def _server_closing(self) -> NoReturn:
        await self._closing.wait()
        raise ServerClosing

    async def _ping(self) -> NoReturn:
        while True:
            await asyncio.sleep(self._ping_interval)
            await self._send(PING)


def cursor_of(payload: Mapping[str, object]) -> str | None:
    """The ``cursor`` of the payload's first top-level field that has one, when it can stand on an ``id:`` line."""
    data = payload.get("data")
    for value in data.values() if isinstance(data, Mapping) else ():
        cursor = value.get("cursor") if isinstance(value, Mapping) else None
        if isinstance(cursor, str) and cursor.isprintable() and cursor.isascii():
            return cursor
    return None
