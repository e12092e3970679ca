"""The proxy between the browser and the network, with real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from agents.egress import EgressPolicy
from agents.tools.browser.proxy import EgressProxy

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def listening(serve: Serve) -> AsyncIterator[str]:
    """A server; answers its ``host:port``."""
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        host, port = server.sockets[0].getsockname()
        yield f"{host}:{port}"


@asynccontextmanager
async def proxied(*allow: str, most_bytes: int = 2**20, reads_only: bool = True) -> AsyncIterator[EgressProxy]:
    async with EgressProxy(EgressPolicy(allow), most_bytes=most_bytes, reads_only=reads_only) as proxy:
        yield proxy


async def said(proxy: EgressProxy, request: bytes) -> bytes:
    """All that comes back; nothing when the connection is cut."""
    host, _, port = proxy.url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(request)
    try:
        async with asyncio.timeout(20):
            return await reader.read()
    except ConnectionError:
        return b""
    finally:
        writer.close()


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"you said " + await reader.readexactly(5))
    await writer.drain()
    writer.close()


async def test_a_tunnel_goes_to_what_was_checked_and_nowhere_else() -> None:
    async with listening(echo) as place, proxied(place) as proxy:
        request = f"CONNECT {place} HTTP/1.1\r\nHost: {place}\r\n\r\nhello".encode()
        assert await said(proxy, request) == b"HTTP/1.1 200 Connection established\r\n\r\nyou said hello"
        refused = await said(proxy, b"CONNECT 169.254.169.254:443 HTTP/1.1\r\n\r\n")
        assert refused.startswith(b"HTTP/1.1 403 Forbidden\r\n")
        assert b"where clouds keep their metadata" in refused
        assert [one[:2] for one in proxy.refused] == [("CONNECT", "169.254.169.254:443")]


async def test_a_request_is_passed_on_as_to_a_server_and_the_connection_ends_with_it() -> None:
    heads: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nhi")
        await writer.drain()
        writer.close()

    async with listening(serve) as place, proxied(place) as proxy:
        request = f"GET http://{place}/a?b=c HTTP/1.1\r\nHost: {place}\r\nProxy-Connection: keep-alive\r\n\r\n"
        answer = await said(proxy, request.encode())
    assert heads == [f"GET /a?b=c HTTP/1.1\r\nHost: {place}\r\nConnection: close\r\n\r\n".encode()]
    assert answer == b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi"


async def test_no_more_is_read_than_allowed() -> None:
    async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                writer.write(bytes(2**16))
                await writer.drain()
        except OSError:
            writer.close()

    async with listening(flood) as place, proxied(place, most_bytes=2**18) as proxy:
        answer = await said(proxy, f"CONNECT {place} HTTP/1.1\r\n\r\n".encode())
        assert len(answer) <= 2**18 + 100
        assert "max_traffic_bytes" in proxy.refused[0][2]


@pytest.mark.parametrize(
    ("request_line", "says"),
    [
        ("POST http://{place}/ HTTP/1.1", b"use browser_write"),
        ("GET file:///etc/passwd HTTP/1.1", b"is not spoken here"),
        ("GET ftp://{place}/ HTTP/1.1", b"is not spoken here"),
        ("GET http://127.0.0.1:1/ HTTP/1.1", b"WRENCHAI_EGRESS_ALLOW"),
    ],
)
async def test_what_is_not_for_it_is_refused(request_line: str, says: bytes) -> None:
    async with listening(echo) as place, proxied(place) as proxy:
        answer = await said(proxy, f"{request_line.format(place=place)}\r\n\r\n".encode())
        assert answer.startswith(b"HTTP/1.1 403")
        assert says in answer
        assert len(proxy.refused) == 1


async def test_nonsense_ends_the_connection_and_nothing_else() -> None:
    async with listening(echo) as place, proxied(place) as proxy:
        for nonsense in (b"nonsense\r\n\r\n", b"CONNECT\r\n\r\n", b"CONNECT x:y:z HTTP/1.1\r\n\r\n", b"x" * 2**18):
            assert b"200" not in await said(proxy, nonsense)
        request = f"CONNECT {place} HTTP/1.1\r\n\r\nhello".encode()
        assert (await said(proxy, request)).endswith(b"you said hello")
