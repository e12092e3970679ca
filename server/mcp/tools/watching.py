"""Waiting for a task, with progress meanwhile, and its report."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import aclosing
from typing import Annotated, Any

from mcp.server.mcpserver import Context, MCPServer
from pydantic import Field

from server.client.pauses import awaited
from server.mcp.api import Api, api_of, not_found
from server.mcp.below import ENDED, shown_with_below
from server.mcp.documents import EVENTS
from server.mcp.naming import TaskName, task_named
from server.mcp.offering import READS, offer
from server.mcp.reports import report_of
from server.mcp.results import Asker, Failure, Report, Task, Watched

RESTS = ENDED | {"PENDING", "AWAITING_APPROVAL"}
"""States in which nothing happens any more unless somebody does something."""
AT_WORK = frozenset({"QUEUED", "RUNNING"})
TURNS = frozenset({"ExecutionFinished", "ExecutionPaused"})
"""Events behind which the task has to be looked at."""
LOOK = 1.0
"""Seconds between two looks at a task that has no execution yet."""


def register(server: MCPServer) -> None:
    """Add the tools."""
    offer(server, watch_task, "Watch a task", READS)
    offer(server, get_report, "Read a report", READS)


async def watch_task(
    context: Context,
    task: TaskName,
    timeout_seconds: Annotated[
        float, Field(gt=0, le=3600, description="How long to wait; then it answers how things stand.")
    ] = 300,
) -> Watched:
    """Wait until a task has ended or an approval is asked for, with progress meanwhile, and read its report.

    Approvals are those of its agent, and those of the agents of tasks below it that it waits for. A task that was never
    dispatched is answered at once. Where the time is over first, `timedOut` is true and `waitsFor` says what it waits
    for: watch it again, nothing is lost.
    """
    api = api_of(context)
    watch = _Watch(api, context)
    timed_out = False
    try:
        async with asyncio.timeout(timeout_seconds):
            found = await watch.until_rest(task)
    except TimeoutError:
        timed_out = True
        found = await shown_with_below(api, await task_named(api, task))
    ended = found.status in ENDED
    execution = found.latest_execution
    report = (await report_of(api, execution.id))["result"] if ended and execution else None
    return Watched(task=found, ended=ended, timed_out=timed_out and not ended, report=report)


async def get_report(
    context: Context,
    task: TaskName | None = None,
    execution: Annotated[str | None, Field(description="The id of an execution, instead of a task.")] = None,
) -> Report:
    """Read what the agent reported in an execution, or in the latest one of a task."""
    api = api_of(context)
    if execution is None:
        latest = None if task is None else (await task_named(api, task))["latestExecution"]
        if latest is None:
            raise not_found("execution of", task or "nothing")
        execution = latest["id"]
    found = await report_of(api, str(execution))
    return Report(
        execution=Asker.model_validate(found),
        status=found["status"],
        error=None if found["error"] is None else Failure.model_validate(found["error"]),
        report=found["result"],
    )


class _Watch:
    """Follows a task through its executions and tells the client each step."""

    def __init__(self, api: Api, context: Context) -> None:
        self._api = api
        self._context = context
        self._told = 0
        self._said = ""
        self._cursors: dict[str, str] = {}

    async def until_rest(self, name: str) -> Task:
        """The task, once nothing happens with it any more, or what it waits for asks for an approval."""
        while True:
            task = await shown_with_below(self._api, await task_named(self._api, name))
            await self._say(" ".join([f"{task.key} is {task.status}.", *task.waits_for]))
            execution = task.latest_execution
            at_work = execution is not None and execution.status in AT_WORK
            if task.status in RESTS or (task.approvals and not at_work):
                return task
            if execution is not None and at_work:
                await self._follow(execution.id)
            else:
                await asyncio.sleep(LOOK)

    async def _follow(self, execution_id: str) -> None:
        variables = {"id": execution_id, "after": self._cursors.get(execution_id)}
        async with aclosing(self._api.subscribe(EVENTS, variables)) as updates:
            async for data in updates:
                update = data["executionEvents"]
                self._cursors[execution_id] = update["cursor"]
                said = _sentence(update["event"])
                if said:
                    await self._say(said)
                if update["event"]["__typename"] in TURNS:
                    return

    async def _say(self, sentence: str) -> None:
        if sentence != self._said:
            self._said = sentence
            self._told += 1
            await self._context.report_progress(self._told, message=sentence)


_SENTENCES: Mapping[str, str] = {
    "ExecutionStarted": "A worker has it.",
    "ExecutionRequeued": "Back in the queue: {reason}",
    "ApprovalRequested": "{name}: {summary}",
    "SourcePrepared": "The source is there: {sourceState}",
    "StepStarted": "{step} …",
    "StepSucceeded": "{step} is done.",
    "StepFailed": "{step} failed: {message}",
    "RecoveryAttempted": "{step}: {action}: {message}",
    "ProgressChanged": "{done} of {total} {message}",
    "ToolCallStarted": "{step}: {tool}",
    "FindingsRecorded": "{step}: {new} new findings, {persisting} known ones",
    "CancelRequested": "{by} cancels it.",
    "ExecutionFinished": "It ended: {outcome}",
}


def _sentence(event: Mapping[str, Any]) -> str:
    """What an event says to whoever waits; nothing for those that say nothing new."""
    if event["__typename"] == "ExecutionPaused":
        return f"It waits for {awaited(event)}."
    return _SENTENCES.get(event["__typename"], "").format(**event).rstrip()
