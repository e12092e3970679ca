"""From an execution to its receipt, by the command line, and what can be verified of it where there is no server."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import subprocess
import sys
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import delete

from domain.artifacts import ArtifactAltered
from domain.receipt_check import ReceiptRefused
from persistence.tables import events
from schema.node_ids import decode_as
from server.client.graphql_client import GraphQLClient, Refused
from server.http.artifacts import _unaltered
from server.platform.wiring import Platform
from server.process import Running
from server.receipts import verify_file
from server.security.local_token import LocalToken
from server.settings import Settings
from tests.engine.conftest import Board, probe, until

WRENCHAI = Path(sys.executable).with_name("wrenchai")


async def wrenchai(
    *arguments: str, data_dir: Path, port: str = "9", cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("WRENCHAI_")}
    environment |= {"WRENCHAI_DATA_DIR": str(data_dir), "WRENCHAI_PORT": port, "COLUMNS": "300"}
    return await asyncio.to_thread(
        subprocess.run,
        [str(WRENCHAI), "receipt", *arguments],
        env=environment,
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
async def ended(board: Board) -> dict[str, Any]:
    """An execution that has succeeded, with an artifact."""
    inputs = board.inputs("A", artifact="found", log_lines=3, steps=2)
    await board.create(probe("A", inputs=inputs))
    task = await board.becomes("A", "COMPLETED")
    (execution,) = task["executions"]["nodes"]
    return {**execution, "key": task["key"]}


@pytest.fixture
async def bundle(live: Running, settings: Settings, ended: dict[str, Any], tmp_path: Path) -> Path:
    """The execution's receipt, with all it can be checked against."""
    assert live.address is not None
    port = live.address.rpartition(":")[2]
    folder = tmp_path / "bundle"
    done = await wrenchai("get", ended["key"], "--bundle", str(folder), data_dir=settings.data_dir, port=port)
    assert done.returncode == 0, done.stderr
    return folder


async def test_get_and_verify(
    live: Running, settings: Settings, platform: Platform, ended: dict[str, Any], bundle: Path, tmp_path: Path
) -> None:
    assert sorted(path.relative_to(bundle).as_posix() for path in bundle.rglob("*")) == [
        "artifacts", "artifacts/found.txt", "events.jsonl", "receipt.json",
    ]  # fmt: skip
    assert live.address is not None
    receipt = tmp_path / "one.json"
    port = live.address.rpartition(":")[2]
    done = await wrenchai("get", ended["id"], "-o", str(receipt), data_dir=settings.data_dir, port=port)
    assert (done.returncode, done.stdout) == (0, "")
    assert receipt.read_bytes() == (bundle / "receipt.json").read_bytes()
    printed = await wrenchai("get", ended["id"], data_dir=settings.data_dir, port=port)
    assert printed.stdout == receipt.read_text()

    nowhere = tmp_path / "no-data"  # offline: no server, no database, no data folder
    alone = await wrenchai("verify", str(receipt), data_dir=nowhere)
    assert alone.returncode == 0, alone.stderr
    assert "✓ the receipt is signed by the key" in alone.stdout
    for unseen in ("whose key it is", "the 1 artifacts", "the events"):
        assert f"not checked: {unseen}" in alone.stdout
    key = await wrenchai("key", data_dir=settings.data_dir)
    assert key.stdout.strip() == platform.notary.public_key
    (tmp_path / "key").write_text(key.stdout)
    whole = await wrenchai("verify", str(bundle), "--key", str(tmp_path / "key"), data_dir=nowhere)
    assert whole.returncode == 0, whole.stderr
    assert "not checked" not in whole.stdout
    assert "✓ that is the key you gave" in whole.stdout
    assert "✓ 1 of 1 artifacts are what was stored" in whole.stdout
    assert "events are those of the execution, whole and in order" in whole.stdout
    assert f"{ended['key']}, attempt 1 by probe: SUCCEEDED at" in whole.stdout
    assert not nowhere.exists()
    plain = json.loads((await wrenchai("verify", str(bundle), "--json", data_dir=nowhere)).stdout)
    assert plain["ok"] is True
    assert plain["statement"]["execution"]["status"] == "SUCCEEDED"
    assert plain["statement"]["platform"]["name"] == "WrenchAI"


