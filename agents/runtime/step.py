"""A step while it runs: what its function may use, and what it collects to be committed with its success."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from opentelemetry.trace import Span
from uuid_utils.compat import uuid7

from agents.contract import (
    Action,
    AgentFailure,
    Alternative,
    Answer,
    Checkout,
    Received,
    Tool,
    ToolFailure,
    ToolMissing,
    ToolResult,
    ToolTimedOut,
)
from agents.contract.egress import Egress
from agents.contract.mcp import McpAnswer
from agents.contract.sandbox import DEFAULT_LIMITS, SCRATCH, Sandbox, SandboxLimits, SandboxResult
from agents.contract.services import NO_SERVICES, Services
from agents.contract.tool import Arguments, Result
from agents.messaging import answer_draft, drafted
from agents.models import NO_MODELS, ChosenModels, ModelHost, PermittedCalls, StepModel, ask_nobody
from agents.processes import ProcessNotStarted, ProcessResult, ProcessTimedOut, run
from agents.recovery import Decision, with_alternatives
from agents.runtime import traces
from agents.runtime.call_ledger import Called, CallLedger, Course, Ending
from agents.runtime.log_writer import LogWriter
from agents.runtime.mcp_calls import Caller, McpDesk
from agents.runtime.memory import ExecutionMemory
from agents.runtime.sandboxed_calls import call_check, call_sandboxed
from agents.runtime.typed_calls import CallScope, call
from agents.runtime.waiting_room import WaitingRoom
from agents.test_counts import counted_tests
from agents.toolbox import Program, Toolbox, install_hint
from agents.tools.memory import StepMemory
from domain.artifacts import ArtifactStore
from domain.errors import NotFound, Rejection
from domain.events import Event
from domain.execution import Artifact, ToolCall
from domain.finding import FindingDraft
from domain.lease import Lease
from domain.message import Address, MessageDraft, MessageType
from domain.ports import Clock, Transactor
from domain.recovery import ErrorClass
from domain.redaction import Redactor
from domain.states import ToolCallState
from domain.text import storable
from domain.use_cases.recording import record_events, record_recovery
from domain.use_cases.secrets import reveal_secret

MOST_SAID = 2_000
"""Characters of what is said about a recovery."""


class RunningStep:
    """See :class:`agents.contract.Step`."""

    def __init__(
        self,
        name: str,
        lease: Lease,
        *,
        checkout: Checkout,
        transactor: Transactor,
        store: ArtifactStore,
        toolbox: Toolbox,
        logs: LogWriter,
        clock: Clock,
        ledger: CallLedger,
        redactor: Redactor,
        sandbox: Sandbox,
        egress: Egress,
        room: WaitingRoom,
        agent: str,
        ask: Callable[[Action], Awaitable[Answer]] = ask_nobody,
        models: ChosenModels = NO_MODELS,
        services: Services = NO_SERVICES,
        servers: McpDesk | None = None,
    ) -> None:
        self.name = name
        self.findings: list[FindingDraft] = []
        self.sent: list[MessageDraft] = []
        self._artifacts: dict[str, tuple[str, bytes]] = {}
        self._lease = lease
        self._checkout = checkout
        self._transactor = transactor
        self._store = store
        self._toolbox = toolbox
        self._logs = logs
        self._clock = clock
        self._ledger = ledger
        self._redactor = redactor
        self._sandbox = sandbox
        self._egress = egress
        self._room = room
        self._models = models
        self._agent = agent
        self.memory = StepMemory(self.call)
        self._services = services
        self._servers = servers
        self._counted: Counter[str] = Counter()
        self._of_the_model = PermittedCalls(name, redactor, ask=ask, call=self.call)

    @property
    def model(self) -> StepModel | None:
        """The language model that the agent uses, if any."""
        if not self._models.chain:
            return None
        host = ModelHost(
            step=self.name,
            ledger=self._ledger,
            redactor=self._redactor,
            open=self._models.open,
            reveal=self._reveal,
            note=self._note,
            tell=self._tell,
            call=self._of_the_model.call,
            working=self._room.working,
            turns=self._models.turns,
        )
        return StepModel(self._models.chain, host)

    async def _tell(self, events: Sequence[Event]) -> None:
        await self._transactor.run(lambda uow: record_events(uow, self._lease, events))

    def now(self) -> datetime:
        """The time that all processes share."""
        return self._clock.now()

    async def log(self, text: str) -> None:
        """Write lines to the execution's log."""
        await self._logs.write(self.name, text)

    def finding(self, draft: FindingDraft) -> None:
        """Add a finding to what this step records."""
        self.findings.append(_storable(draft))

    def artifact(self, name: str, media_type: str, content: bytes) -> None:
        """Add a file to what this step records."""
        self._artifacts[storable(name)] = (media_type, content)

    def send(self, to: Address, content: Any, *, metadata: Mapping[str, Any] | None = None) -> None:
        """Add a message that goes out with the success of this step."""
        self.sent.append(drafted(to, content, self._redactor, metadata=metadata))

    def reply(self, message: Received, content: Any) -> None:
        """Add the answer to a request."""
        self.sent.append(answer_draft(message, content, self._redactor, MessageType.REPLY))

    def refuse(self, message: Received, reason: Any) -> None:
        """Add an answer to a request which says that there will be no other one."""
        self.sent.append(answer_draft(message, reason, self._redactor, MessageType.REFUSAL))

    async def store_artifacts(self) -> tuple[Artifact, ...]:
        """Put the bytes of the artifacts into the store; they count once the step has succeeded."""
        stored = []
        for name, (media_type, content) in self._artifacts.items():
            kept = await self._store.put(content)
            stored.append(
                Artifact(
                    id=uuid7(),
                    workspace_id=self._lease.subject.workspace_id,
                    execution_id=self._lease.execution_id,
                    name=name,
                    media_type=media_type,
                    size=kept.size,
                    sha256=kept.sha256,
                    created_at=self._clock.now(),
                )
            )
        return tuple(stored)

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
        """Run a program of the toolbox and record the call; when it fails for good, an alternative."""

        async def attempt(name: str, arguments: Sequence[str], accept: frozenset[int]) -> ToolResult:
            tool = await asyncio.to_thread(self._toolbox.find, name)
            if tool is None:
                raise ToolMissing(f"{name} is not installed. To install it: {install_hint(name)}")
            with traces.tool_call(name, tool.version) as span:
                done = await self._run(
                    tool,
                    arguments,
                    accept,
                    span,
                    cwd=cwd,
                    stdin=stdin,
                    timeout=timeout,
                    max_output=max_output,
                    max_memory=max_memory,
                )
            if done.exit_code not in accept:
                said = self._redactor.text(done.stderr.strip()[-500:]) or "it said nothing"
                raise ToolFailure(f"{name} ended with exit code {done.exit_code}: {said}")
            return ToolResult(
                exit_code=done.exit_code,
                stdout=done.stdout,
                stderr=done.stderr,
                duration=done.duration,
                truncated=done.truncated,
            )

        return await with_alternatives(attempt, (name, arguments, accept), alternatives, self._note)

    async def _run(
        self, tool: Program, arguments: Sequence[str], accept: frozenset[int], span: Span, **limits: Any
    ) -> ProcessResult:
        """Run the program and record the call, however it ends."""
        called = Called(
            tool=tool.name,
            version=tool.version,
            shown=tuple(arguments),
            canonical=json.dumps(list(arguments)),
            repeatable=True,
            replayed=False,  # what it wrote into the scratch folder has gone with the killed worker
        )
        begun = await self._ledger.begin(self._ledger.intent(called))
        traces.begun(span, begun.call.id)
        ended = partial(self._ended, begun.call)
        try:
            with self._room.working():
                done = await run(tool.path, arguments, **limits)
        except ProcessNotStarted as error:
            await ended(None, "", str(error), course=Course.NEVER_BEGAN)
            raise ToolFailure(str(error)) from error
        except ProcessTimedOut as error:
            await ended(None, error.result.stdout, str(error), cpu_seconds=error.result.cpu_seconds)
            raise ToolTimedOut(str(error)) from error
        except asyncio.CancelledError:
            await ended(None, "", "ended because the execution was stopped", course=Course.CUT_SHORT)
            raise
        accepted = done.exit_code in accept
        traces.exited(span, done.exit_code, accepted=accepted)
        await ended(done.exit_code, done.stdout, None, accepted=accepted, cpu_seconds=done.cpu_seconds)
        return done

    async def _note(self, decision: Decision) -> None:
        event = decision.event(self.name, storable(self._redactor.text(decision.message))[:MOST_SAID])
        await self._transactor.run(lambda uow: record_recovery(uow, self._lease, event))

    async def call(self, tool: type[Tool[Arguments, Result]], arguments: Arguments) -> Result:
        """Call a typed tool and record the call."""
        with self._room.working():
            return await call(tool(), arguments, ledger=self._ledger, redactor=self._redactor, scope=self._scope)

    async def mcp(self, tool: str, arguments: Mapping[str, Any]) -> McpAnswer:
        """Call a tool of an MCP server and record the call."""
        if self._servers is None:
            raise ToolFailure("There are no MCP servers here.", error_class=ErrorClass.REFUSED)
        caller = Caller(name=self.name, ledger=self._ledger, reveal=self._reveal, scope=self._scope)
        return await self._servers.call(caller, self._counted, tool, arguments)

    def _scope(self, idempotency_key: str) -> CallScope:
        return CallScope(
            idempotency_key=idempotency_key,
            checkout=self._checkout.path,
            scratch=self._checkout.scratch,
            sandbox=self._sandbox,
            egress=self._egress,
            log=self.log,
            reveal=self._reveal,
            redactor=self._redactor,
            memory=ExecutionMemory(
                self._agent, self._lease, idempotency_key, self._transactor, self._clock, self._redactor
            ),
            services=self._services,
            model=self.model,
            keep=self._store.put,
        )

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
        """Run a program in the sandbox and record the call."""
        run_it = partial(
            self._sandbox.run,
            command,
            source=source,
            scratch=scratch,
            cwd=cwd,
            read_only=read_only,
            env=env,
            stdin=stdin,
            limits=limits,
        )
        with self._room.working():
            return await call_sandboxed(command, self._sandbox, self._ledger, run_it)

    async def checked(self, command: Sequence[str], run_it: Callable[[], Awaitable[SandboxResult]]) -> SandboxResult:
        """Run the command of an acceptance check and record the call; see :func:`call_check`."""
        return await call_check(command, self._ledger, run_it)

    async def _reveal(self, name: str) -> str:
        workspace_id = self._lease.subject.workspace_id
        try:
            return await self._transactor.run(lambda uow: reveal_secret(uow, workspace_id, name))
        except NotFound:
            raise ToolFailure(
                f"There is no secret {name!r} in this workspace: set it with `wrenchai secrets set {name}`."
            ) from None
        except Rejection as rejection:
            raise AgentFailure(rejection.message, code=rejection.code) from None

    async def _ended(
        self,
        begun: ToolCall,
        exit_code: int | None,
        output: str,
        error: str | None,
        *,
        accepted: bool = False,
        cpu_seconds: float | None = None,
        course: Course = Course.WHOLE,
    ) -> None:
        state = ToolCallState.SUCCEEDED if accepted else ToolCallState.FAILED
        written = output.encode("utf-8", "surrogatepass")
        tests = counted_tests(begun.tool, output)
        ending = Ending(
            state=state,
            output=written,
            exit_code=exit_code,
            error=error,
            cpu_seconds=cpu_seconds,
            tests=tests,
            course=course,
        )
        await self._ledger.end(begun, ending)


def _storable(draft: FindingDraft) -> FindingDraft:
    """The draft with what a source may contain and the database cannot hold replaced."""
    return replace(
        draft,
        message=storable(draft.message),
        location=replace(draft.location, path=storable(draft.location.path)),
        fix=storable(draft.fix),
    )
