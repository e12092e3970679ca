"""One run of an agent on a folder, and what it did."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from pydantic import BaseModel

from agents.contract import (
    Action,
    Agent,
    Child,
    ChildResult,
    McpAnswer,
    Received,
    SideEffect,
)
from agents.contract.sandbox import Sandbox
from agents.runtime.claims import claims_with_steps
from agents.testing.correspondence import Correspondence, Replies
from agents.testing.decisions import NOTHING, Approvals, Decisions
from agents.testing.kit_context import KitContext
from agents.testing.kit_step import RecordedCall
from agents.testing.meter import KitMeter
from domain.events import ModelAnswered, RecoveryAttempted
from domain.evidence import JudgedClaim, judge
from domain.execution import ToolCall
from domain.finding import Finding, FindingState
from domain.memory import Memory
from domain.message import MessageDraft
from domain.prices import Price
from domain.quality_gate import QualityGate
from domain.units import Unit

if TYPE_CHECKING:
    from pydantic_ai.models import Model

Inputs = TypeVar("Inputs", bound=BaseModel)
Report = TypeVar("Report", bound=BaseModel)


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
