"""Connections to servers: over HTTP through the egress policy, and gone with a worker that is killed."""

from __future__ import annotations

import asyncio
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import psutil
import pytest

from agents.contract import ToolFailure
from agents.egress import EgressPolicy
from agents.mcp.connection import Connection
from agents.mcp.stdio import Complaints
from agents.process_family import end_orphans
from domain.mcp_server import McpServer, McpTransport
from server.client.local_server import token_of
from server.process import Running
from server.settings import Settings

NOTES = Path(__file__).with_name("notes_server.py")
ROOT = Path(__file__).parents[2]
WORKER = """
import asyncio, sys
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4
from agents.egress import EgressPolicy
from agents.mcp.connection import Connection
from domain.mcp_server import McpServer, McpTransport

async def main():
    now = datetime.now(UTC)
    server = McpServer(id=uuid4(), workspace_id=uuid4(), name="notes", transport=McpTransport.STDIO,
        command=sys.executable, arguments=(sys.argv[1],), updated_by="t", created_at=now, updated_at=now)
    folder = Path(sys.argv[2])
    connection = await Connection.open(server, {"NOTES": str(folder)}, cwd=folder, egress=EgressPolicy())
    print((await connection.call("family", {})).text, flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


def over_http(url: str) -> McpServer:
    now = datetime.now(UTC)
    return McpServer(
        id=uuid4(),
        workspace_id=uuid4(),
        name="itself",
        transport=McpTransport.HTTP,
        url=url,
        updated_by="t",
        created_at=now,
        updated_at=now,
    )


async def test_over_http_it_goes_where_the_policy_lets_it(live: Running, settings: Settings, tmp_path: Path) -> None:
    server = over_http(f"{live.address}/mcp")
    headers = {"Authorization": f"Bearer {token_of(settings)}"}
    with pytest.raises(ToolFailure, match="this machine itself: tools reach public addresses only"):
        await Connection.open(server, headers, cwd=tmp_path, egress=EgressPolicy())
    allowed = EgressPolicy([urlsplit(str(live.address)).netloc])
    with pytest.raises(ToolFailure, match="cannot be used"):
        await Connection.open(server, {}, cwd=tmp_path, egress=allowed)
    connection = await Connection.open(server, headers, cwd=tmp_path, egress=allowed)
    try:
        assert connection.tools["list_agents"].read_only
        assert not connection.tools["approve"].read_only
        answer = await connection.call("list_agents", {})
        assert "inspector" in {one["kind"] for one in answer.structured["agents"]}
        with pytest.raises(ToolFailure, match="NOT_FOUND"):
            await connection.call("get_task", {"task": "NONE-1"})
    finally:
        await connection.close()


async def test_the_server_of_a_killed_worker_dies_with_it(tmp_path: Path) -> None:
    worker = await asyncio.create_subprocess_exec(
        sys.executable, "-c", WORKER, str(NOTES), str(tmp_path), stdout=asyncio.subprocess.PIPE, cwd=ROOT
    )
    assert worker.stdout is not None
    server, child = map(int, (await worker.stdout.readline()).split())
    assert psutil.pid_exists(server)
    assert psutil.pid_exists(child)
    worker.send_signal(signal.SIGKILL)
    await worker.wait()
    await gone(server)
    # What the server had started in a session of its own is found by its mark when the next worker begins.
    assert end_orphans() >= 1
    await gone(child)


def test_of_much_complaining_the_last_whole_lines_are_said() -> None:
    complaints = Complaints()
    for number in range(1_000):
        complaints.add(f"{number} the key is secret-{number:06}\n".encode())
    lines = str(complaints).splitlines()
    assert lines[-1] == "999 the key is secret-000999"
    assert lines[0].startswith(f"{1_000 - len(lines)} the key is secret-")
    assert 3_900 < len(str(complaints)) <= 4_000


async def gone(pid: int) -> None:
    async with asyncio.timeout(30):
        while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
            await asyncio.sleep(0.02)
