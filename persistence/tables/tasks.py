"""Tasks, and the edges between them."""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
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

from domain.states import TaskStatus
from domain.task import OnFailure
from persistence.tables.columns import belongs, metadata, moment, one_of, own_id

tasks = Table(
    "tasks",
    metadata,
    own_id(),
    belongs("workspace_id", "workspaces"),
    belongs("project_id", "projects"),
    # Without a cascade: a task that has children is not deleted. Those of a project go with it, all at once.
    Column("parent_id", Uuid, ForeignKey("tasks.id")),
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
    moment("scheduled_for", nullable=True),
    Column("dispatched_by", Text),
    Column("version", Integer, nullable=False),
    moment("created_at"),
    moment("updated_at"),
    UniqueConstraint("project_id", "number"),
    UniqueConstraint("workspace_id", "key"),
    one_of(TaskStatus, "status"),
    Index("ix_tasks_by_created", "workspace_id", "created_at", "id"),
    Index("ix_tasks_by_updated", "workspace_id", "updated_at", "id"),
    Index("ix_tasks_by_priority", "workspace_id", "priority", "id"),
    Index("ix_tasks_by_project", "project_id", "created_at", "id"),
    Index("ix_tasks_by_status", "workspace_id", "status", "created_at", "id"),
    Index("ix_tasks_by_agent", "workspace_id", "agent", "created_at", "id"),
    Index("ix_tasks_by_parent", "parent_id", "created_at", "id", postgresql_where=text("parent_id IS NOT NULL")),
    Index("ix_tasks_by_label", "labels", postgresql_using="gin"),
)


dependencies = Table(
    "dependencies",
    metadata,
    own_id(),
    belongs("workspace_id", "workspaces"),
    belongs("task_id", "tasks"),
    belongs("depends_on_id", "tasks"),
    Column("on_failure", Text, nullable=False),
    moment("created_at"),
    UniqueConstraint("task_id", "depends_on_id"),
    CheckConstraint("task_id <> depends_on_id", name="not_itself"),
    one_of(OnFailure, "on_failure"),
    Index("ix_dependencies_by_task", "task_id", "created_at", "id"),
    Index("ix_dependencies_by_target", "depends_on_id", "created_at", "id"),
)
