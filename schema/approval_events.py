"""Events of approvals."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

import strawberry
from strawberry import Parent

import domain.events as domain
from domain import approval
from domain.approval import ApprovalStatus, Decision, Fallback
from resolvers import approvals
from schema.approval import Approval
from schema.event import Event, tells
from schema.node import Info


async def _approval(root: Parent[domain.EventRecord], info: Info) -> approval.Approval | None:
    event = cast("Any", root.event)
    return await info.context.load(approvals.by_id, UUID(event.approval_id))


@strawberry.type
class ApprovalEvent(Event):
    """What all of them have."""

    name: str = strawberry.field(description="Name of the action within the execution.")
    approval = strawberry.field(
        _approval, graphql_type=Approval | None, description="The approval, as it is now; null when deleted."
    )


@tells(domain.ApprovalRequested)
@strawberry.type(description="An agent asks for permission.")
class ApprovalRequested(ApprovalEvent):
    """See the description."""

    summary: str = strawberry.field(description="What would be done, in a sentence.")
    digest: str = strawberry.field(description="What stands for the action.")


@tells(domain.ApprovalDecided)
@strawberry.type(description="A person has approved or rejected what an agent asked.")
class ApprovalDecided(ApprovalEvent):
    """See the description."""

    decision: Decision = strawberry.field(description="What they said.")
    comment: str = strawberry.field(description="What they said about it; may be empty.")
    status: ApprovalStatus = strawberry.field(
        name="approvalStatus", description="Where the approval was after that: PENDING when it takes more persons."
    )
    self_approved: bool = strawberry.field(
        description="Whether it was approved by the one who dispatched the task, since nobody else could."
    )


@tells(domain.ApprovalExpired)
@strawberry.type(description="Nobody decided in time.")
class ApprovalExpired(ApprovalEvent):
    """See the description."""

    fallback: Fallback = strawberry.field(description="What counts instead.")


@tells(domain.ApprovalVoided)
@strawberry.type(description="The action's arguments have changed: what was asked or permitted before counts no more.")
class ApprovalVoided(ApprovalEvent):
    """See the description."""

    digest: str = strawberry.field(description="What stood for the action before.")
    new_digest: str = strawberry.field(description="What stands for it now; it is asked anew.")


@tells(domain.ApprovalCancelled)
@strawberry.type(description="The execution ended before anybody had decided.")
class ApprovalCancelled(ApprovalEvent):
    """See the description."""
