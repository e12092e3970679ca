"""``wrenchai secrets``: what the commands do, on the configured database and data folder."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from domain.pages import MAX_PAGE, PageRequest
from domain.secret import Secret
from domain.use_cases import secrets
from domain.use_cases.secrets import DeleteSecret, SetSecret
from persistence import data_folder
from persistence.reader import SqlReader
from server import __version__
from server.platform.database import database, require_current
from server.platform.wiring import Platform, open_platform
from server.security.authentication import OWNER
from server.security.master_keys import MasterKeys
from server.settings import Settings


@dataclass(frozen=True, slots=True)
class Rotation:
    """What a rotation did: the key in force, how many secrets went under it, and how many old keys were forgotten."""

    key_id: str
    moved: int
    forgotten: int


async def set_secret(settings: Settings, name: str, value: str) -> Secret:
    """Keep a value.

    Raises:
        Rejection: the name or the value cannot be accepted, or there is no key to seal it under.
    """
    async with _opened(settings) as platform:
        command, actor = SetSecret(name=name, value=value), platform.owner(OWNER)
        return await platform.transactor.run(lambda uow: secrets.set_secret(uow, actor, command))


async def delete_secret(settings: Settings, name: str) -> None:
    """Forget a secret.

    Raises:
        NotFound: there is none of this name.
    """
    async with _opened(settings) as platform:
        command, actor = DeleteSecret(name=name), platform.owner(OWNER)
        await platform.transactor.run(lambda uow: secrets.delete_secret(uow, actor, command))


async def list_secrets(settings: Settings) -> list[Secret]:
    """All secrets by name, without their values."""
    found: list[Secret] = []
    async with _opened(settings) as platform:
        reader, workspace_id = SqlReader(platform.reading, platform.lease), platform.owner(OWNER).workspace_id
        page = await reader.secrets(workspace_id, PageRequest(limit=MAX_PAGE))
        found += page.items
        while page.has_next:
            page = await reader.secrets(workspace_id, PageRequest(limit=MAX_PAGE, after=page.positions[-1]))
            found += page.items
    return found


async def rotate(settings: Settings, *, forget: bool) -> Rotation:
    """Make a fresh master key, where it is kept in a file, and put every secret under the current one.

    Interrupted at any point, every secret can still be opened; it is then done again. Old keys stay good for opening
    (a server may just be sealing under one) unless they are to be forgotten.

    Raises:
        UnusableKey, ExposedSecret: a key cannot be used.
        SecretUnreadable: a secret cannot be opened; nothing was changed but the key for new ones.
    """
    keys = MasterKeys(settings.data_dir, settings.secrets_key)
    async with _opened(settings) as platform:
        current = keys.current() if keys.from_environment else keys.renew()
        moved = await platform.transactor.run(secrets.rewrap_secrets)
        if not forget:
            return Rotation(current.id, moved, 0)
        moved += await platform.transactor.run(secrets.rewrap_secrets)
        return Rotation(current.id, moved, keys.forget_others())


@asynccontextmanager
async def _opened(settings: Settings) -> AsyncIterator[Platform]:
    data_folder.prepare(settings.data_dir, version=__version__)
    async with database(settings) as addresses:
        await require_current(addresses)
        async with open_platform(settings, addresses) as platform:
            yield platform
