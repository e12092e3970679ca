"""A client that costs next to nothing: one keep-alive connection that sends the same bytes again and again."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, cast
from urllib.parse import urlsplit

END_OF_HEAD = b"\r\n\r\n"
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


class HttpConnection(asyncio.Protocol):
    """HTTP/1.1 without encodings: a response has to say its length."""

    def __init__(self) -> None:
        self._transport: asyncio.WriteTransport | None = None
        self._received = bytearray()
        self._answer: asyncio.Future[bytes] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast(asyncio.WriteTransport, transport)  # uvloop's is none by inheritance

    def data_received(self, data: bytes) -> None:
        """Collect what comes, until the response is whole."""
        self._received += data
        end = self._received.find(END_OF_HEAD)
        if end < 0 or self._answer is None or self._answer.done():
            return
        length = LENGTH.search(self._received, 0, end + 2)
        if length is None or not self._received.startswith(b"HTTP/1.1 200"):
            self._answer.set_exception(ConnectionError(f"unexpected response: {bytes(self._received[:500])!r}"))
            return
        body = end + len(END_OF_HEAD)
        if len(self._received) - body >= int(length[1]):
            whole = bytes(self._received[body:])
            self._received.clear()
            self._answer.set_result(whole)

    def connection_lost(self, exc: Exception | None) -> None:
        """Fail what is being waited for."""
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(exc or ConnectionResetError("the server closed the connection"))

    async def send(self, request: bytes) -> bytes:
        """Send a request and answer the body of its response.

        Raises:
            ConnectionError: the response is no 200, says no length, or does not come.
        """
        assert self._transport is not None
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._answer

    def close(self) -> None:
        """Close the connection."""
        if self._transport is not None:
            self._transport.close()


@asynccontextmanager
async def connected(address: str, count: int) -> AsyncIterator[list[HttpConnection]]:
    """So many connections to the server of an address such as ``http://127.0.0.1:8000/graphql``."""
    place = urlsplit(address)
    opened: list[HttpConnection] = []
    try:
        for _ in range(count):
            _, connection = await asyncio.get_running_loop().create_connection(
                HttpConnection, place.hostname, place.port
            )
            opened.append(connection)
        yield opened
    finally:
        for connection in opened:
            connection.close()


def post(address: str, content: Mapping[str, Any], headers: Mapping[str, str]) -> bytes:
    """The bytes of a request that posts JSON."""
    body = json.dumps(content).encode()
    described = {"content-type": "application/json", "content-length": str(len(body)), **headers}
    return _head("POST", address, described) + body


def get(address: str) -> bytes:
    """The bytes of a request that gets a page."""
    return _head("GET", address, {})


def _head(method: str, address: str, headers: Mapping[str, str]) -> bytes:
    place = urlsplit(address)
    lines = [f"{method} {place.path or '/'} HTTP/1.1", f"host: {place.netloc}", "accept: application/json"]
    return "\r\n".join([*lines, *(f"{name}: {value}" for name, value in headers.items()), "", ""]).encode()
