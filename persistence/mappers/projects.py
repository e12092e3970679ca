"""Rows of workspaces, projects and sources."""

from __future__ import annotations

from domain.project import Project, Source, SourceKind, Workspace
from domain.quality_gate import QualityGate
from persistence.mappers.rows import AnyRow


def to_workspace(row: AnyRow) -> Workspace:
    """A row of ``workspaces``."""
    return Workspace(id=row["id"], name=row["name"], created_at=row["created_at"])


def to_source(row: AnyRow) -> Source:
    """A row of ``sources``."""
    return Source(id=row["id"], kind=SourceKind(row["kind"]), location=row["location"], revision=row["revision"])


def to_project(row: AnyRow) -> Project:
    """A row of ``projects`` joined with its source's columns (``source_*``)."""
    source = None
    if row["source_id"] is not None:
        source = Source(
            id=row["source_id"],
            kind=SourceKind(row["source_kind"]),
            location=row["source_location"],
            revision=row["source_revision"],
        )
    return Project(
        id=row["id"],
        workspace_id=row["workspace_id"],
        key=row["key"],
        name=row["name"],
        description=row["description"],
        source=source,
        gate=QualityGate(**row["gate"]),
        version=row["version"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )
