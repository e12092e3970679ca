"""What the settings name for tools, and the database that they must leave alone."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncEngine

from agents.contract import DatabaseIdentity, Services
from persistence.identity import cluster_and_name
from server.settings import Settings


async def services_of(settings: Settings, engine: AsyncEngine) -> Services:
    """The services of this installation; asks the platform's database who it is."""
    cluster, name = await cluster_and_name(engine)
    return Services(
        github_url=settings.github_url,
        search_url=settings.search_url,
        docker_url=settings.docker_url,
        browser=settings.browser_path,
        own_database=DatabaseIdentity(cluster=cluster, name=name),
    )
