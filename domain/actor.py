"""Who asks: every use case takes the actor, and checks what it may do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from domain.errors import Denied


class Permission(StrEnum):
    """What an actor may do in a workspace."""

    READ = "read"
    WRITE_TASKS = "tasks:write"
    DISPATCH = "tasks:dispatch"
    TRIAGE_FINDINGS = "findings:triage"
    MANAGE_PROJECTS = "projects:manage"
    MANAGE_SECRETS = "secrets:manage"
    APPROVE = "actions:approve"
    MANAGE_BUDGETS = "budgets:manage"
    SEND_MESSAGES = "messages:send"
    MANAGE_MODELS = "models:manage"
    MANAGE_MEMORY = "memory:manage"
    MANAGE_TOOLS = "tools:manage"


OWNER_PERMISSIONS = frozenset(Permission)
"""What the owner of the instance may do: everything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """A person or machine in one workspace. ``id`` is stored with every event it causes, for example ``user:owner``."""

    id: str
    name: str
    workspace_id: UUID
    permissions: frozenset[Permission]

    def may(self, permission: Permission) -> bool:
        """Whether the actor has the permission."""
        return permission in self.permissions

    def require(self, permission: Permission) -> None:
        """Refuse an actor without the permission.

        Raises:
            Denied: names the missing permission.
        """
        if not self.may(permission):
            raise Denied(permission.value)
