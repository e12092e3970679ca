"""Events of approvals. Each belongs to the execution that waits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalRequested:
    """An agent asks for permission."""

    approval_id: str
    name: str
    summary: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalDecided:
    """A person has said yes or no; ``status`` is where the approval is after that."""

    approval_id: str
    name: str
    decision: str
    comment: str
    status: str
    self_approved: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalExpired:
    """Nobody decided in time: the fallback counts."""

    approval_id: str
    name: str
    fallback: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalVoided:
    """The action's arguments have changed, so what was asked or permitted before counts no more."""

    approval_id: str
    name: str
    digest: str
    new_digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalCancelled:
    """The execution ended before anybody had decided."""

    approval_id: str
    name: str


ApprovalEvent: TypeAlias = ApprovalRequested | ApprovalDecided | ApprovalExpired | ApprovalVoided | ApprovalCancelled