@pytest.mark.verify
async def test_a_bundle_is_whole_or_refused_and_what_is_named_must_be_there(bundle: Path, tmp_path: Path) -> None:
    (bundle / "artifacts" / "found.txt").unlink()
    nowhere = tmp_path / "nowhere"
    done = await wrenchai("verify", str(bundle), data_dir=nowhere)
    assert (done.returncode, done.stdout) == (1, "")
    assert "The bundle lacks 'found.txt', of the 1 artifacts" in done.stderr
    (bundle / "artifacts").rmdir()
    with pytest.raises(ReceiptRefused, match=r"lacks 'found\.txt'"):
        await asyncio.to_thread(verify_file, bundle, None, None, None)
    for target in (bundle, bundle / "receipt.json"):
        for option in ("--artifacts", "--events"):
            done = await wrenchai("verify", str(target), option, str(nowhere), data_dir=nowhere)
            assert (done.returncode, done.stdout) == (74, ""), done.stderr
            assert str(nowhere) in done.stderr
    (tmp_path / "empty").mkdir()
    beside = await asyncio.to_thread(verify_file, bundle, None, tmp_path / "empty", None)
    assert any("the artifact 'found.txt', which is not in" in one for one in beside.open)
    assert not any("artifacts are what was stored" in one for one in beside.right)
    (bundle / "events.jsonl").unlink()
    with pytest.raises(ReceiptRefused, match=r"has no events\.jsonl"):
        await asyncio.to_thread(verify_file, bundle, None, tmp_path / "empty", None)


async def test_what_was_edited_is_refused(bundle: Path, tmp_path: Path) -> None:
    receipt, events, artifact = bundle / "receipt.json", bundle / "events.jsonl", bundle / "artifacts" / "found.txt"
    whole = {path: path.read_bytes() for path in (receipt, events, artifact)}
    envelope = json.loads(whole[receipt])
    better = b64encode(b64decode(envelope["payload"]).replace(b'"attempt":1', b'"attempt":9'))
    edited = json.dumps({**envelope, "payload": better.decode()}).encode()
    edits = [
        (receipt, edited, "edited after it was signed"),
        (receipt, whole[receipt][:-40], "not JSON"),
        (receipt, b"SUCCEEDED", "not JSON"),
        (receipt, b"", "not JSON"),
        (artifact, b"f0und", "it was changed"),
        (events, whole[events].replace(b"step-1", b"step-9", 1), "one of them was edited"),
        (events, whole[events][: whole[events].rindex(b'{"sequence"')], "There are "),
        (events, whole[events][:-30], "not JSON"),
    ]
    for path, content, sentence in edits:
        path.write_bytes(content)
        with pytest.raises(ReceiptRefused, match=sentence):
            await asyncio.to_thread(verify_file, bundle, None, None, None)
        path.write_bytes(whole[path])
    with pytest.raises(ReceiptRefused, match="signed with another key"):
        await asyncio.to_thread(verify_file, bundle, "0" * 64, None, None)
    (tmp_path / "key").write_text("no key")
    with pytest.raises(ReceiptRefused, match="does not hold a key"):
        await asyncio.to_thread(verify_file, bundle, str(tmp_path / "key"), None, None)
    receipt.write_bytes(edited)
    done = await wrenchai("verify", str(bundle), data_dir=tmp_path / "no-data")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("✗ refused: The signature is not that of its payload")
    assert len(done.stderr.splitlines()) == 1
    missing = await wrenchai("verify", str(tmp_path / "nothing.json"), data_dir=tmp_path / "no-data")
    assert missing.returncode == 74, missing.stderr


async def test_no_receipt_before_the_end(
    board: Board, live: Running, settings: Settings, client: GraphQLClient
) -> None:
    await board.create(probe("Held", inputs=board.held("Held")))
    await board.works("Held")
    (execution,) = (await board.task("Held"))["executions"]["nodes"]
    assert live.address is not None
    port = live.address.rpartition(":")[2]
    early = await wrenchai("get", execution["id"], data_dir=settings.data_dir, port=port)
    assert early.returncode == 3
    assert "RUNNING and has no receipt" in early.stderr
    unknown = await wrenchai("get", "WR-99999", data_dir=settings.data_dir, port=port)
    assert (unknown.returncode, "There is no execution" in unknown.stderr) == (3, True)
    await board.do("cancelExecution", "execution { id }", executionId=execution["id"])
    await board.becomes("Held", "CANCELLED")
    said = await statement_of(client, execution["id"])
    assert (said["execution"]["status"], said["evidence"]["verdict"]) == ("CANCELLED", "NOT_JUDGED")


