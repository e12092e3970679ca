"""The ledger of tool calls on a real database: what is found again, what is asked about, and what is refused."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from pydantic import BaseModel

from agents.contract import AgentFailure, SideEffect, Tool, ToolFailure, ToolLimits, ToolScope
from agents.egress import EgressPolicy
from agents.runtime.call_ledger import MOST_KEPT, CallLedger
from agents.runtime.meter import Meter
from agents.runtime.typed_calls import CallScope, call
from agents.sandbox.choice import open_sandbox
from domain.commands import CreateProject, CreateTasks, TaskDraft
from domain.errors import BudgetExceeded, LeaseLost
from domain.execution import ExecutionError, ToolCall
from domain.lease import Lease
from domain.ledger import Place, Scope
from domain.pages import PageRequest
from domain.ports import UnitOfWork
from domain.prices import Price, Rate
from domain.redaction import Redactor
from domain.states import ExecutionStatus, ToolCallState
from domain.units import Unit
from domain.use_cases import lifecycle, projects, tasks
from domain.use_cases.lifecycle import Outcome
from persistence.reader import SqlReader
from server.platform.wiring import Platform


class Order(BaseModel):
    """What is ordered."""

    what: str
    size: int = 1


class Receipt(BaseModel):
    """What was delivered."""

    text: str


class Shop(Tool[Order, Receipt]):
    """Must not be asked twice; ``delivered`` counts what it has done in this process."""

    name = "shop"
    version = "1"
    purpose = "Sells."
    licence = "Apache-2.0"
    side_effects = (SideEffect.NETWORK,)
    repeatable = False
    limits = ToolLimits(max_output=2_000_000)
    price = Price(per_call=7, rate=Rate(unit=Unit.BYTES, amount=2, per=1, maximum=100))
    arguments_model = Order
    result_model = Receipt

    def __init__(self, work: Callable[[str], Awaitable[str]]) -> None:
        self._work = work

    async def run(self, scope: ToolScope, arguments: Order) -> Receipt:
        return Receipt(text=await self._work(scope.idempotency_key))


WORST = 7 + 2 * 100


@dataclass
class Asked:
    """Answers what it is told to; keeps what it was asked."""

    answer: bool
    calls: list[ToolCall] = field(default_factory=list)

    async def may_repeat(self, call: ToolCall) -> bool:
        self.calls.append(call)
        return self.answer


@dataclass
class Counter:
    """Works of a shop. Each delivery is noted under its key."""

    delivered: list[str] = field(default_factory=list)
    begun: asyncio.Event = field(default_factory=asyncio.Event)

    async def deliver(self, key: str) -> str:
        self.delivered.append(key)
        self.begun.set()
        return f"delivery {len(self.delivered)}"

    async def deliver_much(self, key: str) -> str:
        return (await self.deliver(key)) + "x" * MOST_KEPT

    async def deliver_and_break(self, key: str) -> str:
        await self.deliver(key)
        raise RuntimeError("the line went dead")

    async def deliver_and_hang(self, key: str) -> str:
        await self.deliver(key)
        await asyncio.Event().wait()
        return ""

    async def refuse(self, key: str) -> str:
        raise ToolFailure("sold out")


@dataclass
class Desk:
    """An execution that was started, and calls in a step of it."""

    platform: Platform
    lease: Lease
    folder: Path
    counter: Counter = field(default_factory=Counter)

    def ledger(self, asked: Asked) -> CallLedger:
        """That of one run of the step."""
        return CallLedger(
            "order",
            self.lease,
            transactor=self.platform.transactor,
            store=self.platform.artifacts,
            clock=self.platform.clock,
            redactor=Redactor(),
            uncertain_calls=asked,
            meter=Meter(self.lease, self.platform.transactor),
        )

    async def order(
        self,
        work: Callable[[str], Awaitable[str]],
        order: Order,
        *,
        ledger: CallLedger | None = None,
        asked: Asked | None = None,
    ) -> str:
        """Call the shop, in a fresh run of the step unless a ledger is given."""

        async def nothing(_: str) -> None: ...

        async def no_secret(_: str) -> str:
            raise AssertionError("the shop asks for none")

        redactor = Redactor()

        def scope(key: str) -> CallScope:
            return CallScope(
                idempotency_key=key,
                checkout=self.folder,
                scratch=self.folder,
                sandbox=open_sandbox("none"),
                egress=EgressPolicy(),
                log=nothing,
                reveal=no_secret,
                redactor=redactor,
            )

        used = ledger or self.ledger(asked or Asked(answer=False))
        return (await call(Shop(work), order, ledger=used, redactor=redactor, scope=scope)).text

    async def account(self, unit: Unit = Unit.COST) -> tuple[int, int]:
        """What the execution has reserved and spent."""
        place = Place(Scope.EXECUTION, self.lease.execution_id)
        workspace_id = self.lease.subject.workspace_id
        account = await self.platform.transactor.run(lambda uow: uow.ledger.lock(workspace_id, place, unit))
        return account.reserved, account.spent

    async def budget(self, limit: int) -> None:
        """Limit what the execution may cost."""
        place = Place(Scope.EXECUTION, self.lease.execution_id)

        async def work(uow: UnitOfWork) -> None:
            account = await uow.ledger.lock(self.lease.subject.workspace_id, place, Unit.COST)
            await uow.ledger.set_limit(account, limit, uow.now)

        await self.platform.transactor.run(work)

    async def calls(self) -> list[ToolCall]:
        """All that is recorded, the oldest first."""

        reader = SqlReader(self.platform.reading, self.platform.lease)
        workspace_id = self.lease.subject.workspace_id
        [page] = await reader.tool_calls_of(workspace_id, [self.lease.execution_id], PageRequest(limit=100))
        return list(page.items)


@pytest.fixture
async def desk(idle: Platform, tmp_path: Path) -> Desk:
    actor, worker = idle.owner("tests"), uuid4()

    async def start(uow: UnitOfWork) -> UUID:
        name = f"L{uuid4().hex[:8].upper()}"
        project = await projects.create_project(uow, actor, CreateProject(name=name, key=name))
        draft = TaskDraft(title="Order", agent="probe")
        [task] = await tasks.create_tasks(uow, actor, CreateTasks(project_id=project.id, tasks=(draft,), dispatch=True))
        live = await uow.executions.live_of(task.id)
        assert live is not None
        return live.id

    execution_id = await idle.transactor.run(start)
    segment = await idle.transactor.run(lambda uow: lifecycle.start_execution(uow, execution_id, 1, worker))
    assert segment is not None
    return Desk(idle, segment.lease, tmp_path)


async def test_a_run_after_a_crash_gets_the_recorded_results_in_their_order(desk: Desk) -> None:
    first = desk.ledger(Asked(answer=False))
    said = [await desk.order(desk.counter.deliver, Order(what="tea"), ledger=first) for _ in range(2)]
    assert said == ["delivery 1", "delivery 2"]  # equal calls of one run are two calls
    again = desk.ledger(Asked(answer=False))
    assert [await desk.order(desk.counter.deliver, Order(what="tea"), ledger=again) for _ in range(2)] == said
    assert await desk.order(desk.counter.deliver, Order(what="tea"), ledger=again) == "delivery 3"
    assert len(set(desk.counter.delivered)) == 3


async def test_a_large_result_is_kept_as_an_artifact(desk: Desk) -> None:
    said = await desk.order(desk.counter.deliver_much, Order(what="tea"))
    assert await desk.order(desk.counter.deliver_much, Order(what="tea")) == said
    assert len(desk.counter.delivered) == 1
    [recorded] = await desk.calls()
    assert recorded.result is None
    assert recorded.output_bytes > MOST_KEPT


async def test_what_broke_on_the_way_is_asked_about_and_not_repeated(desk: Desk) -> None:
    asked = Asked(answer=False)
    with pytest.raises(AgentFailure, match="may have done its work or not") as failed:
        await desk.order(desk.counter.deliver_and_break, Order(what="tea"), asked=asked)
    assert failed.value.code == "TOOL_CALL_UNCERTAIN"
    assert [one.state for one in asked.calls] == [ToolCallState.UNCERTAIN]
    assert len(desk.counter.delivered) == 1
    # Not with other arguments either: the step may have been given another time or name.
    with pytest.raises(AgentFailure, match="may have done its work or not"):
        await desk.order(desk.counter.deliver, Order(what="tea, please"))
    assert len(desk.counter.delivered) == 1


async def test_who_allows_it_has_it_made_again_under_the_same_key(desk: Desk) -> None:
    with pytest.raises(AgentFailure):
        await desk.order(desk.counter.deliver_and_break, Order(what="tea"))
    asked = Asked(answer=True)
    assert await desk.order(desk.counter.deliver, Order(what="tea"), asked=asked) == "delivery 2"
    assert len(set(desk.counter.delivered)) == 1
    assert [(one.state, one.attempt) for one in await desk.calls()] == [
        (ToolCallState.INTERRUPTED, 1),
        (ToolCallState.SUCCEEDED, 2),
    ]
    assert await desk.order(desk.counter.deliver, Order(what="tea")) == "delivery 2"  # nobody is asked again


async def test_a_call_that_is_stopped_leaves_the_question_open(desk: Desk) -> None:
    ordering = asyncio.create_task(desk.order(desk.counter.deliver_and_hang, Order(what="tea")))
    async with asyncio.timeout(20):
        await desk.counter.begun.wait()
    ordering.cancel()
    with pytest.raises(asyncio.CancelledError):
        await ordering
    [recorded] = await desk.calls()
    assert recorded.state is ToolCallState.UNCERTAIN
    with pytest.raises(AgentFailure, match="may have done its work or not"):
        await desk.order(desk.counter.deliver, Order(what="tea"))


async def test_what_was_refused_may_be_tried_again(desk: Desk) -> None:
    with pytest.raises(ToolFailure, match="sold out"):
        await desk.order(desk.counter.refuse, Order(what="tea"))
    assert await desk.order(desk.counter.deliver, Order(what="tea")) == "delivery 1"
    assert [(one.state, one.attempt) for one in await desk.calls()] == [
        (ToolCallState.FAILED, 1),
        (ToolCallState.SUCCEEDED, 2),
    ]


async def test_calls_side_by_side_do_not_stand_in_each_others_way(desk: Desk) -> None:
    ledger = desk.ledger(Asked(answer=False))
    orders = [desk.order(desk.counter.deliver, Order(what="tea", size=size), ledger=ledger) for size in range(5)]
    assert len(set(await asyncio.gather(*orders))) == 5


async def test_a_worker_that_has_lost_its_execution_calls_nothing(desk: Desk) -> None:
    lost = replace(desk, lease=replace(desk.lease, epoch=desk.lease.epoch + 1))
    with pytest.raises(LeaseLost):
        await lost.order(desk.counter.deliver, Order(what="tea"))
    assert desk.counter.delivered == []


async def test_an_execution_that_ends_says_what_may_have_happened(desk: Desk) -> None:

    ledger = desk.ledger(Asked(answer=False))
    ordering = asyncio.create_task(desk.order(desk.counter.deliver_and_hang, Order(what="tea"), ledger=ledger))
    async with asyncio.timeout(20):
        await desk.counter.begun.wait()
    ended = Outcome(status=ExecutionStatus.FAILED, error=ExecutionError(code="POISONED", message="its workers died"))
    await desk.platform.transactor.run(lambda uow: lifecycle.finish_execution(uow, desk.lease, ended))
    [recorded] = await desk.calls()
    assert recorded.state is ToolCallState.UNCERTAIN
    assert await desk.account() == (0, WORST), "it may have happened"
    ordering.cancel()
    with pytest.raises(LeaseLost):
        await ordering
    assert await desk.account() == (0, WORST)


async def test_a_call_is_charged_when_it_is_made_and_not_when_its_result_is_replayed(desk: Desk) -> None:
    for _ in range(2):
        await desk.order(desk.counter.deliver, Order(what="tea"))
        [recorded] = await desk.calls()
        assert recorded.output_bytes > 0
        assert await desk.account() == (0, 7 + 2 * recorded.output_bytes)
        assert await desk.account(Unit.TOOL_CALLS) == (0, 1)


async def test_a_call_of_which_nobody_knows_the_end_is_charged_at_its_worst_and_the_next_one_too(desk: Desk) -> None:
    ordering = asyncio.create_task(desk.order(desk.counter.deliver_and_hang, Order(what="tea")))
    async with asyncio.timeout(20):
        await desk.counter.begun.wait()
    assert await desk.account() == (WORST, 0)
    ordering.cancel()
    with pytest.raises(asyncio.CancelledError):
        await ordering
    assert await desk.account() == (0, WORST)
    await desk.order(desk.counter.deliver, Order(what="tea"), asked=Asked(answer=True))
    _, again = await desk.calls()
    assert await desk.account() == (0, WORST + 7 + 2 * again.output_bytes)
    assert await desk.account(Unit.TOOL_CALLS) == (0, 2)


async def test_a_call_that_a_budget_does_not_allow_is_neither_made_nor_recorded(desk: Desk) -> None:
    await desk.budget(WORST - 1)
    with pytest.raises(BudgetExceeded):
        await desk.order(desk.counter.deliver, Order(what="tea"))
    assert (desk.counter.delivered, await desk.calls(), await desk.account()) == ([], [], (0, 0))
    await desk.budget(WORST)
    assert await desk.order(desk.counter.deliver, Order(what="tea")) == "delivery 1"


async def test_what_a_call_takes_beyond_its_maximum_is_charged_too(desk: Desk) -> None:
    await desk.budget(WORST)
    await desk.order(desk.counter.deliver_much, Order(what="tea"))
    [recorded] = await desk.calls()
    assert await desk.account() == (0, 7 + 2 * recorded.output_bytes)
    with pytest.raises(BudgetExceeded):
        await desk.order(desk.counter.deliver, Order(what="more tea"))
