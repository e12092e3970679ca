"""The client of the benchmarks against servers that answer in every way it must cope with."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from benchmarks.http_connection import connections, post


@asynccontextmanager
async def serving(parts: Sequence[bytes]) -> AsyncIterator[str]:
    """A server that answers each request with these bytes, written one part after the other."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.readuntil(b'{"query": "{ a }"}'):
            for part in parts:
                writer.write(part)
                await writer.drain()
                await asyncio.sleep(0)

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/graphql"
    finally:
        server.close()


async def ask(address: str, times: int = 1) -> list[bytes]:
    with connections(address, 1) as (connection,):
        return [await connection.send(post(address, {"query": "{ a }"}, {})) for _ in range(times)]


async def test_answers_may_come_in_pieces_and_one_after_the_other() -> None:
    pieces = [b"HTTP/1.1 200 OK\r\nContent-", b"Length: 10\r\n\r", b"\n01234", b"56789"]
    async with serving(pieces) as address:
        assert await ask(address, 3) == [b"0123456789"] * 3


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
    ],
)
async def test_what_cannot_be_measured_is_an_error(head: bytes) -> None:
    async with serving([head]) as address:
        with pytest.raises(ConnectionError, match="unexpected response"):
            await ask(address)
