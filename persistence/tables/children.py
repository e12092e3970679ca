"""Which tasks an execution has started."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, Table, Text, Uuid, text

from persistence.tables.columns import metadata

children = Table(
    "children",
    metadata,
    Column("execution_id", Uuid, ForeignKey("executions.id", ondelete="CASCADE"), primary_key=True),
    Column("batch", Text, primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    # A task may be deleted, and yet it was started.
    Column("task_id", Uuid, ForeignKey("tasks.id", ondelete="SET NULL")),
    Column("awaited", Boolean, nullable=False),
    Index("ix_children_awaited", "execution_id", postgresql_where=text("awaited")),
    Index("ix_children_by_task", "task_id"),
)
