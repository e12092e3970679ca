"""The outcome of looking at one thing."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Health(StrEnum):
    """How something is: fine, worth knowing, or in the way of working at all."""

    OK = "ok"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was looked at; ``mend`` is the command or step that puts it right, where something is wrong."""

    name: str
    health: Health
    detail: str
    mend: str | None = None


def ok(name: str, detail: str) -> Check:
    """All is well."""
    return Check(name=name, health=Health.OK, detail=detail)


def warning(name: str, detail: str, mend: str) -> Check:
    """It works, but less well than it could."""
    return Check(name=name, health=Health.WARNING, detail=detail, mend=mend)


def failure(name: str, detail: str, mend: str) -> Check:
    """Something essential does not work."""
    return Check(name=name, health=Health.ERROR, detail=detail, mend=mend)
