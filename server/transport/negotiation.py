"""Reading ``Accept`` and ``Content-Type`` as they are meant."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from functools import lru_cache
from typing import Final

from domain.error_codes import ErrorCode
from server.transport.failure import RequestFailure

JSON: Final = "application/json"
GRAPHQL_JSON: Final = "application/graphql-response+json"
EVENT_STREAM: Final = "text/event-stream"
REMEMBERED: Final = 64
"""Headers whose meaning is kept: clients send the same ones again and again."""


@dataclass(frozen=True, slots=True)
class Acceptance:
    """How the client wants its answer.

    ``json`` is the media type of a single answer, ``None`` when only a stream will do; ``streams`` says whether a
    stream is acceptable; ``prefers_stream`` whether it is wanted for queries and mutations too.
    """

    json: str | None
    streams: bool
    prefers_stream: bool

    def wants_stream(self, *, is_subscription: bool) -> bool:
        """Whether to answer this operation with an event stream.

        Raises:
            RequestFailure: ``NOT_ACCEPTABLE`` for a subscription that may not be streamed.
        """
        if is_subscription and not self.streams:
            text = "A subscription needs 'Accept: text/event-stream', or a WebSocket with graphql-transport-ws."
            raise RequestFailure(ErrorCode.NOT_ACCEPTABLE, text)
        return is_subscription or self.prefers_stream


@lru_cache(maxsize=REMEMBERED)
def negotiate(accept: str | None) -> Acceptance:
    """Weigh an ``Accept`` header; an absent one accepts everything.

    Between equals a single answer is JSON, since some clients list all they could read for every operation; and
    ``application/json`` is sent only where the newer media type was not asked for by name.

    Raises:
        RequestFailure: ``NOT_ACCEPTABLE`` when nothing that is spoken here is acceptable.
    """
    ranges = list(_ranges(accept)) if accept else [("*/*", 1.0)]
    graphql, plain, stream = (_quality(ranges, offered) for offered in (GRAPHQL_JSON, JSON, EVENT_STREAM))
    named = any(media_range == GRAPHQL_JSON for media_range, _ in ranges)
    best = max(graphql, plain)
    if best == stream == 0:
        text = f"The answer can be {GRAPHQL_JSON}, {JSON} or {EVENT_STREAM}: accept one of them."
        raise RequestFailure(ErrorCode.NOT_ACCEPTABLE, text)
    json = (GRAPHQL_JSON if graphql > plain or (named and graphql == plain) else JSON) if best else None
    return Acceptance(json=json, streams=stream > 0, prefers_stream=stream > best)


@lru_cache(maxsize=REMEMBERED)
def require_json(content_type: str | None) -> None:
    """Let only JSON in UTF-8 through.

    Raises:
        RequestFailure: ``UNSUPPORTED_MEDIA_TYPE``.
    """
    header = Message()
    header["content-type"] = content_type or "none/none"
    charset = header.get_param("charset", "utf-8")
    if header.get_content_type() != JSON or str(charset).lower() not in ("utf-8", "utf8"):
        text = f"The body must be sent as 'Content-Type: {JSON}', in UTF-8."
        raise RequestFailure(ErrorCode.UNSUPPORTED_MEDIA_TYPE, text)


def _ranges(accept: str) -> Iterator[tuple[str, float]]:
    for part in accept.split(","):
        media_range, *parameters = (piece.strip().lower() for piece in part.split(";"))
        quality = 1.0
        for parameter in parameters:
            name, _, value = parameter.partition("=")
            if name.strip() == "q":
                quality = _number(value)
        if media_range:
            yield media_range, quality


def _quality(ranges: list[tuple[str, float]], offered: str) -> float:
    """The most specific range that covers a media type decides."""
    for pattern in (offered, offered.partition("/")[0] + "/*", "*/*"):
        matching = [quality for media_range, quality in ranges if media_range == pattern]
        if matching:
            return max(matching)
    return 0.0


def _number(text: str) -> float:
    try:
        return min(max(float(text), 0.0), 1.0)
    except ValueError:
        return 0.0
