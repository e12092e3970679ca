"""Writing language models, and which of them agents use."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.language_model import LanguageModel, ModelChoice
from persistence.mappers import from_model, to_choice, to_model
from persistence.tables import model_choices, models, workspaces


class ModelTable:
    """See :class:`domain.ports.ModelStore`."""

    def __init__(self, connection: AsyncConnection, now: datetime) -> None:
        self._connection = connection
        self._now = now

    async def put(self, model: LanguageModel) -> LanguageModel:
        """Insert or overwrite a model of that name; its id and the time of its creation stay."""
        changing = from_model(model)
        fixed = {
            "id": model.id,
            "workspace_id": model.workspace_id,
            "name": model.name,
            "created_at": model.created_at,
        }
        written = (
            upsert(models)
            .values({**fixed, **changing})
            .on_conflict_do_update(index_elements=["workspace_id", "name"], set_=changing)
            .returning(models)
        )
        return to_model((await self._connection.execute(written)).mappings().one())

    async def get(self, workspace_id: UUID, name: str) -> LanguageModel | None:
        """The model of that name, or ``None``."""
        found = select(models).where(models.c.workspace_id == workspace_id, models.c.name == name)
        row = (await self._connection.execute(found)).mappings().first()
        return None if row is None else to_model(row)

    async def all(self, workspace_id: UUID) -> list[LanguageModel]:
        """All of them by name."""
        found = select(models).where(models.c.workspace_id == workspace_id).order_by(models.c.name)
        return [to_model(row) for row in (await self._connection.execute(found)).mappings()]

    async def lock(self, workspace_id: UUID) -> None:
        """Let nobody else change the workspace's models until the transaction ends."""
        held = select(workspaces.c.id).where(workspaces.c.id == workspace_id).with_for_update(key_share=True)
        await self._connection.execute(held)

    async def delete(self, workspace_id: UUID, name: str) -> None:
        """Forget a model."""
        gone = delete(models).where(models.c.workspace_id == workspace_id, models.c.name == name)
        await self._connection.execute(gone)

    async def choices(self, workspace_id: UUID) -> list[ModelChoice]:
        """Which agent uses which, by agent."""
        found = select(model_choices).where(model_choices.c.workspace_id == workspace_id)
        rows = (await self._connection.execute(found.order_by(model_choices.c.agent))).mappings()
        return [to_choice(row) for row in rows]

    async def choose(self, workspace_id: UUID, choice: ModelChoice, by: str) -> None:
        """Note the choice of an agent, instead of an older one."""
        values = {"model_id": choice.model_id, "chosen_by": by, "chosen_at": self._now}
        new = upsert(model_choices).values(workspace_id=workspace_id, agent=choice.agent, **values)
        await self._connection.execute(new.on_conflict_do_update(index_elements=["workspace_id", "agent"], set_=values))

    async def unchoose(self, workspace_id: UUID, agent: str) -> None:
        """Forget the choice of an agent."""
        gone = delete(model_choices).where(model_choices.c.workspace_id == workspace_id, model_choices.c.agent == agent)
        await self._connection.execute(gone)
