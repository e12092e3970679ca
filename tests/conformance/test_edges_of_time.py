"""Moments and durations at the edges of their range, written into what exists and read back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from server.client.graphql_client import GraphQLClient
from tests.conformance.hostile_values import DURATIONS, TIMES
from tests.conformance.prober import Prober
from tests.conformance.work import new_task

PROJECT = """mutation ($input: CreateProjectInput!) { createProject(input: $input) {
  project { id } errors { message } } }"""
AUDIT = """mutation ($input: CreateTaskInput!) { createTask(input: $input) {
  task { latestExecution { id } } errors { message } } }"""
WATCH = "subscription ($id: ID!) { executionEvents(executionId: $id) { cursor event { __typename } } }"
FINDINGS = """query ($id: ID!) { findings(filter: {projectId: $id, state: [NEW, WAIVED]}) {
  nodes { id version waiverExpiresAt } } }"""
WAIVE = """mutation ($input: SetFindingStateInput!) { setFindingState(input: $input) {
  finding { waiverExpiresAt } errors { code message } } }"""
UPDATE = """mutation ($input: UpdateTaskInput!) { updateTask(input: $input) {
  task { timeout retryPolicy { backoff } } errors { code message } } }"""
TASK = "query ($id: ID!) { task(by: {id: $id}) { version timeout retryPolicy { backoff } } }"

pytestmark = pytest.mark.verify


@pytest.fixture
async def audited(client: GraphQLClient, tmp_path: Path) -> str:
    """The id of a project with a finding."""
    (tmp_path / "code.py").write_text("import os\n")
    given = {"name": "Audited", "source": {"kind": "LOCAL", "location": str(tmp_path)}}
    made = (await client.query(PROJECT, {"input": given}))["createProject"]
    assert made["errors"] == []
    project: str = made["project"]["id"]
    draft = {"title": "Audit", "agent": "inspector"}
    asked = {"projectId": project, "task": draft, "dispatch": True}
    task = (await client.query(AUDIT, {"input": asked}))["createTask"]
    assert task["errors"] == []
    watched = client.subscribe(WATCH, {"id": task["task"]["latestExecution"]["id"]})
    kinds = [update["executionEvents"]["event"]["__typename"] async for update in watched]
    assert kinds[-1] == "ExecutionFinished"
    return project


async def test_waivers_that_expire_at_the_edges(prober: Prober, client: GraphQLClient, audited: str) -> None:
    kept = []
    for moment in TIMES:
        before = (await client.query(FINDINGS, {"id": audited}))["findings"]["nodes"][0]
        given = {"findingId": before["id"], "expectedVersion": before["version"], "state": "WAIVED"}
        answer = await prober.ask(WAIVE, {"input": {**given, "reason": "known", "expiresAt": moment}})
        assert answer.fault is None, moment
        after = (await client.query(FINDINGS, {"id": audited}))["findings"]["nodes"][0]
        if answer.refused:
            assert after == before, moment
        else:
            kept.append(after["waiverExpiresAt"])
    assert kept


@pytest.mark.parametrize("field", ["timeout", "backoff"])
async def test_durations_at_the_edges(prober: Prober, client: GraphQLClient, project: str, field: str) -> None:
    task = await new_task(client, project, "Keep time")
    for span in DURATIONS:
        before = (await client.query(TASK, {"id": task}))["task"]
        value: dict[str, Any] = {"timeout": span} if field == "timeout" else {"retryPolicy": {"backoff": span}}
        answer = await prober.ask(UPDATE, {"input": {"taskId": task, "expectedVersion": before["version"], **value}})
        assert answer.fault is None, span
        after = (await client.query(TASK, {"id": task}))["task"]
        if answer.refused:
            assert after == before, span
