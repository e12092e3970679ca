"""One task, dispatched to the Inspector, seen from its first event to its findings."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from server.cli.first_audit import SAMPLE
from server.client.audit import follow, result_of, start_audit
from server.client.graphql_client import GraphQLClient


async def test_an_audit_streams_and_leaves_findings_and_artifacts(client: GraphQLClient, tmp_path: Path) -> None:
    sample = shutil.copytree(SAMPLE, tmp_path / "sample")
    started = await start_audit(client, str(sample), None, {})
    events: list[dict[str, Any]] = []
    await follow(client, started.execution_id, events.append)
    assert [event["sequence"] for event in events] == list(range(1, len(events) + 1))
    assert events[-1]["__typename"] == "ExecutionFinished"
    assert events[-1]["outcome"] == "SUCCEEDED", events[-1]
    execution = await result_of(client, started.execution_id)
    assert execution["findings"]["edges"]
    assert {artifact["name"] for artifact in execution["artifacts"]["nodes"]} >= {"audit.sarif", "audit.md"}


async def test_a_second_audit_of_the_same_state_finds_nothing_new(client: GraphQLClient, tmp_path: Path) -> None:
    sample = shutil.copytree(SAMPLE, tmp_path / "sample")
    reports = []
    for _ in range(2):
        started = await start_audit(client, str(sample), None, {})
        await follow(client, started.execution_id, lambda event: None)
        reports.append((await result_of(client, started.execution_id))["result"])
    assert reports[0]["firstAudit"]
    assert sum(reports[0]["new"].values()) > 0
    assert not reports[1]["firstAudit"]
    assert sum(reports[1]["new"].values()) == 0
    assert reports[1]["persisting"] == reports[0]["new"]
