"""Writing the prices of a workspace."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.prices import Price, ToolPrice
from persistence.mappers.ledger import from_price, to_tool_price
from persistence.tables import prices


class PriceTable:
    """See :class:`domain.ports.PriceStore`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def of(self, workspace_id: UUID) -> list[ToolPrice]:
        """All of them, by tool."""
        found = select(prices).where(prices.c.workspace_id == workspace_id).order_by(prices.c.tool)
        return [to_tool_price(row) for row in (await self._connection.execute(found)).mappings()]

    async def put(self, workspace_id: UUID, tool: str, price: Price, *, by: str, at: datetime) -> None:
        """Set the price of a tool."""
        values = {**from_price(price), "set_by": by, "set_at": at}
        new = upsert(prices).values(workspace_id=workspace_id, tool=tool, **values)
        await self._connection.execute(new.on_conflict_do_update(index_elements=["workspace_id", "tool"], set_=values))

    async def delete(self, workspace_id: UUID, tool: str) -> bool:
        """Remove the price of a tool; whether there was one."""
        gone = (
            delete(prices).where(prices.c.workspace_id == workspace_id, prices.c.tool == tool).returning(prices.c.tool)
        )
        return (await self._connection.execute(gone)).first() is not None
