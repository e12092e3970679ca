"""What of an error the client may see: a code, a request id, whether to retry, and never an exception's own text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import structlog
from graphql import GraphQLError, GraphQLSyntaxError, ValueNode
from strawberry.exceptions import StrawberryInputCoercionError
from strawberry.relay import GlobalIDValueError

from domain.error_codes import ErrorCode
from domain.errors import Rejection
from persistence.outage import is_disk_full, is_outage, ran_out_of_time
from server.transport.document import SyntaxFailure
from server.transport.failure import RequestFailure

log = structlog.get_logger(__name__)

MASKED = "Something went wrong on our side. The request id leads to the details in the server's log."
OUTAGE = "The database cannot be reached right now: try again in a moment."
DISK_FULL = "The disk of the database is full: nothing was changed. Free some space and try again."
TOO_SLOW = "The request took longer than it may: ask for less at once, or try again later."
MALFORMED_ID = "An id is malformed: send one exactly as the server gave it to you."


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an error is to the client. ``extra`` holds further extensions that its author meant to be seen."""

    code: str
    message: str
    extra: Mapping[str, Any] = field(default_factory=dict)


class ErrorPublisher:
    """Turns errors into the form the client gets, and writes those it must not see into the log."""

    def __init__(self, *, docs_url: str | None = None) -> None:
        """``docs_url`` is where the pages ``<CODE>`` about codes are served; without it errors carry no link."""
        self._docs_url = docs_url

    def publish(self, error: GraphQLError, request_id: str) -> dict[str, Any]:
        """The formatted error, with ``extensions {code requestId retryable docs?}``."""
        verdict = judge(error)
        if verdict.code == ErrorCode.INTERNAL:
            log.error("resolver failed", path=error.path, request_id=request_id, exc_info=error.original_error or error)
        elif verdict.code == ErrorCode.SERVICE_UNAVAILABLE:
            log.warning("database unavailable", path=error.path, request_id=request_id, cause=str(_innermost(error)))
        shown = cast("dict[str, Any]", error.formatted)
        shown["message"] = verdict.message
        shown["extensions"] = {**verdict.extra, **self._extensions(verdict.code, request_id)}
        return shown

    def refusal(self, failure: RequestFailure, request_id: str) -> dict[str, Any]:
        """The formatted form of a refusal of the transport."""
        shown: dict[str, Any] = dict(failure.details) if isinstance(failure, SyntaxFailure) else {}
        return {**shown, "message": failure.message, "extensions": self._extensions(failure.code, request_id)}

    def _extensions(self, code: str, request_id: str) -> dict[str, Any]:
        retryable = code in ErrorCode.__members__ and ErrorCode(code).retryable
        docs = {"docs": f"{self._docs_url}/{code}"} if self._docs_url else {}
        return {"code": code, "requestId": request_id, "retryable": retryable, **docs}


def judge(error: GraphQLError) -> Verdict:
    """Decide what an error is. Whatever is not known to be meant for the client is ``INTERNAL``."""
    for link in _chain(error):
        if verdict := _of_exception(link):
            return verdict
        if isinstance(link, GraphQLError) and (code := _published(link)):
            extra = {key: value for key, value in (link.extensions or {}).items() if key != "code"}
            return Verdict(code, link.message, extra)
    if isinstance(error, GraphQLSyntaxError):
        return Verdict(ErrorCode.GRAPHQL_PARSE_FAILED, error.message)
    if _is_about_input(error):
        return Verdict(ErrorCode.BAD_USER_INPUT, error.message)
    return Verdict(ErrorCode.INTERNAL, MASKED)


def _of_exception(error: Exception) -> Verdict | None:
    if isinstance(error, RequestFailure | Rejection):
        return Verdict(error.code, error.message)
    if isinstance(error, GlobalIDValueError):
        return Verdict(ErrorCode.BAD_USER_INPUT, MALFORMED_ID)
    if isinstance(error, StrawberryInputCoercionError):
        return Verdict(ErrorCode.BAD_USER_INPUT, error.message)
    if ran_out_of_time(error):
        return Verdict(ErrorCode.DEADLINE_EXCEEDED, TOO_SLOW)
    if is_disk_full(error):
        return Verdict(ErrorCode.SERVICE_UNAVAILABLE, DISK_FULL)
    if is_outage(error):
        return Verdict(ErrorCode.SERVICE_UNAVAILABLE, OUTAGE)
    return None


def _innermost(error: Exception) -> BaseException:
    """The error that the others were raised from: what the database or the driver said."""
    *_, last = _chain(error)
    return last


def _is_about_input(error: GraphQLError) -> bool:
    """Coercion of variables has no path yet but points into the document; of arguments, it points at the value."""
    *_, last = _chain(error)
    if last is error and error.path is None and not error.nodes:
        return True  # Nothing was executed and no exception is behind it: coercion gave up after too many errors.
    if not isinstance(last, GraphQLError | ValueError | TypeError) or not error.nodes:
        return False
    return error.path is None or isinstance(error.nodes[0], ValueNode)


def _published(error: GraphQLError) -> str | None:
    code = (error.extensions or {}).get("code")
    return code if code in ErrorCode.__members__ else None


def _chain(error: Exception) -> Iterator[Exception]:
    link: Exception | None = error
    while link is not None:
        yield link
        link = link.original_error if isinstance(link, GraphQLError) else None
