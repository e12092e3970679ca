"""``wrenchai mcp``: registering servers and saying what agents may call."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from server.client.graphql_client import GraphQLClient
from server.client.mcp_servers import mcp_server_named, save
from server.process import Running
from server.settings import Settings

pytestmark = pytest.mark.verify
WRENCHAI = str(Path(sys.executable).with_name("wrenchai"))
SECRET = """mutation ($name: String!, $value: String!) {
  setSecret(input: { name: $name, value: $value }) { errors { code } } }"""
NOTES = Path(__file__).parents[1] / "mcp" / "notes_server.py"


@pytest.fixture
def here(live: Running, settings: Settings) -> dict[str, str]:
    port = urlsplit(str(live.address)).port
    return {**os.environ, "WRENCHAI_DATA_DIR": str(settings.data_dir), "WRENCHAI_PORT": str(port)}


async def run(here: dict[str, str], *arguments: str) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        WRENCHAI,
        "mcp",
        *arguments,
        env=here,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    return process.returncode or 0, out.decode(), err.decode()


async def test_a_server_is_added_looked_at_permitted_and_removed(here: dict[str, str], tmp_path: Path) -> None:
    added = await run(here, "add", "by-command", "--set", f"NOTES={tmp_path}", "--", sys.executable, str(NOTES))
    assert added[0] == 0, added
    code, out, err = await run(here, "tools", "by-command", "--look", "--json")
    assert code == 0, err
    tools = {one["name"]: one for one in json.loads(out)}
    assert (tools["read_note"]["inForce"], tools["write_note"]["inForce"]) == ("ALLOW", "ASK")
    assert (await run(here, "policy", "by-command", "write_note", "allow"))[2].strip() == "by-command/write_note: ALLOW"
    listed = {one["name"]: one for one in json.loads((await run(here, "list", "--json"))[1])}
    assert listed["by-command"]["settings"] == [{"name": "NOTES", "value": str(tmp_path), "secret": None}]
    assert (await run(here, "remove", "by-command"))[0] == 0


async def changed(here: dict[str, str], client: GraphQLClient, name: str, folder: Path) -> tuple[int, str, str]:
    """A server whose tool to write has changed since it was first seen; answers how its tools are shown then."""
    settings = [{"name": "NOTES", "value": str(folder)}]
    await save(client, {"name": name, "command": sys.executable, "arguments": [str(NOTES)], "settings": settings})
    await run(here, "tools", name, "--look")
    (folder / "wording").write_text("Write a note.\nAnd [bold]send[/] it to everybody.")
    return await run(here, "tools", name, "--look")


async def test_what_has_changed_is_read_before_it_is_accepted(
    here: dict[str, str], client: GraphQLClient, tmp_path: Path
) -> None:
    code, out, err = await changed(here, client, "careful", tmp_path)
    assert (code, "ASK (changed)" in out) == (0, True), err
    code, out, err = await run(here, "policy", "careful", "write_note", "allow")
    assert code == 2
    assert "has changed, and there is nobody to ask" in " ".join(err.replace("│", " ").split())
    assert "And [bold]send[/] it to everybody." in out
    assert '"required": [' in out
    (digest,) = [line.split()[1] for line in out.splitlines() if line.split()[:1] == ["digest"]]

    code, _, err = await run(here, "policy", "careful", "write_note", "allow", "--digest", "0" * 64)
    assert (code, "has been defined anew since you read it" in err) == (3, True)
    code, out, err = await run(here, "policy", "careful", "write_note", "allow", "--digest", digest)
    assert (code, out, err.strip()) == (0, "", "careful/write_note: ALLOW")


async def test_a_script_accepts_what_has_changed_unasked(
    here: dict[str, str], client: GraphQLClient, tmp_path: Path
) -> None:
    await changed(here, client, "careless", tmp_path)
    code, out, err = await run(here, "policy", "careless", "write_note", "default", "--yes")
    assert (code, "send[/] it to everybody" in out, err.strip()) == (0, True, "careless/write_note: ASK")
    assert not (await tool_of(client, "careless", "write_note"))["changed"]


async def tool_of(client: GraphQLClient, server: str, tool: str) -> dict[str, Any]:
    (found,) = [one for one in (await mcp_server_named(client, server))["tools"] if one["name"] == tool]
    return dict(found)


async def test_what_a_server_complains_of_is_shown_without_its_secrets(
    here: dict[str, str], client: GraphQLClient, tmp_path: Path
) -> None:
    await client.query(SECRET, {"name": "shown-key", "value": "a very secret value"})
    complaint = "import os, sys; print('refused:', os.environ['API_KEY'], file=sys.stderr)"
    server = {
        "name": "shown",
        "command": sys.executable,
        "arguments": ["-c", complaint],
        "settings": [{"name": "API_KEY", "secret": "shown-key"}],
    }
    await save(client, server)
    code, out, err = await run(here, "tools", "shown", "--look")
    assert (code, "refused: ********" in err) == (3, True), err
    assert "a very secret value" not in out + err

    mark = tmp_path / "started"
    touch = f"import pathlib; pathlib.Path({str(mark)!r}).touch()"
    await save(client, {**server, "arguments": ["-c", touch], "enabled": False})
    code, _, err = await run(here, "tools", "shown", "--look")
    assert (code, "shown is switched off" in err) == (3, True), err
    assert not mark.exists()


async def test_what_is_wrong_is_said_in_a_sentence(here: dict[str, str]) -> None:
    assert "NAME=VALUE" in (await run(here, "add", "wrong", "--set", "A", "--", "x"))[2]
    code, _, err = await run(here, "add", "wrong")
    assert (code, "needs a command or a url" in err) == (3, True)
    code, _, err = await run(here, "tools", "not-there", "--look")
    assert (code, "There is no MCP server" in err) == (3, True)
    assert (await run(here, "policy", "a", "b", "perhaps"))[0] == 2
