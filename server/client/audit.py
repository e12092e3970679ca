"""Auditing a source through the API: project, task, the stream of its execution, and what came of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from server.client.graphql_client import GraphQLClient, GraphQLErrors, NobodyTakes, Refused

PROJECTS = """
query Projects($after: Cursor) {
  projects(first: 100, after: $after) {
    nodes {
      id key name
      source { kind location revision }
      tasks(first: 1) { nodes { key latestExecution { id status finishedAt } } }
    }
    pageInfo { hasNextPage endCursor }
  }
}
"""

CREATE_PROJECT = """
mutation CreateProject($input: CreateProjectInput!) {
  createProject(input: $input) { project { id key name } errors { message code } }
}
"""

CREATE_TASK = """
mutation Audit($input: CreateTaskInput!) {
  createTask(input: $input) { task { id key latestExecution { id number } } errors { message code } }
}
"""

EVENTS = """
subscription Watch($id: ID!) {
  executionEvents(executionId: $id) {
    cursor
    event {
      __typename
      at
      actor
      sequence
      ... on ExecutionStarted { epoch }
      ... on ExecutionRequeued { reason }
      ... on ExecutionPaused { approvals { id } awaitedMessages }
      ... on MessageSent { type sender receiver }
      ... on MessageUndeliverable { reason }
      ... on MessageWaitEnded { name reason }
      ... on ApprovalRequested { name summary approval { id } }
      ... on ApprovalDecided { name decision comment approvalStatus }
      ... on ApprovalExpired { name fallback }
      ... on ApprovalVoided { name }
      ... on SourcePrepared { sourceState }
      ... on StepStarted { step attempt }
      ... on StepSucceeded { step durationMs }
      ... on StepFailed { step message willRetry }
      ... on RecoveryAttempted { step errorClass action attempt pauseMs message }
      ... on ProgressChanged { done total message }
      ... on LogWritten { step lines }
      ... on ToolCallFinished { tool exitCode toolMs: durationMs }
      ... on FindingsRecorded {
        step new persisting findings { severity rule message location { path startLine } state }
      }
      ... on FindingsSettled { new persisting fixed waived }
      ... on ArtifactStored { name artifact { url size } }
      ... on CancelRequested { by }
      ... on ExecutionFinished { outcome errorCode errorMessage }
    }
  }
}
"""

WAITING = """
query Waiting($id: ID!) { execution(id: $id) { status task { key blockedBy { __typename } } } }
"""

_PAGE = """
    findings(first: 100, after: $after) {
      edges {
        state
        node { engine rule severity message helpUrl location { path startLine endLine } }
      }
      pageInfo { hasNextPage endCursor }
    }
"""

MORE_FINDINGS = f"query MoreFindings($id: ID!, $after: Cursor) {{ execution(id: $id) {{ {_PAGE} }} }}"

RESULT = (
    """
