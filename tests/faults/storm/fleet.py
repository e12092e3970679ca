"""The processes of a storm: whatever ends is started again, as an init system would."""

from __future__ import annotations

import asyncio
import signal
import subprocess
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from server.cli.exit_codes import ExitCode
from server.client.graphql_client import GraphQLClient
from tests.faults.platform_processes import Command, PlatformProcess, free_port
from tests.faults.redis_server import redis_server

WORKERS = 3
APIS = 2
LONGEST_STOP = 60.0
LOOK_EVERY = 0.3
EXPECTED_ENDS = frozenset({-signal.SIGKILL, -signal.SIGTERM, ExitCode.OK, ExitCode.UNAVAILABLE})
"""Killed, stopped before it was there, stopped, or started while the database was away."""


class Post:
    """A place for a process of a kind; a watch over it starts the next one when one has ended."""

    def __init__(self, command: Command, data_dir: Path, settings: Mapping[str, str]) -> None:
        self._command = command
        self._data_dir = data_dir
        self._settings = settings
        self._port = free_port()
        self.turn = asyncio.Lock()
        self.ends: list[int] = []
        self.falls: list[str] = []
        """What it said, each time it ended as it should not."""
        self.process = self._start()

    def _start(self) -> PlatformProcess:
        process = PlatformProcess(self._command, self._data_dir, self._settings, self._port)
        process.start()
        return process

    async def watch(self) -> None:
        """Start it again whenever it ends, until cancelled."""
        while True:
            await asyncio.sleep(LOOK_EVERY)
            code = self.process.popen.poll()
            if code is not None:
                self.ends.append(code)
                if code not in EXPECTED_ENDS:
                    self.falls.append(f"{self._command} ended with {code}: {self.process.output()}")
                self.process = self._start()

    def client(self) -> GraphQLClient:
        """A client of its API."""
        return self.process.client()

    async def kill(self) -> None:
        """SIGKILL."""
        self.process.popen.kill()

    async def stop(self) -> None:
        """SIGTERM, which it must follow."""
        process = self.process
        async with self.turn:
            process.send(signal.SIGCONT)
            process.send(signal.SIGTERM)
            await process.exit_code(LONGEST_STOP)

    async def freeze(self, seconds: float) -> None:
        """SIGSTOP for so long."""
        process = self.process
        async with self.turn:
            process.send(signal.SIGSTOP)
            await asyncio.sleep(seconds)
            process.send(signal.SIGCONT)


class Fleet:
    """Workers and APIs on one data folder, and Redis when it is to carry the wake-ups."""

    def __init__(self, workers: list[Post], apis: list[Post], redis: RedisPost | None) -> None:
        self.workers = workers
        self.apis = apis
        self.redis = redis

    @property
    def falls(self) -> list[str]:
        """What was said by processes that ended as they should not."""
        return [said for post in (*self.workers, *self.apis) for said in post.falls]

    @property
    def ends(self) -> Counter[int]:
        """How often processes ended, by exit code."""
        return Counter(code for post in (*self.workers, *self.apis) for code in post.ends)


class RedisPost:
    """A Redis that can be killed, and comes back on its port a moment later."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.port = free_port()
        self._stack = AsyncExitStack()
        self._process: subprocess.Popen[bytes] | None = None

    async def start(self) -> None:
        """Start it, the one before having ended."""
        await self.stop()
        self._process = self._stack.enter_context(redis_server(self.port, self._folder))

    async def stop(self) -> None:
        """Kill it."""
        await self._stack.aclose()

    async def kill(self, seconds: float) -> None:
        """Kill it, and start another one after so many seconds."""
        await self.stop()
        await asyncio.sleep(seconds)
        await self.start()


@asynccontextmanager
async def fleet_on(data_dir: Path, settings: Mapping[str, str], *, redis: bool) -> AsyncIterator[Fleet]:
    """A fleet; all of it ends when the context is left."""
    given = dict(settings)
    async with AsyncExitStack() as stack:
        cache: RedisPost | None = None
        if redis:
            cache = RedisPost(data_dir.parent)
            stack.push_async_callback(cache.stop)
            await cache.start()
            given["WRENCHAI_REDIS_URL"] = f"redis://127.0.0.1:{cache.port}/0"
        workers = [Post("worker", data_dir, given) for _ in range(WORKERS)]
        apis = [Post("serve", data_dir, given) for _ in range(APIS)]
        try:
            async with asyncio.TaskGroup() as watching:
                watches = [watching.create_task(post.watch()) for post in (*workers, *apis)]
                await asyncio.gather(*(post.process.until_ready() for post in apis))
                yield Fleet(workers, apis, cache)
                for watch in watches:
                    watch.cancel()
        except BaseException:
            print(complaints(data_dir.parent), flush=True)
            raise
        finally:
            await _end(workers + apis)


def complaints(folder: Path) -> str:
    """What the processes have logged that a person should look at."""
    return "\n\n".join(filter(None, map(_errors_of, sorted(folder.glob("*.log")))))


def _errors_of(log: Path) -> str:
    lines = [line for line in log.read_text(errors="replace").splitlines() if '"error"' in line or "rror:" in line]
    return "\n".join([log.name, *(line[:4_000] for line in lines[-20:])]) if lines else ""


async def _end(posts: list[Post]) -> None:
    for post in posts:
        post.process.send(signal.SIGCONT)
        post.process.send(signal.SIGTERM)
    for post in posts:
        try:
            await post.process.exit_code(LONGEST_STOP)
        finally:
            await post.process.kill()
