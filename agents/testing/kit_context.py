"""The context of the kit: an ``AgentContext`` in memory, with real programs."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID, uuid4

from pydantic import TypeAdapter

from agents.contract import (
    Action,
    Answer,
    Checkout,
    Child,
    ChildResult,
    FindingsSummary,
    McpAnswer,
    Step,
)
from agents.contract.egress import Egress
from agents.contract.sandbox import Sandbox
from agents.contract.services import NO_SERVICES, Services
from agents.contract.step import check_step_name
from agents.egress import EgressPolicy
from agents.models.host import Turns
from agents.recovery import decide
from agents.sandbox.choice import open_sandbox
from agents.testing.correspondence import Correspondence
from agents.testing.decisions import NOTHING, Decisions
from agents.testing.kit_step import KitStep, RecordedCall
from agents.testing.ledger import KitLedger
from agents.testing.memory import KitMemory
from agents.testing.messaging import KitMessaging
from agents.testing.meter import KitMeter
from agents.toolbox import Toolbox
from agents.toolbox.known import KNOWN_TOOLS
from domain.events import RecoveryAttempted
from domain.evidence import Records
from domain.execution import Artifact
from domain.execution import Step as RecordedStep
from domain.finding import Finding, FindingDraft, FindingState, fingerprinted, state_when_found
from domain.quality_gate import QualityGate
from domain.redaction import Redactor
from domain.states import StepStatus
from domain.task import RetryPolicy

if TYPE_CHECKING:
    from pydantic_ai.models import Model

Output = TypeVar("Output")


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

    def working(self) -> AbstractContextManager[None]:
        """Nothing: the kit never interrupts."""
        return nullcontext()

    async def approve(self, action: Action) -> Answer:
        """Answer as the test says."""
        return self.decisions.on(action)

    async def approve_again(self, action: Action) -> Answer:
        """The same for what is asked within a step: one that is tried again asks again, and has its answer already."""
        return self.decisions.on(action, again=True)

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
