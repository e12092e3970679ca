"""A step of the kit: real programs, and what is recorded is kept until the step has succeeded."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from agents.contract import Alternative, McpAnswer, Received, Tool, ToolFailure, ToolMissing, ToolResult, ToolTimedOut
from agents.contract.sandbox import DEFAULT_LIMITS, SCRATCH, SandboxLimits, SandboxResult
from agents.contract.tool import Arguments, Result
from agents.messaging import answer_draft, drafted
from agents.models import ModelHost, PermittedCalls, StepModel
from agents.processes import ProcessNotStarted, ProcessTimedOut, run
from agents.recovery import Decision, with_alternatives
from agents.runtime.sandboxed_calls import call_sandboxed
from agents.runtime.typed_calls import CallScope, call
from agents.test_counts import counted_tests
from agents.testing.meter import ended_with
from agents.testing.model_double import MODEL, can_stream
from agents.tools.memory import StepMemory
from domain.artifacts import StoredArtifact
from domain.events import Event
from domain.execution import ToolCall
from domain.finding import FindingDraft
from domain.message import Address, MessageDraft, MessageType

if TYPE_CHECKING:
    from agents.testing.kit_context import KitContext


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedCall:
    """One call of a tool."""

    step: str
    tool: str
    arguments: tuple[str, ...]
    cwd: Path
    result: ToolResult

    def recorded(self, execution_id: UUID, at: datetime) -> ToolCall:
        """The call as the platform would have it on record."""
        return ToolCall(
            id=uuid4(),
            execution_id=execution_id,
            step_name=self.step,
            tool=self.tool,
            version=None,
            arguments=self.arguments,
            arguments_hash="",
            exit_code=self.result.exit_code,
            tests=counted_tests(self.tool, self.result.stdout),
            started_at=at,
            finished_at=at,
        )


class KitStep:
    """A ``Step`` that runs real programs and keeps what is recorded until the step has succeeded."""

    def __init__(self, name: str, context: KitContext) -> None:
        self.name = name
        self.drafts: list[FindingDraft] = []
        self.artifacts: dict[str, bytes] = {}
        self.sent: list[MessageDraft] = []
        self._context = context
        self.memory = StepMemory(self.call)
        self._of_the_model = PermittedCalls(name, context.redactor, ask=context.approve_again, call=self.call)

    @property
    def model(self) -> StepModel | None:
        """The double that the test gives, as the model of the workspace."""
        double = self._context.model
        if double is None:
            return None
        host = ModelHost(
            step=self.name,
            ledger=replace(self._context.ledger, step_name=self.name),
            redactor=self._context.redactor,
            open=lambda _model, _key: nullcontext(double),
            reveal=self.reveal,
            note=self.note,
            tell=self.tell,
            call=self._of_the_model.call,
            working=nullcontext,
            turns=self._context.turns,
            pause=_no_pause,
            streams=can_stream(double),
        )
        return StepModel((MODEL,), host)

    async def tell(self, events: Sequence[Event]) -> None:
        """Keep events."""
        self._context.ledger.events.extend(events)

    async def log(self, text: str) -> None:
        """Keep lines."""
        self._context.log.extend(self._context.redactor.text(text).splitlines())

    async def tool(
        self,
        name: str,
        arguments: Sequence[str],
        *,
        cwd: Path,
        accept: frozenset[int] = frozenset({0}),
        timeout: timedelta = timedelta(minutes=10),
        max_output: int = 64 * 2**20,
        max_memory: int | None = None,
        stdin: bytes | None = None,
        alternatives: Sequence[Alternative] = (),
    ) -> ToolResult:
        """Run a real program, and one that stands in for it when it fails for good."""

        async def attempt(name: str, arguments: Sequence[str], accept: frozenset[int]) -> ToolResult:
            return await self._run(
                name,
                arguments,
                accept,
                cwd=cwd,
                stdin=stdin,
                timeout=timeout,
                max_output=max_output,
                max_memory=max_memory,
            )

        return await with_alternatives(attempt, (name, arguments, accept), alternatives, self.note)

    async def note(self, decision: Decision) -> None:
        """Keep what is done about an error."""
        message = self._context.redactor.text(decision.message)
        self._context.recoveries.append(decision.event(self.name, message))

    async def _run(
        self, name: str, arguments: Sequence[str], accept: frozenset[int], *, cwd: Path, **limits: Any
    ) -> ToolResult:
        tool = None if name in self._context.missing_tools else self._context.toolbox.find(name)
        if tool is None:
            raise ToolMissing(f"{name} is not installed.")
        metered = self._context.budget.reserve(name)
        try:
            done = await run(tool.path, arguments, cwd=cwd, **limits)
        except ProcessNotStarted as error:
            self._context.budget.charge(metered.never_began())
            raise ToolFailure(str(error)) from error
        except ProcessTimedOut as error:
            self._context.budget.charge(ended_with(metered, error.result))
            raise ToolTimedOut(str(error)) from error
        self._context.budget.charge(ended_with(metered, done))
        result = ToolResult(
            exit_code=done.exit_code,
            stdout=done.stdout,
            stderr=done.stderr,
            duration=done.duration,
            truncated=done.truncated,
        )
        call = RecordedCall(step=self.name, tool=name, arguments=tuple(arguments), cwd=cwd, result=result)
        self._context.tool_calls.append(call)
        if result.exit_code not in accept:
            said = (result.stderr or result.stdout).strip()[-2000:]
            raise ToolFailure(f"{name} ended with exit code {result.exit_code}: {said or 'it said nothing'}")
        return result

    async def call(self, tool: type[Tool[Arguments, Result]], arguments: Arguments) -> Result:
        """Call a typed tool, and record it in the kit's ledger."""
        context = self._context
        ledger = replace(context.ledger, step_name=self.name)  # it writes to the same list
        contents: dict[str, bytes] = {}
        scopes: list[CallScope] = []

        async def keep(content: bytes) -> StoredArtifact:
            stored = StoredArtifact(hashlib.sha256(content).hexdigest(), len(content))
            contents[stored.sha256] = content
            return stored

        def scope(idempotency_key: str) -> CallScope:
            made = CallScope(
                idempotency_key=idempotency_key,
                checkout=context.checkout.path,
                scratch=context.checkout.scratch,
                sandbox=context.sandbox,
                egress=context.egress,
                log=self.log,
                reveal=self.reveal,
                redactor=context.redactor,
                memory=context.memory,
                services=context.services,
                model=self.model,
                keep=keep,
            )
            scopes.append(made)
            return made

        result = await call(tool(), arguments, ledger=ledger, redactor=context.redactor, scope=scope)
        for one in scopes[-1].artifacts.values():
            self.artifact(one.name, one.media_type, contents[one.stored.sha256])
        return result

    async def mcp(self, tool: str, arguments: Mapping[str, Any]) -> McpAnswer:
        """Give the answer that the test has for it, and record the call.

        Raises:
            ToolFailure: the test has none.
        """
        self._context.mcp_calls.append((tool, dict(arguments)))
        answer = self._context.mcp_answers.get(tool)
        if answer is None:
            raise ToolFailure(f"There is no answer of {tool!r}: give it to the test.")
        return answer

    async def sandboxed(
        self,
        command: Sequence[str],
        *,
        source: Path | None,
        scratch: Path,
        cwd: str = SCRATCH,
        read_only: Sequence[Path] = (),
        env: Mapping[str, str] = {},
        stdin: bytes | None = None,
        limits: SandboxLimits = DEFAULT_LIMITS,
    ) -> SandboxResult:
        """Run a program in a real sandbox, and record it in the kit's ledger."""
        run_it = partial(
            self._context.sandbox.run,
            command,
            source=source,
            scratch=scratch,
            cwd=cwd,
            read_only=read_only,
            env=env,
            stdin=stdin,
            limits=limits,
        )
        ledger = replace(self._context.ledger, step_name=self.name)
        return await call_sandboxed(command, self._context.sandbox, ledger, run_it)

    async def reveal(self, name: str) -> str:
        """The secret that the test gives under the name."""
        if name not in self._context.secrets:
            raise ToolFailure(f"There is no secret {name!r}: give it to the test.")
        return self._context.secrets[name]

    def finding(self, draft: FindingDraft) -> None:
        """Keep a finding."""
        self.drafts.append(draft)

    def artifact(self, name: str, media_type: str, content: bytes) -> None:
        """Keep a file; its name must be new in the step."""
        if name in self.artifacts:
            raise ValueError(f"The artifact {name} was recorded before; its name has to be unique.")
        self.artifacts[name] = content

    def send(self, to: Address, content: Any, *, metadata: Mapping[str, Any] | None = None) -> None:
        """Keep a message."""
        self.sent.append(drafted(to, content, self._context.redactor, metadata=metadata))

    def reply(self, message: Received, content: Any) -> None:
        """Keep an answer."""
        self.sent.append(answer_draft(message, content, self._context.redactor, MessageType.REPLY))

    def refuse(self, message: Received, reason: Any) -> None:
        """Keep an answer that refuses."""
        self.sent.append(answer_draft(message, reason, self._context.redactor, MessageType.REFUSAL))


async def _no_pause(_: timedelta) -> None:
    """The kit does not wait through the pauses."""
