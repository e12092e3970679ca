"""MCP servers, each with the tools that it was seen to have."""

from __future__ import annotations

from sqlalchemy import Boolean, CheckConstraint, Column, Integer, Interval, Table, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from domain.mcp_server import McpTransport
from persistence.tables.columns import belongs, metadata, moment, one_of, own_id

mcp_servers = Table(
    "mcp_servers",
    metadata,
    own_id(),
    belongs("workspace_id", "workspaces"),
    Column("name", Text, nullable=False),
    Column("transport", Text, nullable=False),
    Column("command", Text),
    Column("arguments", ARRAY(Text), nullable=False),
    Column("url", Text),
    Column("settings", JSONB, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("timeout", Interval, nullable=False),
    Column("start_timeout", Interval, nullable=False),
    Column("tools", JSONB, nullable=False),
    Column("updated_by", Text, nullable=False),
    Column("version", Integer, nullable=False),
    moment("created_at"),
    moment("updated_at"),
    UniqueConstraint("workspace_id", "name"),
    one_of(McpTransport, "transport"),
    CheckConstraint("(transport = 'STDIO') = (command IS NOT NULL)", name="command"),
    CheckConstraint("(transport = 'HTTP') = (url IS NOT NULL)", name="url"),
)
