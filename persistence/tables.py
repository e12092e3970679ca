"""The tables. Alembic migrations and these definitions are compared in CI."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Interval,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.dialects.postgresql.base import ischema_names
from sqlalchemy.types import UserDefinedType

from domain.finding import FindingState
from domain.project import SourceKind
from domain.states import ExecutionStatus, StepStatus, TaskStatus
from domain.task import OnFailure


class Xid8(UserDefinedType[int]):
    """PostgreSQL's 64-bit transaction id."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        """The type's name in DDL."""
        return "xid8"


ischema_names["xid8"] = Xid8
"""Without it a column of this type would be unknown when the database is compared with the tables."""

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _moment(name: str, *, nullable: bool = False) -> Column[Any]:
    return Column(name, DateTime(timezone=True), nullable=nullable)


def _id() -> Column[Any]:
    return Column("id", Uuid, primary_key=True)


def _belongs(name: str, target: str, *, nullable: bool = False) -> Column[Any]:
    return Column(name, Uuid, ForeignKey(f"{target}.id", ondelete="CASCADE"), nullable=nullable)


def _one_of(kind: type[Any], name: str) -> CheckConstraint:
    allowed = ", ".join(f"'{value}'" for value in kind)
    return CheckConstraint(text(f"{name} IN ({allowed})"), name=name)


workspaces = Table(
    "workspaces",
    metadata,
    _id(),
    Column("name", Text, nullable=False),
    _moment("created_at"),
)

projects = Table(
    "projects",
    metadata,
    _id(),
    _belongs("workspace_id", "workspaces"),
    Column("key", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("gate", JSONB, nullable=False),
    Column("last_number", Integer, nullable=False, server_default="0"),
    Column("version", Integer, nullable=False),
    _moment("created_at"),
    _moment("updated_at"),
    UniqueConstraint("workspace_id", "key"),
    Index("ix_projects_by_age", "workspace_id", "created_at", "id"),
)

sources = Table(
    "sources",
    metadata,
    _id(),
    _belongs("workspace_id", "workspaces"),
    _belongs("project_id", "projects"),
    Column("kind", Text, nullable=False),
    Column("location", Text, nullable=False),
    Column("revision", Text),
    UniqueConstraint("project_id"),
    _one_of(SourceKind, "kind"),
    Index("ix_sources_by_location", "workspace_id", "kind", text("md5(location)")),
)

tasks = Table(
    "tasks",
    metadata,
    _id(),
    _belongs("workspace_id", "workspaces"),
    _belongs("project_id", "projects"),
    Column("number", Integer, nullable=False),
    Column("key", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("status_reason", Text),
    Column("priority", SmallInteger, nullable=False),
    Column("agent", Text, nullable=False),
    Column("inputs", JSONB, nullable=False),
    Column("requirements", ARRAY(Text), nullable=False),
    Column("constraints", ARRAY(Text), nullable=False),
    Column("labels", ARRAY(Text), nullable=False),
    Column("metadata", JSONB, nullable=False),
    Column("timeout", Interval),
    Column("retry", JSONB, nullable=False),
    Column("acceptance_checks", JSONB, nullable=False),
    Column("attempts", Integer, nullable=False),
    _moment("scheduled_for", nullable=True),
    Column("version", Integer, nullable=False),
    _moment("created_at"),
    _moment("updated_at"),
    UniqueConstraint("project_id", "number"),
    UniqueConstraint("workspace_id", "key"),
    _one_of(TaskStatus, "status"),
    Index("ix_tasks_by_created", "workspace_id", "created_at", "id"),
    Index("ix_tasks_by_updated", "workspace_id", "updated_at", "id"),
    Index("ix_tasks_by_priority", "workspace_id", "priority", "id"),
    Index("ix_tasks_by_project", "project_id", "created_at", "id"),
    Index("ix_tasks_by_status", "workspace_id", "status", "created_at", "id"),
    Index("ix_tasks_by_agent", "workspace_id", "agent", "created_at", "id"),
    Index("ix_tasks_by_label", "labels", postgresql_using="gin"),
)

dependencies = Table(
    "dependencies",
    metadata,
    _id(),
    _belongs("workspace_id", "workspaces"),
    _belongs("task_id", "tasks"),
    _belongs("depends_on_id", "tasks"),
    Column("on_failure", Text, nullable=False),
    _moment("created_at"),
    UniqueConstraint("task_id", "depends_on_id"),
    CheckConstraint("task_id <> depends_on_id", name="not_itself"),
    _one_of(OnFailure, "on_failure"),
    Index("ix_dependencies_by_task", "task_id", "created_at", "id"),
    Index("ix_dependencies_by_target", "depends_on_id", "created_at", "id"),
)

executions = Table(
    "executions",
    metadata,
    _id(),
    _belongs("workspace_id", "workspaces"),
    _belongs("project_id", "projects"),
    _belongs("task_id", "tasks"),
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
    _moment("cancel_requested_at", nullable=True),
    Column("cancel_requested_by", Text),
    _moment("process_gone_at", nullable=True),
    _moment("scheduled_for", nullable=True),
    _moment("started_at", nullable=True),
    _moment("finished_at", nullable=True),
    _moment("created_at"),
    UniqueConstraint("task_id", "number"),
    _one_of(ExecutionStatus, "status"),
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
    _id(),
    _belongs("execution_id", "executions"),
    Column("position", Integer, nullable=False),
    Column("name", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("output", JSONB),
    Column("error", Text),
    _moment("started_at"),
    _moment("finished_at", nullable=True),
    UniqueConstraint("execution_id", "name"),
    UniqueConstraint("execution_id", "position"),
    _one_of(StepStatus, "status"),
)

tool_calls = Table(
    "tool_calls",
    metadata,
    _id(),
    _belongs("execution_id", "executions"),
    Column("step_name", Text, nullable=False),
    Column("tool", Text, nullable=False),
    Column("version", Text),
    Column("arguments", ARRAY(Text), nullable=False),
    Column("arguments_hash", Text, nullable=False),
    Column("exit_code", Integer),
    Column("error", Text),
    Column("output_sha256", Text),
    Column("output_bytes", BigInteger, nullable=False),
    _moment("started_at"),
    _moment("finished_at"),
    Index("ix_tool_calls_by_execution", "execution_id", "started_at", "id"),
)

artifacts = Table(
    "artifacts",
    metadata,
    _id(),
    _belongs("workspace_id", "workspaces"),
    _belongs("execution_id", "executions"),
    Column("name", Text, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("sha256", Text, nullable=False),
    _moment("created_at"),
    UniqueConstraint("execution_id", "name"),
    Index("ix_artifacts_by_content", "sha256"),
)

findings = Table(
    "findings",
    metadata,
    _id(),
    _belongs("workspace_id", "workspaces"),
    _belongs("project_id", "projects"),
    _belongs("source_id", "sources"),
    Column("agent", Text, nullable=False),
    Column("engine", Text, nullable=False),
    Column("rule", Text, nullable=False),
    Column("severity", Text, nullable=False),
    Column("severity_rank", SmallInteger, nullable=False),
    Column("message", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("start_line", Integer),
    Column("end_line", Integer),
    Column("start_column", Integer),
    Column("end_column", Integer),
    Column("fingerprint", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("help_url", Text),
    Column("fix", Text),
    Column("waiver_reason", Text),
    _moment("waiver_expires_at", nullable=True),
    Column("first_execution_id", Uuid, ForeignKey("executions.id", ondelete="SET NULL"), index=True),
    Column("last_execution_id", Uuid, ForeignKey("executions.id", ondelete="SET NULL"), index=True),
    Column("version", Integer, nullable=False),
    _moment("created_at"),
    _moment("updated_at"),
    UniqueConstraint("source_id", "agent", "fingerprint"),
    _one_of(FindingState, "state"),
    Index("ix_findings_by_workspace", "workspace_id", "severity_rank", "id"),
    Index("ix_findings_by_project", "project_id", "severity_rank", "id"),
    Index("ix_findings_by_state", "workspace_id", "state", "severity_rank", "id"),
    Index("ix_findings_by_rule", "workspace_id", "rule", "severity_rank", "id"),
)

sightings = Table(
    "sightings",
    metadata,
    Column("execution_id", Uuid, ForeignKey("executions.id", ondelete="CASCADE"), primary_key=True),
    Column("finding_id", Uuid, ForeignKey("findings.id", ondelete="CASCADE"), primary_key=True, index=True),
    Column("state", Text, nullable=False),
    _one_of(FindingState, "state"),
)

events = Table(
    "events",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("xact", Xid8, nullable=False, server_default=func.pg_current_xact_id()),
    Column("workspace_id", Uuid, nullable=False),
    Column("project_id", Uuid),
    Column("task_id", Uuid),
    _belongs("execution_id", "executions", nullable=True),
    Column("sequence", Integer),
    Column("kind", Text, nullable=False),
    Column("payload", JSONB, nullable=False),
    Column("actor", Text, nullable=False),
    Column("in_feed", Boolean, nullable=False),
    _moment("at"),
    UniqueConstraint("execution_id", "sequence"),
    CheckConstraint("(execution_id IS NULL) = (sequence IS NULL)", name="sequence_of_execution"),
    Index("ix_events_feed", "workspace_id", "xact", "id", postgresql_where=text("in_feed")),
    Index("ix_events_feed_of_task", "task_id", "xact", "id", postgresql_where=text("in_feed")),
    Index("ix_events_of_no_execution", "at", postgresql_where=text("execution_id IS NULL")),
)

workers = Table(
    "workers",
    metadata,
    _id(),
    Column("hostname", Text, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("version", Text, nullable=False),
    Column("slots", Integer, nullable=False),
    Column("agents", ARRAY(Text), nullable=False),
    _moment("started_at"),
    _moment("beat_at"),
)

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("workspace_id", Uuid, ForeignKey("workspaces.id", ondelete="CASCADE"), primary_key=True),
    Column("actor", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("request_hash", Text, nullable=False),
    Column("answer", JSONB, nullable=False),
    _moment("created_at"),
    Index("ix_idempotency_keys_by_age", "created_at"),
)

feed_horizon = Table(
    "feed_horizon",
    metadata,
    Column("id", SmallInteger, CheckConstraint("id = 1", name="one_row"), primary_key=True, autoincrement=False),
    Column("xact", BigInteger, nullable=False),
    Column("event_id", BigInteger, nullable=False),
    Column("era", Integer, nullable=False, server_default="0"),
)
"""The last position of the feeds whose event has been removed: a cursor before it has expired. No row: none was.

``era`` is how often the database was restored from a backup: a cursor of a feed from another era has expired too.
"""
