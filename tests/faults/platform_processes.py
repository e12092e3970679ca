"""The platform as a user runs it: ``wrenchai up``, ``serve`` and ``worker`` as processes of their own."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from uuid import uuid4

import httpx
import psutil

from agents.process_family import die_with_parent
from server.client.graphql_client import GraphQLClient
from server.security.local_token import LocalToken

PROGRAM = Path(sys.executable).with_name("wrenchai")
PLUGINS = Path(__file__).parents[1] / "plugins"
MARK = "WRENCHAI_TEST_MARK"
"""An environment variable that everything a process starts inherits, unless it is started with a clean environment."""

LEASE = 2.0
"""Seconds; short, so that a test need not wait long for a worker to count as dead."""

Command = Literal["up", "serve", "worker"]


async def until(condition: Callable[[], Awaitable[object]], within: float, what: str) -> None:
    """Wait until the condition answers something true.

    Raises:
        AssertionError: it did not, within so many seconds.
    """
    deadline = time.monotonic() + within
    while not await condition():
        assert time.monotonic() < deadline, f"not within {within:g} seconds: {what}"
        await asyncio.sleep(0.03)


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


@dataclass
class PlatformProcess:
    """One process. Its output goes to ``log``; its group is its own, like that of a command at a terminal."""

    command: Command
    data_dir: Path
    settings: Mapping[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    mark: str = field(default_factory=lambda: uuid4().hex)
    popen: subprocess.Popen[bytes] = field(init=False)

    @property
    def log(self) -> Path:
        return self.data_dir.parent / f"{self.command}-{self.mark[:8]}.log"

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        return self.popen.pid

    def start(self) -> None:
        """Start it, and do not wait for anything."""
        clean = {name: value for name, value in os.environ.items() if not name.startswith("WRENCHAI_")}
        environment = {
            **clean,
            "PYTHONPATH": str(PLUGINS),
            "WRENCHAI_DATA_DIR": str(self.data_dir),
            "WRENCHAI_PORT": str(self.port),
            "WRENCHAI_LEASE_SECONDS": str(LEASE),
            "WRENCHAI_DRAIN_SECONDS": "0",
            "WRENCHAI_WORKER_SLOTS": "4",
            **self.settings,
            MARK: self.mark,
        }
        with self.log.open("wb") as log:
            self.popen = subprocess.Popen(
                [PROGRAM, self.command],
                env=environment,
                cwd=self.data_dir.parent,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=die_with_parent(os.getpid()),  # tests that are killed leave nothing running
            )

    def client(self) -> GraphQLClient:
        """A client of its API, signed in as the owner."""
        return GraphQLClient(self.address, LocalToken.read(self.data_dir).value)

    async def until_ready(self, within: float = 40) -> None:
        """Wait until every check of ``/readyz`` passes."""
        await until(self.is_ready, within, f"{self.command} ready\n{self.output()}")

    async def is_ready(self) -> bool:
        assert self.popen.poll() is None, self.output()
        with suppress(httpx.HTTPError):
            async with httpx.AsyncClient(trust_env=False, timeout=10) as http:
                return (await http.get(f"{self.address}/readyz")).status_code == 200
        return False

    async def exit_code(self, within: float) -> int:
        """Wait for its end."""

        async def ended() -> bool:
            return self.popen.poll() is not None

        await until(ended, within, f"{self.command} ended\n{self.output()}")
        return self.popen.returncode

    def interrupt(self) -> None:
        """What Ctrl-C does at a terminal: SIGINT to the whole group."""
        os.killpg(self.pid, signal.SIGINT)

    def send(self, number: signal.Signals) -> None:
        self.popen.send_signal(number)

    async def kill(self) -> None:
        """SIGKILL, and wait for the corpse."""
        self.popen.kill()
        await asyncio.to_thread(self.popen.wait)

    def left_behind(self) -> list[psutil.Process]:
        """Living processes of its group, or with its mark in their environment, or with a marker of its tools."""
        found = []
        for process in psutil.process_iter():
            with suppress(psutil.Error, ProcessLookupError):
                if process.status() == psutil.STATUS_ZOMBIE:
                    continue
                environment = process.environ()
                of_tool = environment.get("WRENCHAI_PROCESS_FAMILY", "").startswith(f"{self.pid}:")
                if os.getpgid(process.pid) == self.pid or environment.get(MARK) == self.mark or of_tool:
                    found.append(process)
        return found

    def programs_left_behind(self) -> set[str]:
        """Their names."""
        names = set()
        for process in self.left_behind():
            with suppress(psutil.Error):  # it has just ended
                names.add(process.name())
        return names

    def output(self) -> str:
        return self.log.read_text(errors="replace")[-6_000:] if self.log.exists() else "(no output)"


@asynccontextmanager
async def started(
    command: Command, data_dir: Path, settings: Mapping[str, str] | None = None
) -> AsyncIterator[PlatformProcess]:
    """A process, ended at the latest when the context is left. One with an API is ready when the context is entered."""
    process = PlatformProcess(command, data_dir, settings or {})
    process.start()
    try:
        if command != "worker":
            await process.until_ready()
        yield process
    finally:
        await _end(process)


async def _end(process: PlatformProcess) -> None:
    if process.popen.poll() is None:
        process.send(signal.SIGCONT)
        process.send(signal.SIGTERM)
        try:
            assert await process.exit_code(20) == 0, process.output()
        except AssertionError:
            await process.kill()
            raise
