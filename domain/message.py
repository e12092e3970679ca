"""A message: what one agent, or a person, says to another, and how far it has come."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, TypeAlias
from uuid import UUID

MOST_CONTENT = 100_000
"""Characters of a message's content."""
MOST_METADATA = 10_000
MOST_OPEN = 10_000
"""Messages that may wait in one mailbox."""


class MessageType(StrEnum):
    """What a message is for. One set for everybody."""

    INFORM = "INFORM"
    REQUEST = "REQUEST"
    REPLY = "REPLY"
    REFUSAL = "REFUSAL"


ANSWERS = frozenset({MessageType.REPLY, MessageType.REFUSAL})
"""The types that answer a request, and name it."""


class MessageState(StrEnum):
    """How far a message has come. The last three are final."""

    QUEUED = "QUEUED"
    DELIVERED = "DELIVERED"
    HANDLED = "HANDLED"
    EXPIRED = "EXPIRED"
    UNDELIVERABLE = "UNDELIVERABLE"


OPEN_MESSAGE = frozenset({MessageState.QUEUED, MessageState.DELIVERED})
"""States in which a message may still be handled."""


@dataclass(frozen=True, slots=True)
class ToTask:
    """To whoever works on the task with this key, now or next."""

    key: str

    def __str__(self) -> str:
        return f"task {self.key}"


@dataclass(frozen=True, slots=True)
class ToExecution:
    """To this execution and no other attempt at its task."""

    id: UUID

    def __str__(self) -> str:
        return f"execution {self.id}"


@dataclass(frozen=True, slots=True)
class ToAgent:
    """To the agent of this kind in the sender's own tree of tasks: the first of its tasks there that has not ended,
    one that is at work before one that is not."""

    kind: str

    def __str__(self) -> str:
        return f"agent {self.kind}"


Address: TypeAlias = ToTask | ToExecution | ToAgent


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageDraft:
    """A message of a running execution. An answer names its request by ``in_reply_to``, others have an address.

    ``name`` is unique within the execution, as that of a step is; what a step sends with its success has none.
    """

    to: Address | None = None
    type: MessageType = MessageType.INFORM
    content: Any = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    in_reply_to: UUID | None = None
    name: str | None = None
    expires_in: timedelta | None = None

    @property
    def digest(self) -> str:
        """Hex SHA-256 of all that makes the message this one.

        Raises:
            ValueError, TypeError: the content is not JSON.
        """
        said = {
            "to": None if self.to is None else str(self.to),
            "type": self.type.value,
            "content": self.content,
            "metadata": dict(self.metadata),
            "inReplyTo": None if self.in_reply_to is None else str(self.in_reply_to),
        }
        text = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message as it is kept.

    ``sender`` is the kind of the agent, or the name of a person, who is ``sender_actor`` too; ``receiver`` is the
    address as it was given. A mailbox belongs to a task: ``receiver_task_id``; with ``receiver_execution_id`` only that
    attempt gets it. One to a person has ``receiver_actor`` instead. ``sequence`` counts the messages of a mailbox in
    the order in which they were sent, which is the one in which they are delivered. ``deliveries`` is how often it was
    given to a handler: more than once only when the handler did not come to its end. ``step`` is the one that has it in
    hand, or has handled it. ``reason`` says why it could not be delivered.
    """

    id: UUID
    workspace_id: UUID
    type: MessageType
    state: MessageState = MessageState.QUEUED
    sender: str
    sender_task_id: UUID | None = None
    sender_execution_id: UUID | None = None
    sender_actor: str | None = None
    receiver: str
    receiver_task_id: UUID | None = None
    receiver_execution_id: UUID | None = None
    receiver_actor: str | None = None
    sequence: int | None = None
    name: str | None = None
    digest: str | None = None
    content: Any = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    in_reply_to: UUID | None = None
    delivered_to_id: UUID | None = None
    deliveries: int = 0
    step: str | None = None
    reason: str | None = None
    expires_at: datetime | None = None
    sent_at: datetime
    delivered_at: datetime | None = None
    handled_at: datetime | None = None


class WaitKind(StrEnum):
    """What an execution waits for: the next message, or the answer to one of its own."""

    MESSAGE = "MESSAGE"
    ANSWER = "ANSWER"


class WaitStatus(StrEnum):
    """How a wait stands. MET means that what was waited for is there."""

    WAITING = "WAITING"
    MET = "MET"
    EXPIRED = "EXPIRED"
    ENDED = "ENDED"


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageWait:
    """An execution's wait, kept while the execution lives: what has come of it must be the same after a crash.

    ``name`` is unique within the execution and ``kind``. ``types`` are those that will do, for the next message;
    ``request_id`` is the message that is to be answered. ``reason`` says why an answer will not come (ENDED).
    """

    id: UUID
    workspace_id: UUID
    task_id: UUID
    execution_id: UUID
    kind: WaitKind
    name: str
    types: tuple[MessageType, ...] = ()
    request_id: UUID | None = None
    status: WaitStatus = WaitStatus.WAITING
    reason: str | None = None
    began_at: datetime
    expires_at: datetime | None = None

    def wants(self, message: Message) -> bool:
        """Whether it is what is waited for."""
        if self.kind is WaitKind.ANSWER:
            return message.in_reply_to is not None and message.in_reply_to == self.request_id
        return message.type in self.types and message.receiver_execution_id in {None, self.execution_id}
