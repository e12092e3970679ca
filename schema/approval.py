"""Approvals: what agents ask before they do something outside."""

from __future__ import annotations

from datetime import datetime
from operator import attrgetter
from typing import TYPE_CHECKING, Annotated

import strawberry
from strawberry import Parent

import domain.approval as domain
from domain.actor import Permission
from domain.approval import ApprovalStatus, Decision, Fallback
from domain.severity import Severity
from resolvers import approvals, executions, tasks
from schema.node import Node, represents
from schema.scalars import JSON
from schema.together import loaded

if TYPE_CHECKING:
    from schema.execution import Execution
    from schema.task import Task

LazyExecution = Annotated["Execution", strawberry.lazy("schema.execution")]
LazyTask = Annotated["Task", strawberry.lazy("schema.task")]


@strawberry.type(description="What an agent wants to do, outside of its checkout.")
class Action:
    """The question."""

    name: str = strawberry.field(description="Its name within the execution.")
    kind: str = strawberry.field(description="What sort of thing it is, for example git.push.")
    summary: str = strawberry.field(description="What would be done, in a sentence for whoever decides.")
    arguments: JSON = strawberry.field(description="All that makes a difference to what is done.")
    risk: Severity = strawberry.field(description="How bad it would be if it went wrong.")
    digest: str = strawberry.field(
        description="Stands for the agent, the kind and the arguments. Give it with your decision: "
        "what is decided is then exactly what you have read."
    )


@strawberry.type(description="What one person has said to an action.")
class ApprovalVote:
    """A decision."""

    actor: str = strawberry.field(description="Who, as events name them.")
    decision: Decision = strawberry.field(description="Yes or no.")
    comment: str = strawberry.field(description="What they said about it; may be empty.")
    own: bool = strawberry.field(description="Whether it is by the one who dispatched the task.")
    at: datetime = strawberry.field(description="When.")


@strawberry.type(description="What you may do with an approval in the state it is in.")
class ApprovalRights:
    """What the viewer may do."""

    approve: bool = strawberry.field(description="Approve it.")
    reject: bool = strawberry.field(description="Reject it.")


def _action(root: Parent[domain.Approval]) -> domain.Approval:
    return root


_votes = loaded(approvals.votes_of)
_rights = loaded(approvals.rights)
_execution = loaded(executions.by_id, attrgetter("execution_id"))
_task = loaded(tasks.by_id, attrgetter("task_id"))


@represents(domain.Approval)
@strawberry.type(description="An agent's question whether it may do something, and the answer once there is one.")
class Approval(Node):
    """A question to a person."""

    action = strawberry.field(_action, graphql_type=Action, description="What the agent wants to do.")
    status: ApprovalStatus = strawberry.field(description="Where it is in its life.")
    granted: bool = strawberry.field(description="Whether the action may be done.")
    permission: Permission = strawberry.field(
        name="neededPermission", description="What whoever decides must have, beside APPROVE."
    )
    quorum: int = strawberry.field(description="How many different persons have to approve. One rejection is enough.")
    votes = strawberry.field(
        _votes, graphql_type=list[ApprovalVote], description="What people have said, the oldest first."
    )
    expires_at: datetime | None = strawberry.field(description="When the fallback counts, if nobody decides before.")
    fallback: Fallback = strawberry.field(description="What it amounts to when nobody decides in time.")
    requested_by: str | None = strawberry.field(description="Who dispatched the task whose agent asks.")
    requested_at: datetime = strawberry.field(description="When it was asked.")
    decided_at: datetime | None = strawberry.field(description="When it came to its end.")
    self_approved: bool = strawberry.field(
        description="Whether it was approved by the one who dispatched the task, since nobody else could."
    )
    version: int = strawberry.field(description="Grows with each change; give it as expectedVersion.")
    execution = strawberry.field(_execution, graphql_type=LazyExecution | None, description="The execution that asks.")
    task = strawberry.field(_task, graphql_type=LazyTask | None, description="The task that the execution is of.")
    viewer_can = strawberry.field(
        _rights, graphql_type=ApprovalRights, description="What you may do with it, now and in its state."
    )
