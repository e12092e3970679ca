"""Playbooks on the whole platform: what their steps become, and what is reported of each."""

from __future__ import annotations

import pytest

from tests.engine.conftest import Board
from tests.engine.playbooks import by_step, ended, seen, start

FAN_OUT = """
name: fan-out
title: Fan out
inputs:
  numbers: {type: list}
  journal: {}
steps:
  - id: each
    title: Number ${{ item }}
    agent: probe
    for_each: inputs.numbers
    inputs: {steps: "${{ item }}", journal: "${{ inputs.journal }}"}
    outputs: {done: report.outputs.size()}
  - id: sum
    agent: probe
    needs: [each]
    if: steps.each.items.all(i, i.status == 'COMPLETED')
    inputs: {steps: "${{ steps.each.items.filter(i, i.outputs.done > 1).size() }}"}
    outputs: {many: report.outputs.size()}
outputs:
  done: steps.each.items.map(i, i.outputs.done)
  many: steps.sum.outputs.many
"""


@pytest.mark.verify
async def test_a_fan_out_of_twenty_runs_and_its_outputs_decide_what_follows(board: Board) -> None:
    numbers = [1 + n % 3 for n in range(20)]
    await start(board, "Fan", FAN_OUT, numbers=numbers, journal=str(board.folder / "all.journal"))
    task = await ended(board, "Fan")
    execution = task["latestExecution"]
    report = execution["result"]
    assert (report["playbook"], report["passed"], report["problems"]) == ("fan-out", True, [])
    assert report["outputs"] == {"done": numbers, "many": sum(number > 1 for number in numbers)}
    each = by_step(task)["each"]
    assert (each["fansOut"], [one["item"] for one in each["tasks"]]) == (True, numbers)
    assert [one["task"]["title"] for one in each["tasks"]] == [f"Fan out: Number {number}" for number in numbers]
    children = task["children"]["nodes"]
    assert len(children) == 21
    assert {(one["status"], one["agentKind"]) for one in children} == {("COMPLETED", "probe")}
    last = children[-1]
    assert sorted(edge["dependsOn"]["key"] for edge in last["dependencies"]["nodes"]) == sorted(
        one["key"] for one in each["tasks"]
    )
    assert execution["evidence"]["verdict"] == "VERIFIED"
    assert [(step["name"], step["status"], step["attempt"]) for step in execution["steps"]["nodes"]] == [
        ("each", "SUCCEEDED", 1),
        ("sum", "SUCCEEDED", 1),
    ]
    waits = [event["__typename"] for event in execution["events"]["nodes"]].count("ExecutionPaused")
    assert waits == 2, "it waits once for each step, not for each task"


FAILURES = """
name: failures
inputs:
  deep: {type: boolean, default: false}
steps:
  - {id: good, agent: probe}
  - {id: bad, agent: probe, inputs: {fail: true}}
  - {id: skipped, agent: probe, needs: [bad]}
  - {id: anyway, agent: probe, needs: [bad, skipped], on_failure: continue}
  - {id: unwanted, agent: probe, needs: [good], if: inputs.deep, outputs: {x: report.remark}}
  - {id: missing, agent: probe, needs: [unwanted], on_failure: continue, if: steps.unwanted.outputs.x == ''}
  - {id: refused, agent: probe, inputs: {steps: "${{ 'many' }}"}}
  - {id: mistyped, agent: probe, for_each: "inputs.deep ? [1] : 'x'"}
outputs:
  bad: steps.bad.status
  gone: steps.unwanted.outputs.x
"""


