"""Connecting language models, and choosing which agent uses which."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from domain.actor import Actor, Permission
from domain.errors import Invalid, NotFound
from domain.language_model import (
    DEFAULT,
    EVERYBODY,
    MOST_FALLBACKS,
    NAME,
    NONE,
    AnswerMode,
    LanguageModel,
    ModelChoice,
    ModelProvider,
    TokenPrice,
)
from domain.lease import Lease
from domain.ports import UnitOfWork
from domain.secret import NAME as SECRET_NAME

NAMED = "with the name"


@dataclass(frozen=True, slots=True, kw_only=True)
class SetModel:
    """A model to connect under a name; an older one is replaced. ``fallback`` is the name of another one."""

    name: str
    provider: ModelProvider
    model_id: str
    base_url: str | None = None
    key_secret: str | None = None
    max_output_tokens: int = 4_096
    timeout: timedelta = timedelta(seconds=120)
    max_requests: int = 20
    answer_mode: AnswerMode = AnswerMode.TOOL
    price: TokenPrice | None = None
    fallback: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteModel:
    """A model to forget."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChooseModel:
    """Which model an agent uses, or with ``agent`` left out every agent without a choice of its own.

    ``model`` is a name, ``none`` for no model, or ``default`` for what the workspace uses.
    """

    model: str
    agent: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What an agent uses from now on; ``agent`` is ``None`` for every agent without a choice of its own."""

    agent: str | None
    model: LanguageModel | None


async def set_model(uow: UnitOfWork, actor: Actor, command: SetModel) -> LanguageModel:
    """Connect a model.

    Raises:
        Denied: without ``models:manage``, or without ``secrets:manage`` where it decides to where a secret is sent.
        Invalid: a field cannot be accepted, its secret or its fallback is not there, or fallbacks go round in a circle.
    """
    actor.require(Permission.MANAGE_MODELS)
    await uow.models.lock(actor.workspace_id)
    known = {model.name: model for model in await uow.models.all(actor.workspace_id)}
    fallback = None if command.fallback is None else known.get(command.fallback)
    if command.fallback is not None and fallback is None:
        raise Invalid(f"There is no model {command.fallback!r} to fall back to.", path=("input", "fallback"))
    before = known.get(command.name)
    model = LanguageModel(
        id=uow.new_id() if before is None else before.id,
        workspace_id=actor.workspace_id,
        name=command.name,
        provider=command.provider,
        model_id=command.model_id,
        base_url=None if command.base_url is None else command.base_url.rstrip("/"),
        key_secret=command.key_secret,
        max_output_tokens=command.max_output_tokens,
        timeout=command.timeout,
        max_requests=command.max_requests,
        answer_mode=command.answer_mode,
        price=command.price,
        fallback_id=None if fallback is None else fallback.id,
        updated_by=actor.id,
        created_at=uow.now if before is None else before.created_at,
        updated_at=uow.now,
    )
    model.check()
    if _sends_secret_elsewhere(before, model):
        actor.require(Permission.MANAGE_SECRETS)
    await _check_secret(uow, model)
    _check_fallbacks({one.id: one for one in (*known.values(), model)}, model)
    return await uow.models.put(model)


async def delete_model(uow: UnitOfWork, actor: Actor, command: DeleteModel) -> LanguageModel:
    """Forget a model, and answer it as it was.

    Raises:
        Denied: without ``models:manage``.
        NotFound: there is none of this name.
        Invalid: an agent uses it, or another model falls back to it.
    """
    actor.require(Permission.MANAGE_MODELS)
    await uow.models.lock(actor.workspace_id)
    known = await uow.models.all(actor.workspace_id)
    model = _named(known, command.name, "input", "name")
    users = [_agent(one.agent) for one in await uow.models.choices(actor.workspace_id) if one.model_id == model.id]
    users += [f"the model {one.name}" for one in known if one.fallback_id == model.id]
    if users:
        reason = f"{model.name} is used by {', '.join(users)}: choose another one there first."
        raise Invalid(reason, path=("input", "name"))
    await uow.models.delete(actor.workspace_id, model.name)
    return model


async def choose_model(uow: UnitOfWork, actor: Actor, command: ChooseModel) -> Chosen:
    """Choose which model an agent uses, for executions that begin from now on.

    Raises:
        Denied: without ``models:manage``.
        NotFound: there is no such model or agent.
        Invalid: ``default`` is chosen for all agents, which is what it would mean.
    """
    actor.require(Permission.MANAGE_MODELS)
    if command.agent is not None and uow.agents.get(command.agent) is None:
        raise NotFound("agent", command.agent, named="of the kind", path=("input", "agent"))
    await uow.models.lock(actor.workspace_id)
    agent = command.agent or EVERYBODY
    if command.model == DEFAULT:
        if command.agent is None:
            reason = f"{DEFAULT!r} is what is chosen here: name a model, or {NONE!r}."
            raise Invalid(reason, path=("input", "model"))
        await uow.models.unchoose(actor.workspace_id, agent)
    else:
        known = await uow.models.all(actor.workspace_id)
        model = None if command.model == NONE else _named(known, command.model, "input", "model")
        choice = ModelChoice(agent=agent, model_id=None if model is None else model.id)
        await uow.models.choose(actor.workspace_id, choice, actor.id)
    chain = await models_for(uow, actor.workspace_id, agent)
    return Chosen(agent=command.agent, model=chain[0] if chain else None)


async def models_for(uow: UnitOfWork, workspace_id: UUID, agent: str) -> tuple[LanguageModel, ...]:
    """The model that an agent uses and those it falls back to, in order; none when it uses none."""
    choices = {choice.agent: choice.model_id for choice in await uow.models.choices(workspace_id)}
    first = choices[agent] if agent in choices else choices.get(EVERYBODY)
    if first is None:
        return ()
    known = {model.id: model for model in await uow.models.all(workspace_id)}
    return tuple(_chain(known, first))


async def models_of(uow: UnitOfWork, lease: Lease, agent: str) -> tuple[LanguageModel, ...]:
    """The models that an execution uses, in order: those that its agent used when it began, as they were set then.

    They are part of what a recorded request is known by, so an execution that waited, or lost its worker, would ask
    and pay again for what has been answered if they changed under way.

    Raises:
        LeaseLost: another worker has the execution.
    """
    recorded = await uow.executions.models(lease.execution_id)
    if recorded is not None:
        return recorded
    found = await models_for(uow, lease.subject.workspace_id, agent)
    await uow.executions.set_models(lease.execution_id, found, epoch=lease.epoch)
    return found


async def find_model(uow: UnitOfWork, workspace_id: UUID, name: str) -> LanguageModel:
    """The model of that name.

    Raises:
        NotFound: there is none.
    """
    found = await uow.models.get(workspace_id, name) if NAME.fullmatch(name) else None
    if found is None:
        raise NotFound("model", name, named=NAMED, path=("input", "name"))
    return found


def _chain(known: Mapping[UUID, LanguageModel], first: UUID | None) -> Iterator[LanguageModel]:
    seen: set[UUID] = set()
    while first is not None and first in known and first not in seen:
        seen.add(first)
        yield known[first]
        first = known[first].fallback_id


def _check_fallbacks(known: Mapping[UUID, LanguageModel], model: LanguageModel) -> None:
    """Every chain that leads through the model must have an end."""
    path = ("input", "fallback")
    chain = list(_chain(known, model.id))
    if chain[-1].fallback_id is not None:
        round_ = " → ".join(one.name for one in (*chain, known[chain[-1].fallback_id]))
        raise Invalid(f"The fallbacks would go round in a circle: {round_}.", path=path)
    if len(chain) > MOST_FALLBACKS + 1:
        raise Invalid(f"At most {MOST_FALLBACKS} models may stand in one after the other.", path=path)


def _sends_secret_elsewhere(before: LanguageModel | None, model: LanguageModel) -> bool:
    """Whether the model's secret goes to a place where it did not go before."""
    if model.key_secret is None:
        return False
    return before is None or (before.key_secret, before.provider, before.base_url) != (
        model.key_secret,
        model.provider,
        model.base_url,
    )


async def _check_secret(uow: UnitOfWork, model: LanguageModel) -> None:
    name = model.key_secret
    if name is None:
        return
    if not SECRET_NAME.fullmatch(name) or await uow.secrets.get(model.workspace_id, name) is None:
        reason = f"There is no secret {name!r}: set it with `wrenchai secrets set {name}`."
        raise Invalid(reason, path=("input", "keySecret"))


def _named(known: Sequence[LanguageModel], name: str, *path: str) -> LanguageModel:
    found = next((model for model in known if model.name == name), None)
    if found is None:
        raise NotFound("model", name, named=NAMED, path=path)
    return found


def _agent(kind: str) -> str:
    return f"the agent {kind}" if kind else "all agents without a choice of their own"
