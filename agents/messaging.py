"""What the runtime and the test kit make of messages on their way out, and of those that come in."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from pydantic_core import PydanticSerializationError, to_jsonable_python

from agents.contract.failures import AgentFailure
from agents.contract.message import Received
from domain.message import (
    ANSWERS,
    MOST_CONTENT,
    MOST_METADATA,
    Address,
    Message,
    MessageDraft,
    MessageType,
    ToAgent,
    ToExecution,
    ToTask,
)
from domain.redaction import Redactor
from domain.text import check_document, check_text, storable

LONGEST_WAIT = timedelta(days=365)
RECEIVABLE = frozenset(MessageType) - ANSWERS
"""Answers go to whoever has asked."""


def drafted(
    to: Address | None,
    content: Any,
    redactor: Redactor,
    *,
    type_: MessageType = MessageType.INFORM,
    metadata: Mapping[str, Any] | None = None,
    in_reply_to: UUID | None = None,
    name: str | None = None,
    expires_in: timedelta | None = None,
) -> MessageDraft:
    """The message as it is sent: as JSON, without secrets.

    Raises:
        AgentFailure: nobody or nothing sensible is named, or its content is not JSON.
        Invalid: it is too large, or too deep.
    """
    if in_reply_to is None and not isinstance(to, ToTask | ToExecution | ToAgent):
        raise AgentFailure(f"A message is sent to a ToTask, ToExecution or ToAgent, not to {to!r:.100}.")
    check_span(expires_in, "The time of a message")
    said = _json(content, redactor)
    about = _json(dict(metadata or {}), redactor)
    check_document({"content": said}, "content", most=MOST_CONTENT)
    check_document(about, "metadata", most=MOST_METADATA)
    return MessageDraft(
        to=None if in_reply_to is not None else to,
        type=type_,
        content=said,
        metadata=about,
        in_reply_to=in_reply_to,
        name=None if name is None else check_text(name, "name", most=200, required=True),
        expires_in=expires_in,
    )


def check_span(span: timedelta | None, what: str) -> None:
    """Check a time that an agent gives.

    Raises:
        AgentFailure: nothing, or more than a year.
    """
    if span is not None and not timedelta() < span <= LONGEST_WAIT:
        raise AgentFailure(f"{what} must be more than nothing and at most 365 days, not {span}.")


def receivable(types: Collection[MessageType]) -> tuple[MessageType, ...]:
    """The types of messages that a handler wants, in a fixed order.

    Raises:
        AgentFailure: none, or one that is no such type.
    """
    if not types or not set(types) <= RECEIVABLE:
        names = ", ".join(sorted(RECEIVABLE))
        raise AgentFailure(f"The types that are received are one or more of {names}: answers go to who has asked.")
    return tuple(sorted(set(types)))


def received(message: Message) -> Received:
    """The message as its handler gets it."""
    return Received(
        id=message.id,
        type=message.type,
        sender=message.sender,
        sender_execution=message.sender_execution_id,
        content=message.content,
        metadata=message.metadata,
        sequence=message.sequence or 0,
        sent_at=message.sent_at,
        delivery=message.deliveries,
    )


def answer_draft(message: Received, content: Any, redactor: Redactor, type_: MessageType) -> MessageDraft:
    """An answer to a request.

    Raises:
        AgentFailure: the message is no request.
        Invalid: see :func:`drafted`.
    """
    if message.type is not MessageType.REQUEST:
        raise AgentFailure(f"Only a REQUEST is answered, and the message of {message.sender} is {message.type}.")
    return drafted(None, content, redactor, type_=type_, in_reply_to=message.id)


def _json(value: Any, redactor: Redactor) -> Any:
    try:
        return redactor.document(storable(to_jsonable_python(value)))
    except (PydanticSerializationError, ValueError, TypeError) as error:
        raise AgentFailure(f"The content of a message must be JSON, and this is not: {error}.") from error
