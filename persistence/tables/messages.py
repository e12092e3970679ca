"""Messages, and who waits for them."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, Table, Text, UniqueConstraint, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from domain.message import MessageState, MessageType, WaitKind, WaitStatus
from persistence.tables.columns import belongs, metadata, moment, one_of, own_id

OPEN = text("state IN ('QUEUED', 'DELIVERED')")
WAITING = text("status = 'WAITING'")


def _kept_without(name: str, target: str) -> Column[object]:
    """The id of a row that may go while this one stays."""
    return Column(name, Uuid, ForeignKey(f"{target}.id", ondelete="SET NULL"))


messages = Table(
    "messages",
    metadata,
    own_id(),
    belongs("workspace_id", "workspaces"),
    Column("type", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("sender", Text, nullable=False),
    _kept_without("sender_task_id", "tasks"),
    _kept_without("sender_execution_id", "executions"),
    Column("sender_actor", Text),
    Column("receiver", Text, nullable=False),
    belongs("receiver_task_id", "tasks", nullable=True),
    belongs("receiver_execution_id", "executions", nullable=True),
    Column("receiver_actor", Text),
    Column("sequence", Integer),
    Column("name", Text),
    Column("digest", Text),
    Column("content", JSONB, nullable=False),
    Column("metadata", JSONB, nullable=False),
    _kept_without("in_reply_to", "messages"),
    _kept_without("delivered_to_id", "executions"),
    Column("deliveries", Integer, nullable=False),
    Column("step", Text),
    Column("reason", Text),
    moment("expires_at", nullable=True),
    moment("sent_at"),
    moment("delivered_at", nullable=True),
    moment("handled_at", nullable=True),
    one_of(MessageType, "type"),
    one_of(MessageState, "state"),
    UniqueConstraint("receiver_task_id", "sequence"),
    UniqueConstraint("sender_execution_id", "name"),
    Index("ix_messages_by_receiver", "receiver_task_id", "sent_at", "id"),
    Index("ix_messages_by_sender", "sender_task_id", "sent_at", "id"),
    Index("ix_messages_by_sending_execution", "sender_execution_id", "sent_at", "id"),
    Index("ix_messages_by_receiving_execution", "delivered_to_id", "sent_at", "id"),
    Index("ix_messages_open", "receiver_task_id", "sequence", postgresql_where=OPEN),
    Index("ix_messages_to_execution", "receiver_execution_id"),
    Index("ix_messages_answers", "in_reply_to"),
    Index("ix_messages_due", "expires_at", postgresql_where=text("state = 'QUEUED'")),
    Index("ix_messages_by_age", "sent_at"),
)


message_waits = Table(
    "message_waits",
    metadata,
    own_id(),
    belongs("workspace_id", "workspaces"),
    belongs("task_id", "tasks"),
    belongs("execution_id", "executions"),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("types", ARRAY(Text), nullable=False),
    _kept_without("request_id", "messages"),
    Column("status", Text, nullable=False),
    Column("reason", Text),
    moment("began_at"),
    moment("expires_at", nullable=True),
    one_of(WaitKind, "kind"),
    one_of(WaitStatus, "status"),
    UniqueConstraint("execution_id", "kind", "name"),
    Index("ix_message_waits_by_task", "task_id", "status"),
    Index("ix_message_waits_by_request", "request_id"),
    Index("ix_message_waits_pending", "kind", "expires_at", postgresql_where=WAITING),
)
