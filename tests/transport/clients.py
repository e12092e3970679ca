"""One way to talk, over three transports."""

from __future__ import annotations

import itertools
import json
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

TOKEN = "test-token"
URQL_ACCEPT = (
    "application/graphql-response+json, application/graphql+json, application/json, text/event-stream, multipart/mixed"
)
Payload = dict[str, Any]


class Client(ABC):
    """``execute`` answers with the payload of an operation; ``subscribe`` with its payloads until it completes."""

    @abstractmethod
    async def execute(self, query: str, **parameters: Any) -> Payload: ...

    @abstractmethod
    def subscribe(self, query: str, **parameters: Any) -> AbstractAsyncContextManager[AsyncIterator[Payload]]: ...

    @abstractmethod
    async def __aenter__(self) -> Client: ...

    @abstractmethod
    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


@dataclass
class HttpClient(Client):
    """Sends what urql sends: JSON for queries and mutations, an event stream for subscriptions."""

    base: str
    accept: str = URQL_ACCEPT
    http: httpx.AsyncClient = field(init=False)

    def __post_init__(self) -> None:
        headers = {"accept": self.accept, "authorization": f"Bearer {TOKEN}", "content-type": "application/json"}
        self.http = httpx.AsyncClient(base_url=self.base, headers=headers, timeout=30)

    async def execute(self, query: str, **parameters: Any) -> Payload:
        async with self.subscribe(query, **parameters) as answers:
            (payload,) = [answer async for answer in answers]
            return payload

    @asynccontextmanager
    async def subscribe(self, query: str, **parameters: Any) -> AsyncGenerator[AsyncIterator[Payload], None]:
        async with self.http.stream("POST", "/graphql", content=json.dumps({"query": query, **parameters})) as response:
            if response.headers["content-type"].startswith("text/event-stream"):
                yield payloads(response)
            else:
                yield _one(json.loads(await response.aread()))

    async def __aenter__(self) -> HttpClient:
        await self.http.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.http.__aexit__(kind, error, trace)


@dataclass
class StreamClient(HttpClient):
    """Takes every answer as an event stream."""

    accept: str = "text/event-stream"


@dataclass
class SocketClient(Client):
    """Speaks graphql-transport-ws on one socket."""

    base: str
    ids: itertools.count[int] = field(default_factory=itertools.count)
    socket: ClientConnection = field(init=False)

    async def execute(self, query: str, **parameters: Any) -> Payload:
        async with self.subscribe(query, **parameters) as answers:
            (payload,) = [answer async for answer in answers]
            return payload

    @asynccontextmanager
    async def subscribe(self, query: str, **parameters: Any) -> AsyncGenerator[AsyncIterator[Payload], None]:
        name = str(next(self.ids))
        await self.send({"id": name, "type": "subscribe", "payload": {"query": query, **parameters}})
        answers = self._answers(name)
        try:
            yield answers
        finally:
            with suppress(ConnectionClosed):
                await self.send({"id": name, "type": "complete"})

    async def _answers(self, name: str) -> AsyncGenerator[Payload, None]:
        while True:
            message = await self.receive()
            assert message["id"] == name, message
            match message["type"]:
                case "next":
                    yield message["payload"]
                case "error":
                    yield {"errors": message["payload"]}
                    return
                case "complete":
                    return

    async def send(self, message: object) -> None:
        await self.socket.send(json.dumps(message))

    async def receive(self) -> Payload:
        payload: Payload = json.loads(await self.socket.recv())
        return payload

    async def __aenter__(self) -> SocketClient:
        self.socket = await open_socket(self.base)
        await self.send({"type": "connection_init", "payload": {"authorization": f"Bearer {TOKEN}"}})
        assert await self.receive() == {"type": "connection_ack"}
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.socket.close()


async def open_socket(base: str, **options: Any) -> ClientConnection:
    address = base.replace("http://", "ws://") + "/graphql"
    return await connect(address, **{"subprotocols": ["graphql-transport-ws"], "max_size": None, **options})


async def payloads(response: httpx.Response) -> AsyncGenerator[Payload, None]:
    """The ``next`` events of a stream, until ``complete``."""
    kind = data = ""
    async for line in response.aiter_lines():
        name, _, value = line.partition(": ")
        if name == "event":
            kind = value
        elif name == "data":
            data = value
        elif not line and kind:
            if kind == "complete":
                return
            yield json.loads(data)
            kind = data = ""


async def _one(payload: Payload) -> AsyncGenerator[Payload, None]:
    yield payload
