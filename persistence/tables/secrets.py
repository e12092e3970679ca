"""Secrets, sealed: this database holds no key to them."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, LargeBinary, Table, Text, Uuid

from persistence.tables.columns import metadata, moment

secrets = Table(
    "secrets",
    metadata,
    Column("workspace_id", Uuid, ForeignKey("workspaces.id", ondelete="CASCADE"), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("id", Uuid, nullable=False, unique=True),
    Column("key_id", Text, nullable=False),
    Column("wrapped", LargeBinary, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("updated_by", Text, nullable=False),
    moment("created_at"),
    moment("updated_at"),
)
