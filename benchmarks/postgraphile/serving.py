"""Installs PostGraphile beside its lock file, and runs it as a process of its own."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.processes import free_port, process, until_answered
from hatch_build import Node, find_node

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A server that listens."""

    address: str
    pid: int


@asynccontextmanager
async def postgraphile(dsn: str, *, pool_size: int, folder: Path) -> AsyncIterator[Served]:
    """PostGraphile as the role of ``dsn``, with at most so many connections to the database; it logs into ``folder``.

    Raises:
        FrontendError: its packages cannot be installed.
        RuntimeError: there is no Node.js.
    """
    node = find_node()
    if node is None:
        raise RuntimeError("PostGraphile needs Node.js: run `make setup`, which installs one.")
    install(node)
    port = free_port()
    environment = {
        "DATABASE": dsn,
        "POOL_SIZE": str(pool_size),
        "PORT": str(port),
        "NODE_ENV": "production",
        "GRAPHILE_ENV": "production",
    }
    command = [str(node.program), str(HERE / "server.mjs")]
    async with process(command, folder / "postgraphile.log", environment) as started:
        address = f"http://127.0.0.1:{port}/graphql"
        await until_answered(address, started)
        yield Served(address=address, pid=started.pid)


def install(node: Node) -> None:
    """Install what the lock file says, unless that was done before."""
    wanted = hashlib.sha256((HERE / "package-lock.json").read_bytes()).hexdigest()
    mark = HERE / "node_modules" / ".installed"  # npm empties the folder first
    if not mark.exists() or mark.read_text() != wanted:
        node.run(str(node.npm), "ci", folder=HERE)
        mark.write_text(wanted)
