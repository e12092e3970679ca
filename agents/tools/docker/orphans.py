"""The containers of workers that were killed. Docker ends none with its worker: they are found by their label."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from agents.contract import Services
from agents.process_family import owner_lives, owner_name
from agents.tools.docker.daemon import DEFAULT, daemon, missing

if TYPE_CHECKING:
    from docker import APIClient

OWNER = "wrenchai.owner"
"""The label that says which process of which machine a container belongs to: ``<host> <pid>:<start>``."""
PATIENCE = 5.0
"""Seconds for each answer of the daemon: a worker that stops waits for them."""


def label() -> dict[str, str]:
    """What the containers of this process are marked with."""
    return {OWNER: f"{socket.gethostname()} {owner_name()}"}


def daemon_set_up(services: Services) -> bool:
    """Whether the Docker tools can be used here: the package is there, and a daemon, by its setting or usual socket."""
    return missing() is None and (services.docker_url is not None or Path(DEFAULT.removeprefix("unix://")).exists())


async def remove_left_containers(services: Services) -> None:
    """Remove the containers of workers of this machine that were killed.

    Raises:
        ToolFailure: the daemon does not answer.
    """
    await asyncio.to_thread(_remove, services)


def _remove(services: Services) -> None:
    with daemon(services, PATIENCE) as client:
        remove_orphans(client)


def remove_orphans(client: APIClient) -> None:
    """The same with a client that is there. Blocks."""
    import docker

    here = socket.gethostname()
    for one in client.containers(all=True, filters={"label": OWNER}):
        host, _, owner = (one.get("Labels") or {}).get(OWNER, "").partition(" ")
        if host == here and not owner_lives(owner):
            with suppress(docker.errors.NotFound):
                client.remove_container(one["Id"], force=True, v=True)
