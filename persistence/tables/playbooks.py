"""Playbooks of workspaces, and every version of them that is kept."""

from __future__ import annotations

from sqlalchemy import Column, Integer, Table, Text, UniqueConstraint

from persistence.tables.columns import belongs, metadata, moment, own_id

playbooks = Table(
    "playbooks",
    metadata,
    own_id(),
    belongs("workspace_id", "workspaces"),
    # Ordered by characters, as Python does: a list of them is merged with the shipped ones.
    Column("name", Text(collation="C"), nullable=False),
    Column("title", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("document", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("saved_by", Text, nullable=False),
    moment("created_at"),
    moment("updated_at"),
    UniqueConstraint("workspace_id", "name"),
)


playbook_versions = Table(
    "playbook_versions",
    metadata,
    own_id(),
    belongs("workspace_id", "workspaces"),
    belongs("playbook_id", "playbooks"),
    Column("version", Integer, nullable=False),
    Column("document", Text, nullable=False),
    Column("saved_by", Text, nullable=False),
    moment("saved_at"),
    UniqueConstraint("playbook_id", "version"),
)