query Result($id: ID!, $after: Cursor) {
  execution(id: $id) {
    id number status sourceState durationMs
    error { code message }
    task { key title }
    artifacts(first: 100) { nodes { name mediaType url size } }
"""
    + _PAGE
    + """
    result {
      ... on InspectorReport {
        gatePassed filesAnalysed linesOfCode firstAudit autofixable duplicatedLines
        gateBreaches { severity limit found }
        new { critical high medium low info } persisting { critical high medium low info }
        fixed { critical high medium low info } waived { critical high medium low info }
        engines { engine tool version files findings durationMs skippedReason }
        languages { language files engines }
        notAnalysed { path engine reason }
      }
    }
  }
}
"""
)


@dataclass(frozen=True, slots=True)
class Started:
    """An audit that has been dispatched."""

    execution_id: str
    task_key: str
    project_key: str


async def find_project(client: GraphQLClient, kind: str, location: str, revision: str | None) -> dict[str, Any] | None:
    """The oldest project on this source, or ``None``: one made later for other work does not take over its audits."""
    found: dict[str, Any] | None = None
    after = None
    while True:
        page = (await client.query(PROJECTS, {"after": after}))["projects"]
        for project in page["nodes"]:
            source = project["source"]
            if source and (source["kind"], source["location"], source["revision"]) == (kind, location, revision):
                found = project
        if not page["pageInfo"]["hasNextPage"]:
            return found
        after = page["pageInfo"]["endCursor"]


async def start_audit(client: GraphQLClient, target: str, revision: str | None, inputs: dict[str, Any]) -> Started:
    """Create a project for the target unless there is one, and dispatch an audit of it.

    ``target`` is the path of a local folder or a git URL.

    Raises:
        Refused: the API said no.
    """
    project = await project_on(client, target, revision)
    draft = {"title": f"Audit {project['name']}", "agent": "inspector", "inputs": inputs}
    request = {"projectId": project["id"], "task": draft, "dispatch": True}
    task = await perform(client, CREATE_TASK, "createTask", "task", request)
    return Started(task["latestExecution"]["id"], task["key"], project["key"])


async def project_on(client: GraphQLClient, target: str, revision: str | None) -> dict[str, Any]:
    """The project on a source, made when there is none; ``target`` is the path of a local folder or a git URL.

    Raises:
        Refused: the API said no.
    """
    kind, location = kind_of(target)
    project = await find_project(client, kind, location, revision)
    if project is None:
        source = {"kind": kind, "location": location, "revision": revision}
        project = await perform(
            client, CREATE_PROJECT, "createProject", "project", {"name": name_of(location), "source": source}
        )
    return project


async def follow(
    client: GraphQLClient, execution_id: str, show: Callable[[dict[str, Any]], Awaitable[None] | None]
) -> None:
    """Hand each event of the execution to ``show``, from the first to the last."""
    async for data in client.subscribe(EVENTS, {"id": execution_id}):
        shown = show(data["executionEvents"]["event"])
        if shown is not None:
            await shown


async def until_taken(
    client: GraphQLClient, execution_id: str, say: Callable[[str], object], *, patience: float = 60.0
) -> None:
    """Wait until a worker has the execution; say so once when none is there that could take it.

    Raises:
        NobodyTakes: no worker came within ``patience`` seconds.
    """
    until = asyncio.get_running_loop().time() + patience
    said = False
    while True:
        execution = (await client.query(WAITING, {"id": execution_id}))["execution"]
        if execution is None or execution["status"] != "QUEUED":
            return
        alone = any(reason["__typename"] == "WaitsForWorker" for reason in execution["task"]["blockedBy"])
        if alone and not said:
            say("No worker is there that could take it: start one with `wrenchai worker`.")
            said = True
        if alone and asyncio.get_running_loop().time() >= until:
            raise NobodyTakes(f"No worker came within {patience:g} seconds; {execution['task']['key']} stays queued.")
        await asyncio.sleep(1)


async def result_of(client: GraphQLClient, execution_id: str) -> dict[str, Any]:
    """The execution with its report, and all its findings (``findings.edges``), whatever their number."""
    whole = await _execution(client, RESULT, execution_id, None)
    edges, page = whole["findings"]["edges"], whole["findings"]["pageInfo"]
    while page["hasNextPage"]:
        more = (await _execution(client, MORE_FINDINGS, execution_id, page["endCursor"]))["findings"]
        edges.extend(more["edges"])
        page = more["pageInfo"]
    return whole


async def _execution(client: GraphQLClient, document: str, execution_id: str, after: str | None) -> dict[str, Any]:
    execution: dict[str, Any] | None = (await client.query(document, {"id": execution_id, "after": after}))["execution"]
    if execution is None:
        raise Refused("The execution is gone.")
    return execution


def kind_of(target: str) -> tuple[str, str]:
    """Whether a target is ``LOCAL`` or ``GIT``, and its location: a path is made absolute, a URL left alone."""
    looks_remote = "://" in target or ("@" in target and ":" in target)
    if looks_remote and not Path(target).exists():
        return "GIT", target
    return "LOCAL", str(Path(target).expanduser().resolve())


def name_of(location: str) -> str:
    """A project's name, from the last part of its location."""
    last = location.rstrip("/").rsplit("/", 1)[-1].rsplit(":", 1)[-1]
    return last.removesuffix(".git")[:200] or "repository"


async def perform(
    client: GraphQLClient, document: str, field: str, noun: str, request: dict[str, Any]
) -> dict[str, Any]:
    """What a mutation answers at ``noun``.

    Raises:
        Refused: the API said no.
    """
    try:
        payload = (await client.query(document, {"input": request}))[field]
    except GraphQLErrors as error:
        raise Refused(str(error)) from error
    if payload["errors"]:
        raise Refused(" ".join(error["message"] for error in payload["errors"]))
    done: dict[str, Any] = payload[noun]
    return done
