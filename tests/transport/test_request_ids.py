"""Which ids a request gets."""

from __future__ import annotations

import re

import pytest
from starlette.requests import HTTPConnection

from server.transport.request_id import request_id_of, trace_id_of

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def connection(**headers: str) -> HTTPConnection:
    pairs = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return HTTPConnection({"type": "http", "headers": pairs})


def test_the_trace_of_the_client_is_kept() -> None:
    assert trace_id_of(connection(traceparent=f"00-{TRACE}-00f067aa0ba902b7-01")) == TRACE


@pytest.mark.parametrize(
    "traceparent",
    ["", "nonsense", f"00-{TRACE}", f"00-{'0' * 32}-00f067aa0ba902b7-01", f"00-{TRACE.upper()}-{'0' * 16}-01"],
)
def test_a_malformed_traceparent_gets_a_new_trace(traceparent: str) -> None:
    trace = trace_id_of(connection(traceparent=traceparent))
    assert re.fullmatch(r"[0-9a-f]{32}", trace)
    assert trace != TRACE


def test_a_sane_request_id_is_kept_and_another_replaced() -> None:
    assert request_id_of(connection(x_request_id="build-7.1_a")) == "build-7.1_a"
    assert request_id_of(connection(x_request_id="a b\nc")) != "a b\nc"
