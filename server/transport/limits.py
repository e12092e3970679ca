"""What one client may ask of the GraphQL endpoint."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TypedDict


class SocketOptions(TypedDict):
    """The part of the limits that the HTTP server has to enforce itself."""

    ws_max_size: int
    ws_ping_interval: float
    ws_ping_timeout: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TransportLimits:
    """Sizes are in bytes, counts per document or per socket as named."""

    body_bytes: int = 256 * 1024
    """Largest HTTP body and largest WebSocket message."""
    input_depth: int = 64
    """Nesting of variables and of literals in a document."""

    tokens: int = 2_500
    """Validation can take time quadratic in this, and nothing else runs meanwhile."""
    depth: int = 20
    """Nesting of fields; introspection has a rule of its own."""
    aliases: int = 60
    directives: int = 60
    fields: int = 2_000
    """Fields after every fragment spread is written out."""
    literal_fields: int = 100
    """Fields of one object written into a document; validation prints the whole object for each that is unknown."""
    overlaps: int = 10_000
    """Pairs of fields that share a place in the answer; validation compares each with each."""
    cached_documents: int = 256
    """Parsed documents, and validations, that are remembered."""

    deadline: timedelta = timedelta(seconds=30)
    """For a query or a mutation, and for the arrival of a body; a subscription has none."""
    connection_init: timedelta = timedelta(seconds=10)
    operations_per_socket: int = 100
    slow_reader: timedelta = timedelta(seconds=10)
    """How long one message may wait for a client that does not read before it is cut off."""
    stream_ping: timedelta = timedelta(seconds=15)
    """Between signs of life on an event stream and on a socket."""

    @property
    def socket_options(self) -> SocketOptions:
        """Keyword arguments for ``uvicorn.Config``: frame size, and pings that find dead peers."""
        seconds = self.stream_ping.total_seconds()
        return {"ws_max_size": self.body_bytes, "ws_ping_interval": seconds, "ws_ping_timeout": seconds}
