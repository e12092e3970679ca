"""The agent of playbooks in the test kit: what it has others do, without a server."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from agents.contract import AgentFailure, Child, ChildResult, Step
from agents.playbook.agent import PlaybookAgent
from agents.playbook.inputs import PlaybookInputs
from agents.testing import AgentRun, KitContext, run_agent
from agents.tools.playbook_validation import PlaybookDocument, PlaybookProblem, PlaybookValidation, PlaybookVerdict
from domain.quality_gate import QualityGate
from domain.reports.playbook import PlaybookReport
from domain.states import TaskStatus
from domain.task import RetryPolicy

DOCUMENT = """
name: kit
title: Kit
inputs:
  names: {type: list}
steps:
  - id: each
    title: Look at ${{ item.name }}
    agent: inspector
    for_each: inputs.names
    inputs: {engines: ["${{ item.engine }}"], max_cyclomatic: "${{ 5 + index }}"}
    retry: {max_attempts: 3, backoff: 2s}
    timeout: 90s
    checks: [{name: "No ${{ item.name }}", severity: HIGH, maximum: 2}]
    outputs: {n: report.n}
  - id: total
    agent: inspector
    needs: [each]
    if: steps.each.items.exists(i, i.outputs.n > 1)
    approve: Go on with ${{ string(size(steps.each.items)) }}?
    outputs: {text: "string(report.n) + '!'"}
outputs:
  text: steps.total.outputs.text
