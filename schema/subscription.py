"""The root of subscriptions: the event log, live and resumable."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from operator import attrgetter
from typing import Annotated, TypeAlias
from uuid import UUID

import strawberry
from strawberry import ID, UNSET

from domain.errors import NotFound
from domain.reads import FeedFilter
from resolvers import approvals, executions, messages, subscriptions, tasks
from resolvers.delivery import Delivery
from schema.absence import given
from schema.approval import Approval
from schema.errors import shown
from schema.event import Event
from schema.execution import Execution
from schema.filters import EventsWhere, task_event_filter
from schema.message import Message
from schema.node import Info
from schema.node_ids import decode_as
from schema.scalars import Cursor
from schema.task import Task
from schema.together import loaded

Resume: TypeAlias = Annotated[
    Cursor | None,
    strawberry.argument(
        description="Resume behind this cursor, one that this subscription sent with the same arguments."
    ),
]


_task = loaded(tasks.by_id, attrgetter("event.subject.task_id"))
_execution = loaded(executions.by_id, attrgetter("event.subject.execution_id"))
_approval = loaded(approvals.by_id, lambda delivery: UUID(delivery.event.event.approval_id))
_message = loaded(messages.by_id, lambda delivery: UUID(delivery.event.event.message_id))


@strawberry.type
class Update:
    """What all updates have."""

    cursor: Cursor = strawberry.field(description="Where to resume after this event.")
    event: Event = strawberry.field(description="What happened.")


@strawberry.type(description="An event of one execution, and the execution as it is now.")
class ExecutionUpdate(Update):
    """See the description."""

    execution = strawberry.field(
        _execution, graphql_type=Execution | None, description="The execution, as it is now; null when deleted."
    )


@strawberry.type(description="An event of a task, and the task as it is now.")
class TaskUpdate(Update):
    """See the description."""

    task = strawberry.field(_task, graphql_type=Task | None, description="The task, as it is now; null when deleted.")
    execution = strawberry.field(
        _execution, graphql_type=Execution | None, description="The execution the event is about, if it is about one."
    )


@strawberry.type(description="An event of the workspace.")
class WorkspaceUpdate(Update):
    """See the description."""


@strawberry.type(description="An event of an approval, and the approval as it is now.")
class ApprovalUpdate(Update):
    """See the description."""

    approval = strawberry.field(
        _approval, graphql_type=Approval | None, description="The approval, as it is now; null when deleted."
    )


@strawberry.type(description="An event of a message, and the message as it is now.")
class MessageUpdate(Update):
    """See the description."""

    message = strawberry.field(
        _message, graphql_type=Message | None, description="The message, as it is now; null when deleted."
    )


async def _execution_events(
    info: Info,
    execution_id: Annotated[ID, strawberry.argument(description="The execution.")],
    after: Resume = UNSET,
) -> AsyncGenerator[Delivery, None]:
    uuid = decode_as("Execution", execution_id, path=("executionId",))
    try:
        async with aclosing(subscriptions.execution_events(info.context, uuid, given(after))) as deliveries:
            async for delivery in deliveries:
                yield delivery
    except NotFound as missing:
        raise shown(missing) from None


def _task_events(info: Info, filter: EventsWhere = UNSET, after: Resume = UNSET) -> AsyncGenerator[Delivery, None]:
    return subscriptions.feed(info.context, task_event_filter(filter), given(after))


def _workspace_events(info: Info, after: Resume = UNSET) -> AsyncGenerator[Delivery, None]:
    return subscriptions.feed(info.context, FeedFilter(), given(after))


def _approval_events(info: Info, after: Resume = UNSET) -> AsyncGenerator[Delivery, None]:
    return subscriptions.feed(info.context, FeedFilter(approval_events_only=True), given(after))


def _messages(
    info: Info,
    task_id: Annotated[
        ID | None, strawberry.argument(description="Only of messages that this task's agents have sent or been sent.")
    ] = UNSET,
    after: Resume = UNSET,
) -> AsyncGenerator[Delivery, None]:
    named = given(task_id)
    tasks_ = () if named is None else (decode_as("Task", named, path=("taskId",)),)
    return subscriptions.feed(info.context, FeedFilter(task_ids=tasks_, message_events_only=True), given(after))


@strawberry.type(
    description=(
        "Changes as they happen. Each update carries a cursor: resume with after, and nothing is missed or doubled."
    )
)
class Subscription:
    """The root of subscriptions."""

    execution_events = strawberry.subscription(
        _execution_events,
        graphql_type=AsyncGenerator[ExecutionUpdate, None],
        description="Everything that happens to one execution, from its beginning on; ends with its last event.",
    )
    task_events = strawberry.subscription(
        _task_events,
        graphql_type=AsyncGenerator[TaskUpdate, None],
        description="What happens to tasks and their executions, from now on; log lines and progress are left out.",
    )
    workspace_events = strawberry.subscription(
        _workspace_events,
        graphql_type=AsyncGenerator[WorkspaceUpdate, None],
        description="What happens in the workspace, from now on; log lines and progress are left out.",
    )
    approval_events = strawberry.subscription(
        _approval_events,
        graphql_type=AsyncGenerator[ApprovalUpdate, None],
        description="What is asked, decided, voided or has expired in the workspace, from now on.",
    )
    messages = strawberry.subscription(
        _messages,
        graphql_type=AsyncGenerator[MessageUpdate, None],
        description="What is sent, delivered and handled in the workspace, or for one task, from now on.",
    )
