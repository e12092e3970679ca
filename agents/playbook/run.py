"""One run of a playbook. Whatever is decided is recorded as a step of the execution, and never decided again."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from agents.contract import Action, AgentContext, Child, ChildResult, OnRejection, Step
from agents.playbook.results import evaluated, kept, result_of, shown_as, task_of
from domain.errors import Rejection
from domain.playbooks.document import MOST_ITEMS, Playbook, PlaybookStep
from domain.playbooks.expressions import Expression, ExpressionError, type_of
from domain.playbooks.templates import render
from domain.reports.playbook import PlaybookReport, PlaybookStepResult
from domain.states import TaskStatus
from domain.task import OnFailure

MOST_EDGES = 50
"""Edges that a task gets to those it came of; of larger fan-outs none are drawn."""
MOST_SHOWN = 20
"""Tasks whose inputs are shown to whoever approves a step; the digest covers all of them."""


class StepFailed(Exception):
    """The step cannot be done as it is; the message says why."""


class PlaybookRun:
    """The steps of a playbook, side by side as far as they do not need each other."""

    def __init__(self, playbook: Playbook, inputs: Mapping[str, Any], context: AgentContext) -> None:
        self._playbook = playbook
        self._inputs = inputs
        self._context = context
        self._results: dict[str, asyncio.Task[PlaybookStepResult]] = {}
        self._begin = asyncio.Event()
        self._done = 0

    async def run(self) -> PlaybookReport:
        """Run all steps, and report."""
        async with asyncio.TaskGroup() as group:
            for step in self._playbook.steps:
                self._results[step.id] = group.create_task(self._after_needs(step), name=step.id)
            self._begin.set()
        results = [self._results[step.id].result() for step in self._playbook.steps]
        variables = self._variables(self._results)
        outputs, problems = await asyncio.to_thread(evaluated, self._playbook.outputs, variables)
        return PlaybookReport(
            playbook=self._playbook.name,
            passed=all(one.status is not TaskStatus.FAILED or one.may_fail for one in results),
            steps=results,
            outputs=outputs,
            problems=problems,
        )

    async def _after_needs(self, step: PlaybookStep) -> PlaybookStepResult:
        await self._begin.wait()
        for name in step.needs:
            await asyncio.shield(self._results[name])
        result = self._context.recorded(step.id, returns=PlaybookStepResult)
        if result is not None:
            self._done += 1
            return result
        result = await self._record(kept(await self._result(step)))
        self._done += 1
        await self._context.progress(self._done, len(self._playbook.steps), f"{step.id}: {result.status}")
        return result

    async def _record(self, result: PlaybookStepResult) -> PlaybookStepResult:
        async def record(step: Step) -> PlaybookStepResult:
            await step.log(f"{result.step}: {result.status}" + (f", {result.reason}" if result.reason else ""))
            return result

        return await self._context.step(result.step, record, returns=PlaybookStepResult)

    async def _result(self, step: PlaybookStep) -> PlaybookStepResult:
        variables = self._variables(step.needs)
        try:
            with self._context.working():
                reason = await asyncio.to_thread(self._why_skipped, step, variables)
                if reason is not None:
                    return result_of(step, TaskStatus.SKIPPED, reason)
                children, items = await self._children(step, variables)
            refused = await self._refused(step, children, variables)
            if refused is not None:
                return result_of(step, TaskStatus.FAILED, refused)
            if step.agent is None:
                return result_of(step, TaskStatus.COMPLETED)
            ended = await self._context.spawn(step.id, children)
            with self._context.working():
                return await self._collected(step, items, ended, variables)
        except ExpressionError as error:
            return result_of(step, TaskStatus.FAILED, f"an expression has no value: {error.reason}")
        except StepFailed as error:
            return result_of(step, TaskStatus.FAILED, str(error))
        except Rejection as rejection:
            return result_of(step, TaskStatus.FAILED, rejection.message)

    def _why_skipped(self, step: PlaybookStep, variables: Mapping[str, Any]) -> str | None:
        for name in step.needs:
            needed = self._results[name].result()
            if needed.status is not TaskStatus.COMPLETED and step.on_failure is OnFailure.SKIP:
                return f"it needs {name!r}, which is {needed.status}"
        if step.condition is None:
            return None
        holds = _value(step.condition, variables, "its condition")
        if not isinstance(holds, bool):
            raise StepFailed(f"its condition must be true or false, and is {type_of(holds)}")
        return None if holds else f"its condition is false: {step.condition.source}"

    async def _children(self, step: PlaybookStep, variables: Mapping[str, Any]) -> tuple[list[Child], list[Any]]:
        """The tasks of the step, and the items of its list that they are for.

        Each is put together in a thread: there may be a thousand, and the worker has other executions to keep alive.
        """
        if step.agent is None:
            return [], []
        items = await asyncio.to_thread(self._items, step, variables) if step.fans_out else [None]
        after = self._came_of(step)
        children = []
        for index, item in enumerate(items):
            own = {**variables, "item": item, "index": index} if step.fans_out else dict(variables)
            children.append(await asyncio.to_thread(self._child, step, step.agent, own, after))
        return children, items

    def _child(self, step: PlaybookStep, agent: str, own: Mapping[str, Any], after: tuple[UUID, ...]) -> Child:
        checks = [draft.check(own) for draft in step.checks]
        title = str(render(step.title, own))
        return Child(
            title=f"{self._playbook.title}: {title}"[:300],
            agent=agent,
            inputs=render(step.inputs, own),
            labels=(f"playbook:{self._playbook.name}",),
            timeout=step.timeout,
            retry=step.retry,
            acceptance_checks=tuple(check for check in checks if check is not None),
            after=after,
        )

    def _items(self, step: PlaybookStep, variables: Mapping[str, Any]) -> list[Any]:
        if not isinstance(step.for_each, Expression):
            return [render(one, variables) for one in step.for_each or ()]
        items = _value(step.for_each, variables, "its list")
        if not isinstance(items, list):
            raise StepFailed(f"'for_each' needs a list, and {step.for_each.source} is {type_of(items)}")
        if len(items) > MOST_ITEMS:
            raise StepFailed(f"a step can fan out to at most {MOST_ITEMS:,} tasks; its list has {len(items):,} items")
        return items

    def _came_of(self, step: PlaybookStep) -> tuple[UUID, ...]:
        ids = [
            UUID(task.task_id)
            for name in step.needs
            for task in self._results[name].result().tasks
            if task.task_id is not None
        ]
        return tuple(ids) if len(ids) <= MOST_EDGES else ()

    async def _refused(self, step: PlaybookStep, children: Sequence[Child], variables: Mapping[str, Any]) -> str | None:
        """Why the step may not be done; ``None`` when it may."""
        if step.approve is None:
            return None
        wanted = [{"title": child.title, "inputs": dict(child.inputs)} for child in children]
        written = json.dumps(wanted, sort_keys=True, ensure_ascii=False).encode("utf-8", "surrogatepass")
        shown = wanted[:MOST_SHOWN] if len(written) < 20_000 else []
        answer = await self._context.approve(
            Action(
                name=f"playbook:{step.id}",
                kind="playbook.step",
                summary=str(render(step.approve.summary, variables))[:2_000] or step.id,
                arguments={
                    "playbook": self._playbook.name,
                    "step": step.id,
                    "agent": step.agent,
                    "tasks": len(children),
                    "first": shown,
                    "sha256": hashlib.sha256(written).hexdigest(),
                },
                risk=step.approve.risk,
                expires_in=step.approve.expires_in,
                on_rejection=OnRejection.RETURN,
            )
        )
        if answer.granted:
            return None
        if answer.expired:
            return "nobody approved it in time"
        said = "; ".join(answer.comments)
        return f"it was rejected by {', '.join(answer.by) or 'nobody in particular'}" + (f": {said}" if said else "")

    async def _collected(
        self, step: PlaybookStep, items: list[Any], ended: Sequence[ChildResult], variables: Mapping[str, Any]
    ) -> PlaybookStepResult:
        tasks = []
        for index, (item, child) in enumerate(zip(items, ended, strict=True)):
            own = {**variables, "report": child.report}
            if step.fans_out:
                own |= {"item": item, "index": index}
            tasks.append(await asyncio.to_thread(task_of, step, item, child, own))
        failed = [task for task in tasks if task.status is not TaskStatus.COMPLETED]
        if not failed:
            return result_of(step, TaskStatus.COMPLETED, tasks=tasks)
        first = failed[0]
        reason = f"{first.key or 'its task'} is {first.status}" + (f": {first.reason}" if first.reason else "")
        if len(tasks) > 1:
            reason = f"{len(failed)} of {len(tasks)} tasks did not complete; {reason}"
        return result_of(step, TaskStatus.FAILED, reason, tasks)

    def _variables(self, ended: Sequence[str] | Mapping[str, Any]) -> dict[str, Any]:
        """What expressions may name: the inputs, and the steps that have ended before, by way of others too."""
        pending, seen = list(ended), set[str]()
        needs = {step.id: step.needs for step in self._playbook.steps}
        while pending:
            name = pending.pop()
            if name not in seen:
                seen.add(name)
                pending.extend(needs[name])
        return {"inputs": dict(self._inputs), "steps": {name: shown_as(self._results[name].result()) for name in seen}}


def _value(expression: Expression, variables: Mapping[str, Any], what: str) -> Any:
    try:
        return expression.evaluate(variables)
    except ExpressionError as error:
        raise StepFailed(f"{what} has no value: {error.reason}") from None
