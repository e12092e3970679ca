"""Writing projects."""

from __future__ import annotations

from dataclasses import asdict
from uuid import UUID

from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.project import Project
from persistence.mappers import to_project
from persistence.selects import select_projects
from persistence.tables import projects, sources


class ProjectTable:
    """See :class:`domain.ports.ProjectStore`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def get(self, workspace_id: UUID, project_id: UUID) -> Project | None:
        """The project, or ``None``."""
        found = select_projects().where(projects.c.workspace_id == workspace_id, projects.c.id == project_id)
        row = (await self._connection.execute(found)).mappings().one_or_none()
        return None if row is None else to_project(row)

    async def lock_keys(self, workspace_id: UUID) -> None:
        """Let nobody else give a project of the workspace its key until the transaction ends."""
        key = func.hashtextextended(f"project-keys:{workspace_id}", 0)
        await self._connection.execute(select(func.pg_advisory_xact_lock(key)))

    async def with_key(self, workspace_id: UUID, key: str) -> Project | None:
        """The project with this key, or ``None``."""
        found = select_projects().where(projects.c.workspace_id == workspace_id, projects.c.key == key)
        row = (await self._connection.execute(found)).mappings().one_or_none()
        return None if row is None else to_project(row)

    async def insert(self, project: Project) -> None:
        """Add a project with its source."""
        await self._connection.execute(
            insert(projects).values(
                id=project.id,
                workspace_id=project.workspace_id,
                key=project.key,
                name=project.name,
                description=project.description,
                gate=asdict(project.gate),
                version=project.version,
                created_at=project.created_at,
                updated_at=project.updated_at,
            )
        )
        if project.source is not None:
            await self._connection.execute(
                insert(sources).values(
                    id=project.source.id,
                    workspace_id=project.workspace_id,
                    project_id=project.id,
                    kind=project.source.kind.value,
                    location=project.source.location,
                    revision=project.source.revision,
                )
            )

    async def take_numbers(self, project_id: UUID, count: int) -> int:
        """Reserve ``count`` task numbers and return the first."""
        taken = (
            update(projects)
            .where(projects.c.id == project_id)
            .values(last_number=projects.c.last_number + count)
            .returning(projects.c.last_number)
        )
        last: int = (await self._connection.execute(taken)).scalar_one()
        return last - count + 1
