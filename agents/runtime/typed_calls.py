"""Calls of typed tools: within their limits, recorded, redacted, and not made twice."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from agents.contract import AgentFailure, BudgetExceeded, Model, ToolFailure, ToolMissing, ToolTimedOut
from agents.contract.egress import Egress
from agents.contract.memory import CallMemory
from agents.contract.sandbox import Sandbox
from agents.contract.services import NO_SERVICES, Services
from agents.contract.tool import Arguments, Result, Tool
from agents.recovery import classify
from agents.runtime import traces
from agents.runtime.call_ledger import CallArtifact, Called, Course, Ending, Ledger
from domain.artifacts import ArtifactNotStored, StoredArtifact
from domain.errors import LeaseLost, StoreLost
from domain.execution import TestCounts, ToolCall
from domain.recovery import ErrorClass
from domain.redaction import Redactor
from domain.states import ToolCallState
from domain.text import storable
from domain.use_cases.tool_calls import Recorded

Reveal = Callable[[str], Awaitable[str]]
"""The value of the workspace's secret of that name.

Raises:
    ToolFailure: there is none.
    AgentFailure: it cannot be opened (``SECRET_UNREADABLE``).
"""

Keep = Callable[[bytes], Awaitable[StoredArtifact]]
"""Keeps the bytes of an artifact.

Raises:
    ArtifactNotStored: they are too many, or cannot be written.
"""


async def keep_nothing(_: bytes) -> StoredArtifact:
    """Where there is no store."""
    raise ArtifactNotStored("There is no place here where a tool could keep a file.")


class CallScope:
    """See :class:`agents.contract.tool.ToolScope`."""

    def __init__(
        self,
        *,
        idempotency_key: str,
        checkout: Path,
        scratch: Path,
        sandbox: Sandbox,
        egress: Egress,
        log: Callable[[str], Awaitable[None]],
        reveal: Reveal,
        redactor: Redactor,
        memory: CallMemory | None = None,
        services: Services = NO_SERVICES,
        model: Model | None = None,
        keep: Keep = keep_nothing,
    ) -> None:
        self.idempotency_key = idempotency_key
        self.checkout = checkout
        self.scratch = scratch
        self.sandbox = sandbox
        self.egress = egress
        self.services = services
        self.model = model
        self.artifacts: dict[str, CallArtifact] = {}
        self.secrets: dict[str, None] = {}
        self.exit_code: int | None = None
        self.cpu_seconds: float | None = None
        self.used_sandbox: str | None = None
        self.tests: TestCounts | None = None
        self._log = log
        self._reveal = reveal
        self._redactor = redactor
        self._memory = memory
        self._keep = keep

    @property
    def memory(self) -> CallMemory:
        """What is remembered, as far as whoever calls sees it."""
        if self._memory is None:
            raise ToolFailure("There is no memory where this tool is called.")
        return self._memory

    async def log(self, text: str) -> None:
        """Write lines to the execution's log."""
        await self._log(text)

    async def secret(self, name: str) -> str:
        """The value of a secret. That it was used is recorded, and its value is taken out of everything."""
        value = await self._reveal(name)
        self._redactor.learn(value)
        self.secrets[name] = None
        return value

    async def artifact(self, name: str, media_type: str, content: bytes) -> str:
        """Keep a file, which becomes an artifact of the execution once the call has succeeded."""
        place = f"tool-calls/{self.idempotency_key[:12]}/{storable(name)}"
        if place in self.artifacts:
            raise ValueError(f"The call has kept a file named {name!r} already.")
        try:
            stored = await self._keep(content)
        except ArtifactNotStored as error:
            raise ToolFailure(str(error)) from error
        self.artifacts[place] = CallArtifact(place, media_type, stored)
        return place

    def measured(
        self,
        *,
        exit_code: int | None = None,
        cpu_seconds: float | None = None,
        sandbox: str | None = None,
        tests: TestCounts | None = None,
    ) -> None:
        """Record how the program behind the tool ended, what it took, the sandbox it ran in, and the tests it ran."""
        self.exit_code, self.used_sandbox = exit_code, sandbox
        self.cpu_seconds, self.tests = cpu_seconds, tests


async def call(
    tool: Tool[Arguments, Result],
    arguments: Arguments,
    *,
    ledger: Ledger,
    redactor: Redactor,
    scope: Callable[[str], CallScope],
) -> Result:
    """Call the tool, unless the ledger has the result of this call. What is returned is what is recorded: redacted.

    Raises:
        ToolFailure: it cannot be done, took too long, or answered too much.
        BudgetExceeded: a budget does not allow it; it was not called.
        AgentFailure: it may have been called before, and must not be called twice (``TOOL_CALL_UNCERTAIN``).
    """
    plain = tool.recorded_arguments(arguments)
    called = Called(
        tool=tool.name,
        version=tool.version,
        shown=(_written(redactor.arguments(plain)),),
        canonical=_written(plain),
        repeatable=tool.repeatable,
        replayed=tool.replays(arguments),
        price=tool.price,
    )
    intent = ledger.intent(called)
    while True:
        begun = await ledger.begin(intent)
        if isinstance(begun, Recorded):
            if begun.call.error is not None:
                raise ToolFailure(begun.call.error)
            return await _again(tool, scope(intent.idempotency_key), await ledger.result_of(begun.call))
        result = await _made(tool, arguments, begun.call, ledger, redactor, scope(intent.idempotency_key))
        if result is not None:
            return result
        # It may have had its effect or not: the ledger says so, and is asked what is to be done.


