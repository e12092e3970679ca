"""``wrenchai mcp serve``: the same over standard input and output."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from mcp import Client, StdioServerParameters

from server.process import Running
from server.settings import Settings
from tests.mcp.conftest import answer, refusal

WRENCHAI = str(Path(sys.executable).with_name("wrenchai"))
INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}},
}
INITIALIZED = {"jsonrpc": "2.0", "method": "notifications/initialized"}


def environment(data_dir: Path, port: int) -> dict[str, str]:
    return {**os.environ, "WRENCHAI_DATA_DIR": str(data_dir), "WRENCHAI_PORT": str(port)}


@pytest.fixture
def here(live: Running, settings: Settings) -> dict[str, str]:
    """The environment of a command that uses the session's platform."""
    port = urlsplit(str(live.address)).port
    assert port is not None
    return environment(settings.data_dir, port)


@pytest.mark.verify
async def test_a_client_starts_the_command_and_works_with_it(here: dict[str, str]) -> None:
    server = StdioServerParameters(command=WRENCHAI, args=["mcp", "serve"], env=here)
    async with Client(server) as client:
        project = await answer(client, "create_project", name="By stdio")
        task = await answer(
            client, "create_task", project=project["key"], title="Work", agent="probe", inputs={"steps": 2}
        )
        await answer(client, "dispatch_task", task=task["key"])
        over = await answer(client, "watch_task", task=task["key"])
        assert (over["task"]["status"], over["report"]["data"]["outputs"]) == ("COMPLETED", [1, 4])
        assert (await refusal(client, "get_task", task="NONE-1"))["code"] == "NOT_FOUND"


async def test_nothing_but_the_protocol_is_written(here: dict[str, str], tmp_path: Path) -> None:
    with (tmp_path / "log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            WRENCHAI,
            "mcp",
            "serve",
            env={**here, "WRENCHAI_LOG_LEVEL": "debug"},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=log,
            limit=2**20,
        )
    assert process.stdin is not None
    assert process.stdout is not None
    lines = []
    for said in ((INITIALIZE,), (INITIALIZED, {"jsonrpc": "2.0", "id": 2, "method": "tools/list"})):
        process.stdin.write("".join(f"{json.dumps(one)}\n" for one in said).encode())
        lines.append(await process.stdout.readline())
    rest, _ = await process.communicate(b"")
    assert process.returncode == 0, (tmp_path / "log").read_text()
    answers = [json.loads(line) for line in [*lines, *rest.splitlines()]]
    assert {one["id"] for one in answers} == {1, 2}
    assert all(one["jsonrpc"] == "2.0" for one in answers)


@pytest.mark.verify
async def test_one_that_is_not_running_is_run_meanwhile(tmp_path: Path, unused_port: int) -> None:
    tmp_path.chmod(0o755)
    server = StdioServerParameters(
        command=WRENCHAI, args=["mcp", "serve"], env=environment(tmp_path / "data", unused_port)
    )
    async with Client(server, read_timeout_seconds=120) as client:
        assert "inspector" in {one["kind"] for one in (await answer(client, "list_agents"))["agents"]}
    assert not list((tmp_path / "data").rglob("postmaster.pid"))


@pytest.fixture
def unused_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])
