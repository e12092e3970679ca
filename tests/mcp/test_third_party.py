"""The filesystem server of the protocol's own project, from npm, used by an agent behind an approval."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import psutil
import pytest

from hatch_build import find_node
from server.client.graphql_client import GraphQLClient
from server.client.mcp_servers import mcp_server_named, save
from tests.mcp.conftest import Connect, answer

HERE = Path(__file__).parent / "npm"
SERVER = "node_modules/@modelcontextprotocol/server-filesystem/dist/index.js"

pytestmark = pytest.mark.verify


@pytest.fixture(scope="module")
def command(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """Node.js, and the server as the lock file says."""
    folder = tmp_path_factory.mktemp("npm")
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copy(HERE / name, folder)
    node = find_node()
    assert node is not None, "install the development dependencies: they bring Node.js"
    node.run(str(node.npm), "ci", folder=folder)
    return str(node.program), str(folder / SERVER)


async def test_an_agent_uses_its_tools_behind_an_approval_and_its_process_dies(
    connect: Connect, client: GraphQLClient, command: tuple[str, str], tmp_path: Path
) -> None:
    node, script = command
    (tmp_path / "in.txt").write_text("what was there")
    await save(
        client,
        {"name": "files", "command": node, "arguments": [script, str(tmp_path)], "startTimeout": "PT60S"},
    )
    calls: list[dict[str, Any]] = [
        {"tool": "files/read_text_file", "arguments": {"path": str(tmp_path / "in.txt")}},
        {"tool": "files/write_file", "arguments": {"path": str(tmp_path / "out.txt"), "content": "written"}},
    ]
    gate = tmp_path / "gate"
    async with connect() as assistant:
        project = await answer(assistant, "create_project", name="Files")
        task = await answer(
            assistant,
            "create_task",
            project=project["key"],
            title="Write a file",
            agent="mcp_caller",
            inputs={"calls": calls, "journal": str(tmp_path / "journal"), "hold": str(gate)},
            dispatch=True,
        )
        waiting = await answer(assistant, "watch_task", task=task["key"])
        (asked,) = waiting["task"]["approvals"]
        assert asked["action"]["summary"] == "Call write_file of the MCP server files."
        assert (tmp_path / "journal").read_text() == "what was there\n", "reading is allowed"
        assert not (tmp_path / "out.txt").exists()
        assert servers(script) == []
        await answer(assistant, "approve", approval=asked["id"], digest=asked["action"]["digest"])
        held = await answer(assistant, "watch_task", task=task["key"], timeout_seconds=1)
        while not (tmp_path / "out.txt").exists():
            assert held["timedOut"], held
            held = await answer(assistant, "watch_task", task=task["key"], timeout_seconds=1)
        (running,) = servers(script)
        gate.touch()
        over = await answer(assistant, "watch_task", task=task["key"])
        assert over["task"]["status"] == "COMPLETED", over
    assert (tmp_path / "out.txt").read_text() == "written"
    assert not psutil.pid_exists(running)
    assert servers(script) == []
    tools = {one["name"]: one["inForce"] for one in (await mcp_server_named(client, "files"))["tools"]}
    assert (tools["read_text_file"], tools["write_file"]) == ("ALLOW", "ASK")


def servers(script: str) -> list[int]:
    """The processes that run the server."""
    return [one.pid for one in psutil.process_iter(["cmdline"]) if script in (one.info["cmdline"] or [])]
