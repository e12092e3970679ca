"""How many executions wait and run, and how many workers live: counted, never kept in a counter that can leak."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.states import ENDED_EXECUTION, ExecutionStatus
from persistence.tables import executions, workers, workspaces

LIVE = tuple(status.value for status in ExecutionStatus if status not in ENDED_EXECUTION)


@dataclass(frozen=True, slots=True, kw_only=True)
class Census:
    """``executions`` that have not ended, by agent and status; ``slots`` of the ``workers`` that are alive."""

    executions: Mapping[tuple[str, str], int]
    workers: int
    slots: int


async def census(engine: AsyncEngine, lease: timedelta) -> Census:
    """Count, of the whole installation, by two statements."""
    # By workspace, since that is how the index begins.
    live = (
        select(executions.c.agent, executions.c.status, func.count())
        .join(workspaces, workspaces.c.id == executions.c.workspace_id)
        .where(executions.c.status.in_(LIVE))
        .group_by(executions.c.agent, executions.c.status)
    )
    now = func.clock_timestamp()
    alive = select(func.count(), func.coalesce(func.sum(workers.c.slots), 0)).where(
        workers.c.beat_at > now - lease, workers.c.beat_at < now + lease
    )
    async with engine.connect() as connection:
        found = {(agent, status): number for agent, status, number in await connection.execute(live)}
        number, slots = (await connection.execute(alive)).one()
    return Census(executions=found, workers=number, slots=slots)
