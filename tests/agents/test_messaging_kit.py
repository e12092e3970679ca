"""Agents that write to others, in the test kit."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from agents.contract import (
    Agent,
    AgentContext,
    AgentFailure,
    MessageTimedOut,
    MessageType,
    Received,
    RequestRefused,
    Step,
    ToAgent,
    ToTask,
)
from agents.testing import NOBODY, Refusal, UnexpectedRequest, incoming, run_agent
from domain.errors import Invalid


class Inputs(BaseModel):
    """What is said, and how many messages are handled."""

    content: Any = "how many?"
    hears: int = 0
    timeout: float | None = None
    to: str = "task"


class Report(BaseModel):
    """What came back."""

    answer: int
    heard: list[str]


class Clerk(Agent[Inputs, Report]):
    """Asks for a number, and handles its mailbox."""

    kind = "clerk"
    version = "1.0"
    title = "Clerk"
    purpose = "Writes."
    capabilities = ()
    input_model = Inputs
    report_model = Report

    async def run(self, context: AgentContext, inputs: Inputs) -> Report:
        """Write and read."""
        to: Any = ToTask("WR-1") if inputs.to == "task" else inputs.to
        await context.send("hint", ToAgent("inspector"), {"look": "there"})
        timeout = None if inputs.timeout is None else timedelta(seconds=inputs.timeout)
        answer = await context.request("count", to, inputs.content, returns=int, timeout=timeout)

        async def handle(step: Step, message: Received) -> str:
            if message.type is MessageType.REQUEST:
                step.reply(message, {"heard": message.content})
            return message.read(str)

        heard = [await context.receive(f"h{number}", handle, returns=str) for number in range(inputs.hears)]
        return Report(answer=answer, heard=heard)


async def test_what_goes_out_and_comes_in_is_what_the_test_says(tmp_path: Path) -> None:
    mailbox = [incoming("first"), incoming("second", type_=MessageType.REQUEST)]
    run = await run_agent(Clerk(), tmp_path, Inputs(hears=2), mailbox=mailbox, replies={"count": 7})
    assert (run.report.answer, run.report.heard) == (7, ["first", "second"])
    assert [(one.name, one.type, one.content) for one in run.sent] == [
        ("hint", "INFORM", {"look": "there"}),
        ("count", "REQUEST", "how many?"),
        (None, "REPLY", {"heard": "second"}),
    ]
    assert run.sent[2].in_reply_to == mailbox[1].id
    assert [one.sequence for one in run.handled] == [1, 2]


@pytest.mark.parametrize(
    ("answer", "error"),
    [(NOBODY, MessageTimedOut), (Refusal("busy"), RequestRefused), ("seven", AgentFailure), ({}, AgentFailure)],
)
async def test_what_may_come_back_instead(tmp_path: Path, answer: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        await run_agent(Clerk(), tmp_path, Inputs(), replies={"count": answer})


async def test_what_the_test_has_not_foreseen_is_said(tmp_path: Path) -> None:
    with pytest.raises(UnexpectedRequest, match=r"replies=\{'count': …\}"):
        await run_agent(Clerk(), tmp_path, Inputs())
    with pytest.raises(MessageTimedOut):
        await run_agent(Clerk(), tmp_path, Inputs(hears=1), replies={"count": 1})
    with pytest.raises(AgentFailure, match="it: Input should be a valid string"):
        await run_agent(Clerk(), tmp_path, Inputs(hears=1), replies=lambda _: 1, mailbox=[incoming(5)])


@pytest.mark.parametrize(
    ("inputs", "error"),
    [
        (Inputs(content="x" * 100_001), Invalid),
        (Inputs(timeout=0), AgentFailure),
        (Inputs(timeout=-1), AgentFailure),
        (Inputs(to="WR-1"), AgentFailure),
    ],
)
async def test_what_makes_no_sense_is_refused_as_on_a_worker(
    tmp_path: Path, inputs: Inputs, error: type[Exception]
) -> None:
    with pytest.raises(error):
        await run_agent(Clerk(), tmp_path, inputs, replies={"count": 1})


async def test_what_looks_like_a_secret_is_not_sent(tmp_path: Path) -> None:
    content = {"url": "https://user:hunter2hunter2@example.org/"}
    run = await run_agent(Clerk(), tmp_path, Inputs(content=content), replies={"count": 1})
    assert "hunter2" not in str(run.sent)
