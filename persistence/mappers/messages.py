"""Rows of messages, and of waits for them."""

from __future__ import annotations

from typing import Any

from domain.message import Message, MessageState, MessageType, MessageWait, WaitKind, WaitStatus
from persistence.mappers.rows import AnyRow

PLAIN = (
    "id",
    "workspace_id",
    "sender",
    "sender_task_id",
    "sender_execution_id",
    "sender_actor",
    "receiver",
    "receiver_task_id",
    "receiver_execution_id",
    "receiver_actor",
    "sequence",
    "name",
    "digest",
    "content",
    "metadata",
    "in_reply_to",
    "delivered_to_id",
    "deliveries",
    "step",
    "reason",
    "expires_at",
    "sent_at",
    "delivered_at",
    "handled_at",
)
"""Columns that hold what the field of the same name does."""


def to_message(row: AnyRow) -> Message:
    """A row of ``messages``."""
    plain: dict[str, Any] = {name: row[name] for name in PLAIN}
    return Message(type=MessageType(row["type"]), state=MessageState(row["state"]), **plain)


def from_message(message: Message) -> dict[str, Any]:
    """The values of a row of ``messages``."""
    plain = {name: getattr(message, name) for name in PLAIN}
    return {**plain, "type": message.type.value, "state": message.state.value, "metadata": dict(message.metadata)}


def to_wait(row: AnyRow) -> MessageWait:
    """A row of ``message_waits``."""
    return MessageWait(
        id=row["id"],
        workspace_id=row["workspace_id"],
        task_id=row["task_id"],
        execution_id=row["execution_id"],
        kind=WaitKind(row["kind"]),
        name=row["name"],
        types=tuple(MessageType(one) for one in row["types"]),
        request_id=row["request_id"],
        status=WaitStatus(row["status"]),
        reason=row["reason"],
        began_at=row["began_at"],
        expires_at=row["expires_at"],
    )


def from_wait(wait: MessageWait) -> dict[str, Any]:
    """The values of a row of ``message_waits``."""
    return {
        "id": wait.id,
        "workspace_id": wait.workspace_id,
        "task_id": wait.task_id,
        "execution_id": wait.execution_id,
        "kind": wait.kind.value,
        "name": wait.name,
        "types": [one.value for one in wait.types],
        "request_id": wait.request_id,
        "status": wait.status.value,
        "reason": wait.reason,
        "began_at": wait.began_at,
        "expires_at": wait.expires_at,
    }
