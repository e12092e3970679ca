"""Why a task waits."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, TypeAlias

import strawberry
from strawberry import Parent

import domain.blocking as domain
from domain.ledger import Account
from domain.message import MessageType
from domain.task import OnFailure
from schema.node import represents

if TYPE_CHECKING:
    from schema.approval import Approval
    from schema.budget import Budget
    from schema.message import Message
    from schema.task import Task


@represents(domain.WaitsForDependency)
@strawberry.type(description="Another task has to complete first; or it has failed and the dependency says to block.")
class WaitsForDependency:
    """A dependency that is not met."""

    task: Annotated[Task, strawberry.lazy("schema.task")] = strawberry.field(description="The task that is waited for.")
    on_failure: OnFailure = strawberry.field(description="What happens when that task does not complete.")


@represents(domain.WaitsForSlot)
@strawberry.type(description="The agent works on as many executions as it may at once.")
class WaitsForSlot:
    """The agent's limit is reached."""

    agent: str = strawberry.field(name="agentKind", description="Kind of the agent.")
    limit: int = strawberry.field(description="How many executions of it may run at once.")
    running: int = strawberry.field(description="How many run now.")


@represents(domain.WaitsForWorker)
@strawberry.type(description="No live worker offers the agent: start one, or install the agent there.")
class WaitsForWorker:
    """Nobody can do it."""

    agent: str = strawberry.field(name="agentKind", description="Kind of the agent.")


@represents(domain.WaitsForRoom)
@strawberry.type(description="The workers that offer the agent begin nothing new: free some space on their disks.")
class WaitsForRoom:
    """Disks are nearly full."""

    agent: str = strawberry.field(name="agentKind", description="Kind of the agent.")


@represents(domain.WaitsForTime)
@strawberry.type(description="The next attempt starts later, as the retry policy says.")
class WaitsForTime:
    """A pause before the next attempt."""

    until: datetime = strawberry.field(description="When it may start.")


@represents(domain.WaitsForApproval)
@strawberry.type(description="Its agent has asked for permission: approve or reject it.")
class WaitsForApproval:
    """A question without an answer."""

    approval: Annotated[Approval, strawberry.lazy("schema.approval")] = strawberry.field(description="What it asks.")


@represents(domain.WaitsForChildren)
@strawberry.type(description="Its execution has started tasks as parts of it, which have to end first: see children.")
class WaitsForChildren:
    """Children at work."""

    at_work: int = strawberry.field(description="How many of them have not ended.")


def _name(root: Parent[domain.WaitsForMessage]) -> str:
    return root.wait.name


def _types(root: Parent[domain.WaitsForMessage]) -> list[MessageType]:
    return list(root.wait.types)


def _until(root: Parent[domain.WaitsForMessage]) -> datetime | None:
    return root.wait.expires_at


@represents(domain.WaitsForMessage)
@strawberry.type(description="Its agent waits for a message: the next one, or the answer to a request of its own.")
class WaitsForMessage:
    """A message that has not come."""

    name = strawberry.field(
        _name, graphql_type=str, description="Name of the request, or of the step that handles the message."
    )
    types = strawberry.field(
        _types,
        name="messageTypes",
        graphql_type=list[MessageType],
        description="Types that it waits for; empty when it waits for an answer.",
    )
    request: Annotated[Message, strawberry.lazy("schema.message")] | None = strawberry.field(
        description="Its request that is to be answered, if it waits for that."
    )
    expires_at = strawberry.field(
        _until, graphql_type=datetime | None, description="When it goes on without; null when it does not."
    )


def _budget(root: Parent[domain.WaitsForBudget]) -> Account:
    return root.account


@represents(domain.WaitsForBudget)
@strawberry.type(description="Nothing is left of a budget: it is not dispatched until somebody raises it.")
class WaitsForBudget:
    """A budget is used up."""

    budget = strawberry.field(
        _budget,
        graphql_type=Annotated["Budget", strawberry.lazy("schema.budget")],
        description="The budget: its own, or one of something above it.",
    )


BlockReason: TypeAlias = Annotated[
    WaitsForDependency
    | WaitsForSlot
    | WaitsForWorker
    | WaitsForRoom
    | WaitsForTime
    | WaitsForApproval
    | WaitsForChildren
    | WaitsForMessage
    | WaitsForBudget,
    strawberry.union("BlockReason", description="Why nothing happens with a task. The list may grow."),
]
