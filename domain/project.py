"""Workspaces (tenants), projects, and the sources that agents work on."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from domain.errors import Invalid
from domain.quality_gate import QualityGate

PROJECT_KEY = re.compile(r"[A-Z][A-Z0-9]{1,9}")


class SourceKind(StrEnum):
    """What a source is."""

    LOCAL = "LOCAL"
    GIT = "GIT"


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """A tenant: everything belongs to exactly one."""

    id: UUID
    name: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A repository that agents work on: an absolute local folder, or a git URL with an optional revision."""

    id: UUID
    kind: SourceKind
    location: str
    revision: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A body of work on one source."""

    id: UUID
    workspace_id: UUID
    key: str
    name: str
    description: str = ""
    source: Source | None = None
    gate: QualityGate = QualityGate()
    version: int = 1
    created_at: datetime
    updated_at: datetime


def check_key(key: str) -> str:
    """A project's key as it stands in ``WR-12``.

    Raises:
        Invalid: it is not 2 to 10 capital letters and digits, beginning with a letter.
    """
    if not PROJECT_KEY.fullmatch(key):
        raise Invalid(
            f"{key!r} cannot be a project key: use 2 to 10 capital letters or digits, a letter first, like WR.",
            path=("input", "key"),
        )
    return key


def derive_key(name: str) -> str:
    """A key made of a name: the initials of its words, or the first letters of its only word."""
    words = re.findall(r"[A-Za-z0-9]+", name)
    initials = "".join(word[0] for word in words) if len(words) > 1 else "".join(words)[:4]
    letters = re.sub(r"^[0-9]+", "", initials.upper())[:10]
    return letters if len(letters) >= 2 else (letters + "PR")[:4]