async def test_what_failed_and_what_was_skipped_is_reported_with_the_reason(board: Board) -> None:
    await start(board, "Failures", FAILURES)
    task = await ended(board, "Failures", "FAILED")
    steps = by_step(task)
    assert {name: step["status"] for name, step in steps.items()} == {
        "good": "COMPLETED",
        "bad": "FAILED",
        "skipped": "SKIPPED",
        "anyway": "COMPLETED",
        "unwanted": "SKIPPED",
        "missing": "FAILED",
        "refused": "FAILED",
        "mistyped": "FAILED",
    }
    assert "told to fail" in steps["bad"]["reason"]
    assert steps["skipped"]["reason"] == "it needs 'bad', which is FAILED"
    assert steps["unwanted"]["reason"] == "its condition is false: inputs.deep"
    assert "there is no 'x'" in steps["missing"]["reason"]
    assert steps["refused"]["reason"].startswith("inputs.steps: ")
    assert steps["mistyped"]["reason"].startswith("'for_each' needs a list")
    report = task["latestExecution"]["result"]
    assert report["outputs"] == {"bad": "FAILED"}
    assert report["problems"] == ["the output 'gone' has no value: there is no 'x'"]
    error = task["latestExecution"]["error"]
    assert error["code"] == "AGENT_FAILED"
    assert error["message"].startswith("4 of 8 steps did not complete: bad: ")


async def test_a_step_that_may_fail_does_not_fail_the_playbook(board: Board) -> None:
    document = "name: may-fail\nsteps:\n  - {id: bad, agent: probe, inputs: {fail: true}, may_fail: true}"
    await start(board, "MayFail", document)
    task = await ended(board, "MayFail")
    assert task["latestExecution"]["result"]["passed"]
    assert by_step(task)["bad"]["status"] == "FAILED"


RETRIED = """
name: retried
inputs: {journal: {}}
steps:
  - id: flaky
    agent: probe
    inputs: {fail_times: 2, journal: "${{ inputs.journal }}"}
    retry: {max_attempts: 3, backoff: 1ms}
  - id: slow
    agent: probe
    inputs: {pause: 60}
    timeout: 1s
    may_fail: true
"""


@pytest.mark.verify
async def test_steps_are_retried_and_timed_out_as_tasks_are(board: Board) -> None:
    await start(board, "Retried", RETRIED, journal=str(board.folder / "flaky.journal"))
    task = await ended(board, "Retried")
    steps = by_step(task)
    assert steps["flaky"]["status"] == "COMPLETED"
    assert steps["slow"]["status"] == "FAILED"
    assert "longer than" in steps["slow"]["reason"]


@pytest.mark.verify
async def test_checks_are_acceptance_checks_of_the_tasks(board: Board) -> None:
    document = """
name: checked
inputs: {command: {type: list, default: []}}
steps:
  - id: a
    agent: probe
    may_fail: true
    checks: [{name: There is a report, artifact: report.txt}]
  - id: b
    agent: probe
    checks: [{name: Runs, command: "${{ inputs.command }}"}]
"""
    await start(board, "Checked", document)
    steps = by_step(await ended(board, "Checked"))
    assert (steps["a"]["status"], steps["b"]["status"]) == ("FAILED", "COMPLETED")
    assert "There is a report" in steps["a"]["reason"]


async def test_a_document_with_problems_is_refused_when_the_task_is_created(board: Board) -> None:
    draft = {"title": "x", "agent": "playbook", "inputs": {"document": "name: x\nsteps: [{id: a}]"}}
    error = await board.refused("createTask", projectId=board.project_id, task=draft)
    assert error["code"] == "VALIDATION_FAILED"
    assert "line 2, column 9" in error["message"]
    draft["inputs"] = {"document": "name: x\ninputs: {a: {}}\nsteps: [{id: a, agent: probe}]"}
    error = await board.refused("createTask", projectId=board.project_id, task=draft)
    assert "The input 'a' of the playbook has to be given." in error["message"]


@pytest.mark.verify
async def test_an_empty_fan_out_completes_at_once(board: Board) -> None:
    await start(board, "Empty", FAN_OUT, numbers=[], journal=str(board.folder / "x.journal"))
    task = await ended(board, "Empty")
    assert [step["status"] for step in by_step(task).values()] == ["COMPLETED", "COMPLETED"]
    assert len((await seen(board, "Empty"))["children"]["nodes"]) == 1
