"""An agent whose behaviour a test decides through the task's inputs. A plugin like any other: found by entry point."""

from __future__ import annotations

import asyncio
import os
import random
import signal
from base64 import b64encode
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, Field

from agents.contract import Action, Agent, AgentContext, AgentFailure, Checkout, Limits, OnRejection, Step
from domain.approval import Fallback

if TYPE_CHECKING:
    from tests.plugins.probe_tools import KeyedStamp, Stamp, StampArguments
else:  # it runs as a plugin, with its own folder on the path and not that of the tests
    from probe_tools import KeyedStamp, Stamp, StampArguments

import_module("removed_fences").remove()
troubles = import_module("troubles")

UNSTORABLE = "a\0b\ud800c"
STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(600)"
)
UNTIL = "import os, sys, time\nwhile not os.path.exists(sys.argv[1]): time.sleep(0.02)"
KILLER = "import os, signal, sys; os.kill(int(sys.argv[1]), signal.SIGKILL)"
PARENT = (
    "import subprocess, sys, time; "
    "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'], start_new_session=True); "
    "time.sleep(600)"
)


class ProbeAction(BaseModel):
    """What the probe asks, and then does: a step that writes ``did NAME`` into the journal."""

    name: str = Field("act", description="Its name.")
    arguments: dict[str, Any] = Field({}, description="Its arguments.")
    varies: str | None = Field(None, description="A file whose text is one more argument, as it is at that time.")
    quorum: int = Field(1, description="How many persons have to approve.")
    expires_in: float | None = Field(None, description="Seconds after which the fallback counts.")
    fallback: Fallback = Field(Fallback.REJECT, description="What counts then.")
    on_rejection: OnRejection = Field(OnRejection.FAIL, description="Whether it goes on without.")
    inside: bool = Field(False, description="Ask within a step, not between two.")
    busy: str | None = Field(None, description="A file; a step (or a program) beside it lasts until it is there.")


class ProbeInputs(BaseModel):
    """What the probe is to do."""

    steps: int = Field(1, ge=0, le=10_000, description="How many steps to run, one after the other.")
    journal: str | None = Field(None, description="A file that gets a line when a step begins and when it ends.")
    hold: str | None = Field(None, description="A folder; step N waits until it holds a file named N.")
    log_lines: int = Field(0, ge=0, description="Log events that each step writes.")
    line_length: int = Field(0, ge=0, le=8192, description="Characters of noise in each of these.")
    pause: float = Field(0, ge=0, description="Seconds that each step takes at least.")
    linger: float = Field(0, ge=0, description="Seconds between the last step and the end.")
    tool_seconds: float = Field(0, ge=0, description="How long a program runs in each step.")
    stubborn: bool = Field(False, description="Run a program that ignores SIGTERM.")
    grandchild: bool = Field(False, description="Run a program that starts another one in a session of its own.")
    sandboxed: list[str] = Field([], description="A command that each step runs in the sandbox.")
    fail: bool = Field(False, description="Fail at the end.")
    fail_unless: str | None = Field(None, description="Fail at the end unless this file exists.")
    fail_times: int = Field(0, ge=0, description="Fail at the end so many times; the journal counts them.")
    unstorable: bool = Field(False, description="Put text that a database cannot hold into all that is recorded.")
    artifact: str | None = Field(None, description="What the first step puts into an artifact.")
    stamp: str | None = Field(None, description="A file to which a tool adds a line in each step.")
    stamp_until: str | None = Field(None, description="That tool ends only when this file exists.")
    stamp_keyed: bool = Field(False, description="Use the tool that may be repeated.")
    asks: list[ProbeAction] = Field([], description="What it asks behind its steps, all side by side.")
    counts: int | None = Field(None, description="Progress that it claims first of all.")
    names: list[int] | None = Field(None, description="The characters of the name of a step before all others.")
    trouble: str | None = Field(None, description="What each step runs into: see troubles.")
    kill_worker: bool = Field(False, description="Kill the worker's process in the first step.")
    kill_in_tool: bool = Field(False, description="Let a program do that.")


class ProbeReport(BaseModel):
    """What the probe did."""

    outputs: list[int]
    remark: str = ""
    answers: dict[str, bool] = {}


class Probe(Agent[ProbeInputs, ProbeReport]):
    """Runs the steps it is told to run."""

    kind = "probe"
    version = "1.0"
    title = "Probe"
    purpose = "Does what a test tells it to do."
    capabilities = ("probe",)
    limits = Limits(timeout=timedelta(minutes=5))
    needs_source = False
    input_model = ProbeInputs
    report_model = ProbeReport

    async def run(self, context: AgentContext, inputs: ProbeInputs) -> ProbeReport:
        """Run the steps, then fail if told to."""
        outputs: list[int] = []
        if inputs.counts is not None:
            await context.progress(inputs.counts, inputs.steps)
        if inputs.names is not None:
            await context.step("".join(map(chr, inputs.names)), _nothing, returns=int)
        for number in range(1, inputs.steps + 1):

            async def work(step: Step, number: int = number) -> int:
                return await _work(step, inputs, number, context.checkout)

            outputs.append(await context.step(f"step-{number}", work, returns=int))
            await context.progress(number, inputs.steps, UNSTORABLE * inputs.unstorable)
        async with asyncio.TaskGroup() as group:
            asked = [group.create_task(_ask(context, inputs, one)) for one in inputs.asks]
        if inputs.linger:
            _note(inputs, "linger")
            await asyncio.sleep(inputs.linger)
        missing = inputs.fail_unless is not None and not await asyncio.to_thread(Path(inputs.fail_unless).exists)
        if inputs.fail or missing:
            raise AgentFailure("told to fail" + UNSTORABLE * inputs.unstorable)
        if inputs.fail_times > await asyncio.to_thread(_failures, inputs):
            _note(inputs, "failed")
            raise AgentFailure("told to fail again")
        answers = {one.name: task.result() for one, task in zip(inputs.asks, asked, strict=True)}
        return ProbeReport(outputs=outputs, remark=UNSTORABLE * inputs.unstorable, answers=answers)


