"""Setting and removing budgets and prices."""

from __future__ import annotations

from uuid import UUID

from domain.actor import Actor, Permission
from domain.commands import RemoveBudget, RemovePrice, SetBudget, SetPrice
from domain.errors import BudgetExceeded, Invalid, NotFound
from domain.events import BudgetChanged, PriceChanged, Subject
from domain.ledger import Account, Place, Scope
from domain.ports import UnitOfWork
from domain.prices import ToolPrice
from domain.text import check_text
from domain.units import Unit, written

MOST_PRICES = 500


async def set_budget(uow: UnitOfWork, actor: Actor, command: SetBudget) -> Account:
    """Set how much of a unit may be reserved and spent in a place with all below it, from its beginning on.

    Raises:
        Denied, NotFound: as their names say.
        Invalid: less than is spent and reserved there already.
    """
    actor.require(Permission.MANAGE_BUDGETS)
    subject = await _subject_of(uow, actor.workspace_id, command.place)
    account = await uow.ledger.lock(actor.workspace_id, command.place, command.unit)
    if command.limit < account.spent + account.reserved:
        spent, reserved, limit = (
            f"{written(command.unit, parts):,}" for parts in (account.spent, account.reserved, command.limit)
        )
        reason = f"{spent} is spent and {reserved} reserved already: a budget cannot be less, and {limit} is."
        raise Invalid(reason, path=("input", "limit"))
    changed = await uow.ledger.set_limit(account, command.limit, uow.now)
    await _tell(uow, actor, subject, account, command.limit)
    return changed


async def remove_budget(uow: UnitOfWork, actor: Actor, command: RemoveBudget) -> Account:
    """Remove a budget, and answer it as it was; what was spent stays in the ledger.

    Raises:
        Denied, NotFound: as their names say.
    """
    actor.require(Permission.MANAGE_BUDGETS)
    found = await uow.ledger.budget(actor.workspace_id, command.budget_id)
    if found is None:
        raise NotFound("budget", str(command.budget_id), path=("input", "budgetId"))
    account = await uow.ledger.lock(actor.workspace_id, Place(found.scope, found.scope_id), found.unit)
    await uow.ledger.set_limit(account, None, uow.now)
    await _tell(
        uow, actor, await _subject_of(uow, actor.workspace_id, Place(found.scope, found.scope_id)), account, None
    )
    return account


async def set_price(uow: UnitOfWork, actor: Actor, command: SetPrice) -> ToolPrice:
    """Set what calls of a tool cost in the workspace, from the next execution that calls it on.

    Raises:
        Denied: without ``budgets:manage``.
        Invalid: a price that cannot be reserved, or more than 500 tools with a price.
    """
    actor.require(Permission.MANAGE_BUDGETS)
    tool = check_text(command.tool, "tool", most=200, required=True)
    command.price.check()
    own = await uow.prices.of(actor.workspace_id)
    if len(own) >= MOST_PRICES and tool not in {one.tool for one in own}:
        raise Invalid(f"A workspace can set the prices of at most {MOST_PRICES} tools.", path=("input", "tool"))
    await uow.prices.put(actor.workspace_id, tool, command.price, by=actor.id, at=uow.now)
    changed = PriceChanged(tool=tool, price=str(command.price))
    await uow.events.append(Subject(workspace_id=actor.workspace_id), [changed], actor=actor.id)
    return ToolPrice(tool=tool, price=command.price, source=actor.id, own=True, as_of=uow.now)


async def remove_price(uow: UnitOfWork, actor: Actor, command: RemovePrice) -> str:
    """Remove the workspace's own price of a tool, and answer the tool.

    Raises:
        Denied, NotFound: as their names say.
    """
    actor.require(Permission.MANAGE_BUDGETS)
    if not await uow.prices.delete(actor.workspace_id, command.tool):
        raise NotFound("price", command.tool, named="of the tool", path=("input", "tool"))
    gone = PriceChanged(tool=command.tool, price=None)
    await uow.events.append(Subject(workspace_id=actor.workspace_id), [gone], actor=actor.id)
    return command.tool


async def refuse_used_up(uow: UnitOfWork, workspace_id: UUID, task_ids: tuple[UUID, ...]) -> None:
    """Refuse to start tasks of which nothing could be paid.

    Raises:
        BudgetExceeded: a budget of one of them, or of something above it, has nothing left.
    """
    for account in await uow.ledger.used_up(workspace_id, task_ids):
        raise BudgetExceeded(account, await name_of(uow, workspace_id, account), 0, path=("input",))


async def name_of(uow: UnitOfWork, workspace_id: UUID, account: Account) -> str:
    """What an account is of, for a person: ``task WR-12``."""
    match account.scope:
        case Scope.WORKSPACE:
            return "the workspace"
        case Scope.PROJECT:
            project = await uow.projects.get(workspace_id, account.scope_id)
            return f"project {project.key if project else account.scope_id}"
        case Scope.TASK:
            task = await uow.tasks.get(workspace_id, account.scope_id)
            return f"task {task.key if task else account.scope_id}"
        case Scope.EXECUTION:
            return "this execution"


async def _subject_of(uow: UnitOfWork, workspace_id: UUID, place: Place) -> Subject:
    """The place as the subject of an event.

    Raises:
        NotFound: there is no such thing in the workspace.
    """
    match place.scope:
        case Scope.WORKSPACE if place.id == workspace_id:
            return Subject(workspace_id=workspace_id)
        case Scope.PROJECT if await uow.projects.get(workspace_id, place.id):
            return Subject(workspace_id=workspace_id, project_id=place.id)
        case Scope.TASK if task := await uow.tasks.get(workspace_id, place.id):
            return Subject(workspace_id=workspace_id, project_id=task.project_id, task_id=task.id)
        case Scope.EXECUTION if execution := await uow.executions.get(workspace_id, place.id):
            # Of its task and not of the execution itself: its sequence belongs to whoever runs it.
            return Subject(workspace_id=workspace_id, project_id=execution.project_id, task_id=execution.task_id)
    raise NotFound(place.scope.lower(), str(place.id), path=("input", "of"))


async def _tell(uow: UnitOfWork, actor: Actor, subject: Subject, account: Account, limit: int | None) -> None:
    changed = BudgetChanged(
        scope=account.scope,
        unit=account.unit,
        previous=_shown(account.unit, account.limit),
        limit=_shown(account.unit, limit),
    )
    await uow.events.append(subject, [changed], actor=actor.id)


def _shown(unit: Unit, limit: int | None) -> str | None:
    return None if limit is None else str(written(unit, limit))
