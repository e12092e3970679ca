"""Expected failures of mutations: data, each with a published code and what a client needs to act."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Annotated, Any, TypeAlias, TypeVar, cast
from uuid import UUID

import strawberry
from strawberry import Parent
from strawberry.types.base import get_object_definition
from strawberry.utils.str_converters import to_camel_case

from domain import errors
from domain.error_codes import ErrorCode
from domain.ledger import Account
from domain.playbooks import PlaybookInvalid as PlaybookRefused
from domain.units import written
from schema.approval import Approval
from schema.blocking import BlockReason
from schema.budget import Budget
from schema.execution import Execution
from schema.finding import Finding
from schema.memory import Memory
from schema.node import resolved_by
from schema.node_ids import encode
from schema.playbook import Playbook, PlaybookProblem
from schema.project import Project
from schema.task import Task

Shown = TypeVar("Shown", bound=type)

_NAMES: dict[type, str] = {}


@dataclass(frozen=True, slots=True)
class Refusal:
    """A rejection as a value: an exception among the values of a list would be raised, not shown."""

    rejection: errors.Rejection

    def __getattr__(self, name: str) -> Any:
        return getattr(self.rejection, name)


def refuses(*classes: type[errors.Rejection]) -> Callable[[Shown], Shown]:
    """Show these rejections as the decorated type."""

    def decorate(shown: Shown) -> Shown:
        definition = get_object_definition(shown, strict=True)
        definition.is_type_of = lambda value, _info: isinstance(value.rejection, classes)
        _NAMES.update(dict.fromkeys(classes, definition.name))
        return shown

    return decorate


DOCUMENTS = frozenset({"arguments", "inputs", "metadata"})
"""Fields of an input that hold a client's own JSON: the names in there are not ours, and stay as they are."""


def _path(root: Parent[Refusal]) -> list[str]:
    path = root.rejection.path
    ours = next((place + 1 for place, part in enumerate(path) if part in DOCUMENTS), len(path))
    return [*(to_camel_case(part) for part in path[:ours]), *path[ours:]]


@resolved_by(lambda refusal: _NAMES[type(refusal.rejection)])
@strawberry.interface(description="Why a mutation changed nothing. New kinds may be added.")
class UserError:
    """What all expected failures have."""

    message: str = strawberry.field(description="What is wrong and what to do, in one sentence for a person.")
    code: ErrorCode = strawberry.field(description="The kind of failure.")
    path = strawberry.field(_path, description="Names of the input fields that lead to the cause; empty for none.")


@refuses(errors.Invalid, errors.InvalidId, errors.InvalidCursor, errors.CursorExpired)
@strawberry.type(description="A value of the input cannot be accepted.")
class ValidationError(UserError):
    """See the description."""


@refuses(PlaybookRefused)
@strawberry.type(description="The document is no playbook that could be run here.")
class PlaybookInvalid(UserError):
    """See the description."""

    problems: list[PlaybookProblem] = strawberry.field(description="Everything that is wrong, in its order.")


@refuses(errors.NotFound)
@strawberry.type(description="A thing that the input names does not exist, or not for you.")
class NotFoundError(UserError):
    """See the description."""

    noun: str = strawberry.field(description="What kind of thing it is, for example task.")
    id: str = strawberry.field(
        name="missingId", description="What it was named by: its id, or its place when it has none."
    )


@refuses(errors.Denied)
@strawberry.type(description="You lack a permission.")
class PermissionDenied(UserError):
    """See the description."""

    permission: str = strawberry.field(description="The permission you lack, for example tasks:dispatch.")


Versioned: TypeAlias = Annotated[
    Task | Project | Finding | Approval | Memory | Playbook,
    strawberry.union("Versioned", description="Anything that has a version."),
]


@refuses(errors.VersionConflict)
@strawberry.type(description="Somebody changed the thing since you read it.")
class VersionConflict(UserError):
    """See the description."""

    expected: int = strawberry.field(description="The version you expected.")
    current: Versioned = strawberry.field(description="The thing as it is now.")


@refuses(errors.DependencyCycle)
@strawberry.type(description="The tasks would wait for each other.")
class DependencyCycle(UserError):
    """See the description."""

    cycle: list[Task] = strawberry.field(description="Who waits for whom; the first task is repeated at the end.")


@refuses(errors.NotDispatchable)
@strawberry.type(description="The task cannot be dispatched in the state it is in.")
class NotDispatchable(UserError):
    """See the description."""

    task: Task = strawberry.field(description="The task.")
    blocked_by: list[BlockReason] = strawberry.field(description="What it waits for, if that is the reason.")


