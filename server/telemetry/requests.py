"""Spans and durations of HTTP requests and of the GraphQL operations in them."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from opentelemetry import context as trace_context
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import INVALID_SPAN, Span, SpanKind, StatusCode, format_span_id, format_trace_id
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from agents.runtime.traces import is_traced
from server.telemetry.exporting import Telemetry
from server.transport.document import Operation

RESPONSE = "traceresponse"
"""The header that tells a client where its request is to be found (W3C Trace Context, level 2)."""
UNTRACED = frozenset({"/healthz", "/readyz", "/metrics"})
"""What is asked every few seconds by machines, about us."""
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"})
LONGEST_NAME = 200
SERVER_ERROR = 500

_tracer = trace.get_tracer("wrenchai.server")
_propagator = TraceContextTextMapPropagator()


class WatchedRequests:
    """ASGI middleware: a span for each HTTP request, in the trace of the client when it sends ``traceparent``.

    A socket has no span, it may stay for days: each of its operations has one, in the trace that the handshake named.
    """

    def __init__(self, app: ASGIApp, telemetry: Telemetry) -> None:
        self._app = app
        self._instruments = telemetry.instruments

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI entry point."""
        if scope["type"] == "http" and scope["path"] not in UNTRACED:
            await self._request(scope, receive, send)
        elif scope["type"] == "websocket":
            token = trace_context.attach(_named_by(scope))
            try:
                await self._app(scope, receive, send)
            finally:
                trace_context.detach(token)
        else:
            await self._app(scope, receive, send)

    async def _request(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        method = scope["method"] if scope["method"] in METHODS else "_OTHER"
        status = SERVER_ERROR

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                said = _response_of(span)
                if said is not None:
                    MutableHeaders(scope=message)[RESPONSE] = said
            await send(message)

        with _tracer.start_as_current_span(
            method,
            _named_by(scope),
            kind=SpanKind.SERVER,
            attributes={
                "http.request.method": method,
                "url.scheme": scope.get("scheme", "http"),
                "network.protocol.version": scope.get("http_version", "1.1"),
            },
            record_exception=False,
        ) as span:
            try:
                await self._app(scope, receive, answer)
            finally:
                route = str(getattr(scope.get("route"), "path", ""))
                span.update_name(f"{method} {route}".strip())
                span.set_attribute("http.route", route)
                span.set_attribute("http.response.status_code", status)
                if status >= SERVER_ERROR:
                    span.set_attribute("error.type", str(status))
                    span.set_status(StatusCode.ERROR)
                if self._instruments is not None:
                    self._instruments.request(method, route, status, time.perf_counter() - started)


def watched(app: ASGIApp, telemetry: Telemetry) -> ASGIApp:
    """The application with the middleware in front; as it is when nothing is told to anybody."""
    return WatchedRequests(app, telemetry) if telemetry.traces or telemetry.instruments else app


@contextmanager
def operation_span(operation: Operation) -> Iterator[Span]:
    """The span of one operation, of a subscription for as long as it lasts. It has no variables: the document's hash
    says what was asked."""
    if not is_traced():
        yield INVALID_SPAN
        return
    kind = operation.type.value
    with _tracer.start_as_current_span(
        f"graphql {kind}", record_exception=False, set_status_on_exception=False
    ) as span:
        if span.is_recording():
            span.set_attribute("graphql.operation.type", kind)
            if operation.name is not None:
                span.set_attribute("graphql.operation.name", operation.name[:LONGEST_NAME])
            document = operation.request.query.encode("utf-8", "surrogatepass")
            span.set_attribute("wrenchai.graphql.document.sha256", hashlib.sha256(document).hexdigest())
        yield span


def answered(span: Span, codes: Sequence[str]) -> None:
    """Note the codes of the errors that an operation was answered with."""
    if codes and span.is_recording():
        span.set_attribute("error.type", codes[0])
        span.set_attribute("wrenchai.graphql.error.codes", sorted(set(codes)))
        span.set_status(StatusCode.ERROR)


def _named_by(scope: Scope) -> Context:
    """The client's place in its trace; nothing of ours when it names none."""
    carrier = {
        name.decode("latin-1"): value.decode("latin-1")
        for name, value in scope["headers"]
        if name in {b"traceparent", b"tracestate"}
    }
    return _propagator.extract(carrier, Context())


def _response_of(span: Span) -> str | None:
    found = span.get_span_context()
    if not found.is_valid:
        return None
    return f"00-{format_trace_id(found.trace_id)}-{format_span_id(found.span_id)}-{found.trace_flags:02x}"