async def _made(
    tool: Tool[Arguments, Result],
    arguments: Arguments,
    call: ToolCall,
    ledger: Ledger,
    redactor: Redactor,
    scope: CallScope,
) -> Result | None:
    """What the tool answers; ``None`` when nobody knows what it has done, and it must not be done twice."""
    unseen = ToolCallState.FAILED if tool.repeatable else ToolCallState.UNCERTAIN

    async def ended(
        state: ToolCallState,
        error: str | None,
        result: Any = None,
        output: bytes = b"",
        course: Course = Course.WHOLE,
    ) -> None:
        ending = Ending(
            state=state,
            output=output,
            exit_code=scope.exit_code,
            error=error,
            result=result,
            cpu_seconds=scope.cpu_seconds,
            sandbox=scope.used_sandbox,
            secrets=tuple(scope.secrets),
            tests=scope.tests,
            course=course,
            artifacts=tuple(scope.artifacts.values()) if state is ToolCallState.SUCCEEDED else (),
        )
        await ledger.end(call, ending)

    try:
        async with asyncio.timeout(tool.limits.timeout.total_seconds()):
            with traces.tool_call(tool.name, tool.version) as span:
                traces.begun(span, call.id)
                result = await tool.run(scope, arguments)
    except asyncio.CancelledError:
        await ended(unseen, "ended because the execution was stopped", course=Course.CUT_SHORT)
        raise
    except (LeaseLost, StoreLost):
        raise
    except (AgentFailure, BudgetExceeded) as error:  # the latter of a tool that wanted to ask a model
        said = redactor.text(str(error))
        await ended(ToolCallState.FAILED, said)
        raise error if isinstance(error, BudgetExceeded) else AgentFailure(said, code=error.code) from None
    except ToolFailure as error:
        said = redactor.text(str(error))
        await ended(ToolCallState.FAILED, said)
        raise _kind_of(error)(said, error_class=error.error_class) from None
    except TimeoutError:
        found = ErrorClass.TOOL_TIMED_OUT
        said = f"{tool.name} took longer than {tool.limits.timeout.total_seconds():g} seconds and was ended."
    except Exception as error:  # noqa: BLE001 - a tool may fail in any way; its message may hold a secret
        found = classify(error)
        said = redactor.text(f"{tool.name} stopped with an error of its own: {type(error).__name__}: {error}")
    else:
        return await _recorded(tool, result, redactor, ended)
    await ended(unseen, said, course=Course.CUT_SHORT)
    if tool.repeatable:
        raise ToolFailure(said, error_class=found)
    return None


def _kind_of(error: ToolFailure) -> type[ToolFailure]:
    """The class of the contract that the error is of, whatever class of its own the tool raised."""
    return next((kind for kind in (ToolMissing, ToolTimedOut) if isinstance(error, kind)), ToolFailure)


async def _recorded(
    tool: Tool[Arguments, Result], result: Result, redactor: Redactor, ended: Callable[..., Awaitable[None]]
) -> Result:
    document = redactor.document(storable(result.model_dump(mode="json")))
    size = len(_written(document).encode())
    if size > tool.limits.max_output:
        # It has done its work: one that must not be called twice counts as such, without an answer.
        said = f"{tool.name} answered {size:,} bytes; {tool.limits.max_output:,} are the most it may answer."
        await ended(ToolCallState.FAILED if tool.repeatable else ToolCallState.SUCCEEDED, said)
        raise ToolFailure(said)
    recorded = tool.recorded_result(document)
    await ended(ToolCallState.SUCCEEDED, None, recorded, _written(recorded).encode())
    return _answer(tool, document)


async def _again(tool: Tool[Arguments, Result], scope: CallScope, recorded: Any) -> Result:
    try:
        return await tool.result_from(scope, recorded)
    except ValidationError as error:
        raise _misfit(tool, error) from None


def _answer(tool: Tool[Arguments, Result], document: Any) -> Result:
    try:
        return tool.result_model.model_validate(document)
    except ValidationError as error:
        raise _misfit(tool, error) from None


def _misfit(tool: Tool[Arguments, Result], error: ValidationError) -> ToolFailure:
    where = ".".join(str(part) for part in error.errors()[0]["loc"])
    return ToolFailure(f"The recorded answer of {tool.name} does not fit its result model at {where}.")


def _written(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
