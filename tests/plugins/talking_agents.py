"""Agents that write to each other as a test tells them, act by act."""

from __future__ import annotations

import asyncio
import os
import signal
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, Field

from agents.contract import (
    Agent,
    AgentContext,
    Limits,
    MessageTimedOut,
    MessageType,
    MessageUndeliverable,
    Received,
    RequestRefused,
    Step,
    ToAgent,
    ToTask,
)


class Act(BaseModel):
    """One thing to do, ``times`` times. Names and contents of the repetitions get a number."""

    do: Literal["send", "ask", "hear", "send in step"]
    name: str = Field("act", description="Name of the message, or of the step that handles one.")
    to: str = Field("listener", description="Key of a task, or kind of an agent.")
    content: Any = Field(None, description="What is said.")
    times: int = Field(1, ge=0, le=10_000)
    timeout: float | None = Field(None, description="Seconds that are waited at most.")
    types: list[MessageType] = Field(["INFORM", "REQUEST"], validate_default=True)
    refuse: bool = Field(False, description="Refuse requests, rather than answer them.")
    silent: bool = Field(False, description="Do not answer requests at all.")
    fail_first: bool = Field(False, description="Fail the first time that a message is handled, and be tried again.")
    catch: bool = Field(False, description="Go on when nothing comes or goes, and note the code.")
    hold: str | None = Field(None, description="A folder; the handler waits until it holds a file named as its step.")
    kill: str | None = Field(None, description="A file; the handler kills its worker unless it exists, and makes it.")
    forward: str | None = Field(None, description="Key of a task; each message that is handled is sent on to it.")


class TalkerInputs(BaseModel):
    """What is to be done, one act after the other, or side by side."""

    acts: list[Act] = []
    side_by_side: bool = False
    journal: str | None = None
    linger: str | None = Field(None, description="A file that is waited for at the end, in a step.")


class TalkerReport(BaseModel):
    """What came of it: contents in the order in which they were handled, and answers and codes by name."""

    heard: list[Any]
    answers: dict[str, Any]
    codes: dict[str, str]


class Talker(Agent[TalkerInputs, TalkerReport]):
    """Does the acts."""

    kind = "talker"
    version = "1.0"
    title = "Talker"
    purpose = "Writes to others, as a test tells it."
    capabilities = ("talk",)
    limits = Limits(timeout=timedelta(minutes=5))
    needs_source = False
    input_model = TalkerInputs
    report_model = TalkerReport

    async def run(self, context: AgentContext, inputs: TalkerInputs) -> TalkerReport:
        """Do the acts."""
        report = TalkerReport(heard=[], answers={}, codes={})
        if inputs.side_by_side:
            async with asyncio.TaskGroup() as group:
                for act in inputs.acts:
                    group.create_task(_perform(context, inputs, act, report))
        else:
            for act in inputs.acts:
                await _perform(context, inputs, act, report)
        if inputs.linger is not None:
            await context.step("linger", lambda _: _until(Path(inputs.linger or "")), returns=int)
        return report


class Listener(Talker):
    """The same under another kind."""

    kind = "listener"
    title = "Listener"


async def _perform(context: AgentContext, inputs: TalkerInputs, act: Act, report: TalkerReport) -> None:
    for number in range(1, act.times + 1):
        name = act.name if act.times == 1 else f"{act.name}-{number}"
        content = act.content if act.content is not None else number
        try:
            await _once(context, inputs, act, report, name, content)
        except (MessageTimedOut, MessageUndeliverable, RequestRefused) as error:
            if not act.catch:
                raise
            report.codes[name] = error.code


async def _once(
    context: AgentContext, inputs: TalkerInputs, act: Act, report: TalkerReport, name: str, content: Any
) -> None:
    to = ToTask(act.to) if "-" in act.to else ToAgent(act.to)
    timeout = None if act.timeout is None else timedelta(seconds=act.timeout)

    async def say(step: Step) -> int:
        step.send(to, content)
        return 0

    if act.do == "send":
        sent = await context.send(name, to, content, expires_in=timeout)
        if sent.reason is not None:
            report.codes[name] = sent.reason
    elif act.do == "send in step":
        await context.step(name, say, returns=int)
    elif act.do == "ask":
        report.answers[name] = await context.request(name, to, content, returns=object, timeout=timeout)
        _note(inputs, f"answered {name} {report.answers[name]}")
    else:

        async def handle(step: Step, message: Received) -> Any:
            return await _handle(step, message, inputs, act)

        report.heard.append(await context.receive(name, handle, returns=object, types=act.types, timeout=timeout))


async def _handle(step: Step, message: Received, inputs: TalkerInputs, act: Act) -> Any:
    _note(inputs, f"begun {message.content}")
    if act.kill is not None and not await asyncio.to_thread(Path(act.kill).exists):
        await asyncio.to_thread(Path(act.kill).touch)
        os.kill(os.getpid(), signal.SIGKILL)
    if act.hold is not None:
        await _until(Path(act.hold) / step.name)
    if act.fail_first and message.delivery == 1 and not await asyncio.to_thread(_begun_before, inputs, message):
        raise ConnectionRefusedError("told to fail")
    if message.type is MessageType.REQUEST and not act.silent:
        if act.refuse:
            step.refuse(message, f"no {message.content}")
        else:
            step.reply(message, f"re {message.content}")
    if act.forward is not None:
        step.send(ToTask(act.forward), message.content)
    _note(inputs, f"done {message.content}")
    return message.content


async def _until(file: Path) -> int:
    while not await asyncio.to_thread(file.exists):
        await asyncio.sleep(0.02)
    return 0


def _begun_before(inputs: TalkerInputs, message: Received) -> bool:
    journal = Path(inputs.journal or "")
    return journal.read_text().splitlines().count(f"begun {message.content}") > 1


def _note(inputs: TalkerInputs, line: str) -> None:
    if inputs.journal is not None:
        with Path(inputs.journal).open("a") as journal:
            journal.write(f"{line}\n")
