"""Structured logs: JSON in production, readable lines at a terminal; ids bound to each line, secrets taken out."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from typing import Any, TextIO

import structlog
from opentelemetry.trace import format_span_id, format_trace_id, get_current_span
from structlog.contextvars import bound_contextvars, merge_contextvars

from domain.redaction import HIDDEN, Redactor, is_secret_name
from server.settings import LogFormat

QUIET = ("httpx", "httpcore", "asyncio", "uvicorn", "alembic", "redis", "dbos", "opentelemetry", "mcp")
"""Libraries whose chatter starts at WARNING unless the level is debug."""

_redactor = Redactor()
"""One for the process, as the log is."""


def configure_logging(
    log_format: LogFormat = LogFormat.AUTO, level: str = "info", *, stream: TextIO | None = None
) -> None:
    """Send our log lines and those of all libraries to ``stream`` (standard error). Calling it again replaces that."""
    target = stream or sys.stderr
    console = log_format is LogFormat.CONSOLE or (log_format is LogFormat.AUTO and target.isatty())
    shared: list[structlog.typing.Processor] = [
        merge_contextvars,
        traced,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.stdlib.PositionalArgumentsFormatter(),
    ]
    # An exception is made text before secrets are taken out, and by what shows no variables: those hold requests with
    # their tokens, and what was to be sealed.
    plain = structlog.dev.plain_traceback
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer(colors=target.isatty(), exception_formatter=plain)
        if console
        else structlog.processors.JSONRenderer(default=str)
    )
    ending: list[structlog.typing.Processor] = [structlog.processors.format_exc_info, redact, renderer]
    handler = logging.StreamHandler(target)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *ending]
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.DEBUG if level == "debug" else logging.WARNING)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )


@contextmanager
def bound_ids(
    *, request_id: str | None = None, execution_id: str | None = None, trace_id: str | None = None
) -> Iterator[None]:
    """Write these ids into every line logged inside, in this task and those it starts; ``None`` leaves one as it is."""
    ids = {"request_id": request_id, "execution_id": execution_id, "trace_id": trace_id}
    with bound_contextvars(**{name: value for name, value in ids.items() if value is not None}):
        yield


def traced(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Write the ids of the open span into a log line; where nobody traces, the line keeps the id bound for it."""
    found = get_current_span().get_span_context()
    if found.is_valid:
        event["trace_id"], event["span_id"] = format_trace_id(found.trace_id), format_span_id(found.span_id)
    return event


def hide_in_log(secret: str) -> None:
    """From now on take this value out of every line that the process logs."""
    _redactor.learn(secret)


def redact(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Take secrets out of a log line: by the name of a field at any depth, by the look of a value, and known ones."""
    for name, value in event.items():
        event[name] = _redacted(name, value)
    return event


def _redacted(name: str, value: Any) -> Any:
    if isinstance(value, (str, bytes)) and is_secret_name(name):
        return HIDDEN
    if isinstance(value, str):
        return _redactor.text(value)
    if isinstance(value, Mapping):
        return {key: _redacted(str(key), item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_redacted(name, item) for item in value]
    if value is None or isinstance(value, (int, float)):
        return value
    return _redactor.text(str(value))  # an exception, say, would become text only after this
