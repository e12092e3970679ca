"""Where totals, budgets and prices come from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol
from uuid import UUID

from domain.ledger import Account, Scope
from domain.pages import Page
from domain.price_table import PRICE_TABLE
from domain.prices import ToolPrice
from domain.usage import Totals
from resolvers import executions, projects, tasks, workspaces
from resolvers.connections import Connection, Window, connect_root
from resolvers.context import Context
from resolvers.loaders import Batch

HOLDERS: Mapping[Scope, Batch[UUID, Any]] = {
    Scope.WORKSPACE: workspaces.by_id,
    Scope.PROJECT: projects.by_id,
    Scope.TASK: tasks.by_id,
    Scope.EXECUTION: executions.by_id,
}
"""Where the things are found whose accounts are kept."""


class Holder(Protocol):
    """A thing whose accounts are kept."""

    @property
    def id(self) -> UUID:
        """Its id."""


async def totals_of(context: Context, scope_ids: Sequence[UUID], _args: tuple[Any, ...]) -> list[Totals]:
    """What each scope and all below it have reserved and spent."""
    return await context.read.totals_of(context.workspace_id, scope_ids)


async def budgets_of(context: Context, holders: Sequence[Holder], args: tuple[Any, ...]) -> list[Page[Account]]:
    """The budgets of each thing, the newest first. ``args``: page."""
    (page,) = args
    return await context.read.budgets_of(context.workspace_id, [holder.id for holder in holders], page)


async def budgets_by_id(context: Context, ids: Sequence[UUID], _args: tuple[Any, ...]) -> list[Account | None]:
    """Budgets, or ``None`` for what is not there for whoever asks."""
    return await context.read.budgets_by_id(context.workspace_id, ids)


async def budgets(context: Context, window: Window) -> Connection[Account]:
    """All budgets of the workspace, the newest first."""
    return await connect_root("budgets", lambda page: context.read.budgets(context.workspace_id, page), window)


async def holder_of(context: Context, account: Account) -> object | None:
    """The thing whose account it is, or ``None`` when it was deleted."""
    return await context.load(HOLDERS[account.scope], account.scope_id)


async def prices(context: Context) -> list[ToolPrice]:
    """The price of each tool that has one, by tool: the workspace's own before the installation's."""
    found = {
        tool: ToolPrice(tool=tool, price=price, source=PRICE_TABLE.source, own=False, as_of=PRICE_TABLE.as_of)
        for tool, price in PRICE_TABLE.prices.items()
    }
    found |= {own.tool: own for own in await context.read.own_prices(context.workspace_id)}
    return [found[tool] for tool in sorted(found)]
