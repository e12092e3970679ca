"""Which memories, as SQL that both sides share."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, or_, select

from domain.memory import MemoryFilter
from persistence.selects import among
from persistence.tables import memories

COLUMNS = tuple(column for column in memories.c if column.name not in {"words", "content_sha256", "place"})


def select_memories() -> Select[Any]:
    """Memories, without what they are found by."""
    return select(*COLUMNS)


def alive(now: ColumnElement[datetime] | datetime) -> ColumnElement[bool]:
    """Whether its time has not passed."""
    return or_(memories.c.expires_at.is_(None), memories.c.expires_at > now)


def fitting(workspace_id: Any, which: MemoryFilter) -> list[ColumnElement[bool]]:
    """The conditions of a filter."""
    conditions = [memories.c.workspace_id == workspace_id]
    for column, wanted in (
        (memories.c.scope, which.scope),
        (memories.c.agent, which.agent),
        (memories.c.project_id, which.project_id),
        (memories.c.kind, which.kind),
        (memories.c.source, which.source),
        (memories.c.execution_id, which.execution_id),
    ):
        if wanted is not None:
            conditions.append(column == wanted)
    if which.tag is not None:
        conditions.append(memories.c.tags.contains([which.tag]))
    if which.places:
        conditions.append(among(memories.c.place, _keys(which)))
    return conditions


def _keys(which: MemoryFilter) -> Sequence[str]:
    return [place.key for place in which.places]
