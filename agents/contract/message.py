"""What agents say to each other."""

from __future__ import annotations

import builtins
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from pydantic import TypeAdapter, ValidationError

from agents.contract.failures import AgentFailure
from domain.message import MessageType

Content = TypeVar("Content")


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A message as its handler gets it.

    ``sender`` is the kind of the agent, or the name of a person; ``ToExecution(sender_execution)`` writes back to that
    agent. ``content`` is JSON. ``sequence`` is its place in the mailbox. ``delivery`` is above 1 when a handler had it
    before and did not come to its end.
    """

    id: UUID
    type: MessageType
    sender: str
    sender_execution: UUID | None = None
    content: Any
    metadata: Mapping[str, Any] = field(default_factory=dict)
    sequence: int = 0
    sent_at: datetime
    delivery: int = 1

    def read(self, as_type: builtins.type[Content]) -> Content:
        """The content as a value of this type.

        Raises:
            AgentFailure: it does not fit.
        """
        return read_content(self.content, as_type, f"The message of {self.sender}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A message that was sent; with a ``reason`` it cannot be delivered, and is recorded as such."""

    id: UUID
    reason: str | None = None


class MessageTimedOut(AgentFailure):
    """Nothing came in time: no message, or no answer to a request."""

    def __init__(self, message: str) -> None:
        super().__init__(message, code="MESSAGE_TIMED_OUT")


class MessageUndeliverable(AgentFailure):
    """A request cannot be delivered, or whoever got it has ended without an answer."""

    def __init__(self, message: str) -> None:
        super().__init__(message, code="MESSAGE_UNDELIVERABLE")


class RequestRefused(AgentFailure):
    """The other agent answers that it will not do what was asked. ``content`` is what it says about it."""

    def __init__(self, message: str, content: Any) -> None:
        super().__init__(message, code="MESSAGE_REFUSED")
        self.content = content


def read_content(content: Any, as_type: type[Content], what: str) -> Content:
    """The content of a message as a value of this type.

    Raises:
        AgentFailure: it does not fit.
    """
    try:
        return TypeAdapter(as_type).validate_python(content)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "it"
        raise AgentFailure(f"{what} is not what was expected: {where}: {first['msg']}.") from error
