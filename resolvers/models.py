"""Where language models come from, who uses them, and how one is tried out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from domain.actor import Permission
from domain.errors import Rejection
from domain.language_model import EVERYBODY, LanguageModel, ModelTrial
from domain.ports import UnitOfWork
from domain.use_cases.models import find_model
from domain.use_cases.secrets import reveal_secret
from resolvers.connections import Connection, Window, connect_root
from resolvers.context import Context
from resolvers.outcome import Outcome

SHARE = 0.9
"""Of the time that is left to the operation, for a trial: its answer has to be sent, too."""


async def listed(context: Context, window: Window) -> Connection[LanguageModel]:
    """All models of the workspace, by name."""
    return await connect_root("models", lambda page: context.read.models(context.workspace_id, page), window)


async def by_id(context: Context, ids: Sequence[UUID], _args: tuple[Any, ...]) -> list[LanguageModel | None]:
    """Models, the ones that are not there as ``None``."""
    return await context.read.models_by_id(context.workspace_id, ids)


async def users_of(context: Context, ids: Sequence[UUID], _args: tuple[Any, ...]) -> list[list[str]]:
    """For each model the agents that have chosen it; an empty name stands for all without a choice of their own."""
    choices = await context.read.model_choices(context.workspace_id)
    return [[choice.agent for choice in choices if choice.model_id == one] for one in ids]


async def used_by(context: Context, kinds: Sequence[str], _args: tuple[Any, ...]) -> list[LanguageModel | None]:
    """The model that each agent uses, by its own choice or that of the workspace."""
    choices = {choice.agent: choice.model_id for choice in await context.read.model_choices(context.workspace_id)}
    wanted = [choices[kind] if kind in choices else choices.get(EVERYBODY) for kind in kinds]
    ids = list({one for one in wanted if one is not None})
    known = dict(zip(ids, await context.load_all(by_id, ids), strict=True))
    return [None if one is None else known[one] for one in wanted]


async def tried(context: Context, name: str) -> Outcome[tuple[LanguageModel, ModelTrial]]:
    """Try a model out. What is wrong with the model is the trial; what is wrong with the request is an error.

    A trial ends before the deadline of the operation, so that one which took too long is still told of.
    """

    async def look_up(uow: UnitOfWork) -> tuple[LanguageModel, str | None]:
        context.actor.require(Permission.MANAGE_MODELS)
        model = await find_model(uow, context.workspace_id, name)
        secret = model.key_secret
        return model, None if secret is None else await reveal_secret(uow, context.workspace_id, secret)

    try:
        model, key = await context.transactor.run(look_up)
    except Rejection as rejection:
        return Outcome(errors=(rejection,))
    return Outcome(value=(model, await context.models.test(model, key, context.time_left * SHARE)))
