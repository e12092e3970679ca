"""The Inspector on a large source: bounded memory, every finding kept, cancelled and killed in the middle of it."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import psutil
import pytest

from schema.node_ids import decode_as
from server.client.audit import result_of
from server.client.graphql_client import GraphQLClient
from tests.faults.conftest import Ground
from tests.faults.platform_processes import PlatformProcess, started, until
from tests.faults.work import CANCEL, PROJECT, TASK
from tests.large_source import assemble

PATIENT_LEASE = 10.0
"""Seconds; the engines take every processor there is, so the beat of a worker may come late."""

MOST_OF_THE_WORKER = 256 * 2**20
"""Bytes. An idle worker has 110 MiB; the rest is for the inventory of a large source and what programs write."""

MOST_OF_A_FINDING = 4 * 2**10
"""Bytes that each finding may add to it."""

MOST_OF_THE_TOOLS = 1_200 * 2**20
"""Bytes of all programs that run side by side; it grows with the source, not with what is found in it."""


@dataclass
class Peak:
    """The most memory that was seen, in bytes."""

    worker: int = 0
    tools: int = 0


@asynccontextmanager
async def platform(ground: Ground, roots: Path) -> AsyncIterator[tuple[GraphQLClient, PlatformProcess]]:
    """An API and a worker that may read below ``roots``."""
    settings = _settings(roots)
    async with (
        started("serve", ground.data_dir, settings) as api,
        started("worker", ground.data_dir, settings) as worker,
        api.client() as client,
    ):
        await ground.checker.until_worker(worker)
        yield client, worker


def _settings(roots: Path) -> dict[str, str]:
    return {"WRENCHAI_SOURCE_ROOTS": str(roots), "WRENCHAI_LEASE_SECONDS": str(PATIENT_LEASE)}


async def audit(client: GraphQLClient, source: Path, **inputs: Any) -> str:
    """Dispatch an audit and return the id of its execution."""
    given = {"name": source.name, "source": {"kind": "LOCAL", "location": str(source)}}
    project = (await client.query(PROJECT, {"input": given}))["createProject"]
    assert project["errors"] == [], project
    draft = {"title": "Audit", "agent": "inspector", "inputs": inputs}
    request = {"projectId": project["project"]["id"], "task": draft, "dispatch": True}
    made = (await client.query(TASK, {"input": request}))["createTask"]
    assert made["errors"] == [], made
    execution: str = made["task"]["latestExecution"]["id"]
    return execution


def source_of(folder: Path, files: int) -> Path:
    """A source that keeps every engine busy for a while."""
    root = folder / "source"
    lines = "".join(f"    if x == {number}:\n        x = call_{number}(x, {number})\n" for number in range(60))
    for number in range(files):
        module = root / f"package_{number % 20}" / f"module_{number}.py"
        module.parent.mkdir(parents=True, exist_ok=True)
        module.write_text(f"import os\n\n\ndef function_{number}(x):\n{lines}    return x\n", "utf-8")
        module.with_suffix(".sh").write_text('#!/bin/sh\nrm -rf "$1/"*\n', "utf-8")
    return root


def stages(ground: Ground) -> list[Path]:
    """The temporary folders of engines."""
    return list((ground.data_dir / "checkouts").glob("*/scratch/*"))


def homes(worker: PlatformProcess) -> list[Path]:
    """The homes of programs that this worker started."""
    return list(Path(tempfile.gettempdir()).glob(f"wrenchai-home-*-{worker.pid}_*"))


async def in_the_middle(ground: Ground, worker: PlatformProcess) -> None:
    """Wait until several engines are at work."""

    async def several() -> bool:
        running = await asyncio.to_thread(worker.left_behind)
        return len(running) >= 4 and len(stages(ground)) >= 3

    await until(several, 60, "several engines run")


@pytest.mark.verify
async def test_a_cancelled_audit_is_gone_at_once(ground: Ground, folder: Path) -> None:
    source = await asyncio.to_thread(source_of, folder, 600)
    async with platform(ground, folder) as (client, worker):
        node_id = await audit(client, source)
        await in_the_middle(ground, worker)
        began = time.monotonic()
        await client.query(CANCEL, {"id": node_id})
        await ground.checker.until_status(decode_as("Execution", node_id), "CANCELLED", 10)
        took = time.monotonic() - began
        programs = await asyncio.to_thread(worker.programs_left_behind)
        assert programs <= {"wrenchai", "rm"}  # it removes the checkout by rm
        assert homes(worker) == []
        await _checkout_is_gone(ground)
        print(f"\ncancelled in {took:.2f} s")
        assert took < 5, took  # a second or two on a machine that does nothing else
        again = await audit(client, source, engines=["shell"])
        await ground.checker.until_status(decode_as("Execution", again), "SUCCEEDED", 60)


async def _checkout_is_gone(ground: Ground) -> None:
    async def gone() -> bool:
        return not list((ground.data_dir / "checkouts").glob("*/source"))

    await until(gone, 60, "the checkout is removed")


@pytest.mark.verify
async def test_what_a_killed_worker_left_is_cleared_away(ground: Ground, folder: Path) -> None:
    source = await asyncio.to_thread(source_of, folder, 600)
    async with platform(ground, folder) as (client, worker):
        node_id = await audit(client, source)
        await in_the_middle(ground, worker)
        await worker.kill()
        assert stages(ground)
        async with started("worker", ground.data_dir, _settings(folder)) as second:
            await ground.checker.until_worker(second)
            await ground.checker.until_status(decode_as("Execution", node_id), "SUCCEEDED", PATIENT_LEASE + 140)
            assert homes(worker) == []
            await _checkout_is_gone(ground)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return assemble(tmp_path_factory.mktemp("large"))


@pytest.mark.verify
@pytest.mark.timeout(1500)
async def test_memory_is_bounded_and_no_finding_is_lost(ground: Ground, large: Path) -> None:
    assert len(list(large.rglob("*.py"))) >= 3_000
    async with platform(ground, large) as (client, worker):
        node_id = await audit(client, large)
        execution_id = decode_as("Execution", node_id)
        peak, progress = await _watched(ground, worker, execution_id)
        assert peak.tools < MOST_OF_THE_TOOLS, peak
        assert len(progress) >= 9, progress

        began = time.monotonic()
        shown = await result_of(client, node_id)
        paged = time.monotonic() - began
        report = shown["result"]
        kept = await ground.checker.rows("SELECT count(*) FROM sightings WHERE execution_id = $1", execution_id)
        by_engine = sum(engine["findings"] for engine in report["engines"])
        broken = [edge for edge in shown["findings"]["edges"] if edge["node"]["engine"] == "inventory"]
        assert len(shown["findings"]["edges"]) == kept[0][0] == by_engine + len(broken)
        assert kept[0][0] > 1_500
        assert peak.worker < MOST_OF_THE_WORKER + kept[0][0] * MOST_OF_A_FINDING, peak
        assert paged < 30, paged
        assert [one["engine"] for one in report["engines"] if one["skippedReason"]] == ["dependencies"]
        seen = {one["language"]: one["files"] for one in report["languages"]}
        assert seen.keys() == {"Python", "JavaScript", "TypeScript", "shell", "YAML"}
        await _checkout_is_gone(ground)
        print(f"\n{kept[0][0]} findings in {sum(seen.values())} files; paged in {paged:.1f} s; {peak}")


@pytest.mark.verify
@pytest.mark.timeout(900)
async def test_many_findings_cost_little_memory_each(ground: Ground, folder: Path) -> None:
    source = folder / "many"
    for number in range(1_000):
        module = source / f"package_{number % 20}" / f"module_{number}.py"
        module.parent.mkdir(parents=True, exist_ok=True)
        functions = (f"def f{number}_{each}(x, y=[]):\n    return x, y, {number}, {each}\n\n\n" for each in range(20))
        module.write_text("".join(functions), "utf-8")
    async with platform(ground, folder) as (client, worker):
        execution_id = decode_as("Execution", await audit(client, source, engines=["ruff", "dead-code"]))
        peak, _ = await _watched(ground, worker, execution_id)
        kept = await ground.checker.rows("SELECT count(*) FROM sightings WHERE execution_id = $1", execution_id)
        assert kept[0][0] == 40_000
        assert peak.worker < MOST_OF_THE_WORKER + kept[0][0] * MOST_OF_A_FINDING, peak
        await _checkout_is_gone(ground)


async def _watched(ground: Ground, worker: PlatformProcess, execution_id: UUID) -> tuple[Peak, set[str]]:
    """Look at the worker and its programs until the execution has ended."""
    peak, progress = Peak(), set[str]()

    async def ended() -> bool:
        await asyncio.to_thread(_measure, worker, peak)
        row = await ground.checker.execution(execution_id)
        progress.add(f"{row['progress_done']}/{row['progress_total']}")
        assert row["status"] not in {"FAILED", "CANCELLED", "TIMED_OUT"}, row["error"]
        return bool(row["status"] == "SUCCEEDED")

    await until(ended, 1_400, "the audit of the large source")
    return peak, progress


def _measure(worker: PlatformProcess, peak: Peak) -> None:
    process = psutil.Process(worker.pid)
    peak.worker = max(peak.worker, process.memory_info().rss)
    tools = 0
    for tool in process.children(recursive=True):
        with suppress(psutil.Error):
            tools += tool.memory_info().rss
    peak.tools = max(peak.tools, tools)
