"""A backup is made while the platform works, and another machine goes on where it was taken."""

from __future__ import annotations

import asyncio
import json
import stat
import tarfile
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from persistence.embedded import EmbeddedPostgres
from schema.node_ids import decode_as
from server.client.graphql_client import GraphQLClient, GraphQLErrors
from server.security.local_token import LocalToken
from tests.faults.checker import Checker
from tests.faults.platform_processes import LEASE, PlatformProcess, started, until
from tests.faults.work import Work, give
from tests.keeping_house.commands import db
from tests.streams.subscribers import EXECUTION, WORKSPACE, over_websocket, take
from tests.streams.test_feeds import first_updates, new_project, new_task

TASKS = """mutation ($input: CreateTasksInput!) { createTasks(input: $input) {
  tasks { id latestExecution { id } } errors { message } } }"""
STATUS = "query ($id: ID!) { node(id: $id) { ... on Task { status } } }"
ARTIFACTS = """query ($id: ID!) { node(id: $id) { ... on Execution { artifacts { nodes { name sha256 url } } } } }"""


async def artifact_of(client: GraphQLClient, execution: str) -> dict[str, Any]:
    answer = await client.query(ARTIFACTS, {"id": execution})
    (artifact,) = answer["node"]["artifacts"]["nodes"]
    found: dict[str, Any] = artifact
    return found


async def download(process: PlatformProcess, url: str) -> bytes:
    token = LocalToken.read(process.data_dir).value
    async with httpx.AsyncClient(trust_env=False, base_url=process.address) as http:
        answer = await http.get(url, headers={"authorization": f"Bearer {token}"})
        assert answer.status_code == 200
        return answer.content


@pytest.mark.verify
@pytest.mark.timeout(180)
async def test_pending_work_goes_on_on_another_machine(folder: Path) -> None:
    old, new, file = folder / "old", folder / "new", folder / "backup"
    async with started("up", old, {"WRENCHAI_AGENT_CONCURRENCY": "1"}) as up:
        async with up.client() as caller:
            done = await give(caller, folder, steps=2, held=False, log_lines=3, artifact="what it found")
            await until_succeeded(old, done.execution_id)
            held = await give(caller, folder, steps=4)
            held.let(1, 2)
            await held.begun(3)
            queued = await give(caller, folder, steps=1, held=False)
            blocked = await blocked_task(caller, folder, queued)
            feed = await last_cursor(up, caller)
            artifact = await artifact_of(caller, done.node_id)
            made = await db(old, "backup", file)
        assert made.code == 0, made.said
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        await up.kill()
    token = LocalToken.read(old).value
    assert not any(token.encode() in content for content in contents(file).values())

    restored = await db(new, "restore", file)
    assert restored.code == 0, restored.said
    async with started("up", new) as up, up.client() as caller:
        assert LocalToken.read(new).value != token
        server = EmbeddedPostgres()
        checker = Checker((await server.start(new)).owner_dsn)
        try:
            await held.begun(3, times=2, within=LEASE + 5)
            held.let(3, 4)
            await checker.until_status(held.execution_id, "SUCCEEDED", 20)
            await checker.until_status(queued.execution_id, "SUCCEEDED", 20)
            assert await held.starts(4) == [1, 1, 2, 1]
            execution = await only_execution_of(checker, decode_as("Task", blocked))
            await checker.until_status(execution, "SUCCEEDED", 20)
            await checker.nothing_is_left()
            assert (await caller.query(STATUS, {"id": blocked}))["node"]["status"] == "COMPLETED"
            told = await take(over_websocket, up, EXECUTION, {"id": held.node_id}, 1_000)
            assert [one["event"]["sequence"] for one in told] == list(range(1, len(told) + 1))
            assert told[-1]["event"]["__typename"] == "ExecutionFinished"
            assert await artifact_of(caller, done.node_id) == artifact
            assert await download(up, artifact["url"]) == b"what it found"
            await check_feeds(up, caller, feed)
        finally:
            await server.stop()


async def check_feeds(up: PlatformProcess, caller: GraphQLClient, old_cursor: str) -> None:
    """A cursor from before the restore has expired; new ones work, although the transaction ids began anew."""
    with pytest.raises(GraphQLErrors) as refused:
        await take(over_websocket, up, WORKSPACE, {}, 1, old_cursor)
    assert refused.value.code == "CURSOR_EXPIRED"
    cursor = await last_cursor(up, caller)
    key = await new_task(caller, await new_project(caller), "After the restore")
    async with asyncio.timeout(10), over_websocket(up, WORKSPACE, {}, cursor) as stream:
        async for update in stream:
            if (update["event"]["task"] or {}).get("key") == key:
                return


async def last_cursor(up: PlatformProcess, caller: GraphQLClient) -> str:
    """The cursor of an event of the workspace that has just happened."""
    updates = await first_updates(caller, await new_project(caller), over_websocket, up, WORKSPACE, {})
    return str(updates[-1]["cursor"])


async def until_succeeded(data_dir: Path, execution_id: UUID) -> None:
    server = EmbeddedPostgres()
    try:
        await Checker((await server.start(data_dir)).owner_dsn).until_status(execution_id, "SUCCEEDED", 30)
    finally:
        await server.stop()


async def only_execution_of(checker: Checker, task_id: UUID) -> UUID:
    async def there() -> bool:
        return bool(await checker.rows("SELECT FROM executions WHERE task_id = $1", task_id))

    await until(there, 20, "the blocked task is released")
    (row,) = await checker.rows("SELECT id FROM executions WHERE task_id = $1", task_id)
    found: UUID = row["id"]
    return found


async def blocked_task(caller: GraphQLClient, folder: Path, queued: Work) -> str:
    """A task that waits for the one whose execution is queued; answers its id."""
    about = await caller.query(
        "query ($id: ID!) { node(id: $id) { ... on Execution { task { id } project { id } } } }", {"id": queued.node_id}
    )
    draft = {
        "clientKey": "b",
        "title": "Waits",
        "agent": "probe",
        "inputs": {"steps": 1, "journal": str(folder / "journal-blocked")},
        "dependsOn": [{"on": {"taskId": about["node"]["task"]["id"]}}],
    }
    made = await caller.query(
        TASKS, {"input": {"projectId": about["node"]["project"]["id"], "dispatch": True, "tasks": [draft]}}
    )
    assert made["createTasks"]["errors"] == [], made
    return str(made["createTasks"]["tasks"][0]["id"])


def contents(file: Path) -> dict[str, bytes]:
    """What is in a backup."""
    with tarfile.open(file) as tar:
        found = {entry.name: tar.extractfile(entry) for entry in tar}
        return {name: content.read() for name, content in found.items() if content is not None}


@pytest.mark.verify
async def test_a_backup_to_standard_output_is_the_same_and_restores(folder: Path, backup: Path) -> None:
    first = await db(folder / "one", "restore", backup)
    assert first.code == 0, first.said
    piped = await db(folder / "one", "backup", "-")
    assert piped.code == 0, piped.said
    (folder / "piped").write_bytes(piped.output)
    again = await db(folder / "two", "restore", folder / "piped")
    assert again.code == 0, again.said
    names = set(contents(backup))
    assert set(contents(folder / "piped")) == names
    assert len([name for name in names if name.startswith("artifacts/")]) == 1
    manifest = json.loads(contents(backup)["manifest.json"])["members"]
    assert names - {"manifest.json"} == set(manifest)
