"""The ledger in the database does what the domain says, and parallel reservations wait for each other."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace
from uuid import UUID, uuid4

import pytest

from domain.commands import SetBudget
from domain.errors import BudgetExceeded, Invalid, LeaseLost
from domain.events import Subject
from domain.execution import Execution
from domain.lease import Lease
from domain.ledger import Account, Place, Posting, PostingKind, Reservation, Scope
from domain.ports import UnitOfWork
from domain.project import Project
from domain.states import ExecutionStatus
from domain.units import Unit
from domain.use_cases import metering
from domain.use_cases.budgets import set_budget
from domain.use_cases.cancel import subject_of
from domain.use_cases.tool_calls import Intent, begin_tool_call
from tests.persistence.conftest import Shelf, refused_for


async def nest(shelf: Shelf, project: Project) -> list[Execution]:
    """A running execution of a task, of a task that is a part of it, and of a part of that."""
    executions: list[Execution] = []
    parent: UUID | None = None
    for number in (1, 2, 3):
        task = await shelf.task(project, number, parent_id=parent)
        running = {"status": ExecutionStatus.RUNNING, "epoch": 1, "error": None, "cancel_requested_at": None}
        executions.append(await shelf.execution(task, **running))
        parent = task.id
    return executions


def lease_of(execution: Execution) -> Lease:
    assert execution.worker_id is not None
    return Lease(
        subject=subject_of(execution), execution_id=execution.id, epoch=execution.epoch, worker_id=execution.worker_id
    )


async def post(shelf: Shelf, execution: Execution, *postings: Posting, reference: UUID | None = None) -> list[Account]:
    return await shelf.do(lambda uow: uow.ledger.post(subject_of(execution), reference or uuid4(), postings))


async def settle(shelf: Shelf, execution: Execution) -> None:
    await shelf.do(lambda uow: uow.ledger.settle_open(subject_of(execution)))


async def limit(shelf: Shelf, scope: Scope, scope_id: UUID, limit: int, unit: Unit = Unit.COST) -> Account:
    command = SetBudget(place=Place(scope, scope_id), unit=unit, limit=limit)
    return await shelf.do(lambda uow: set_budget(uow, shelf.actor, command))


async def accounts(shelf: Shelf, *scope_ids: UUID) -> list[tuple[int, int]]:
    reader = shelf.read
    totals = await reader.totals_of(shelf.workspace_id, scope_ids)
    found = [one.accounts.get(Unit.COST) for one in totals]
    return [(one.reserved, one.spent) if one else (0, 0) for one in found]


async def test_random_postings_move_what_the_domain_says(shelf: Shelf) -> None:
    dice = random.Random(7)
    project = await shelf.project()
    executions = await nest(shelf, project)
    model: dict[tuple[UUID, Unit], Account] = {}
    open_calls: list[tuple[int, Reservation]] = []
    for _ in range(60):
        if dice.random() < 0.5 or not open_calls:
            level = dice.randrange(3)
            amounts = {unit: dice.randrange(20) for unit in dice.sample(list(Unit), 2)}
            reservation = Reservation(reference=uuid4(), amounts=amounts)
            postings = reservation.opening()
            open_calls.append((level, reservation))
        else:
            level, reservation = open_calls.pop(dice.randrange(len(open_calls)))
            postings = reservation.closing({unit: dice.randrange(30) for unit in dice.sample(list(Unit), 3)})
        scopes = {
            executions[level].id,
            *(one.task_id for one in executions[: level + 1]),
            project.id,
            shelf.workspace_id,
        }
        for scope_id in scopes:
            for posting in postings:
                key = (scope_id, posting.unit)
                empty = Account(id=scope_id, scope=Scope.TASK, scope_id=scope_id, unit=posting.unit)
                model[key] = model.get(key, empty).after(posting)
        for again in (False, True):  # posted twice, after a crash say, it counts once
            touched = await post(shelf, executions[level], *postings, reference=reservation.reference)
            units = {posting.unit for posting in postings}
            expected = set() if again else {(scope_id, unit) for scope_id in scopes for unit in units}
            assert {(one.scope_id, one.unit) for one in touched} == expected
            for one in touched:
                known = model[one.scope_id, one.unit]
                assert (one.reserved, one.spent) == (known.reserved, known.spent)
    assert len({one.reference for _, one in open_calls}) > 0
    for execution in executions:
        await settle(shelf, execution)
    reserved = {key: one.reserved for key, one in model.items()}
    totals = await shelf.read.totals_of(shelf.workspace_id, [key[0] for key in model])
    for (scope_id, unit), total in zip(model, totals, strict=True):
        known = model[scope_id, unit]
        found = total.accounts[unit]
        assert (found.reserved, found.spent) == (0, known.spent + reserved[scope_id, unit]), "charged at its worst"


async def test_parallel_reservations_take_a_budget_to_its_last_unit_and_not_beyond(shelf: Shelf) -> None:
    project = await shelf.project()
    executions = await nest(shelf, project)
    await limit(shelf, Scope.TASK, executions[0].task_id, 100)
    await limit(shelf, Scope.TASK, executions[1].task_id, 70)
    await limit(shelf, Scope.EXECUTION, executions[2].id, 21)
    taken, refused = [0, 0, 0], list[tuple[int, int]]()

    async def reserve(level: int, amount: int) -> None:
        reservation = Reservation(reference=uuid4(), amounts={Unit.COST: amount})
        try:
            assert await shelf.do(lambda uow: metering.reserve(uow, lease_of(executions[level]), reservation))
            taken[level] += amount
        except BudgetExceeded as error:
            refused.append((error.account.available or 0, error.wanted))

    await asyncio.gather(*(reserve(n % 3, 7 if n % 2 else 3) for n in range(90)))
    await asyncio.gather(*(reserve(level, 1) for level in (0, 1, 2) for _ in range(10)))
    assert refused
    assert all(available < wanted for available, wanted in refused)
    assert sum(taken) == 100
    assert sum(taken[1:]) <= 70
    assert taken[2] <= 21
    tops = [executions[0].task_id, executions[1].task_id, executions[2].id, project.id]
    assert await accounts(shelf, *tops) == [(100, 0), (sum(taken[1:]), 0), (taken[2], 0), (100, 0)]


async def test_a_refused_reservation_leaves_nothing_behind(shelf: Shelf) -> None:
    project = await shelf.project()
    execution, *_ = await nest(shelf, project)
    await limit(shelf, Scope.PROJECT, project.id, 5)
    reservation = Reservation(reference=uuid4(), amounts={Unit.COST: 6, Unit.TOOL_CALLS: 1})
    with pytest.raises(BudgetExceeded, match=f"COST budget of project {project.key}"):
        await shelf.do(lambda uow: metering.reserve(uow, lease_of(execution), reservation))
    totals = await shelf.read.totals_of(shelf.workspace_id, [execution.id, execution.task_id])
    assert [dict(one.accounts) for one in totals] == [{}, {}]
    assert await accounts(shelf, project.id) == [(0, 0)]


async def test_nothing_is_reserved_for_who_has_lost_the_lease(shelf: Shelf) -> None:
    execution, *_ = await nest(shelf, await shelf.project())
    lease = replace(lease_of(execution), epoch=2)
    intent = Intent(
        step_name="spend",
        tool="toll",
        version=None,
        arguments=(),
        arguments_hash="0" * 64,
        idempotency_key="1" * 40,
        repeatable=True,
        replayed=True,
    )

    async def begin(uow: UnitOfWork) -> None:
        begun = await begin_tool_call(uow, lease, intent)
        await metering.reserve(uow, lease, Reservation(reference=begun.call.id, amounts={Unit.COST: 1}))

    with pytest.raises(LeaseLost):
        await shelf.do(begin)
    assert await accounts(shelf, execution.id) == [(0, 0)]


async def test_what_can_only_be_measured_is_refused_once_nothing_is_left(shelf: Shelf) -> None:
    project = await shelf.project()
    execution, *_ = await nest(shelf, project)
    await limit(shelf, Scope.PROJECT, project.id, 100, Unit.BYTES)
    lease = lease_of(execution)

    def reserve() -> Reservation:
        return Reservation(reference=uuid4(), amounts={Unit.TOOL_CALLS: 1})

    await shelf.do(lambda uow: metering.reserve(uow, lease, reserve()))
    await post(shelf, execution, Posting(kind=PostingKind.MEASURE, unit=Unit.BYTES, amount=130))
    with pytest.raises(BudgetExceeded, match="nothing is left"):
        await shelf.do(lambda uow: metering.reserve(uow, lease, reserve()))
    with pytest.raises(Invalid, match="130 is spent"):
        await limit(shelf, Scope.PROJECT, project.id, 129, Unit.BYTES)
    raised = await limit(shelf, Scope.PROJECT, project.id, 131, Unit.BYTES)
    assert raised.available == 1
    await shelf.do(lambda uow: metering.reserve(uow, lease, reserve()))


async def test_the_budgets_of_a_deleted_task_go_and_what_it_spent_stays(shelf: Shelf) -> None:
    project = await shelf.project()
    *_, execution = await nest(shelf, project)
    await limit(shelf, Scope.TASK, execution.task_id, 100)
    await limit(shelf, Scope.EXECUTION, execution.id, 100)
    await post(shelf, execution, Posting(kind=PostingKind.MEASURE, unit=Unit.COST, amount=9))
    await shelf.do(lambda uow: uow.ledger.forget_limits(execution.task_id))
    await shelf.do(lambda uow: uow.tasks.delete(execution.task_id))
    subject = Subject(workspace_id=shelf.workspace_id, task_id=execution.task_id, execution_id=execution.id)
    assert await shelf.do(lambda uow: uow.ledger.limits(subject)) == []
    assert await accounts(shelf, project.id) == [(0, 9)]


async def test_the_database_refuses_what_the_domain_would_never_post(shelf: Shelf) -> None:
    execution, *_ = await nest(shelf, await shelf.project())
    await post(shelf, execution, Posting(kind=PostingKind.RESERVE, unit=Unit.COST, amount=4))
    with refused_for("ck_accounts_reserved"):
        await post(shelf, execution, Posting(kind=PostingKind.RELEASE, unit=Unit.COST, amount=5))
