"""Rows of memories."""

from __future__ import annotations

from typing import Any

from domain.memory import Memory, MemoryPlace, MemoryScope, MemorySource, digest
from persistence.mappers.rows import AnyRow


def to_memory(row: AnyRow) -> Memory:
    """A row of ``memories``."""
    return Memory(
        id=row["id"],
        workspace_id=row["workspace_id"],
        place=MemoryPlace(scope=MemoryScope(row["scope"]), agent=row["agent"], project_id=row["project_id"]),
        kind=row["kind"],
        tags=tuple(row["tags"]),
        content=row["content"],
        source=MemorySource(actor=row["source"], execution_id=row["execution_id"], tool_call_id=row["tool_call_id"]),
        updated_by=row["updated_by"],
        expires_at=row["expires_at"],
        version=row["version"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )


def from_memory(memory: Memory) -> dict[str, Any]:
    """The columns of ``memories``, without its words, which the database makes."""
    return {
        "id": memory.id,
        "workspace_id": memory.workspace_id,
        "scope": memory.place.scope.value,
        "agent": memory.place.agent,
        "project_id": memory.place.project_id,
        "place": memory.place.key,
        "kind": memory.kind,
        "tags": list(memory.tags),
        "content": memory.content,
        "content_sha256": digest(memory.content),
        "source": memory.source.actor,
        "execution_id": memory.source.execution_id,
        "tool_call_id": memory.source.tool_call_id,
        "updated_by": memory.updated_by,
        "expires_at": memory.expires_at,
        "version": memory.version,
        "created_at": memory.created_at,
        "updated_at": memory.updated_at,
    }
