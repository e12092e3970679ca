"""Every code that an error of the platform can carry. Each has a page: ``docs/errors/<CODE>.md``."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final

CODE = re.compile("[A-Z][A-Z0-9_]{1,63}")


class ErrorCode(StrEnum):
    """A stable name for a kind of failure. Clients branch on it; new ones may be added, none is ever renamed."""

    # Refused by a rule of the domain.
    NOT_FOUND = "NOT_FOUND"
    VALIDATION_FAILED = "VALIDATION_FAILED"
    PERMISSION_DENIED = "PERMISSION_DENIED"
    VERSION_CONFLICT = "VERSION_CONFLICT"
    DEPENDENCY_CYCLE = "DEPENDENCY_CYCLE"
    BUDGET_EXCEEDED = "BUDGET_EXCEEDED"
    NOT_DISPATCHABLE = "NOT_DISPATCHABLE"
    NOT_RETRYABLE = "NOT_RETRYABLE"
    NOT_CANCELLABLE = "NOT_CANCELLABLE"
    IDEMPOTENCY_KEY_REUSED = "IDEMPOTENCY_KEY_REUSED"
    ILLEGAL_TRANSITION = "ILLEGAL_TRANSITION"
    SECRET_UNREADABLE = "SECRET_UNREADABLE"  # noqa: S105 - the name of an error
    ALREADY_VOTED = "ALREADY_VOTED"
    APPROVAL_ENDED = "APPROVAL_ENDED"
    DIGEST_MISMATCH = "DIGEST_MISMATCH"
    SECOND_PERSON_NEEDED = "SECOND_PERSON_NEEDED"
    MESSAGE_UNDELIVERABLE = "MESSAGE_UNDELIVERABLE"

    # Why an execution did not succeed.
    ACCEPTANCE_FAILED = "ACCEPTANCE_FAILED"
    AGENT_FAILED = "AGENT_FAILED"
    APPROVAL_EXPIRED = "APPROVAL_EXPIRED"
    APPROVAL_REJECTED = "APPROVAL_REJECTED"
    CANCELLED = "CANCELLED"
    CLAIM_UNVERIFIED = "CLAIM_UNVERIFIED"
    MESSAGE_REFUSED = "MESSAGE_REFUSED"
    MESSAGE_TIMED_OUT = "MESSAGE_TIMED_OUT"
    MODEL_FAILED = "MODEL_FAILED"
    POISONED = "POISONED"
    SOURCE_CHANGED = "SOURCE_CHANGED"
    SOURCE_UNAVAILABLE = "SOURCE_UNAVAILABLE"
    TIMED_OUT = "TIMED_OUT"
    TOOL_CALL_UNCERTAIN = "TOOL_CALL_UNCERTAIN"
    TOOL_MISSING = "TOOL_MISSING"

    # The request itself.
    BAD_REQUEST = "BAD_REQUEST"
    BAD_USER_INPUT = "BAD_USER_INPUT"
    BODY_TOO_LARGE = "BODY_TOO_LARGE"
    CURSOR_EXPIRED = "CURSOR_EXPIRED"
    DOCUMENT_TOO_COMPLEX = "DOCUMENT_TOO_COMPLEX"
    GRAPHQL_PARSE_FAILED = "GRAPHQL_PARSE_FAILED"
    GRAPHQL_VALIDATION_FAILED = "GRAPHQL_VALIDATION_FAILED"
    INVALID_CURSOR = "INVALID_CURSOR"
    METHOD_NOT_ALLOWED = "METHOD_NOT_ALLOWED"
    NOT_ACCEPTABLE = "NOT_ACCEPTABLE"
    REQUEST_TIMEOUT = "REQUEST_TIMEOUT"
    TOO_MANY_OPERATIONS = "TOO_MANY_OPERATIONS"
    UNAUTHENTICATED = "UNAUTHENTICATED"
    UNKNOWN_OPERATION = "UNKNOWN_OPERATION"
    UNSUPPORTED_MEDIA_TYPE = "UNSUPPORTED_MEDIA_TYPE"

    # The platform's own trouble.
    ARTIFACT_DAMAGED = "ARTIFACT_DAMAGED"
    DEADLINE_EXCEEDED = "DEADLINE_EXCEEDED"
    INTERNAL = "INTERNAL"
    SERVICE_UNAVAILABLE = "SERVICE_UNAVAILABLE"

    @property
    def retryable(self) -> bool:
        """Whether the very same request may succeed when it is sent again a little later."""
        return self in _RETRYABLE


_RETRYABLE: Final = frozenset(
    {
        ErrorCode.DEADLINE_EXCEEDED,
        ErrorCode.REQUEST_TIMEOUT,
        ErrorCode.SERVICE_UNAVAILABLE,
        ErrorCode.SOURCE_CHANGED,
        ErrorCode.TIMED_OUT,
        ErrorCode.TOO_MANY_OPERATIONS,
    }
)


def is_code(code: object) -> bool:
    """Whether it has the form of a code: an agent of somebody else may have codes of its own."""
    return isinstance(code, str) and CODE.fullmatch(code) is not None
