"""Events of messages. What the sender does belongs to its execution, what the receiver does to its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageSent:
    """A message is in the mailbox of its receiver, or was recorded as one that cannot be delivered."""

    message_id: str
    sender_task_id: str | None
    receiver_task_id: str | None
    type: str
    sender: str
    receiver: str
    in_reply_to: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageDelivered:
    """A message was given to the agent; ``delivery`` is above 1 when it was before, and was not handled."""

    message_id: str
    sender_task_id: str | None
    receiver_task_id: str | None
    delivery: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageHandled:
    """What the agent did about a message is recorded: ``step`` has succeeded, or, without one, an answer was taken."""

    message_id: str
    sender_task_id: str | None
    receiver_task_id: str | None
    step: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageExpired:
    """Nobody has taken the message in its time."""

    message_id: str
    sender_task_id: str | None
    receiver_task_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageUndeliverable:
    """The message will not be handled."""

    message_id: str
    sender_task_id: str | None
    receiver_task_id: str | None
    reason: str


MessageEvent: TypeAlias = MessageSent | MessageDelivered | MessageHandled | MessageExpired | MessageUndeliverable