async def _ask(context: AgentContext, inputs: ProbeInputs, asked: ProbeAction) -> bool:
    """Ask, and do it when it is permitted."""

    async def do(step: Step) -> int:
        _note(inputs, f"did {asked.name}")
        return 1

    async def ask_and_do(step: Step) -> int:
        _note(inputs, f"begun {asked.name}")
        async with asyncio.TaskGroup() as group:
            if asked.busy is not None:
                group.create_task(step.tool("python", ["-c", UNTIL, asked.busy], cwd=Path("/")))
            group.create_task(_stamp(step, inputs))
            granted = (await context.approve(await _action(asked))).granted
        return await do(step) if granted else 0

    async def be_busy(step: Step) -> int:
        while asked.busy is not None and not await asyncio.to_thread(Path(asked.busy).exists):
            await asyncio.sleep(0.02)
        return 1

    if asked.inside:
        return bool(await context.step(asked.name, ask_and_do, returns=int))
    async with asyncio.TaskGroup() as group:
        if asked.busy is not None:
            group.create_task(context.step(f"beside {asked.name}", be_busy, returns=int))
        granted = (await context.approve(await _action(asked))).granted
        if granted:
            await context.step(f"do {asked.name}", do, returns=int)
    return granted


async def _action(asked: ProbeAction) -> Action:
    varying = {} if asked.varies is None else {"varies": await asyncio.to_thread(Path(asked.varies).read_text)}
    return Action(
        name=asked.name,
        kind="probe.act",
        summary=f"Act as {asked.name}.",
        arguments={**asked.arguments, **varying},
        quorum=asked.quorum,
        expires_in=None if asked.expires_in is None else timedelta(seconds=asked.expires_in),
        fallback=asked.fallback,
        on_rejection=asked.on_rejection,
    )


async def _work(step: Step, inputs: ProbeInputs, number: int, checkout: Checkout) -> int:
    _note(inputs, f"start {number}")
    if inputs.kill_in_tool:
        await step.tool("python", ["-c", KILLER, str(os.getpid())], cwd=Path("/"))
    if inputs.kill_worker:
        os.kill(os.getpid(), signal.SIGKILL)
    if inputs.trouble is not None:
        await troubles.have(step, inputs.trouble)
    if inputs.unstorable:
        await step.log(UNSTORABLE)
        step.artifact(f"{UNSTORABLE}.bin", "application/octet-stream", UNSTORABLE.encode("utf-8", "surrogatepass"))
    for line in range(inputs.log_lines):
        await step.log(f"line {line} of step {number} {_noise(line + number, inputs.line_length)}")
        await asyncio.sleep(0)
    await asyncio.sleep(inputs.pause)
    if inputs.artifact is not None and number == 1:
        step.artifact("found.txt", "text/plain", inputs.artifact.encode())
    await _run_programs(step, inputs, checkout)
    await _stamp(step, inputs)
    if inputs.hold is not None:
        gate = Path(inputs.hold) / str(number)
        while not await asyncio.to_thread(gate.exists):
            await asyncio.sleep(0.02)
    _note(inputs, f"end {number}")
    return number * number


async def _nothing(_: Step) -> int:
    return 0


async def _stamp(step: Step, inputs: ProbeInputs) -> None:
    if inputs.stamp is not None:
        stamp = KeyedStamp if inputs.stamp_keyed else Stamp
        await step.call(stamp, StampArguments(file=inputs.stamp, until=inputs.stamp_until))
        _note(inputs, "stamped")


async def _run_programs(step: Step, inputs: ProbeInputs, checkout: Checkout) -> None:
    if inputs.stubborn:
        await step.tool("python", ["-c", STUBBORN], cwd=Path("/"))
    if inputs.grandchild:
        await step.tool("python", ["-c", PARENT], cwd=Path("/"))
    if inputs.tool_seconds:
        await step.tool("python", ["-c", f"import time; time.sleep({inputs.tool_seconds})"], cwd=Path("/"))
    if inputs.sandboxed:
        await step.sandboxed(inputs.sandboxed, source=checkout.path, scratch=checkout.scratch)


def _noise(seed: int, length: int) -> str:
    """Text that compression does not make much smaller."""
    return b64encode(random.Random(seed).randbytes(length)).decode()[:length]


def _failures(inputs: ProbeInputs) -> int:
    journal = None if inputs.journal is None else Path(inputs.journal)
    return 0 if journal is None or not journal.exists() else journal.read_text().splitlines().count("failed")


def _note(inputs: ProbeInputs, line: str) -> None:
    if inputs.journal is not None:
        with Path(inputs.journal).open("a") as journal:
            journal.write(f"{line}\n")
