"""Reading which language models there are, and who uses them."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from domain.language_model import LanguageModel, ModelChoice
from domain.pages import Page, PageRequest
from persistence.keyset import Ordering, read_page
from persistence.mappers import to_choice, to_model
from persistence.readers.lookup import Lookup
from persistence.readers.session import ReadSession
from persistence.tables import model_choices, models

BY_NAME = Ordering((models.c.name,))
MODELS_BY_ID = Lookup(select(models), models.c.id, to_model, models.c.workspace_id)


class ModelReader(ReadSession):
    """The part of :class:`domain.ports.Reader` that is about language models."""

    async def models(self, workspace_id: UUID, page: PageRequest) -> Page[LanguageModel]:
        """All of them by name."""
        base = select(models).where(models.c.workspace_id == workspace_id)
        async with self.connection() as connection:
            return await read_page(connection, base, BY_NAME, page, to_model)

    async def models_by_id(self, workspace_id: UUID, ids: Sequence[UUID]) -> list[LanguageModel | None]:
        """By id."""
        return await MODELS_BY_ID.find(self, ids, workspace_id)

    async def model_choices(self, workspace_id: UUID) -> list[ModelChoice]:
        """Which agent uses which model, by agent."""
        wanted = select(model_choices).where(model_choices.c.workspace_id == workspace_id)
        async with self.connection() as connection:
            return [to_choice(row) for row in await connection.rows(wanted.order_by(model_choices.c.agent))]
