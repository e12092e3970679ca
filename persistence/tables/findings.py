"""Findings of a source, and which execution saw which."""

from __future__ import annotations

from sqlalchemy import (
    Column,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)

from domain.finding import FindingState
from persistence.tables.columns import belongs, metadata, moment, one_of, own_id

findings = Table(
    "findings",
    metadata,
    own_id(),
    belongs("workspace_id", "workspaces"),
    belongs("project_id", "projects"),
    belongs("source_id", "sources"),
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
    moment("waiver_expires_at", nullable=True),
    Column("first_execution_id", Uuid, ForeignKey("executions.id", ondelete="SET NULL"), index=True),
    Column("last_execution_id", Uuid, ForeignKey("executions.id", ondelete="SET NULL"), index=True),
    Column("version", Integer, nullable=False),
    moment("created_at"),
    moment("updated_at"),
    UniqueConstraint("source_id", "agent", "fingerprint"),
    one_of(FindingState, "state"),
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
    one_of(FindingState, "state"),
)
