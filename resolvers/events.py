"""Where events come from, and the cursors that history and subscriptions share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from domain.events import EventRecord
from domain.execution import Execution
from domain.pages import Page
from domain.reads import FeedFilter
from resolvers.context import Context
from resolvers.cursors import scope

EXECUTION_EVENTS = "execution.events"
"""The list whose cursors ``Execution.events`` and ``executionEvents`` have in common."""


async def of_executions(
    context: Context, executions: Sequence[Execution], args: tuple[Any, ...]
) -> list[Page[EventRecord]]:
    """Events of each execution by sequence. ``args``: page."""
    (page,) = args
    ids = [execution.id for execution in executions]
    return await context.read.events_of(context.workspace_id, ids, page)


def execution_scope(execution_id: UUID) -> str:
    """What the cursors of one execution's events are bound to."""
    return scope(EXECUTION_EVENTS, execution_id)


def feed_scope(workspace_id: UUID, filter_by: FeedFilter) -> str:
    """What the cursors of one feed are bound to: what selects its events, but for what older cursors do not know."""
    if filter_by.approval_events_only:
        return scope("approvalEvents", workspace_id)
    if filter_by.message_events_only:
        return scope("messages", workspace_id, filter_by.task_ids)
    selects = {
        "project_id": filter_by.project_id,
        "task_ids": filter_by.task_ids,
        "task_events_only": filter_by.task_events_only,
    }
    return scope("feed", workspace_id, selects)
