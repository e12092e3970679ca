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
from typing import TYPE_CHECKING

from pydantic import BaseModel, Field

from agents.contract import Agent, AgentContext, AgentFailure, Limits, Step

if TYPE_CHECKING:
    from tests.plugins.probe_tools import KeyedStamp, Stamp, StampArguments
else:  # it runs as a plugin, with its own folder on the path and not that of the tests
    from probe_tools import KeyedStamp, Stamp, StampArguments

import_module("removed_fences").remove()

UNSTORABLE = "a\0b\ud800c"
STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(600)"
)
PARENT = (
    "import subprocess, sys, time; "
    "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'], start_new_session=True); "
    "time.sleep(600)"
)


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
    fail: bool = Field(False, description="Fail at the end.")
    fail_unless: str | None = Field(None, description="Fail at the end unless this file exists.")
    fail_times: int = Field(0, ge=0, description="Fail at the end so many times; the journal counts them.")
    unstorable: bool = Field(False, description="Put text that a database cannot hold into all that is recorded.")
    artifact: str | None = Field(None, description="What the first step puts into an artifact.")
    stamp: str | None = Field(None, description="A file to which a tool adds a line in each step.")
    stamp_until: str | None = Field(None, description="That tool ends only when this file exists.")
    stamp_keyed: bool = Field(False, description="Use the tool that may be repeated.")
    kill_worker: bool = Field(False, description="Kill the worker's process in the first step.")


class ProbeReport(BaseModel):
    """What the probe did."""

    outputs: list[int]
    remark: str = ""


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
        outputs = []
        for number in range(1, inputs.steps + 1):

            async def work(step: Step, number: int = number) -> int:
                return await _work(step, inputs, number)

            outputs.append(await context.step(f"step-{number}", work, returns=int))
            await context.progress(number, inputs.steps, UNSTORABLE * inputs.unstorable)
        if inputs.linger:
            _note(inputs, "linger")
            await asyncio.sleep(inputs.linger)
        missing = inputs.fail_unless is not None and not await asyncio.to_thread(Path(inputs.fail_unless).exists)
        if inputs.fail or missing:
            raise AgentFailure("told to fail" + UNSTORABLE * inputs.unstorable)
        if inputs.fail_times > await asyncio.to_thread(_failures, inputs):
            _note(inputs, "failed")
            raise AgentFailure("told to fail again")
        return ProbeReport(outputs=outputs, remark=UNSTORABLE * inputs.unstorable)


async def _work(step: Step, inputs: ProbeInputs, number: int) -> int:
    _note(inputs, f"start {number}")
    if inputs.kill_worker:
        os.kill(os.getpid(), signal.SIGKILL)
    if inputs.unstorable:
        await step.log(UNSTORABLE)
        step.artifact(f"{UNSTORABLE}.bin", "application/octet-stream", UNSTORABLE.encode("utf-8", "surrogatepass"))
    for line in range(inputs.log_lines):
        await step.log(f"line {line} of step {number} {_noise(line + number, inputs.line_length)}")
        await asyncio.sleep(0)
    await asyncio.sleep(inputs.pause)
    if inputs.artifact is not None and number == 1:
        step.artifact("found.txt", "text/plain", inputs.artifact.encode())
    if inputs.stubborn:
        await step.tool("python", ["-c", STUBBORN], cwd=Path("/"))
    if inputs.grandchild:
        await step.tool("python", ["-c", PARENT], cwd=Path("/"))
    if inputs.tool_seconds:
        await step.tool("python", ["-c", f"import time; time.sleep({inputs.tool_seconds})"], cwd=Path("/"))
    await _stamp(step, inputs)
    if inputs.hold is not None:
        gate = Path(inputs.hold) / str(number)
        while not await asyncio.to_thread(gate.exists):
            await asyncio.sleep(0.02)
    _note(inputs, f"end {number}")
    return number * number


async def _stamp(step: Step, inputs: ProbeInputs) -> None:
    if inputs.stamp is not None:
        stamp = KeyedStamp if inputs.stamp_keyed else Stamp
        await step.call(stamp, StampArguments(file=inputs.stamp, until=inputs.stamp_until))
        _note(inputs, "stamped")


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
