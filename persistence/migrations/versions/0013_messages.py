"""messages between agents"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0010"
branch_labels = None
depends_on = None

TASK = ["PENDING", "BLOCKED", "QUEUED", "IN_PROGRESS", "AWAITING_APPROVAL", "AWAITING_CHILDREN"]
TASK_ENDED = ["COMPLETED", "FAILED", "CANCELLED", "SKIPPED"]
LIVE = ["QUEUED", "RUNNING", "AWAITING_APPROVAL", "AWAITING_CHILDREN"]
ENDED = ["SUCCEEDED", "CLAIMED_UNVERIFIED", "FAILED", "CANCELLED", "TIMED_OUT"]
NEW = "AWAITING_MESSAGE"


def _statuses(task: list[str], execution: list[str], live: list[str]) -> None:
    for table, values in (("tasks", task), ("executions", execution)):
        op.drop_constraint(op.f(f"ck_{table}_status"), table)
        op.create_check_constraint(op.f(f"ck_{table}_status"), table, f"status IN ({_listed(values)})")
    op.drop_index("uq_executions_live_per_task", table_name="executions")
    op.create_index(
        "uq_executions_live_per_task",
        "executions",
        ["task_id"],
        unique=True,
        postgresql_where=sa.text(f"status IN ({_listed(live)})"),
    )


def _listed(values: list[str]) -> str:
    return ", ".join(f"'{value}'" for value in values)


def _moment(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    """Apply the revision."""
    _statuses([*TASK, NEW, *TASK_ENDED], [*LIVE, NEW, *ENDED], [*LIVE, NEW])
    jsonb = postgresql.JSONB(astext_type=sa.Text())
    op.create_table(
        "messages",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("sender_task_id", sa.Uuid(), nullable=True),
        sa.Column("sender_execution_id", sa.Uuid(), nullable=True),
        sa.Column("sender_actor", sa.Text(), nullable=True),
        sa.Column("receiver", sa.Text(), nullable=False),
        sa.Column("receiver_task_id", sa.Uuid(), nullable=True),
        sa.Column("receiver_execution_id", sa.Uuid(), nullable=True),
        sa.Column("receiver_actor", sa.Text(), nullable=True),
        sa.Column("sequence", sa.Integer(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("digest", sa.Text(), nullable=True),
        sa.Column("content", jsonb, nullable=False),
        sa.Column("metadata", jsonb, nullable=False),
        sa.Column("in_reply_to", sa.Uuid(), nullable=True),
        sa.Column("delivered_to_id", sa.Uuid(), nullable=True),
        sa.Column("deliveries", sa.Integer(), nullable=False),
        sa.Column("step", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        _moment("expires_at", nullable=True),
        _moment("sent_at"),
        _moment("delivered_at", nullable=True),
        _moment("handled_at", nullable=True),
        sa.CheckConstraint("type IN ('INFORM', 'REQUEST', 'REPLY', 'REFUSAL')", name=op.f("ck_messages_type")),
        sa.CheckConstraint(
            "state IN ('QUEUED', 'DELIVERED', 'HANDLED', 'EXPIRED', 'UNDELIVERABLE')", name=op.f("ck_messages_state")
        ),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_messages_workspace_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["sender_task_id"], ["tasks.id"], name=op.f("fk_messages_sender_task_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["sender_execution_id"],
            ["executions.id"],
            name=op.f("fk_messages_sender_execution_id"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["receiver_task_id"], ["tasks.id"], name=op.f("fk_messages_receiver_task_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["receiver_execution_id"],
            ["executions.id"],
            name=op.f("fk_messages_receiver_execution_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["in_reply_to"], ["messages.id"], name=op.f("fk_messages_in_reply_to"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["delivered_to_id"], ["executions.id"], name=op.f("fk_messages_delivered_to_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_messages")),
        sa.UniqueConstraint("receiver_task_id", "sequence", name=op.f("uq_messages_receiver_task_id_sequence")),
        sa.UniqueConstraint("sender_execution_id", "name", name=op.f("uq_messages_sender_execution_id_name")),
    )
    op.create_index("ix_messages_by_receiver", "messages", ["receiver_task_id", "sent_at", "id"])
    op.create_index("ix_messages_by_sender", "messages", ["sender_task_id", "sent_at", "id"])
    op.create_index("ix_messages_by_sending_execution", "messages", ["sender_execution_id", "sent_at", "id"])
    op.create_index("ix_messages_by_receiving_execution", "messages", ["delivered_to_id", "sent_at", "id"])
    op.create_index(
        "ix_messages_open",
        "messages",
        ["receiver_task_id", "sequence"],
        postgresql_where=sa.text("state IN ('QUEUED', 'DELIVERED')"),
    )
    op.create_index("ix_messages_to_execution", "messages", ["receiver_execution_id"])
    op.create_index("ix_messages_answers", "messages", ["in_reply_to"])
    op.create_index("ix_messages_due", "messages", ["expires_at"], postgresql_where=sa.text("state = 'QUEUED'"))
    op.create_index("ix_messages_by_age", "messages", ["sent_at"])
    op.create_table(
        "message_waits",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("task_id", sa.Uuid(), nullable=False),
        sa.Column("execution_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("types", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        _moment("began_at"),
        _moment("expires_at", nullable=True),
        sa.CheckConstraint("kind IN ('MESSAGE', 'ANSWER')", name=op.f("ck_message_waits_kind")),
        sa.CheckConstraint("status IN ('WAITING', 'MET', 'EXPIRED', 'ENDED')", name=op.f("ck_message_waits_status")),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_message_waits_workspace_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name=op.f("fk_message_waits_task_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["execution_id"], ["executions.id"], name=op.f("fk_message_waits_execution_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["request_id"], ["messages.id"], name=op.f("fk_message_waits_request_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message_waits")),
        sa.UniqueConstraint("execution_id", "kind", "name", name=op.f("uq_message_waits_execution_id_kind_name")),
    )
    op.create_index("ix_message_waits_by_task", "message_waits", ["task_id", "status"])
    op.create_index("ix_message_waits_by_request", "message_waits", ["request_id"])
    op.create_index(
        "ix_message_waits_pending",
        "message_waits",
        ["kind", "expires_at"],
        postgresql_where=sa.text("status = 'WAITING'"),
    )


def downgrade() -> None:
    """Take the revision back. Messages are lost; what waited for one waits for an approval that nobody is asked."""
    op.drop_table("message_waits")
    op.drop_table("messages")
    for table in ("tasks", "executions"):
        op.execute(f"UPDATE {table} SET status = 'AWAITING_APPROVAL' WHERE status = '{NEW}'")  # noqa: S608 - our names
    _statuses([*TASK, *TASK_ENDED], [*LIVE, *ENDED], LIVE)
