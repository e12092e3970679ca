"""Reading workspaces and projects."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from domain.pages import Page, PageRequest
from domain.project import Project, Workspace
from persistence.keyset import Ordering, read_page
from persistence.mappers import to_project, to_workspace
from persistence.readers.session import ReadSession
from persistence.selects import select_projects
from persistence.tables import projects, workspaces

NEWEST_FIRST = Ordering((projects.c.created_at, projects.c.id), descending=True)


class ProjectReader(ReadSession):
    """The part of :class:`domain.reads.Reader` that is about workspaces and projects."""

    async def workspaces(self, ids: Sequence[UUID]) -> list[Workspace | None]:
        """By id."""
        async with self.connection() as connection:
            rows = await connection.execute(select(workspaces).where(workspaces.c.id.in_(ids)))
            found = {row.id: to_workspace(row) for row in rows}
        return [found.get(one) for one in ids]

    async def projects(self, workspace_id: UUID, page: PageRequest) -> Page[Project]:
        """All projects, the newest first."""
        base = select_projects().where(projects.c.workspace_id == workspace_id)
        async with self.connection() as connection:
            return await read_page(connection, base, NEWEST_FIRST, page, to_project)

    async def projects_by_id(self, workspace_id: UUID, ids: Sequence[UUID]) -> list[Project | None]:
        """By id."""
        wanted = select_projects().where(projects.c.workspace_id == workspace_id, projects.c.id.in_(ids))
        async with self.connection() as connection:
            found = {row.id: to_project(row) for row in await connection.execute(wanted)}
        return [found.get(one) for one in ids]

    async def projects_by_key(self, workspace_id: UUID, keys: Sequence[str]) -> list[Project | None]:
        """By key."""
        wanted = select_projects().where(projects.c.workspace_id == workspace_id, projects.c.key.in_(keys))
        async with self.connection() as connection:
            found = {row.key: to_project(row) for row in await connection.execute(wanted)}
        return [found.get(one) for one in keys]
