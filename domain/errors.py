"""Expected failures: what a use case answers when it will not do what was asked.

Each carries a published code (see ``docs/errors/``) and the data a client needs to act. Raising one rolls the unit of
work back; mutations show it as an entry of their payload's ``errors``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar
from uuid import UUID

if TYPE_CHECKING:
    from domain.approval import Approval
    from domain.blocking import BlockReason
    from domain.execution import Execution
    from domain.finding import Finding
    from domain.ledger import Account
    from domain.memory import Memory
    from domain.playbooks.saved import SavedPlaybook
    from domain.project import Project
    from domain.task import Task


@dataclass(eq=False)
class Rejection(Exception, ABC):
    """Base of every expected failure. ``path`` names the input field, for example ``("input", "title")``."""

    code: ClassVar[str] = "REJECTED"
    path: tuple[str, ...] = field(default=(), kw_only=True)

    @property
    @abstractmethod
    def message(self) -> str:
        """One sentence for a person: what is wrong, and what to do."""

    @property
    def each(self) -> tuple[Rejection, ...]:
        """All that is to be said: itself, and what else was found wrong with the same request."""
        return (self,)

    def __str__(self) -> str:
        return self.message


@contextmanager
def below(*place: str) -> Iterator[None]:
    """Give what is rejected inside the path of the place where it was found, for ``("input", "title")`` found in
    ``("input", "tasks", "3")`` that is ``("input", "tasks", "3", "title")``."""
    try:
        yield
    except Rejection as rejection:
        for one in rejection.each:
            one.path = (*place, *one.path[1:])
        raise


@dataclass(eq=False)
class NotFound(Rejection):
    """The thing does not exist, or not for the one who asks. ``named`` says what ``id`` is, when it is no id."""

    code: ClassVar[str] = "NOT_FOUND"
    noun: str
    id: str
    named: str = field(default="with id", kw_only=True)

    @property
    def message(self) -> str:
        return f"There is no {self.noun} {self.named} {self.id!r} here."


@dataclass(eq=False)
class Invalid(Rejection):
    """An input value that cannot be accepted. ``more`` are other values of the same input."""

    code: ClassVar[str] = "VALIDATION_FAILED"
    reason: str
    more: tuple[Invalid, ...] = field(default=(), kw_only=True)

    @property
    def message(self) -> str:
        return self.reason

    @property
    def each(self) -> tuple[Rejection, ...]:
        return (self, *self.more)


@dataclass(eq=False)
class Denied(Rejection):
    """The actor lacks a permission."""

    code: ClassVar[str] = "PERMISSION_DENIED"
    permission: str

    @property
    def message(self) -> str:
        return f"This needs the permission {self.permission!r}, which you do not have here."


@dataclass(eq=False)
class VersionConflict(Rejection):
    """Somebody changed the thing since the caller read it."""

    code: ClassVar[str] = "VERSION_CONFLICT"
    expected: int
    current: Task | Project | Finding | Approval | Memory | SavedPlaybook

    @property
    def message(self) -> str:
        return (
            f"Version {self.expected} was expected, but it is at version {self.current.version} now. "
            "Read it again, apply your change to what it is, and send the new version."
        )


@dataclass(eq=False)
class DependencyCycle(Rejection):
    """The edge would close a cycle. ``cycle`` is the closed walk, its first task repeated at the end."""

    code: ClassVar[str] = "DEPENDENCY_CYCLE"
    cycle: tuple[Task, ...]

    @property
    def message(self) -> str:
        walk = " → ".join(f"{task.key} ({task.title})" for task in self.cycle)
        return f"That would make the tasks wait for each other: {walk}."


@dataclass(eq=False)
class NotDispatchable(Rejection):
    """The task cannot be dispatched in the state it is in."""

    code: ClassVar[str] = "NOT_DISPATCHABLE"
    task: Task
    reason: str
    blocked_by: tuple[BlockReason, ...] = ()

    @property
    def message(self) -> str:
        return f"{self.task.key} cannot be dispatched: {self.reason}"


@dataclass(eq=False)
class BudgetExceeded(Rejection):
    """A budget does not allow it; nothing was spent.

    ``account`` is that of the budget as it was before, ``name`` what it is the budget of, for a person; ``wanted`` is
    in the unit's smallest part, 0 when nothing is left at all.
    """

    code: ClassVar[str] = "BUDGET_EXCEEDED"
    account: Account
    name: str
    wanted: int

    @property
    def message(self) -> str:
        return f"The {self.account.unit} budget of {self.name} is {self.account.refusal(self.wanted)}."


@dataclass(eq=False)
class NotRetryable(Rejection):
    """The task is not in a state from which a retry makes sense."""

    code: ClassVar[str] = "NOT_RETRYABLE"
    task: Task

    @property
    def message(self) -> str:
        return f"{self.task.key} is {self.task.status}: only a failed, cancelled or skipped task can be retried."


@dataclass(eq=False)
class NotCancellable(Rejection):
    """The thing has already ended."""

    code: ClassVar[str] = "NOT_CANCELLABLE"
    subject: Task | Execution
    name: str

    @property
    def message(self) -> str:
        return f"{self.name} is {self.subject.status} already: there is nothing to cancel."


@dataclass(eq=False)
class IdempotencyKeyReused(Rejection):
    """The same idempotency key came with a different request."""

    code: ClassVar[str] = "IDEMPOTENCY_KEY_REUSED"
    key: str

    @property
    def message(self) -> str:
        return f"The idempotency key {self.key!r} was used for another request. Use a fresh key for a new request."


@dataclass(eq=False)
class IllegalTransition(Rejection):
    """A move that the state machine does not have."""

    code: ClassVar[str] = "ILLEGAL_TRANSITION"
    noun: str
    current: str
    target: str

    @property
    def message(self) -> str:
        return f"{_article(self.noun).capitalize()} {self.noun} cannot go from {self.current} to {self.target}."


@dataclass(eq=False)
class SecretUnreadable(Rejection):
    """A secret that cannot be sealed (``purpose`` is ``kept``) or opened (``used``)."""

    code: ClassVar[str] = "SECRET_UNREADABLE"
    name: str
    reason: str
    purpose: str = field(default="used", kw_only=True)

    @property
    def message(self) -> str:
        return f"The secret {self.name!r} cannot be {self.purpose}: {self.reason.rstrip('.')}."


@dataclass(eq=False)
class ApprovalEnded(Rejection):
    """It was decided, has expired, or is of no use any more."""

    code: ClassVar[str] = "APPROVAL_ENDED"
    approval: Approval

    @property
    def message(self) -> str:
        status = self.approval.status
        state = "has expired" if status in {"PENDING", "EXPIRED"} else f"is {status} already"
        return f"The approval of {self.approval.name!r} {state}: there is nothing to decide."


@dataclass(eq=False)
class DigestMismatch(Rejection):
    """What was read is not what would be done."""

    code: ClassVar[str] = "DIGEST_MISMATCH"
    approval: Approval

    @property
    def message(self) -> str:
        return (
            f"The digest is not that of {self.approval.name!r} as it is asked now: read the action again, "
            "and decide with the digest that it has."
        )


@dataclass(eq=False)
class AlreadyVoted(Rejection):
    """The same person cannot count twice."""

    code: ClassVar[str] = "ALREADY_VOTED"
    approval: Approval

    @property
    def message(self) -> str:
        return f"You have approved {self.approval.name!r} already: it takes {self.approval.quorum} different persons."


@dataclass(eq=False)
class SecondPersonNeeded(Rejection):
    """Who had the work done may not approve it while others could."""

    code: ClassVar[str] = "SECOND_PERSON_NEEDED"
    approval: Approval

    @property
    def message(self) -> str:
        return f"You dispatched what asks for {self.approval.name!r}: another member has to approve it."


@dataclass(eq=False)
class MessageUndeliverable(Rejection):
    """Nobody is there, or will be, to whom the message could be given."""

    code: ClassVar[str] = "MESSAGE_UNDELIVERABLE"
    task: Task
    reason: str

    @property
    def message(self) -> str:
        return f"The message cannot be delivered: {self.reason}."


@dataclass(eq=False)
class InvalidId(Rejection):
    """An id that is malformed, or that names another kind of thing than is asked for here."""

    code: ClassVar[str] = "BAD_USER_INPUT"
    id: str
    expected: str | None = None

    @property
    def message(self) -> str:
        wanted = f"the id of {_article(self.expected)} {self.expected}" if self.expected else "an id"
        return f"{self.id[:80]!r} is not {wanted}: send one exactly as the server gave it to you."


@dataclass(eq=False)
class InvalidCursor(Rejection):
    """A cursor that is malformed, or that belongs to another list, filter or order."""

    code: ClassVar[str] = "INVALID_CURSOR"

    @property
    def message(self) -> str:
        return "The cursor does not belong to this list: use one of the same list, with the same filter and order."


@dataclass(eq=False)
class CursorExpired(Rejection):
    """Events behind the cursor have been removed, so resuming from it would leave a gap."""

    code: ClassVar[str] = "CURSOR_EXPIRED"

    @property
    def message(self) -> str:
        return "The events behind this cursor are no longer kept: read the present state again and subscribe anew."


class StoreLost(Exception):
    """The database went away, or had no time: what was being written may or may not be there. It may work later."""


class StoreRefused(Exception):
    """The database refused a statement of ours, which is a defect; what it said is the cause, and goes to the log."""

    def __str__(self) -> str:
        return (
            "The database refused a statement, which is a defect of WrenchAI: please report it with what the log says."
        )


@dataclass(eq=False)
class LeaseLost(Exception):
    """A worker wrote to an execution that another worker owns by now. It must stop at once; nothing was written."""

    execution_id: UUID

    def __str__(self) -> str:
        return f"execution {self.execution_id} is owned by another worker now"


def _article(noun: str) -> str:
    return "an" if noun[:1].lower() in {"a", "e", "i", "o"} else "a"
