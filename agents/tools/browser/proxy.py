"""The way of a browser into the network: a proxy on loopback that asks the egress policy before each connection.

Chromium resolves no name itself when it has a proxy, so what is checked is what is connected to: redirects, frames,
workers, WebSockets and downloads included.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from agents.contract import ToolFailure
from agents.contract.egress import Egress

LONGEST_HEAD = 64 * 1024
CHUNK = 64 * 1024
CONNECT_SECONDS = 20.0
MOST_REFUSED = 100
OWN = ("proxy-connection:", "proxy-authorization:", "connection:", "keep-alive:")
"""Headers that are between a client and its proxy."""
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class EgressProxy:
    """Use it as an asynchronous context; ``url`` is where it listens.

    ``refused`` are places that were not reached, each with the method, its address and the reason. Once ``most_bytes``
    were read from the network every connection is closed. With ``reads_only`` a request that is not encrypted must have
    a safe method.
    """

    def __init__(self, egress: Egress, *, most_bytes: int, reads_only: bool) -> None:
        self.url = ""
        self.refused: list[tuple[str, str, str]] = []
        self._egress = egress
        self._left = most_bytes
        self._reads_only = reads_only
        self._server: asyncio.Server | None = None
        self._clients: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, limit=LONGEST_HEAD)
        host, port = self._server.sockets[0].getsockname()
        self.url = f"http://{host}:{port}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None  # noqa: S101 - it was entered
        self._server.close()
        for task in self._clients:
            task.cancel()
        await asyncio.gather(*self._clients, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - asyncio runs it as one
        self._clients.add(task)
        try:
            with suppress(OSError, EOFError, ValueError, asyncio.LimitOverrunError):
                await self._serve(reader, writer)
        finally:
            self._clients.discard(task)
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        request, *headers = head.rstrip("\r\n").split("\r\n")
        method, target, version = request.split(" ", 2)
        tunnel = method == "CONNECT"
        place = urlsplit(f"//{target}" if tunnel else target)
        host, port = place.hostname or "", place.port or 80
        try:
            self._require(method, place.scheme, tunnel=tunnel)
            upstream = await self._connect(host, port)
        except (ToolFailure, OSError, TimeoutError) as error:
            reason = str(error) if isinstance(error, ToolFailure) else f"{host} cannot be reached: {error}"
            self._refuse(method, target, reason)
            writer.write(_refusal(reason))
            await writer.drain()
            return
        if tunnel:
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        else:
            path = place._replace(scheme="", netloc="", fragment="").geturl() or "/"
            kept = [line for line in headers if not line.lower().startswith(OWN)]
            lines = [f"{method} {path} {version}", *kept, "Connection: close", "", ""]
            upstream[1].write("\r\n".join(lines).encode("latin-1"))
        await self._both_ways(reader, writer, upstream, target, closes=not tunnel)

    def _require(self, method: str, scheme: str, *, tunnel: bool) -> None:
        if not tunnel and scheme != "http":
            raise ToolFailure(f"{scheme} is not spoken here.")
        if not tunnel and self._reads_only and method not in SAFE:
            raise ToolFailure(f"{method} may change something: use browser_write.")

    async def _connect(self, host: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        addresses = await self._egress.addresses(host, port)
        async with asyncio.timeout(CONNECT_SECONDS):
            last: OSError | None = None
            for address in addresses:
                try:
                    return await asyncio.open_connection(address, port, limit=LONGEST_HEAD)
                except OSError as error:
                    last = error
        raise last or OSError("it has no address")

    def _refuse(self, method: str, target: str, reason: str) -> None:
        if len(self.refused) < MOST_REFUSED:
            self.refused.append((method, target[:2_000], reason))

    async def _both_ways(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        upstream: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        target: str,
        *,
        closes: bool,
    ) -> None:
        """Pass on until the other side has said everything. ``closes``: its head is told that it is the last answer on
        this connection, so that no request for another host comes along it."""
        sending = asyncio.create_task(_pass_on(reader, upstream[1]))
        try:
            if closes:
                head = await upstream[0].readuntil(b"\r\n\r\n")
                lines = [line for line in head.decode("latin-1").split("\r\n") if not line.lower().startswith(OWN)]
                writer.write("\r\n".join([lines[0], "Connection: close", *lines[1:]]).encode("latin-1"))
            while chunk := await upstream[0].read(CHUNK):
                self._left -= len(chunk)
                if self._left < 0:
                    self._refuse("GET", target, "The call has read as much as it may: raise max_traffic_bytes.")
                    return
                writer.write(chunk)
                await writer.drain()
        finally:
            sending.cancel()
            upstream[1].close()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while chunk := await reader.read(CHUNK):
            writer.write(chunk)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()


def _refusal(reason: str) -> bytes:
    body = f"WrenchAI does not let the browser reach this: {reason}\n".encode()
    lines = [
        "HTTP/1.1 403 Forbidden",
        "Content-Type: text/plain; charset=utf-8",
        f"Content-Length: {len(body)}",
        "Connection: close",
        "",
        "",
    ]
    return "\r\n".join(lines).encode() + body
