"""Agents that ask, in the test kit."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import BaseModel

from agents.contract import Action, ActionRejected, Agent, AgentContext, Fallback, OnRejection
from agents.testing import UnexpectedAction, check, load_cases, run_agent
from domain.errors import Invalid


class Inputs(BaseModel):
    """What is asked, and how often."""

    times: int = 1
    quorum: int = 1
    on_rejection: OnRejection = OnRejection.FAIL


class Report(BaseModel):
    """What was answered."""

    granted: list[bool]


class Pusher(Agent[Inputs, Report]):
    """Asks whether it may push."""

    kind = "pusher"
    version = "1.0"
    title = "Pusher"
    purpose = "Asks."
    capabilities = ()
    input_model = Inputs
    report_model = Report

    async def run(self, context: AgentContext, inputs: Inputs) -> Report:
        """Ask."""
        action = Action(
            name="push",
            kind="git.push",
            summary="Push to main.",
            arguments={"branch": "main"},
            quorum=inputs.quorum,
            on_rejection=inputs.on_rejection,
        )
        return Report(granted=[(await context.approve(action)).granted for _ in range(inputs.times)])


async def test_the_test_decides_by_name_or_by_function(tmp_path: Path) -> None:
    done = await run_agent(Pusher(), tmp_path, Inputs(), approvals={"push": True})
    assert done.report.granted == [True]
    assert [(action.name, action.arguments) for action in done.actions] == [("push", {"branch": "main"})]
    by_function = await run_agent(Pusher(), tmp_path, Inputs(), approvals=lambda one: one.arguments["branch"] == "main")
    assert by_function.report.granted == [True]


async def test_a_rejection_arrives_as_the_agent_wants_it(tmp_path: Path) -> None:
    with pytest.raises(ActionRejected, match="'push' was rejected by the test") as rejected:
        await run_agent(Pusher(), tmp_path, Inputs(), approvals={"push": False})
    assert rejected.value.code == "APPROVAL_REJECTED"
    goes_on = Inputs(on_rejection=OnRejection.RETURN)
    done = await run_agent(Pusher(), tmp_path, goes_on, approvals={"push": False})
    assert done.report.granted == [False]


@pytest.mark.parametrize("approvals", [{}, {"other": True}, lambda _: None])
async def test_what_the_test_has_not_foreseen_fails_it_with_what_to_say(tmp_path: Path, approvals: object) -> None:
    with pytest.raises(UnexpectedAction, match=r"approvals=\{'push': True\}"):
        await run_agent(Pusher(), tmp_path, Inputs(), approvals=approvals)  # type: ignore[arg-type]


async def test_what_the_platform_would_refuse_the_kit_refuses_too(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="asked before"):
        await run_agent(Pusher(), tmp_path, Inputs(times=2), approvals={"push": True})
    with pytest.raises(Invalid, match="quorum"):
        await run_agent(Pusher(), tmp_path, Inputs(quorum=0), approvals={"push": True})


async def problems(folder: Path, case: str) -> tuple[str, ...]:
    file = folder / "case.yaml"
    file.write_text(case)
    (loaded,) = load_cases(file)
    return (await check(Pusher, loaded)).problems


async def test_a_case_says_what_is_approved_and_what_is_asked(tmp_path: Path) -> None:
    given = "files: {}\napprovals: {push: true}\n"
    assert await problems(tmp_path, given + "expect: {report: {granted: [true]}, actions: [push]}") == ()
    (wrong,) = await problems(tmp_path, given + "expect: {actions: []}")
    assert wrong == "it asked permission for push and not for nothing"
    rejected = "files: {}\napprovals: {push: false}\nexpect: {ends: FAILED, error: APPROVAL_REJECTED}"
    assert await problems(tmp_path, rejected) == ()


async def test_a_case_that_has_not_foreseen_an_action_does_not_pass_as_a_failure(tmp_path: Path) -> None:
    (problem,) = await problems(tmp_path, "files: {}\nexpect: {ends: FAILED}")
    assert "say with approvals={'push': True}" in problem


@pytest.mark.parametrize("field", ["risk", "permission", "fallback", "on_rejection"])
def test_a_text_where_a_choice_is_meant_is_named(field: str) -> None:
    with pytest.raises(TypeError, match=f"{field} of the action 'push' is 'REJECT'; it must be one of "):
        Action(name="push", kind="git.push", summary="Push it.", **{field: "REJECT"})  # type: ignore[arg-type]
    assert Action(name="push", kind="git.push", summary="Push it.", fallback=Fallback.FAIL).fallback is Fallback.FAIL
