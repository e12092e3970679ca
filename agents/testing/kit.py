"""The context of the kit: an ``AgentContext`` in memory, with real programs."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from itertools import count
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from uuid import UUID, uuid4

from pydantic import BaseModel, TypeAdapter

from agents.contract import (
    Action,
    Agent,
    Answer,
    Checkout,
    Child,
    ChildResult,
    FindingsSummary,
    McpAnswer,
    Received,
    SideEffect,
    Step,
)
from agents.contract.egress import Egress
from agents.contract.sandbox import Sandbox
from agents.contract.services import NO_SERVICES, Services
from agents.contract.step import check_step_name
from agents.egress import EgressPolicy
from agents.models.host import Turns
from agents.recovery import decide
from agents.runtime.claims import claims_with_steps
from agents.sandbox.choice import open_sandbox
from agents.testing.correspondence import Correspondence, Replies
from agents.testing.decisions import NOTHING, Approvals, Decisions
from agents.testing.kit_step import KitStep, RecordedCall
from agents.testing.ledger import KitLedger
from agents.testing.memory import KitMemory
from agents.testing.messaging import KitMessaging
from agents.testing.meter import KitMeter
from agents.toolbox import Toolbox
from agents.toolbox.known import KNOWN_TOOLS
from domain.events import ModelAnswered, RecoveryAttempted
from domain.evidence import JudgedClaim, Records, judge
from domain.execution import Artifact, ToolCall
from domain.execution import Step as RecordedStep
from domain.finding import Finding, FindingDraft, FindingState, fingerprinted, state_when_found
from domain.memory import Memory
from domain.message import MessageDraft
from domain.prices import Price
from domain.quality_gate import QualityGate
from domain.redaction import Redactor
from domain.states import StepStatus
from domain.task import RetryPolicy
from domain.units import Unit

if TYPE_CHECKING:
    from pydantic_ai.models import Model

Inputs = TypeVar("Inputs", bound=BaseModel)
Report = TypeVar("Report", bound=BaseModel)
Output = TypeVar("Output")


@dataclass(slots=True, kw_only=True)
class AgentRun(Generic[Report]):
    """What an agent did.

    ``findings`` are all it found or found fixed, each in its state; ``artifacts`` are by name; ``actions`` are what it
    asked permission for; ``children`` are the tasks that it had others do; ``spent`` is by unit; ``answers`` are those
    of the language model, each with its tokens. ``recoveries`` is what was done about errors of steps, tools and
    models, by the same policies as on a worker; the kit does not wait through the pauses. ``memories`` are all there
    are at the end. ``sent`` is what it has said to others, ``handled`` what of its mailbox its handlers came to an end
    with.
    """

    report: Report
    findings: list[Finding]
    artifacts: dict[str, bytes]
    tool_calls: list[RecordedCall]
    log: list[str]
    progress: list[tuple[int, int, str]]
    claims: list[JudgedClaim]
    spent: dict[Unit, Decimal] = field(default_factory=dict)
    typed_calls: list[ToolCall] = field(default_factory=list)
    actions: list[Action] = field(default_factory=list)
    recoveries: list[RecoveryAttempted] = field(default_factory=list)
    sent: list[MessageDraft] = field(default_factory=list)
    handled: list[Received] = field(default_factory=list)
    answers: list[ModelAnswered] = field(default_factory=list)
    memories: list[Memory] = field(default_factory=list)
    children: list[Child] = field(default_factory=list)
    mcp_calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    @property
    def unverified(self) -> list[str]:
        """What the agent claims and did not do, each as a sentence: on a platform the execution would not succeed."""
        return [f"{claim.text}: {claim.reason}" for claim in self.claims if not claim.verified]

    def in_state(self, state: FindingState) -> list[Finding]:
        """The findings that are in ``state``."""
        return [finding for finding in self.findings if finding.state is state]

    @property
    def new(self) -> list[Finding]:
        """What nothing was known of before."""
        return self.in_state(FindingState.NEW)


async def run_agent(
    agent: Agent[Inputs, Report],
    path: Path,
    inputs: Inputs,
    known: Sequence[Finding] = (),
    *,
    gate: QualityGate = QualityGate(),
    missing_tools: Iterable[str] = (),
    secrets: Mapping[str, str] | None = None,
    sandbox: Sandbox | None = None,
    approvals: Approvals = NOTHING,
    prices: Mapping[str, Price] = MappingProxyType({}),
    budgets: Mapping[Unit, Decimal] = MappingProxyType({}),
    mailbox: Sequence[Received] = (),
    replies: Replies = MappingProxyType({}),
    model: Model | None = None,
    memories: Iterable[str] = (),
    children: Callable[[Child], ChildResult] | None = None,
    mcp: Mapping[str, McpAnswer] = MappingProxyType({}),
) -> AgentRun[Report]:
    """Run an agent on the folder ``path``; tools in ``missing_tools`` count as not installed.

    ``secrets`` are those that typed tools may ask for. Code of users runs in ``sandbox``, else in one that works here.
    ``approvals`` says which actions are approved, by name or by a function of the action.
    ``mailbox`` is what the agent receives, see ``incoming``; ``replies`` says what others answer to its requests.
    ``mcp`` is what tools of MCP servers answer, by ``server/tool``.
    ``prices`` are those of the workspace, by tool; ``budgets`` are limits of the execution. ``model`` is a double of
    pydantic-ai that stands for the language model (a ``TestModel``, a ``FunctionModel``, or what
    :func:`agents.testing.answers` makes); without one the agent has none. ``memories`` are texts that a person has put
    down about the project. ``children`` says how each task ends that the agent has
    others do.

    Raises:
        AgentFailure: the agent says that it cannot do the task.
        BudgetExceeded: the agent wanted to spend more than a budget allows, and had no answer to that.
        UnexpectedAction: it asks something that ``approvals`` says nothing about.
        UnexpectedRequest: it asks others something that ``replies`` says nothing about.
    """
    decisions = Decisions(agent.kind, approvals)
    context = KitContext(path, agent.kind, known, gate, frozenset(missing_tools), decisions, secrets=secrets or {})
    context.sandbox = sandbox or context.sandbox
    context.use(KitMeter(prices, budgets))
    context.messages = Correspondence(mailbox, replies)
    context.model = model
    for text in memories:
        context.memory.put(text)
    context.child_ends = children
    context.mcp_answers = mcp
    context.side_effects = agent.side_effects not in ((), (SideEffect.NONE,))
    with tempfile.TemporaryDirectory(prefix="wrenchai-scratch-", ignore_cleanup_errors=True) as scratch:
        context.checkout = replace(context.checkout, scratch=Path(scratch))
        report = await agent.run(context, inputs)
    again = agent.report_model.model_validate_json(report.model_dump_json())
    return AgentRun(
        report=again,
        findings=context.settled or context.found(),
        artifacts=context.artifacts,
        tool_calls=context.tool_calls,
        log=context.log,
        progress=context.steps_done,
        typed_calls=context.ledger.calls,
        actions=context.decisions.asked,
        claims=list(judge(claims_with_steps(agent, again), context.records())),
        spent=context.budget.spent(),
        recoveries=context.recoveries,
        sent=context.messages.sent,
        handled=context.messages.handled,
        answers=[event for event in context.ledger.events if isinstance(event, ModelAnswered)],
        memories=context.memory.memories,
        children=context.children,
        mcp_calls=context.mcp_calls,
    )


@dataclass(slots=True)
class KitContext(KitMessaging):
    """An ``AgentContext`` in memory."""

    path: Path
    kind: str
    known: Sequence[Finding]
    gate: QualityGate
    missing_tools: frozenset[str]
    decisions: Decisions = field(default_factory=lambda: Decisions("", NOTHING))
    execution_id: UUID = field(default_factory=uuid4)
    task_title: str = "A task of the test kit"
    project_name: str = "test kit"
    checkout: Checkout = field(init=False)
    artifacts: dict[str, bytes] = field(default_factory=dict)
    tool_calls: list[RecordedCall] = field(default_factory=list)
    log: list[str] = field(default_factory=list)
    steps_done: list[tuple[int, int, str]] = field(default_factory=list)
    settled: list[Finding] = field(default_factory=list)
    toolbox: Toolbox = field(default_factory=Toolbox)
    recoveries: list[RecoveryAttempted] = field(default_factory=list)
    mcp_answers: Mapping[str, McpAnswer] = field(default_factory=dict)
    mcp_calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    side_effects: bool = False
    model: Model | None = None
    turns: Turns = field(default_factory=Turns)
    secrets: Mapping[str, str] = field(default_factory=dict)
    sandbox: Sandbox = field(default_factory=lambda: open_sandbox("auto"))
    egress: Egress = field(default_factory=EgressPolicy)
    services: Services = NO_SERVICES
    redactor: Redactor = field(default_factory=Redactor)
    budget: KitMeter = field(default_factory=lambda: KitMeter({}, {}))
    ledger: KitLedger = field(init=False)
    messages: Correspondence = field(default_factory=Correspondence)
    memory: KitMemory = field(init=False)
    children: list[Child] = field(default_factory=list)
    child_ends: Callable[[Child], ChildResult] | None = None
    _drafts: dict[str, FindingDraft] = field(default_factory=dict)
    _step_names: set[str] = field(default_factory=set)
    _succeeded: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        state = f"sha256:{hashlib.sha256(str(self.path).encode('utf-8', 'surrogateescape')).hexdigest()}"
        self.checkout = Checkout(path=self.path, source_id=uuid4(), state=state)
        self.memory = KitMemory(self.kind)
        self.use(self.budget)

    def use(self, meter: KitMeter) -> None:
        """Let calls be paid by this meter."""
        self.budget = meter
        self.ledger = KitLedger(self.execution_id, self.redactor, meter)

    async def step(
        self,
        name: str,
        function: Callable[[Step], Awaitable[Output]],
        *,
        returns: type[Output],
        retry: RetryPolicy | None = None,
    ) -> Output:
        """Run the function once; what it recorded counts only if it succeeds."""
        check_step_name(name)
        if name in self._step_names:
            raise ValueError(f"The step {name} was run before; give each step a name of its own.")
        self._step_names.add(name)
        step, output = await self._recovering(name, function, retry)
        for draft in fingerprinted(step.drafts):
            self._drafts[draft.fingerprint] = draft
        for artifact in step.artifacts.keys() & self.artifacts.keys():
            raise ValueError(f"The artifact {artifact} was recorded before; its name has to be unique.")
        self.artifacts |= step.artifacts
        self.messages.sent += step.sent
        self._succeeded.append(name)
        adapter = TypeAdapter(returns)
        return adapter.validate_json(adapter.dump_json(output, warnings=False))

    async def _recovering(
        self, name: str, function: Callable[[Step], Awaitable[Output]], retry: RetryPolicy | None
    ) -> tuple[KitStep, Output]:
        for attempt in count(1):
            step = KitStep(name, self)
            try:
                return step, await function(step)
            except Exception as error:
                decision = decide(error, attempt, retry, side_effects=self.side_effects)
                self.recoveries.append(decision.event(name, self.redactor.text(decision.message)))
                if not decision.repeats:
                    raise
        raise AssertionError("unreachable")  # pragma: no cover

    async def approve(self, action: Action) -> Answer:
        """Answer as the test says."""
        return self.decisions.on(action)

    def recorded(self, name: str, *, returns: type[Output]) -> Output | None:
        """Nothing: there is no earlier segment."""
        return None

    async def spawn(self, name: str, children: Sequence[Child]) -> Sequence[ChildResult]:
        """Answer as the test says."""
        if self.child_ends is None:
            raise AssertionError(f"The agent has other agents do {name!r}: say with children= how such tasks end.")
        self.children.extend(children)
        return [self.child_ends(child) for child in children]

    async def progress(self, done: int, total: int, message: str = "") -> None:
        """Note how far the execution is."""
        self.steps_done.append((done, total, message))

    async def settle_findings(self, *, engines: Iterable[str], skipped_paths: Iterable[str] = ()) -> FindingsSummary:
        """Compare with what was known; a path is skipped when it, or a folder above it, is in ``skipped_paths``."""
        found = self.found()
        by_engine, skipped = set(engines), set(skipped_paths)
        fixed = [
            replace(finding, state=FindingState.FIXED)
            for finding in self.known
            if finding.fingerprint not in self._drafts
            and finding.engine in by_engine
            and finding.state in {FindingState.NEW, FindingState.PERSISTING}
            and not _lies_in(finding.location.path, skipped)
        ]
        self.settled = sorted([*found, *fixed], key=lambda finding: (finding.severity.rank, finding.location.path))

        def those(state: FindingState) -> list[Finding]:
            return [finding for finding in self.settled if finding.state is state]

        return FindingsSummary(
            new=those(FindingState.NEW),
            persisting=those(FindingState.PERSISTING),
            fixed=those(FindingState.FIXED),
            waived=those(FindingState.WAIVED),
            first_audit=not self.known,
        )

    def records(self) -> Records:
        """What a platform would have on record."""
        now = datetime.now(UTC)
        owner = {"execution_id": self.execution_id, "workspace_id": UUID(int=1)}
        return Records(
            steps=[
                RecordedStep(
                    id=uuid4(),
                    execution_id=self.execution_id,
                    position=position,
                    name=name,
                    status=StepStatus.SUCCEEDED,
                    attempt=1,
                    started_at=now,
                    finished_at=now,
                )
                for position, name in enumerate(self._succeeded, 1)
            ],
            tool_calls=[*(call.recorded(self.execution_id, now) for call in self.tool_calls), *self.ledger.calls],
            artifacts=[
                Artifact(
                    id=uuid4(),
                    name=name,
                    media_type="",
                    size=len(content),
                    sha256=hashlib.sha256(content).hexdigest(),
                    created_at=now,
                    **owner,
                )
                for name, content in self.artifacts.items()
            ],
            findings=len(self._drafts),
            accepted={name: tool.accepted for name, tool in KNOWN_TOOLS.items()},
        )

    def tool_version(self, name: str) -> str | None:
        """The version of an installed tool."""
        tool = None if name in self.missing_tools else self.toolbox.find(name)
        return tool.version if tool else None

    def found(self) -> list[Finding]:
        """What the steps found, each in the state that follows from what was known."""
        before = {finding.fingerprint: finding for finding in self.known}
        return [self._finding(draft, before.get(draft.fingerprint)) for draft in self._drafts.values()]

    def _finding(self, draft: FindingDraft, previous: Finding | None) -> Finding:
        now = datetime.now(UTC)
        return Finding(
            id=previous.id if previous else uuid4(),
            workspace_id=UUID(int=1),
            project_id=UUID(int=2),
            source_id=self.checkout.source_id,
            agent=self.kind,
            engine=draft.engine,
            rule=draft.rule,
            severity=draft.severity,
            message=draft.message,
            location=draft.location,
            fingerprint=draft.fingerprint,
            state=state_when_found(previous, now),
            help_url=draft.help_url,
            fix=draft.fix,
            waiver_reason=previous.waiver_reason if previous else None,
            waiver_expires_at=previous.waiver_expires_at if previous else None,
            first_execution_id=previous.first_execution_id if previous else self.execution_id,
            last_execution_id=self.execution_id,
            created_at=previous.created_at if previous else now,
            updated_at=now,
        )


def _lies_in(path: str, skipped: set[str]) -> bool:
    parts = path.split("/")
    return any("/".join(parts[:length]) in skipped for length in range(1, len(parts) + 1))
