"""A reverse proxy in small between a client and the platform, whose connections can be cut."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field


@dataclass
class SeverableLine:
    """Cut, it resets all its connections and each new one until it is mended."""

    server: str
    """``host:port`` of the platform. Like a proxy, the line puts it in place of its own into the headers."""
    own: str = ""
    is_cut: bool = False
    severed: int = 0
    """Connections that were open when the line was cut."""
    turned_away: int = 0
    """Connections that were tried while it was cut."""
    writers: set[asyncio.StreamWriter] = field(default_factory=set)

    @property
    def address(self) -> str:
        """The URL that clients are given."""
        return f"http://{self.own}"

    def cut(self) -> None:
        """Reset everything, without a word of goodbye to either side."""
        self.is_cut = True
        self.severed += len(self.writers) // 2
        for writer in self.writers:
            writer.transport.abort()

    def mend(self) -> None:
        """Let connections through again."""
        self.is_cut = False

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one connection."""
        if self.is_cut:
            self.turned_away += 1
            writer.transport.abort()
            return
        host, _, port = self.server.rpartition(":")
        beyond, onward = await asyncio.open_connection(host, int(port))
        ends = {writer, onward}
        self.writers |= ends
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._carry(reader, onward, self.own.encode(), self.server.encode()))
                group.create_task(self._carry(beyond, writer))
        finally:
            self.writers -= ends
            for end in ends:
                end.close()

    async def _carry(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *renamed: bytes) -> None:
        with suppress(ConnectionError):
            while chunk := await source.read(65_536):
                sink.write(chunk.replace(*renamed) if renamed else chunk)  # type: ignore[arg-type]
                await sink.drain()
        sink.close()


@asynccontextmanager
async def severable_line(address: str) -> AsyncIterator[SeverableLine]:
    """A line to the platform at ``address``, a URL."""
    line = SeverableLine(address.removeprefix("http://"))
    listener = await asyncio.start_server(line.serve, "127.0.0.1", 0)
    line.own = f"127.0.0.1:{listener.sockets[0].getsockname()[1]}"
    try:
        yield line
    finally:
        listener.close()
        line.cut()
        await listener.wait_closed()
