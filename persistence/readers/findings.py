"""Reading findings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, select

from domain.finding import Finding, FindingState
from domain.pages import Page, PageRequest
from domain.reads import FindingFilter, FindingSighting
from persistence.keyset import Ordering, read_page, read_pages
from persistence.mappers import AnyRow, to_finding
from persistence.readers.lists import Lists
from persistence.readers.lookup import Lookup
from persistence.readers.session import ReadSession
from persistence.selects import among
from persistence.tables import findings, sightings

WORST_FIRST = Ordering((findings.c.severity_rank, findings.c.id))
FINDINGS_BY_ID = Lookup(select(findings), findings.c.id, to_finding, findings.c.workspace_id)
OPEN = (FindingState.NEW, FindingState.PERSISTING, FindingState.WAIVED)


def _to_sighting(row: AnyRow) -> FindingSighting:
    return FindingSighting(finding=to_finding(row), state=FindingState(row["seen_state"]))


SIGHTINGS_OF = Lists(
    select(findings, sightings.c.state.label("seen_state")).join(sightings, sightings.c.finding_id == findings.c.id),
    sightings.c.execution_id,
    findings.c.workspace_id,
    WORST_FIRST,
    _to_sighting,
)


class FindingReader(ReadSession):
    """The part of :class:`domain.ports.Reader` that is about findings."""

    async def findings(self, workspace_id: UUID, filter_by: FindingFilter, page: PageRequest) -> Page[Finding]:
        """Findings, the worst first, then by id."""
        async with self.connection() as connection:
            return await read_page(connection, _filtered(workspace_id, filter_by), WORST_FIRST, page, to_finding)

    async def findings_of_projects(
        self, workspace_id: UUID, project_ids: Sequence[UUID], filter_by: FindingFilter, page: PageRequest
    ) -> list[Page[Finding]]:
        """Findings of each project, the worst first, then by id; the filter names no project."""

        def of_one(project_id: ColumnElement[UUID]) -> Select[Any]:
            return _filtered(workspace_id, filter_by).where(findings.c.project_id == project_id)

        async with self.connection() as connection:
            return await read_pages(connection, of_one, project_ids, WORST_FIRST, page, to_finding)

    async def findings_by_id(self, workspace_id: UUID, ids: Sequence[UUID]) -> list[Finding | None]:
        """By id."""
        return await FINDINGS_BY_ID.find(self, ids, workspace_id)

    async def sightings_of(
        self, workspace_id: UUID, execution_ids: Sequence[UUID], page: PageRequest
    ) -> list[Page[FindingSighting]]:
        """What each execution saw, the worst first, each with the state it had then (fixed ones included)."""
        return await SIGHTINGS_OF.read(self, workspace_id, execution_ids, page)


def _filtered(workspace_id: UUID, filter_by: FindingFilter) -> Select[Any]:
    base = select(findings).where(findings.c.workspace_id == workspace_id)
    if filter_by.project_id is not None:
        base = base.where(findings.c.project_id == filter_by.project_id)
    base = base.where(among(findings.c.state, [state.value for state in filter_by.states or OPEN]))
    if filter_by.severities:
        base = base.where(among(findings.c.severity_rank, [severity.rank for severity in filter_by.severities]))
    if filter_by.rule is not None:
        base = base.where(findings.c.rule == filter_by.rule)
    return base
