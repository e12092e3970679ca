"""Refusals of the transport itself: the request never reached a resolver, or ran out of time there."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from domain.error_codes import ErrorCode

HTTP_STATUS: Final[Mapping[str, int]] = MappingProxyType(
    {
        ErrorCode.UNAUTHENTICATED: 401,
        ErrorCode.METHOD_NOT_ALLOWED: 405,
        ErrorCode.NOT_ACCEPTABLE: 406,
        ErrorCode.REQUEST_TIMEOUT: 408,
        ErrorCode.BODY_TOO_LARGE: 413,
        ErrorCode.UNSUPPORTED_MEDIA_TYPE: 415,
        ErrorCode.TOO_MANY_OPERATIONS: 429,
        ErrorCode.INTERNAL: 500,
        ErrorCode.SERVICE_UNAVAILABLE: 503,
        ErrorCode.DEADLINE_EXCEEDED: 504,
    }
)
"""Status of an answer without data; what is not listed is 400."""


class RequestFailure(Exception):
    """A request that is refused, with a published code and one sentence for the client.

    ``headers`` go on the HTTP response (``Allow``, ``WWW-Authenticate``).
    """

    def __init__(self, code: ErrorCode, message: str, *, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.headers = dict(headers or {})


class ClientGone(Exception):
    """The client closed the connection; nobody is left to answer."""


class ServerClosing(Exception):
    """The server is going down; clients may reconnect to its successor and resume."""


class SlowReader(Exception):
    """The client does not read what it subscribed to; it may reconnect and resume from its last cursor."""
