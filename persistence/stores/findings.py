"""Writing findings and their sightings."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import ARRAY, CollectionAggregate, ColumnElement, Text, any_, exists, func, literal, or_, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.events import FindingsSettled
from domain.finding import Finding, FindingState
from persistence.mappers import from_finding, to_finding
from persistence.tables import events, executions, findings, projects, sightings, sources

OPEN = (FindingState.NEW.value, FindingState.PERSISTING.value, FindingState.WAIVED.value)
CHUNK = 500
"""Rows sent at once. They are parameters of one statement for one row: to write out a statement for hundreds of rows
keeps the event loop for half a second, and a worker that cannot beat counts as dead."""


class FindingTable:
    """See :class:`domain.ports.FindingStore`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def get(self, workspace_id: UUID, finding_id: UUID) -> Finding | None:
        """The finding, locked, or ``None``."""
        found = select(findings).where(findings.c.workspace_id == workspace_id, findings.c.id == finding_id)
        row = (await self._connection.execute(found.with_for_update())).mappings().one_or_none()
        return None if row is None else to_finding(row)

    async def known(self, source_id: UUID, agent: str, fingerprints: Collection[str]) -> dict[str, Finding]:
        """What is known under these fingerprints, locked, by fingerprint; meanwhile nobody else adds to it."""
        await self._lock_baseline(source_id, agent)
        wanted = findings.c.fingerprint == _any_of(fingerprints)
        found = (
            select(findings)
            .where(findings.c.source_id == source_id, findings.c.agent == agent, wanted)
            .order_by(findings.c.fingerprint)
            .with_for_update()
        )
        return {row["fingerprint"]: to_finding(row) for row in (await self._connection.execute(found)).mappings()}

    async def _lock_baseline(self, source_id: UUID, agent: str) -> None:
        """Let audits of one source that run side by side write their findings one after the other.

        A finding that is new to both has no row yet that could be locked.
        """
        key = func.hashtextextended(f"findings:{source_id}:{agent}", 0)
        await self._connection.execute(select(func.pg_advisory_xact_lock(key)))

    async def put(self, new: Sequence[Finding]) -> None:
        """Insert or overwrite findings."""
        for start in range(0, len(new), CHUNK):
            rows = [from_finding(finding) for finding in new[start : start + CHUNK]]
            statement = upsert(findings)
            kept = {"id", "workspace_id", "project_id", "source_id", "agent", "fingerprint", "created_at"}
            changing = {name: statement.excluded[name] for name in rows[0] if name not in kept}
            await self._connection.execute(statement.on_conflict_do_update(index_elements=["id"], set_=changing), rows)

    async def mark_seen(self, execution_id: UUID, seen: Sequence[Finding]) -> None:
        """Note that the execution saw the findings, in the state they have now."""
        for start in range(0, len(seen), CHUNK):
            rows = [
                {"execution_id": execution_id, "finding_id": finding.id, "state": finding.state.value}
                for finding in seen[start : start + CHUNK]
            ]
            statement = upsert(sightings)
            await self._connection.execute(
                statement.on_conflict_do_update(
                    index_elements=["execution_id", "finding_id"], set_={"state": statement.excluded.state}
                ),
                rows,
            )

    async def unseen(
        self, source_id: UUID, agent: str, execution_id: UUID, engines: Collection[str], skipped_paths: Collection[str]
    ) -> list[Finding]:
        """Open findings of these engines, outside the skipped paths, that the execution did not see."""
        await self._lock_baseline(source_id, agent)
        sighted = exists().where(sightings.c.finding_id == findings.c.id, sightings.c.execution_id == execution_id)
        found = (
            select(findings)
            .where(
                findings.c.source_id == source_id,
                findings.c.agent == agent,
                findings.c.engine == _any_of(engines),
                findings.c.state.in_(OPEN),
                ~_below(skipped_paths),
                ~sighted,
            )
            .order_by(findings.c.fingerprint)
            .with_for_update()
        )
        return [to_finding(row) for row in (await self._connection.execute(found)).mappings()]

    async def seen(self, execution_id: UUID) -> list[tuple[Finding, FindingState]]:
        """What the execution saw, each with the state it had then."""
        found = (
            select(findings, sightings.c.state.label("seen_state"))
            .join(sightings, sightings.c.finding_id == findings.c.id)
            .where(sightings.c.execution_id == execution_id)
            .order_by(findings.c.severity_rank, findings.c.path, findings.c.start_line, findings.c.id)
        )
        return [
            (to_finding(row), FindingState(row["seen_state"]))
            for row in (await self._connection.execute(found)).mappings()
        ]

    async def audited_before(self, source_id: UUID, agent: str, execution_id: UUID) -> bool:
        """Whether another execution of the agent on this source has settled its findings."""
        settled = (
            select(events.c.id)
            .join(executions, executions.c.id == events.c.execution_id)
            .join(projects, projects.c.id == executions.c.project_id)
            .join(sources, sources.c.project_id == projects.c.id)
            .where(
                sources.c.id == source_id,
                executions.c.agent == agent,
                executions.c.id != execution_id,
                events.c.kind == FindingsSettled.__name__,
            )
            .limit(1)
        )
        return (await self._connection.execute(settled)).first() is not None


def _below(paths: Collection[str]) -> ColumnElement[bool]:
    """Whether a finding lies in one of the files, or anywhere below one of the folders."""
    skipped = func.unnest(literal(list(paths), ARRAY(Text))).table_valued("path").render_derived(name="skipped")
    inside = func.starts_with(findings.c.path, skipped.c.path.concat("/"))
    return exists().select_from(skipped).where(or_(findings.c.path == skipped.c.path, inside))


def _any_of(values: Collection[str]) -> CollectionAggregate[bool]:
    return any_(literal(list(values), ARRAY(Text)))
