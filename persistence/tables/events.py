"""The event log."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Identity,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from persistence.tables.columns import Xid8, belongs, metadata, moment

events = Table(
    "events",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("xact", Xid8, nullable=False, server_default=func.pg_current_xact_id()),
    Column("workspace_id", Uuid, nullable=False),
    Column("project_id", Uuid),
    Column("task_id", Uuid),
    belongs("execution_id", "executions", nullable=True),
    Column("sequence", Integer),
    Column("kind", Text, nullable=False),
    Column("payload", JSONB, nullable=False),
    Column("actor", Text, nullable=False),
    Column("in_feed", Boolean, nullable=False),
    moment("at"),
    UniqueConstraint("execution_id", "sequence"),
    CheckConstraint("(execution_id IS NULL) = (sequence IS NULL)", name="sequence_of_execution"),
    Index("ix_events_feed", "workspace_id", "xact", "id", postgresql_where=text("in_feed")),
    Index("ix_events_feed_of_task", "task_id", "xact", "id", postgresql_where=text("in_feed")),
    Index("ix_events_of_no_execution", "at", postgresql_where=text("execution_id IS NULL")),
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