async def statement_of(client: GraphQLClient, execution_id: str) -> dict[str, Any]:
    data = await client.query(
        "query ($id: ID!) { execution(id: $id) { receipt { document } } receiptKey { publicKey keyId algorithm } }",
        {"id": execution_id},
    )
    document = json.loads(data["execution"]["receipt"]["document"])
    said: dict[str, Any] = json.loads(b64decode(document["payload"]))
    assert said["signer"] == data["receiptKey"]
    return said


async def test_a_queued_execution_that_is_cancelled_has_a_receipt_too(board: Board, client: GraphQLClient) -> None:
    draft = probe("Later", inputs=board.inputs("Later", fail=True), retryPolicy={"maxAttempts": 2, "backoff": "PT1H"})
    await board.create(draft)

    async def tried_twice() -> list[dict[str, Any]] | None:
        nodes = (await board.task("Later"))["executions"]["nodes"]
        return nodes if len(nodes) == 2 else None

    newest, _ = await until(tried_twice)
    await board.do("cancelExecution", "execution { id }", executionId=newest["id"])
    said = await statement_of(client, newest["id"])
    assert (said["execution"]["status"], said["execution"]["startedAt"], said["events"]["count"]) == (
        "CANCELLED",
        None,
        3,
    )


async def test_an_artifact_that_was_changed_is_not_served(
    live: Running, platform: Platform, settings: Settings, client: GraphQLClient, ended: dict[str, Any]
) -> None:
    query = "query ($id: ID!) { execution(id: $id) { artifacts { nodes { url sha256 } } } }"
    (artifact,) = (await client.query(query, {"id": ended["id"]}))["execution"]["artifacts"]["nodes"]
    file = settings.data_dir / "artifacts" / artifact["sha256"][:2] / artifact["sha256"][2:]
    whole = file.read_bytes()
    token = LocalToken.read(settings.data_dir).value
    assert live.address is not None
    async with httpx.AsyncClient(
        base_url=live.address, trust_env=False, headers={"authorization": f"Bearer {token}"}
    ) as http:
        for content in (bytes(len(whole)), whole[:-1], whole + b"x", None):
            file.unlink() if content is None else file.write_bytes(content)
            answer = await http.get(artifact["url"])
            assert (answer.status_code, "etag" in answer.headers) == (500, False)
            assert answer.json()["error"]["code"] == "ARTIFACT_DAMAGED"
            assert answer.json()["error"]["message"].startswith("The content ")
            with pytest.raises(Refused, match="ARTIFACT_DAMAGED"):
                await client.download(artifact["url"])
        file.write_bytes(whole)
        answer = await http.get(artifact["url"])
    assert (answer.status_code, answer.content, answer.headers["etag"]) == (200, whole, f'"{artifact["sha256"]}"')


async def test_of_an_artifact_that_changes_while_it_is_sent_the_end_is_kept_back() -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield b"first"
        yield b"changed"

    sending = _unaltered(chunks(), hashlib.sha256(b"firstsecond").hexdigest())
    assert await anext(sending) == b"first"
    with pytest.raises(ArtifactAltered):
        await anext(sending)


async def test_downloads_are_for_those_who_are_signed_in(live: Running, ended: dict[str, Any]) -> None:
    assert live.address is not None
    async with httpx.AsyncClient(base_url=live.address, trust_env=False) as stranger:
        for path in ("/receipts/0", "/receipts/0/events"):
            assert (await stranger.get(path)).status_code == 401
    assert ended["status"] == "SUCCEEDED"


async def test_after_retention_a_receipt_still_verifies_and_a_saved_bundle_does_too(
    platform: Platform, client: GraphQLClient, ended: dict[str, Any], bundle: Path, tmp_path: Path
) -> None:
    execution_id = decode_as("Execution", ended["id"])
    async with platform.engine.begin() as connection:
        await connection.execute(delete(events).where(events.c.execution_id == execution_id, events.c.sequence < 5))
    left = tmp_path / "left.jsonl"
    left.write_bytes(await client.download(f"/receipts/{execution_id}/events"))
    done = await wrenchai("verify", str(bundle / "receipt.json"), "--events", str(left), data_dir=tmp_path / "none")
    assert (done.returncode, "Event 1 is missing" in done.stderr) == (1, True)
    whole = await wrenchai("verify", str(bundle), data_dir=tmp_path / "none")
    assert whole.returncode == 0