"""
NAMES = [{"name": "a", "engine": "ruff"}, {"name": "b", "engine": "shell"}]


def ends(child: Child) -> ChildResult:
    return ChildResult(status=TaskStatus.COMPLETED, key="K-1", report={"n": len(child.inputs.get("engines", "xyz"))})


async def run(folder: Path, document: str, inputs: dict[str, Any], **options: Any) -> AgentRun[PlaybookReport]:
    return await run_agent(PlaybookAgent(), folder, PlaybookInputs(document=document, inputs=inputs), **options)


async def test_tasks_are_what_the_document_says(tmp_path: Path) -> None:
    done = await run(tmp_path, DOCUMENT, {"names": NAMES}, children=ends, approvals={"playbook:total": True})
    first, second = done.children
    assert (first.title, first.agent, first.labels) == ("Kit: Look at a", "inspector", ("playbook:kit",))
    assert [child.inputs for child in (first, second)] == [
        {"engines": ["ruff"], "max_cyclomatic": 5},
        {"engines": ["shell"], "max_cyclomatic": 6},
    ]
    assert (first.retry.max_attempts, first.retry.backoff.total_seconds()) == (3, 2)
    assert first.timeout is not None
    assert first.timeout.total_seconds() == 90
    assert [check.name for check in second.acceptance_checks] == ["No b"]
    assert [step.status for step in done.report.steps] == [TaskStatus.COMPLETED, TaskStatus.SKIPPED]
    assert done.report.problems == ["the output 'text' has no value: there is no 'text'"]
    assert done.report.passed
    assert done.unverified == []
    assert [(one[0], one[1]) for one in done.progress] == [(1, 2), (2, 2)]


async def test_what_a_step_gave_decides_the_next_one(tmp_path: Path) -> None:
    def more(child: Child) -> ChildResult:
        return ChildResult(status=TaskStatus.COMPLETED, report={"n": 2})

    done = await run(tmp_path, DOCUMENT, {"names": NAMES}, children=more, approvals={"playbook:total": True})
    (action,) = done.actions
    assert action.summary == "Go on with 2?"
    assert action.arguments["agent"] == "inspector"
    assert action.arguments["first"] == [{"title": "Kit: total", "inputs": {}}]
    assert done.report.outputs == {"text": "2!"}
    assert done.children[-1].retry == RetryPolicy()


async def test_a_task_that_does_not_complete_fails_the_run_with_its_report(tmp_path: Path) -> None:
    def fails(child: Child) -> ChildResult:
        bad = child.inputs["engines"] == ["shell"]
        return ChildResult(
            status=TaskStatus.FAILED if bad else TaskStatus.COMPLETED, key="K-2", reason="no", report={"n": 1}
        )

    with pytest.raises(
        AgentFailure, match="1 of 2 steps did not complete: each: 1 of 2 tasks did not complete"
    ) as failed:
        await run(tmp_path, DOCUMENT, {"names": NAMES}, children=fails)
    report = failed.value.report
    assert isinstance(report, PlaybookReport)
    assert [(step.status, step.reason) for step in report.steps] == [
        (TaskStatus.FAILED, "1 of 2 tasks did not complete; K-2 is FAILED: no"),
        (TaskStatus.SKIPPED, "it needs 'each', which is FAILED"),
    ]
    assert [task.outputs for task in report.steps[0].tasks] == [{"n": 1}, {}]


async def test_a_step_has_failed_when_a_task_of_it_was_cancelled(tmp_path: Path) -> None:
    document = DOCUMENT.partition("  - id: total")[0] + "outputs: {how: 'steps.each.items.map(i, i.status)'}\n"

    def cancelled(child: Child) -> ChildResult:
        return ChildResult(status=TaskStatus.CANCELLED, key="K-4", reason="not now")

    with pytest.raises(AgentFailure, match="each: K-4 is CANCELLED: not now") as failed:
        await run(tmp_path, document, {"names": NAMES[:1]}, children=cancelled)
    report = failed.value.report
    assert isinstance(report, PlaybookReport)
    assert report.steps[0].status is TaskStatus.FAILED
    assert report.outputs == {"how": ["CANCELLED"]}


async def test_an_output_that_has_no_value_fails_the_task_of_the_step(tmp_path: Path) -> None:
    def silent(child: Child) -> ChildResult:
        return ChildResult(status=TaskStatus.COMPLETED, key="K-3")

    with pytest.raises(AgentFailure, match="the output 'n' has no value"):
        await run(tmp_path, DOCUMENT, {"names": NAMES[:1]}, children=silent)


async def test_the_loop_goes_on_between_the_tasks_of_a_large_fan_out(tmp_path: Path) -> None:
    """Heartbeats are sent by the loop that runs the agent."""
    many, turns, at = 300, 0, list[int]()
    document = DOCUMENT.replace("outputs: {n: report.n}", "outputs: {n: report.n, m: report.n + 1}")

    async def turn() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    def counted(child: Child) -> ChildResult:
        at.append(turns)
        return ChildResult(status=TaskStatus.COMPLETED, key="K-1", report={"n": 1})

    beside = asyncio.create_task(turn())
    done = await run(tmp_path, document, {"names": NAMES[:1] * many}, children=counted)
    beside.cancel()
    assert len(done.children) == many
    assert at[0] >= many
    assert turns - at[-1] >= many


async def test_a_rejected_question_is_the_reason(tmp_path: Path) -> None:
    document = "name: ask\nsteps:\n  - {id: go, approve: Go}\n  - {id: then, agent: inspector, needs: [go]}"
    with pytest.raises(AgentFailure, match="go: it was rejected by the test"):
        await run(tmp_path, document, {}, children=ends, approvals={"playbook:go": False})


async def test_outputs_that_are_too_large_are_not_kept(tmp_path: Path) -> None:
    items = ", ".join("1" * 30)
    step = f"{{id: a, agent: inspector, for_each: [{items}], outputs: {{x: report.x}}}}"
    document = f"name: big\nsteps:\n  - {step}"

    def large(child: Child) -> ChildResult:
        return ChildResult(status=TaskStatus.COMPLETED, report={"x": "x" * 90_000})

    with pytest.raises(AgentFailure, match="let them say less") as failed:
        await run(tmp_path, document, {}, children=large)
    assert isinstance(failed.value.report, PlaybookReport)
    assert failed.value.report.steps[0].tasks[0].outputs == {}


@pytest.mark.parametrize(
    ("document", "inputs", "reason"),
    [
        ("name: x\nsteps: []", {}, "line 2, column 8"),
        ("name: x\nsteps: [{id: a, agent: playbook}]", {}, "line 2, column 24: A step cannot run another playbook"),
        ("name: x\ninputs: {a: {type: list}}\nsteps: [{id: a, agent: b}]", {}, "'a' of the playbook has to be given"),
        ("name: x\ninputs: {a: {type: list}}\nsteps: [{id: a, agent: b}]", {"a": 1}, "must be of type list"),
    ],
)
def test_inputs_are_checked_before_anything_begins(document: str, inputs: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        PlaybookInputs(document=document, inputs=inputs)


async def test_the_tool_says_where_the_problems_are(tmp_path: Path) -> None:
    context = KitContext(tmp_path, "test", (), QualityGate(), frozenset())

    async def check(step: Step) -> list[PlaybookVerdict]:
        documents = ("name: x\nsteps: [{id: a, agent: nobody}]", "name: x\nsteps: [{id: a, agent: inspector}]", "x: 1")
        return [await step.call(PlaybookValidation, PlaybookDocument(document=one)) for one in documents]

    wrong, right, other = await context.step("check", check, returns=list[PlaybookVerdict])
    assert [(one.line, one.column) for one in wrong.problems] == [(2, 24)]
    assert (right.valid, right.problems) == (True, [])
    assert PlaybookProblem(line=1, column=1, reason="A playbook needs 'name'.") in other.problems
