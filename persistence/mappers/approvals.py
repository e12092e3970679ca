"""Rows of approvals and their votes."""

from __future__ import annotations

from typing import Any

from domain.actor import Permission
from domain.approval import Approval, ApprovalStatus, Decision, Fallback, Vote
from domain.severity import Severity
from persistence.mappers.rows import AnyRow


def to_approval(row: AnyRow) -> Approval:
    """A row of ``approvals``."""
    return Approval(
        id=row["id"],
        workspace_id=row["workspace_id"],
        project_id=row["project_id"],
        task_id=row["task_id"],
        execution_id=row["execution_id"],
        name=row["name"],
        kind=row["kind"],
        summary=row["summary"],
        arguments=row["arguments"],
        digest=row["digest"],
        risk=Severity(row["risk"]),
        permission=Permission(row["permission"]),
        quorum=row["quorum"],
        fallback=Fallback(row["fallback"]),
        status=ApprovalStatus(row["status"]),
        requested_by=row["requested_by"],
        requested_at=row["requested_at"],
        expires_at=row["expires_at"],
        decided_at=row["decided_at"],
        self_approved=row["self_approved"],
        version=row["version"],
    )


def from_approval(approval: Approval) -> dict[str, Any]:
    """The values of a row of ``approvals``."""
    return {
        "id": approval.id,
        "workspace_id": approval.workspace_id,
        "project_id": approval.project_id,
        "task_id": approval.task_id,
        "execution_id": approval.execution_id,
        "name": approval.name,
        "kind": approval.kind,
        "summary": approval.summary,
        "arguments": dict(approval.arguments),
        "digest": approval.digest,
        "risk": approval.risk.value,
        "permission": approval.permission.value,
        "quorum": approval.quorum,
        "fallback": approval.fallback.value,
        "status": approval.status.value,
        "requested_by": approval.requested_by,
        "requested_at": approval.requested_at,
        "expires_at": approval.expires_at,
        "decided_at": approval.decided_at,
        "self_approved": approval.self_approved,
        "version": approval.version,
    }


def to_vote(row: AnyRow) -> Vote:
    """A row of ``approval_votes``."""
    return Vote(
        approval_id=row["approval_id"],
        actor=row["actor"],
        decision=Decision(row["decision"]),
        comment=row["comment"],
        own=row["own"],
        at=row["at"],
    )


def from_vote(vote: Vote) -> dict[str, Any]:
    """The values of a row of ``approval_votes``."""
    return {
        "approval_id": vote.approval_id,
        "actor": vote.actor,
        "decision": vote.decision.value,
        "comment": vote.comment,
        "own": vote.own,
        "at": vote.at,
    }
