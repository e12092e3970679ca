"""An approval: a person's permission that an execution waits for, bound to exactly what is to be done."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from domain.actor import Permission
from domain.severity import Severity


class ApprovalStatus(StrEnum):
    """Where an approval is in its life. All but PENDING are final."""

    PENDING = "PENDING"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"
    EXPIRED = "EXPIRED"
    VOIDED = "VOIDED"
    CANCELLED = "CANCELLED"


class Fallback(StrEnum):
    """What an approval that nobody decided in time amounts to."""

    REJECT = "REJECT"
    APPROVE = "APPROVE"
    FAIL = "FAIL"


class Decision(StrEnum):
    """What a person says to an action."""

    APPROVE = "APPROVE"
    REJECT = "REJECT"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What an agent wants to do, and on which terms it may.

    ``name`` is unique within the execution. ``digest`` stands for what is done. ``permission`` is what whoever decides
    must have beside the right to approve at all. ``expires_in`` counts from the moment it is asked.
    """

    name: str
    kind: str
    summary: str
    arguments: Mapping[str, Any]
    digest: str
    risk: Severity = Severity.MEDIUM
    permission: Permission = Permission.APPROVE
    quorum: int = 1
    expires_in: timedelta | None = None
    fallback: Fallback = Fallback.REJECT


@dataclass(frozen=True, slots=True, kw_only=True)
class Vote:
    """One person's decision. ``own`` says that it is by the one who had the work done."""

    approval_id: UUID
    actor: str
    decision: Decision
    comment: str = ""
    own: bool = False
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """A question to a person, with its answer once there is one.

    ``requested_by`` is who dispatched the task. ``quorum`` is how many different persons have to approve.
    ``self_approved`` says that it was approved by the one who had asked for the work, since nobody else could.
    """

    id: UUID
    workspace_id: UUID
    project_id: UUID
    task_id: UUID
    execution_id: UUID
    name: str
    kind: str
    summary: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    digest: str
    risk: Severity
    permission: Permission
    quorum: int
    fallback: Fallback
    status: ApprovalStatus = ApprovalStatus.PENDING
    requested_by: str | None
    requested_at: datetime
    expires_at: datetime | None
    decided_at: datetime | None = None
    self_approved: bool = False
    version: int = 1

    @property
    def granted(self) -> bool:
        """Whether the action may be done."""
        if self.status is ApprovalStatus.EXPIRED:
            return self.fallback is Fallback.APPROVE
        return self.status is ApprovalStatus.APPROVED

    def open_at(self, now: datetime) -> bool:
        """Whether it can still be decided."""
        return self.status is ApprovalStatus.PENDING and (self.expires_at is None or now < self.expires_at)


def action_digest(agent: str, kind: str, arguments: Mapping[str, Any]) -> str:
    """Hex SHA-256 of what is done: the agent's kind, the action's kind and its arguments, as canonical JSON.

    Raises:
        ValueError, TypeError: the arguments are not JSON.
    """
    done = {"agent": agent, "arguments": arguments, "kind": kind}
    text = json.dumps(done, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()
