"""Where the language models of a workspace are kept, and who tries one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Protocol
from uuid import UUID

from domain.language_model import LanguageModel, ModelChoice, ModelTrial


class ModelStore(Protocol):
    """Models by workspace and name, and which of them agents use."""

    async def put(self, model: LanguageModel) -> LanguageModel:
        """Insert or overwrite a model of that name; its id and the time of its creation stay."""

    async def get(self, workspace_id: UUID, name: str) -> LanguageModel | None:
        """The model of that name, or ``None``."""

    async def all(self, workspace_id: UUID) -> Sequence[LanguageModel]:
        """All of them by name."""

    async def lock(self, workspace_id: UUID) -> None:
        """Let nobody else change the workspace's models until the transaction ends."""

    async def delete(self, workspace_id: UUID, name: str) -> None:
        """Forget a model. Whoever calls has seen to it that nothing points to it."""

    async def choices(self, workspace_id: UUID) -> Sequence[ModelChoice]:
        """Which agent uses which, by agent."""

    async def choose(self, workspace_id: UUID, choice: ModelChoice, by: str) -> None:
        """Note the choice of an agent, instead of an older one."""

    async def unchoose(self, workspace_id: UUID, agent: str) -> None:
        """Forget the choice of an agent."""


class ModelTester(Protocol):
    """Tries a model out."""

    async def test(self, model: LanguageModel, key: str | None, within: timedelta) -> ModelTrial:
        """Ask it something tiny, with the key, and wait no longer than ``within`` for all of its answer.

        Never raises for what is wrong with the model: that is the answer.
        """
