"""Where messages come from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from domain.execution import Execution
from domain.message import Message
from domain.pages import Page
from domain.task import Task
from resolvers.context import Context


async def by_id(context: Context, ids: Sequence[UUID], _args: tuple[Any, ...]) -> list[Message | None]:
    """Messages, or ``None`` for what is not there for whoever asks."""
    return await context.read.messages_by_id(context.workspace_id, ids)


async def of_tasks(context: Context, tasks: Sequence[Task], args: tuple[Any, ...]) -> list[Page[Message]]:
    """What each task's mailbox got, and what was sent for the task, the oldest first. ``args``: page."""
    (page,) = args
    return await context.read.messages_of_tasks(context.workspace_id, [task.id for task in tasks], page)


async def of_executions(
    context: Context, executions: Sequence[Execution], args: tuple[Any, ...]
) -> list[Page[Message]]:
    """What each execution has sent and taken, and what was sent to it alone, the oldest first. ``args``: page."""
    (page,) = args
    ids = [execution.id for execution in executions]
    return await context.read.messages_of_executions(context.workspace_id, ids, page)


async def answers_to(context: Context, messages: Sequence[Message], _args: tuple[Any, ...]) -> list[Message | None]:
    """The answer to each message, ``None`` where there is none."""
    return await context.read.answers_to(context.workspace_id, [message.id for message in messages])