def _account(root: Parent[Refusal]) -> Account:
    return cast("Account", root.account)


def _parts(name: str) -> Callable[[Refusal], Decimal]:
    def amount(root: Parent[Refusal]) -> Decimal:
        account = _account(root)
        return written(account.unit, root.wanted if name == "wanted" else getattr(account, name))

    return amount


@refuses(errors.BudgetExceeded)
@strawberry.type(description="A budget does not allow it. Nothing was spent.")
class BudgetExceeded(UserError):
    """See the description."""

    budget = strawberry.field(_account, graphql_type=Budget, description="The budget.")
    limit = strawberry.field(_parts("limit"), description="How much it allows.")
    spent = strawberry.field(_parts("spent"), description="What of it was spent.")
    reserved = strawberry.field(_parts("reserved"), description="What of it is set aside for calls that are under way.")
    wanted = strawberry.field(_parts("wanted"), description="What was wanted; 0 when nothing is left at all.")


@refuses(errors.NotRetryable)
@strawberry.type(description="The task cannot be retried in the state it is in.")
class NotRetryable(UserError):
    """See the description."""

    task: Task = strawberry.field(description="The task.")


Cancellable: TypeAlias = Annotated[
    Task | Execution, strawberry.union("Cancellable", description="Anything that can be cancelled.")
]


@refuses(errors.NotCancellable)
@strawberry.type(description="It has ended already.")
class NotCancellable(UserError):
    """See the description."""

    subject: Cancellable = strawberry.field(description="What was to be cancelled, as it is now.")


@refuses(errors.IdempotencyKeyReused)
@strawberry.type(description="The idempotency key was used for another request.")
class IdempotencyKeyReused(UserError):
    """See the description."""

    key: str = strawberry.field(description="The key.")


@refuses(errors.IllegalTransition)
@strawberry.type(description="The state machine has no such move.")
class IllegalTransition(UserError):
    """See the description."""

    noun: str = strawberry.field(description="What kind of thing it is, for example finding.")
    current: str = strawberry.field(name="fromState", description="The state it is in.")
    target: str = strawberry.field(name="toState", description="The state it cannot go to from there.")


@refuses(errors.SecretUnreadable)
@strawberry.type(description="A secret cannot be sealed or opened.")
class SecretUnreadable(UserError):
    """See the description."""

    name: str = strawberry.field(name="secretName", description="Its name.")


@refuses(errors.ApprovalEnded)
@strawberry.type(description="It was decided, has expired, or is of no use any more.")
class ApprovalEnded(UserError):
    """See the description."""

    approval: Approval = strawberry.field(description="The approval, as it is now.")


@refuses(errors.DigestMismatch)
@strawberry.type(description="The action is not the one whose digest you gave: read it again.")
class DigestMismatch(UserError):
    """See the description."""

    approval: Approval = strawberry.field(description="The approval, as it is now.")


@refuses(errors.AlreadyVoted)
@strawberry.type(description="You have approved it already, and it takes more persons.")
class AlreadyVoted(UserError):
    """See the description."""

    approval: Approval = strawberry.field(description="The approval, as it is now.")


@refuses(errors.SecondPersonNeeded)
@strawberry.type(description="You dispatched the task, so another member has to approve what its agent asks.")
class SecondPersonNeeded(UserError):
    """See the description."""

    approval: Approval = strawberry.field(description="The approval, as it is now.")


@refuses(errors.MessageUndeliverable)
@strawberry.type(description="Nobody is there, or will be, to whom the message could be given.")
class MessageNotDelivered(UserError):
    """See the description."""

    task: Task = strawberry.field(description="The task whose agent was to get it.")
    reason: str = strawberry.field(description="Why.")


def shown(rejection: errors.Rejection) -> errors.Rejection:
    """The rejection as a client may see it: with a global id where the use case names a UUID."""
    if not isinstance(rejection, errors.NotFound):
        return rejection
    try:
        return replace(rejection, id=encode(rejection.noun.capitalize(), UUID(rejection.id)))
    except ValueError:
        return rejection


ERROR_TYPES = (
    ValidationError,
    PlaybookInvalid,
    NotFoundError,
    PermissionDenied,
    VersionConflict,
    DependencyCycle,
    NotDispatchable,
    BudgetExceeded,
    NotRetryable,
    NotCancellable,
    IdempotencyKeyReused,
    IllegalTransition,
    SecretUnreadable,
    ApprovalEnded,
    DigestMismatch,
    AlreadyVoted,
    SecondPersonNeeded,
    MessageNotDelivered,
)
"""Every kind of expected failure."""
