"""The id that ties an answer, its errors and the log lines of one request together."""

from __future__ import annotations

import re
from uuid import uuid4

from starlette.requests import HTTPConnection

HEADER = "x-request-id"
_SANE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def request_id_of(connection: HTTPConnection) -> str:
    """The client's ``x-request-id`` when it is at most 64 letters, digits and ``._-``; else a new one."""
    offered = connection.headers.get(HEADER, "")
    return offered if _SANE.fullmatch(offered) else uuid4().hex
