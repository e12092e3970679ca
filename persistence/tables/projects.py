"""Workspaces, and their projects with a source each."""

from __future__ import annotations

from sqlalchemy import (
    Column,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from domain.project import SourceKind
from persistence.tables.columns import belongs, metadata, moment, one_of, own_id

workspaces = Table(
    "workspaces",
    metadata,
    own_id(),
    Column("name", Text, nullable=False),
    moment("created_at"),
)


projects = Table(
    "projects",
    metadata,
    own_id(),
    belongs("workspace_id", "workspaces"),
    Column("key", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("gate", JSONB, nullable=False),
    Column("last_number", Integer, nullable=False, server_default="0"),
    Column("version", Integer, nullable=False),
    moment("created_at"),
    moment("updated_at"),
    UniqueConstraint("workspace_id", "key"),
    Index("ix_projects_by_age", "workspace_id", "created_at", "id"),
)


sources = Table(
    "sources",
    metadata,
    own_id(),
    belongs("workspace_id", "workspaces"),
    belongs("project_id", "projects"),
    Column("kind", Text, nullable=False),
    Column("location", Text, nullable=False),
    Column("revision", Text),
    UniqueConstraint("project_id"),
    one_of(SourceKind, "kind"),
    Index("ix_sources_by_location", "workspace_id", "kind", text("md5(location)")),
)
