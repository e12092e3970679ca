"""Reading accounts, budgets and prices."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, bindparam, select

from domain.ledger import Account
from domain.pages import Page, PageRequest
from domain.prices import ToolPrice
from domain.usage import Totals
from persistence.keyset import Ordering, read_page
from persistence.mappers import to_account, to_tool_price
from persistence.readers.compiled import Prepared
from persistence.readers.lists import Lists
from persistence.readers.lookup import Lookup
from persistence.readers.session import ReadSession
from persistence.selects import among
from persistence.tables import accounts, prices
from persistence.used_up import used_up_of

WITH_BUDGET = select(accounts).where(accounts.c.most.is_not(None))
NEWEST_FIRST = Ordering((accounts.c.most_set_at, accounts.c.id), descending=True)
BUDGETS_BY_ID = Lookup(WITH_BUDGET, accounts.c.id, to_account, accounts.c.workspace_id)
BUDGETS_OF = Lists(WITH_BUDGET, accounts.c.scope_id, accounts.c.workspace_id, NEWEST_FIRST, to_account)
USED_UP = Prepared(used_up_of(bindparam("task_ids", type_=ARRAY(Uuid)), bindparam("workspace_id", type_=Uuid())))


class LedgerReader(ReadSession):
    """The part of :class:`domain.ports.Reader` that is about what was spent."""

    async def totals_of(self, workspace_id: UUID, scope_ids: Sequence[UUID]) -> list[Totals]:
        """What each scope and all below it have reserved and spent."""
        wanted = select(accounts).where(accounts.c.workspace_id == workspace_id, among(accounts.c.scope_id, scope_ids))
        found: dict[UUID, list[Account]] = {}
        async with self.connection() as connection:
            for row in await connection.rows(wanted):
                found.setdefault(row["scope_id"], []).append(to_account(row))
        return [Totals(accounts={account.unit: account for account in found.get(one, ())}) for one in scope_ids]

    async def budgets(self, workspace_id: UUID, page: PageRequest) -> Page[Account]:
        """All accounts that have a budget, the newest budget first."""
        base = WITH_BUDGET.where(accounts.c.workspace_id == workspace_id)
        async with self.connection() as connection:
            return await read_page(connection, base, NEWEST_FIRST, page, to_account)

    async def budgets_of(self, workspace_id: UUID, scope_ids: Sequence[UUID], page: PageRequest) -> list[Page[Account]]:
        """The budgets of each scope, the newest first."""
        return await BUDGETS_OF.read(self, workspace_id, scope_ids, page)

    async def budgets_by_id(self, workspace_id: UUID, ids: Sequence[UUID]) -> list[Account | None]:
        """By id; ``None`` for an account without a budget, too."""
        return await BUDGETS_BY_ID.find(self, ids, workspace_id)

    async def used_up_budgets(self, workspace_id: UUID, task_ids: Sequence[UUID]) -> list[list[Account]]:
        """For each task the budgets that have nothing left: its own and those above it."""
        found: dict[UUID, list[Account]] = {}
        async with self.connection() as connection:
            for row in await connection.prepared_rows(USED_UP, task_ids=list(task_ids), workspace_id=workspace_id):
                found.setdefault(row["task_id"], []).append(to_account(row))
        return [found.get(one, []) for one in task_ids]

    async def own_prices(self, workspace_id: UUID) -> list[ToolPrice]:
        """The prices that somebody set in the workspace, by tool."""
        wanted = select(prices).where(prices.c.workspace_id == workspace_id).order_by(prices.c.tool)
        async with self.connection() as connection:
            return [to_tool_price(row) for row in await connection.rows(wanted)]
