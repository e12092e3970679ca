"""A collector of this test process: it takes spans by OTLP over HTTP, as any does, and keeps them in memory."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.faults.platform_processes import until


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A span as it was exported. ``process`` is the instance of the service that did."""

    process: str
    trace_id: str
    span_id: str
    parent_id: str
    name: str
    kind: int
    links: tuple[str, ...]
    attributes: dict[str, Any]
    failed: bool


@dataclass
class Collector:
    """What has come in, by HTTP on ``address``."""

    address: str = ""
    spans: list[Seen] = field(default_factory=list)

    def named(self, name: str) -> list[Seen]:
        return [span for span in self.spans if span.name == name]

    async def one(self, name: str, **attributes: Any) -> Seen:
        """The only span of that name with these attributes, as soon as it is there."""

        def fitting() -> list[Seen]:
            wanted = {key.replace("__", "."): value for key, value in attributes.items()}
            return [span for span in self.named(name) if wanted.items() <= span.attributes.items()]

        async def there() -> bool:
            return bool(fitting())

        await until(there, 60, f"a span {name}; there are {[span.name for span in self.spans]}")
        (found,) = fitting()
        return found

    def ancestors(self, span: Seen) -> list[Seen]:
        """The spans above one, the nearest first."""
        by_id = {one.span_id: one for one in self.spans}
        chain = []
        while span.parent_id in by_id:
            span = by_id[span.parent_id]
            chain.append(span)
        return chain

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer requests of one connection until it is closed."""
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                headers = {
                    line.split(b":", 1)[0].strip().lower(): line.split(b":", 1)[1].strip()
                    for line in head.split(b"\r\n")[1:]
                    if b":" in line
                }
                body = await reader.readexactly(int(headers.get(b"content-length", b"0")))
                if headers.get(b"content-encoding") == b"gzip":
                    body = gzip.decompress(body)
                if head.startswith(b"POST /v1/traces"):
                    self._take(body)
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/x-protobuf\r\ncontent-length: 0\r\n\r\n")
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def _take(self, body: bytes) -> None:
        for batch in ExportTraceServiceRequest.FromString(body).resource_spans:
            resource = {one.key: one.value.string_value for one in batch.resource.attributes}
            for scoped in batch.scope_spans:
                for span in scoped.spans:
                    self.spans.append(
                        Seen(
                            process=resource["service.instance.id"],
                            trace_id=span.trace_id.hex(),
                            span_id=span.span_id.hex(),
                            parent_id=span.parent_span_id.hex(),
                            name=span.name,
                            kind=span.kind,
                            links=tuple(link.span_id.hex() for link in span.links),
                            attributes={one.key: _plain(one.value) for one in span.attributes},
                            failed=span.status.code == 2,
                        )
                    )


def _plain(value: Any) -> Any:
    kind = value.WhichOneof("value")
    found = getattr(value, kind)
    return [_plain(one) for one in found.values] if kind == "array_value" else found


@asynccontextmanager
async def collecting(port: int = 0) -> AsyncIterator[Collector]:
    """A collector on that port, or on a free one."""
    collector = Collector()
    server = await asyncio.start_server(collector.serve, "127.0.0.1", port)
    collector.address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield collector
