"""A step's own program in the sandbox, as a call on record: which sandbox it was is part of the evidence."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence

from agents.contract.failures import ToolFailure
from agents.contract.sandbox import Sandbox, SandboxRefused, SandboxResult
from agents.runtime.call_ledger import Called, Course, Ending, Ledger
from agents.test_counts import counted_tests
from domain.execution import ToolCall
from domain.states import ToolCallState

TOOL = "sandbox"


async def call_sandboxed(
    command: Sequence[str], sandbox: Sandbox, ledger: Ledger, run: Callable[[], Awaitable[SandboxResult]]
) -> SandboxResult:
    """Record the call as begun, ``run`` it, and record how it ended.

    Raises:
        ToolFailure: as ``run`` does.
    """
    called = Called(
        tool=TOOL,
        version=await asyncio.to_thread(lambda: sandbox.name),
        shown=tuple(command),
        canonical=json.dumps(list(command)),
        repeatable=True,
        replayed=False,  # what it wrote into the scratch folder has gone with the killed worker
    )
    begun = await ledger.begin(ledger.intent(called))
    call = begun.call
    try:
        done = await run()
    except ToolFailure as error:
        course = Course.NEVER_BEGAN if isinstance(error, SandboxRefused) else Course.CUT_SHORT
        await _failed(ledger, call, str(error), course)
        raise
    except asyncio.CancelledError:
        await _failed(ledger, call, "ended because the execution was stopped", Course.CUT_SHORT)
        raise
    fine = done.exit_code == 0 and done.exceeded is None
    ending = Ending(
        state=ToolCallState.SUCCEEDED if fine else ToolCallState.FAILED,
        output=done.stdout.encode("utf-8", "surrogatepass"),
        exit_code=done.exit_code,
        error=f"ended because it took more than its limit of {done.exceeded}" if done.exceeded else None,
        cpu_seconds=done.cpu_seconds,
        sandbox=done.sandbox,
        tests=counted_tests(command[0], done.stdout),
    )
    await ledger.end(call, ending)
    return done


async def _failed(ledger: Ledger, call: ToolCall, error: str, course: Course) -> None:
    await ledger.end(call, Ending(state=ToolCallState.FAILED, error=error, course=course))
