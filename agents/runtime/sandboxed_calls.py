"""Programs in the sandbox, as calls on record: which sandbox it was is part of the evidence."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence

from agents.contract.failures import ToolFailure
from agents.contract.sandbox import Sandbox, SandboxRefused, SandboxResult
from agents.runtime import traces
from agents.runtime.call_ledger import Called, Course, Ending, Ledger
from agents.test_counts import counted_tests
from domain.execution import ToolCall
from domain.states import ToolCallState
from domain.text import storable

TOOL = "sandbox"
MOST_NAMED = 200
"""Characters of a program's name that are recorded."""

Run = Callable[[], Awaitable[SandboxResult]]


async def call_sandboxed(command: Sequence[str], sandbox: Sandbox, ledger: Ledger, run: Run) -> SandboxResult:
    """A program that a step runs: record the call as begun, ``run`` it, and record how it ended.

    Raises:
        BudgetExceeded: a budget does not allow it; it was not run.
        ToolFailure: as ``run`` does.
    """
    version = await asyncio.to_thread(lambda: sandbox.name)
    return await _recorded(_called(TOOL, version, command), command[0], ledger, run)


async def call_check(command: Sequence[str], ledger: Ledger, run: Run) -> SandboxResult:
    """The same with the command of an acceptance check, which is recorded under the name of its program."""
    called = _called(storable(command[0])[:MOST_NAMED], None, command[1:])
    return await _recorded(called, command[0], ledger, run)


def _called(tool: str, version: str | None, arguments: Sequence[str]) -> Called:
    return Called(
        tool=tool,
        version=version,
        shown=tuple(arguments),
        canonical=json.dumps(list(arguments)),
        repeatable=True,
        replayed=False,  # what it wrote into the scratch folder has gone with the killed worker
    )


async def _recorded(called: Called, program: str, ledger: Ledger, run: Run) -> SandboxResult:
    begun = await ledger.begin(ledger.intent(called))
    call = begun.call
    try:
        with traces.tool_call(called.tool, called.version) as span:
            traces.begun(span, call.id)
            done = await run()
            fine = done.exit_code == 0 and done.exceeded is None
            traces.exited(span, done.exit_code, accepted=fine)
    except ToolFailure as error:
        course = Course.NEVER_BEGAN if isinstance(error, SandboxRefused) else Course.CUT_SHORT
        await _failed(ledger, call, str(error), course)
        raise
    except ValueError as error:
        await _failed(ledger, call, str(error), Course.NEVER_BEGAN)
        raise
    except asyncio.CancelledError:
        await _failed(ledger, call, "ended because the execution was stopped", Course.CUT_SHORT)
        raise
    ending = Ending(
        state=ToolCallState.SUCCEEDED if fine else ToolCallState.FAILED,
        output=done.stdout.encode("utf-8", "surrogatepass"),
        exit_code=done.exit_code,
        error=f"ended because it took more than its limit of {done.exceeded}" if done.exceeded else None,
        cpu_seconds=done.cpu_seconds,
        sandbox=done.sandbox,
        tests=counted_tests(program, done.stdout),
    )
    await ledger.end(call, ending)
    return done


async def _failed(ledger: Ledger, call: ToolCall, error: str, course: Course) -> None:
    await ledger.end(call, Ending(state=ToolCallState.FAILED, error=error, course=course))
