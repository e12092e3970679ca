"""Rows of playbooks and their versions."""

from __future__ import annotations

from typing import Any

from domain.playbooks.saved import PlaybookVersion, SavedPlaybook
from persistence.mappers.rows import AnyRow


def to_playbook(row: AnyRow) -> SavedPlaybook:
    """A row of ``playbooks``."""
    return SavedPlaybook(
        id=row["id"],
        workspace_id=row["workspace_id"],
        name=row["name"],
        title=row["title"],
        description=row["description"],
        document=row["document"],
        version=row["version"],
        saved_by=row["saved_by"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )


def from_playbook(playbook: SavedPlaybook) -> dict[str, Any]:
    """The values of a row of ``playbooks``."""
    return {
        "id": playbook.id,
        "workspace_id": playbook.workspace_id,
        "name": playbook.name,
        "title": playbook.title,
        "description": playbook.description,
        "document": playbook.document,
        "version": playbook.version,
        "saved_by": playbook.saved_by,
        "created_at": playbook.created_at,
        "updated_at": playbook.updated_at,
    }


def to_playbook_version(row: AnyRow) -> PlaybookVersion:
    """A row of ``playbook_versions``."""
    return PlaybookVersion(
        id=row["id"],
        playbook_id=row["playbook_id"],
        version=row["version"],
        document=row["document"],
        saved_by=row["saved_by"],
        saved_at=row["saved_at"],
    )
