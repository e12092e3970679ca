"""Rows of secrets."""

from __future__ import annotations

from domain.secret import SealedSecret, Secret
from persistence.mappers.rows import AnyRow


def to_secret(row: AnyRow) -> Secret:
    """A row of ``secrets`` without its value."""
    return Secret(
        id=row["id"],
        workspace_id=row["workspace_id"],
        name=row["name"],
        key_id=row["key_id"],
        updated_by=row["updated_by"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )


def to_sealed_secret(row: AnyRow) -> SealedSecret:
    """The value in a row of ``secrets``."""
    return SealedSecret(key_id=row["key_id"], wrapped=row["wrapped"], sealed=row["sealed"])
