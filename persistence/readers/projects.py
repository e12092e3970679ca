"""Reading workspaces and projects."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from domain.pages import Page, PageRequest
from domain.project import Project, Source, Workspace
from persistence.keyset import Ordering, read_page
from persistence.mappers import to_project, to_source, to_workspace
from persistence.readers.lookup import Lookup
from persistence.readers.session import ReadSession
from persistence.selects import select_projects
from persistence.tables import projects, sources, workspaces

NEWEST_FIRST = Ordering((projects.c.created_at, projects.c.id), descending=True)
WORKSPACES = Lookup(select(workspaces), workspaces.c.id, to_workspace)
PROJECTS_BY_ID = Lookup(select_projects(), projects.c.id, to_project, projects.c.workspace_id)
PROJECTS_BY_KEY = Lookup(select_projects(), projects.c.key, to_project, projects.c.workspace_id)
SOURCES_BY_ID = Lookup(select(sources), sources.c.id, to_source, sources.c.workspace_id)


class ProjectReader(ReadSession):
    """The part of :class:`domain.ports.Reader` that is about workspaces and projects."""

    async def workspaces(self, ids: Sequence[UUID]) -> list[Workspace | None]:
        """By id."""
        return await WORKSPACES.find(self, ids)

    async def projects(self, workspace_id: UUID, page: PageRequest) -> Page[Project]:
        """All projects, the newest first."""
        base = select_projects().where(projects.c.workspace_id == workspace_id)
        async with self.connection() as connection:
            return await read_page(connection, base, NEWEST_FIRST, page, to_project)

    async def projects_by_id(self, workspace_id: UUID, ids: Sequence[UUID]) -> list[Project | None]:
        """By id."""
        return await PROJECTS_BY_ID.find(self, ids, workspace_id)

    async def sources_by_id(self, workspace_id: UUID, ids: Sequence[UUID]) -> list[Source | None]:
        """By id."""
        return await SOURCES_BY_ID.find(self, ids, workspace_id)

    async def projects_by_key(self, workspace_id: UUID, keys: Sequence[str]) -> list[Project | None]:
        """By key."""
        return await PROJECTS_BY_KEY.find(self, keys, workspace_id)
