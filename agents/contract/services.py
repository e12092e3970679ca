"""What the owner of the installation has set up for tools: services of theirs, and what tools must leave alone."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseIdentity:
    """One database of one PostgreSQL cluster.

    ``cluster`` is the system identifier that ``initdb`` gave the cluster, whatever address it is reached at; ``None``
    where it cannot be read.
    """

    cluster: str | None
    name: str

    def may_be(self, other: DatabaseIdentity) -> bool:
        """Whether both may be the same database: it is only ruled out by another name, or by another cluster."""
        return self.name == other.name and (None in {self.cluster, other.cluster} or self.cluster == other.cluster)


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Where the owner's services are, ``None`` where the owner has named none.

    These addresses come from the settings: they may be private ones, and the egress policy is not asked about them.
    ``browser`` is the program of a Chromium. ``own_database`` is the platform's own, which no tool may open.
    """

    github_url: str | None = None
    search_url: str | None = None
    docker_url: str | None = None
    browser: Path | None = None
    own_database: DatabaseIdentity | None = None


NO_SERVICES = Services()
