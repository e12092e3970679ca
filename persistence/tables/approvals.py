"""Approvals with their votes, and the members who may give them."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from domain.approval import ApprovalStatus, Decision, Fallback
from persistence.tables.columns import belongs, metadata, moment, one_of, own_id

approvals = Table(
    "approvals",
    metadata,
    own_id(),
    belongs("workspace_id", "workspaces"),
    Column("project_id", Uuid, nullable=False),
    belongs("task_id", "tasks"),
    belongs("execution_id", "executions"),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("summary", Text, nullable=False),
    Column("arguments", JSONB, nullable=False),
    Column("digest", Text, nullable=False),
    Column("risk", Text, nullable=False),
    Column("permission", Text, nullable=False),
    Column("quorum", SmallInteger, nullable=False),
    Column("fallback", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("requested_by", Text),
    moment("requested_at"),
    moment("expires_at", nullable=True),
    moment("decided_at", nullable=True),
    Column("self_approved", Boolean, nullable=False),
    Column("version", Integer, nullable=False),
    one_of(ApprovalStatus, "status"),
    one_of(Fallback, "fallback"),
    CheckConstraint("(status = 'PENDING') = (decided_at IS NULL)", name="decided"),
    Index("ix_approvals_by_execution", "execution_id", "requested_at", "id"),
    Index("ix_approvals_awaiting", "workspace_id", "requested_at", "id", postgresql_where=text("status = 'PENDING'")),
    Index("ix_approvals_by_task", "task_id", "status"),
    Index("ix_approvals_due", "expires_at", postgresql_where=text("status = 'PENDING'")),
    Index(
        "uq_approvals_current",
        "execution_id",
        "name",
        unique=True,
        postgresql_where=text("status <> 'VOIDED'"),
    ),
)


approval_votes = Table(
    "approval_votes",
    metadata,
    Column("approval_id", Uuid, ForeignKey("approvals.id", ondelete="CASCADE"), primary_key=True),
    Column("actor", Text, primary_key=True),
    Column("decision", Text, primary_key=True),
    Column("comment", Text, nullable=False),
    Column("own", Boolean, nullable=False),
    moment("at"),
    one_of(Decision, "decision"),
)
"""One who has approved may still reject while others are waited for; nobody says the same twice."""


members = Table(
    "members",
    metadata,
    Column("workspace_id", Uuid, ForeignKey("workspaces.id", ondelete="CASCADE"), primary_key=True),
    Column("actor", Text, primary_key=True),
    Column("permissions", ARRAY(Text), nullable=False),
    moment("created_at"),
)
