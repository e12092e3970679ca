"""Tasks: create, dispatch, retry, cancel."""

from __future__ import annotations

from typing import Annotated, Any

from mcp.server.mcpserver import Context, MCPServer
from pydantic import Field

from domain.states import TaskStatus
from server.mcp.api import api_of, perform
from server.mcp.below import shown_with_below
from server.mcp.documents import CANCEL_TASK, CREATE_TASK, DISPATCH_TASK, RETRY_TASK, TASKS
from server.mcp.naming import After, Key, Most, ProjectName, TaskName, project_named, task_named
from server.mcp.offering import DECIDES, READS, STARTS, offer
from server.mcp.results import Task, Tasks
from server.mcp.showing import cursor_behind, shown_task


def register(server: MCPServer) -> None:
    """Add the tools."""
    offer(server, list_tasks, "List tasks", READS)
    offer(server, get_task, "Look at a task", READS)
    offer(server, create_task, "Create a task", STARTS)
    offer(server, dispatch_task, "Dispatch a task", STARTS)
    offer(server, retry_task, "Retry a task", STARTS)
    offer(server, cancel_task, "Cancel a task", DECIDES)


async def list_tasks(
    context: Context,
    project: ProjectName | None = None,
    status: Annotated[list[TaskStatus] | None, Field(description="Only tasks in one of these states.")] = None,
    agent: Annotated[str | None, Field(description="Only tasks of this kind of agent.")] = None,
    first: Most = 50,
    after: After = None,
) -> Tasks:
    """List tasks, the newest first: their states, why they wait, and their latest executions."""
    api = api_of(context)
    where = {
        "projectId": None if project is None else (await project_named(api, project))["id"],
        "status": status,
        "agent": agent,
    }
    given = {name: value for name, value in where.items() if value is not None}
    found = (await api.query(TASKS, {"filter": given, "first": first, "after": after}))["tasks"]
    return Tasks(tasks=[shown_task(one) for one in found["nodes"]], next_cursor=cursor_behind(found))


async def get_task(context: Context, task: TaskName) -> Task:
    """Look at a task: its state, why it waits, what it or one below it asks, and its latest execution."""
    api = api_of(context)
    return await shown_with_below(api, await task_named(api, task))


async def create_task(
    context: Context,
    project: ProjectName,
    title: Annotated[str, Field(description="What is to be done, in a line.")],
    agent: Annotated[str, Field(description="The kind of agent that does it; see list_agents.")],
    inputs: Annotated[
        dict[str, Any] | None, Field(description="What the agent is given; its inputSchema says what fits.")
    ] = None,
    description: Annotated[str, Field(description="More about it.")] = "",
    depends_on: Annotated[
        list[str] | None, Field(description="Keys or ids of tasks that have to complete first.")
    ] = None,
    dispatch: Annotated[bool, Field(description="Send it to its agent at once.")] = False,
    idempotency_key: Key = None,
) -> Task:
    """Create a task in a project, and dispatch it when asked to."""
    api = api_of(context)
    draft: dict[str, Any] = {"title": title, "agent": agent, "description": description}
    if inputs is not None:
        draft["inputs"] = inputs
    if depends_on:
        draft["dependsOn"] = [{"on": {"taskId": (await task_named(api, one))["id"]}} for one in depends_on]
    asked = {
        "projectId": (await project_named(api, project))["id"],
        "task": draft,
        "dispatch": dispatch,
        "idempotencyKey": idempotency_key,
    }
    return shown_task((await perform(api, CREATE_TASK, "createTask", asked))["task"])


async def dispatch_task(context: Context, task: TaskName, idempotency_key: Key = None) -> Task:
    """Send a task to its agent. One whose dependencies are not done waits, and starts by itself."""
    return await _about(context, DISPATCH_TASK, "dispatchTask", task, idempotencyKey=idempotency_key)


async def retry_task(context: Context, task: TaskName, idempotency_key: Key = None) -> Task:
    """Try a task that failed, was cancelled or timed out once more, as a new execution."""
    return await _about(context, RETRY_TASK, "retryTask", task, idempotencyKey=idempotency_key)


async def cancel_task(
    context: Context, task: TaskName, reason: Annotated[str | None, Field(description="Why.")] = None
) -> Task:
    """Cancel a task: at once if it waits, else as soon as no process of its execution is left."""
    return await _about(context, CANCEL_TASK, "cancelTask", task, reason=reason)


async def _about(context: Context, document: str, mutation: str, task: str, **asked: Any) -> Task:
    api = api_of(context)
    task_id = (await task_named(api, task))["id"]
    return shown_task((await perform(api, document, mutation, {"taskId": task_id, **asked}))["task"])
