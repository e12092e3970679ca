"""Asking a person before something is done that cannot be taken back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum, StrEnum
from typing import Any

from agents.contract.failures import AgentFailure
from domain.actor import Permission
from domain.approval import Fallback
from domain.severity import Severity


class OnRejection(StrEnum):
    """What ``approve`` does when the action may not be done."""

    FAIL = "FAIL"
    """It raises ``ActionRejected``."""
    RETURN = "RETURN"
    """It returns the answer, whose ``granted`` is false: the agent goes another way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """What an agent wants to do outside of its checkout.

    ``name`` is unique within the execution, like that of a step. ``kind`` says what sort of thing it is, for example
    ``git.push``; ``arguments`` are JSON and say all that makes a difference to what is done: permission is given for
    exactly these. ``summary`` is one sentence for whoever decides.

    ``permission`` is what whoever decides must have beside the right to approve; ``quorum`` is how many different
    persons have to approve. After ``expires_in`` the ``fallback`` counts: the action is rejected, approved, or the
    execution fails.
    """

    name: str
    kind: str
    summary: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    risk: Severity = Severity.MEDIUM
    permission: Permission = Permission.APPROVE
    quorum: int = 1
    expires_in: timedelta | None = None
    fallback: Fallback = Fallback.REJECT
    on_rejection: OnRejection = OnRejection.FAIL

    def __post_init__(self) -> None:
        """Refuse texts where a choice is meant, in the line that is wrong and not in one of ours.

        Raises:
            TypeError: a field is not of its type.
        """
        for name, wanted in CHOICES.items():
            value = getattr(self, name)
            if not isinstance(value, wanted):
                choices = ", ".join(f"{wanted.__name__}.{one.name}" for one in wanted)
                raise TypeError(f"{name} of the action {self.name!r} is {value!r}; it must be one of {choices}.")


CHOICES: Mapping[str, type[Enum]] = {
    "risk": Severity,
    "permission": Permission,
    "fallback": Fallback,
    "on_rejection": OnRejection,
}
"""The fields of an action whose value is one of a few."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came of it. ``by`` are the persons who decided, none when it has expired; ``comments`` is what they said."""

    granted: bool
    expired: bool = False
    by: tuple[str, ...] = ()
    comments: tuple[str, ...] = ()
    self_approved: bool = False
    at: datetime | None = None


class ActionRejected(AgentFailure):
    """The action may not be done. ``code`` is ``APPROVAL_REJECTED`` or ``APPROVAL_EXPIRED``."""

    def __init__(self, action: str, answer: Answer) -> None:
        said = "; ".join(comment for comment in answer.comments if comment)
        by = f"by {', '.join(answer.by)}" if answer.by else "by nobody in particular"
        message = f"Nobody approved {action!r} in time." if answer.expired else f"{action!r} was rejected {by}."
        code = "APPROVAL_EXPIRED" if answer.expired else "APPROVAL_REJECTED"
        super().__init__(f"{message} {said}".rstrip(), code=code)
        self.answer = answer
