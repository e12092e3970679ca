"""Servers in processes of their own, so that none of them shares a processor's time with the client."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from agents.process_family import die_with_parent
from benchmarks.data import fill
from benchmarks.scale import Scale
from server.platform.wiring import Platform
from server.process import running
from server.security.local_token import LocalToken
from server.settings import load_settings

PATIENCE = 60.0
PLUGINS = Path(__file__).parent / "plugins"
WRENCHAI = str(Path(sys.executable).with_name("wrenchai"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A database with the data of the benchmarks, and in this process the parts of the platform that write into it."""

    platform: Platform
    folder: Path
    scale: Scale

    @property
    def environment(self) -> dict[str, str]:
        """The settings of further processes on the same data folder."""
        return {
            "WRENCHAI_DATA_DIR": str(self.platform.settings.data_dir),
            "WRENCHAI_SOURCE_ROOTS": str(self.folder),
            "PYTHONPATH": str(PLUGINS),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground(Site):
    """A site with a running ``wrenchai up``, whose process is ``pid``."""

    address: str
    token: str
    pid: int

    @property
    def headers(self) -> dict[str, str]:
        """What tells the server who asks."""
        return {"authorization": f"Bearer {self.token}"}


@asynccontextmanager
async def site(folder: Path, scale: Scale) -> AsyncIterator[Site]:
    """An embedded database in ``folder``."""
    os.chmod(folder, 0o755)  # noqa: PTH101 - the account of the database server has to go through it
    sys.path.append(str(PLUGINS))  # the agent of the benchmarks is found there
    try:
        settings = load_settings(data_dir=folder / "data", port=0, source_roots=(folder,))
        async with running(settings, api=False, worker=False, migrate=True) as writer:
            await fill(writer.platform.addresses.owner_dsn, scale.tasks)
            yield Site(platform=writer.platform, folder=folder, scale=scale)
    finally:
        sys.path.remove(str(PLUGINS))


@asynccontextmanager
async def ground(here: Site) -> AsyncIterator[Ground]:
    """Start ``wrenchai up`` on the site."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    environment = {**here.environment, "WRENCHAI_PORT": str(port)}
    async with process([WRENCHAI, "up"], here.folder / "wrenchai.log", environment) as started:
        await until_answered(f"{address}/readyz", started)
        token = LocalToken.read(here.platform.settings.data_dir).value
        yield Ground(
            platform=here.platform,
            folder=here.folder,
            scale=here.scale,
            address=address,
            token=token,
            pid=started.pid,
        )


@asynccontextmanager
async def fixed_body(folder: Path) -> AsyncIterator[str]:
    """The address of ``benchmarks.peer``."""
    port = free_port()
    async with process([sys.executable, "-m", "benchmarks.peer", str(port)], folder / "peer.log", {}) as started:
        address = f"http://127.0.0.1:{port}/"
        await until_answered(address, started)
        yield address


@asynccontextmanager
async def process(
    command: list[str], log: Path, environment: Mapping[str, str]
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A process that writes to ``log``, and is ended when the context is left."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("WRENCHAI_")}
    with log.open("wb") as output:
        started = await asyncio.create_subprocess_exec(
            *command,
            env={**clean, **environment},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,  # Ctrl-C is for us; its end comes from here
            preexec_fn=die_with_parent(os.getpid()),
        )
    try:
        yield started
    finally:
        if started.returncode is None:
            started.terminate()
        await started.wait()


async def until_answered(address: str, started: asyncio.subprocess.Process) -> None:
    """Wait until the process that was started answers.

    Raises:
        RuntimeError: it has ended, or does not answer in time.
    """
    began = time.monotonic()
    async with httpx.AsyncClient(trust_env=False, timeout=5) as http:
        while True:
            try:
                answer = await http.get(address)
                if not answer.is_server_error:  # PostGraphile listens, and takes no GET
                    return
                answer.raise_for_status()
            except httpx.HTTPError as error:
                if started.returncode is not None or time.monotonic() - began > PATIENCE:
                    raise RuntimeError(f"{address} does not answer; its log is in the folder of the run") from error
            await asyncio.sleep(0.05)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port
