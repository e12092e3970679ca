"""Keeping secrets for tools. A value goes in, and comes out for a tool only."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from domain.actor import Actor, Permission
from domain.errors import NotFound
from domain.ports import UnitOfWork
from domain.secret import Secret, check_name, check_value

NAMED = "with the name"


@dataclass(frozen=True, slots=True, kw_only=True)
class SetSecret:
    """A value to keep under a name; an older one is replaced."""

    name: str
    value: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteSecret:
    """A secret to forget."""

    name: str


async def set_secret(uow: UnitOfWork, actor: Actor, command: SetSecret) -> Secret:
    """Keep a value.

    Raises:
        Invalid: the name or the value cannot be accepted.
    """
    actor.require(Permission.MANAGE_SECRETS)
    name, value = check_name(command.name), check_value(command.value)
    sealed = uow.vault.seal(actor.workspace_id, name, value)
    secret = Secret(
        id=uow.new_id(),
        workspace_id=actor.workspace_id,
        name=name,
        key_id=sealed.key_id,
        updated_by=actor.id,
        created_at=uow.now,
        updated_at=uow.now,
    )
    return await uow.secrets.put(secret, sealed)


async def delete_secret(uow: UnitOfWork, actor: Actor, command: DeleteSecret) -> Secret:
    """Forget a secret, and answer it as it was.

    Raises:
        NotFound: there is none of this name.
    """
    actor.require(Permission.MANAGE_SECRETS)
    secret = await uow.secrets.get(actor.workspace_id, command.name)
    if secret is None:
        raise NotFound("secret", command.name, named=NAMED, path=("input", "name"))
    await uow.secrets.delete(actor.workspace_id, command.name)
    return secret


async def reveal_secret(uow: UnitOfWork, workspace_id: UUID, name: str) -> str:
    """The value, for a tool that is being called.

    Raises:
        NotFound: there is none of this name.
        SecretUnreadable: its master key is not here, or it was altered.
    """
    sealed = await uow.secrets.sealed(workspace_id, name)
    if sealed is None:
        raise NotFound("secret", name, named=NAMED)
    return uow.vault.open(workspace_id, name, sealed)


async def rewrap_secrets(uow: UnitOfWork) -> int:
    """Put every secret under the current master key, all or none; how many were under another one.

    Raises:
        SecretUnreadable: one of them cannot be opened.
    """
    moved = 0
    for workspace_id, name, sealed in await uow.secrets.all():
        rewrapped = uow.vault.rewrap(workspace_id, name, sealed)
        if rewrapped.key_id != sealed.key_id:
            await uow.secrets.rewrap(workspace_id, name, rewrapped)
            moved += 1
    return moved
