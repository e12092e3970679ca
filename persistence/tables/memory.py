"""Memories, and what is made of them for finding them: that is derived, and lies in a schema of its own.

``memory_index`` is not part of a backup, and each of its tables is there only where its extension is: a user's own
PostgreSQL may have neither. :mod:`persistence.memory.equipment` makes and fills them.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)
from sqlalchemy.dialects.postgresql import ARRAY, TSVECTOR
from sqlalchemy.types import UserDefinedType

from domain.memory import DIMENSIONS, MemoryScope
from persistence.tables.columns import belongs, metadata, moment, one_of, own_id

INDEX_SCHEMA = "memory_index"


class VectorType(UserDefinedType[str]):
    """pgvector's type; a value is given as its text, ``[0.5,-1]``."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        """The type's name in DDL."""
        return f"vector({DIMENSIONS})"


memories = Table(
    "memories",
    metadata,
    own_id(),
    belongs("workspace_id", "workspaces"),
    Column("scope", Text, nullable=False),
    Column("agent", Text),
    Column("project_id", Uuid, ForeignKey("projects.id", ondelete="CASCADE"), index=True),
    Column("place", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("tags", ARRAY(Text), nullable=False),
    Column("content", Text, nullable=False),
    Column("content_sha256", LargeBinary, nullable=False),
    Column("words", TSVECTOR, nullable=False),
    Column("source", Text, nullable=False),
    Column("execution_id", Uuid, ForeignKey("executions.id", ondelete="SET NULL"), index=True),
    Column("tool_call_id", Uuid, ForeignKey("tool_calls.id", ondelete="SET NULL"), index=True),
    Column("updated_by", Text, nullable=False),
    Column("version", Integer, nullable=False),
    moment("expires_at", nullable=True),
    moment("created_at"),
    moment("updated_at"),
    UniqueConstraint("workspace_id", "place", "content_sha256"),
    one_of(MemoryScope, "scope"),
    Index("ix_memories_by_created", "workspace_id", "created_at", "id"),
    Index("ix_memories_by_place", "workspace_id", "place", "created_at", "id"),
    Index("ix_memories_words", "words", postgresql_using="gin"),
    Index("ix_memories_by_expiry", "expires_at"),
    Index("ix_memories_by_age", "updated_at"),
)


derived = MetaData(schema=INDEX_SCHEMA)
"""Not compared with the migrations: whether its tables are there depends on the database."""

memory_trigrams = Table(
    "trigrams",
    derived,
    Column("memory_id", Uuid, primary_key=True),
    Column("content", Text, nullable=False),
)


memory_vectors = Table(
    "vectors",
    derived,
    Column("memory_id", Uuid, primary_key=True),
    Column("piece", SmallInteger, primary_key=True),
    Column("model", Text, nullable=False),
    Column("embedding", VectorType, nullable=False),
)
