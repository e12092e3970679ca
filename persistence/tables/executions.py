"""Executions, and what belongs to one."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    Interval,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from domain.states import ExecutionStatus, StepStatus
from persistence.tables.columns import belongs, metadata, moment, one_of, own_id

executions = Table(
    "executions",
    metadata,
    own_id(),
    belongs("workspace_id", "workspaces"),
    belongs("project_id", "projects"),
    belongs("task_id", "tasks"),
    Column("number", Integer, nullable=False),
    Column("agent", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("progress_done", Integer, nullable=False),
    Column("progress_total", Integer, nullable=False),
    Column("progress_message", Text, nullable=False),
    Column("inputs", JSONB, nullable=False),
    Column("result_kind", Text),
    Column("result", JSONB),
    Column("error_code", Text),
    Column("error_message", Text),
    Column("source_state", Text),
    Column("worker_id", Uuid),
    Column("epoch", Integer, nullable=False),
    Column("crashes", Integer, nullable=False),
    Column("sequence", Integer, nullable=False, server_default="0"),
    Column("pruning", SmallInteger, nullable=False, server_default="0"),
    Column("pruned_to", Integer, nullable=False, server_default="0"),
    Column("timeout", Interval, nullable=False),
    moment("cancel_requested_at", nullable=True),
    Column("cancel_requested_by", Text),
    moment("process_gone_at", nullable=True),
    moment("scheduled_for", nullable=True),
    moment("started_at", nullable=True),
    moment("finished_at", nullable=True),
    moment("created_at"),
    UniqueConstraint("task_id", "number"),
    one_of(ExecutionStatus, "status"),
    Index("ix_executions_by_task", "task_id", "created_at", "id"),
    Index("ix_executions_by_created", "workspace_id", "created_at", "id"),
    Index("ix_executions_by_status", "workspace_id", "status", "created_at", "id"),
    Index("ix_executions_by_agent", "workspace_id", "agent", "created_at", "id"),
    Index("ix_executions_by_end", "pruning", "finished_at", postgresql_where=text("finished_at IS NOT NULL")),
    Index("ix_executions_live", "agent", "status", postgresql_where=text("status IN ('QUEUED', 'RUNNING')")),
    Index(
        "uq_executions_live_per_task",
        "task_id",
        unique=True,
        postgresql_where=text("status IN ('QUEUED', 'RUNNING', 'AWAITING_APPROVAL')"),
    ),
)


steps = Table(
    "steps",
    metadata,
    own_id(),
    belongs("execution_id", "executions"),
    Column("position", Integer, nullable=False),
    Column("name", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("output", JSONB),
    Column("error", Text),
    moment("started_at"),
    moment("finished_at", nullable=True),
    UniqueConstraint("execution_id", "name"),
    UniqueConstraint("execution_id", "position"),
    one_of(StepStatus, "status"),
)


tool_calls = Table(
    "tool_calls",
    metadata,
    own_id(),
    belongs("execution_id", "executions"),
    Column("step_name", Text, nullable=False),
    Column("tool", Text, nullable=False),
    Column("version", Text),
    Column("arguments", ARRAY(Text), nullable=False),
    Column("arguments_hash", Text, nullable=False),
    Column("exit_code", Integer),
    Column("error", Text),
    Column("output_sha256", Text),
    Column("output_bytes", BigInteger, nullable=False),
    moment("started_at"),
    moment("finished_at"),
    Index("ix_tool_calls_by_execution", "execution_id", "started_at", "id"),
)


artifacts = Table(
    "artifacts",
    metadata,
    own_id(),
    belongs("workspace_id", "workspaces"),
    belongs("execution_id", "executions"),
    Column("name", Text, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("sha256", Text, nullable=False),
    moment("created_at"),
    UniqueConstraint("execution_id", "name"),
    Index("ix_artifacts_by_content", "sha256"),
)
