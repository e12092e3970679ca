"""The ids that tie an answer, its errors and the log lines of one request together."""

from __future__ import annotations

import re
from uuid import uuid4

from starlette.requests import HTTPConnection

HEADER = "x-request-id"
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")
_SANE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def request_id_of(connection: HTTPConnection) -> str:
    """The client's ``x-request-id`` when it is at most 64 letters, digits and ``._-``; else a new one."""
    offered = connection.headers.get(HEADER, "")
    return offered if _SANE.fullmatch(offered) else uuid4().hex


def trace_id_of(connection: HTTPConnection) -> str:
    """The trace of the client's ``traceparent`` (W3C Trace Context, 32 hexadecimal digits); else a new one."""
    offered = _TRACEPARENT.fullmatch(connection.headers.get("traceparent", ""))
    return offered.group(1) if offered and offered.group(1).strip("0") else uuid4().hex
