"""Direct calls of tools on the whole platform."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from domain.actor import Actor
from domain.execution import Artifact
from schema.node_ids import decode_as
from server.client.graphql_client import GraphQLClient
from server.client.tool_calls import answer_of
from server.platform.wiring import Platform
from tests.engine.conftest import Board, until
from tests.engine.test_approvals import asked, decide

EXECUTION = """query ($id: ID!) { execution(id: $id) {
  status sourceState error { code message }
  result { __typename ... on ToolCallReport { tool toolVersion answer answerBytes artifact } }
  evidence { verdict } receipt { keyId }
  steps(first: 5) { nodes { name status } }
  toolCalls(first: 5) { nodes { tool state result } }
  artifacts(first: 5) { nodes { name url size } }
} }"""


async def call(board: Board, tool: str, project: str | None = None, **arguments: Any) -> str:
    """The id of the execution of a call. Its task is on the board under the tool's name."""
    payload = await board.do(
        "callTool",
        "task { id } execution { id }",
        tool=tool,
        arguments=arguments,
        projectId=board.project_id if project is None else project,
    )
    board.ids[tool] = payload["task"]["id"]
    return str(payload["execution"]["id"])


async def ended(client: GraphQLClient, execution_id: str) -> dict[str, Any]:
    async def there() -> dict[str, Any] | None:
        execution: dict[str, Any] = (await client.query(EXECUTION, {"id": execution_id}))["execution"]
        return execution if execution["status"] not in {"QUEUED", "RUNNING", "AWAITING_APPROVAL"} else None

    return dict(await until(there))


async def test_a_call_is_recorded_and_its_answer_is_the_report(board: Board, client: GraphQLClient) -> None:
    execution = await ended(client, await call(board, "flood", size=3))
    assert execution["status"] == "SUCCEEDED", execution
    assert execution["result"] == {
        "__typename": "ToolCallReport",
        "tool": "flood",
        "toolVersion": "1.0",
        "answer": {"text": "xxx"},
        "answerBytes": 19,
        "artifact": None,
    }
    assert execution["evidence"]["verdict"] == "VERIFIED"
    assert execution["receipt"] is not None
    assert execution["steps"]["nodes"] == [{"name": "call flood", "status": "SUCCEEDED"}]
    assert execution["toolCalls"]["nodes"] == [{"tool": "flood", "state": "SUCCEEDED", "result": {"text": "xxx"}}]


async def test_a_large_answer_is_an_artifact(board: Board, client: GraphQLClient) -> None:
    execution = await ended(client, await call(board, "flood", size=300_000))
    assert execution["result"]["answer"] is None
    (url,) = [one["url"] for one in execution["artifacts"]["nodes"] if one["name"] == execution["result"]["artifact"]]
    content = await client.download(url)
    assert len(content) == execution["result"]["answerBytes"]
    assert content.count(b"x") > 300_000


async def test_the_command_finds_a_large_answer_among_many_artifacts(
    board: Board, client: GraphQLClient, platform: Platform, actor: Actor
) -> None:
    execution_id = await call(board, "flood", size=300_000)
    await ended(client, execution_id)
    artifact = Artifact(
        id=uuid4(),
        workspace_id=actor.workspace_id,
        execution_id=decode_as("Execution", execution_id),
        name="",
        media_type="text/plain",
        size=1,
        sha256="0" * 64,
        created_at=datetime.now(UTC),
    )
    others = [replace(artifact, id=uuid4(), name=f"a{number}.txt") for number in range(110)]
    await platform.transactor.run(lambda uow: uow.executions.insert_artifacts(others))
    assert (await answer_of(client, execution_id))["result"]["answer"] == {"text": "x" * 300_000}


async def test_a_tool_that_fails_fails_the_call_with_what_it_says(board: Board, client: GraphQLClient) -> None:
    execution = await ended(client, await call(board, "flood", fails="The moon is down: wait for it."))
    assert execution["status"] == "FAILED"
    assert execution["error"] == {"code": "AGENT_FAILED", "message": "The moon is down: wait for it."}
    assert execution["result"] is None
    missing = await ended(client, await call(board, "flood", fails="Install it: pip install moon", missing=True))
    assert missing["error"] == {"code": "TOOL_MISSING", "message": "Install it: pip install moon"}


async def test_a_call_is_cancelled_like_any_task(board: Board, client: GraphQLClient) -> None:
    execution_id = await call(board, "flood", for_ever=True)

    async def called() -> bool:
        execution = (await client.query(EXECUTION, {"id": execution_id}))["execution"]
        return any(one["state"] == "STARTED" for one in execution["toolCalls"]["nodes"])

    await until(called)
    await board.do("cancelTask", "task { id }", taskId=board.ids["flood"])
    assert (await ended(client, execution_id))["status"] == "CANCELLED"


async def test_what_changes_something_of_others_is_asked_first_and_done_once(
    board: Board, client: GraphQLClient, tmp_path: Path
) -> None:
    file = tmp_path / "theirs"
    dry = await ended(client, await call(board, "publish", file=str(file), dry=True))
    assert dry["result"]["answer"] == {"lines": 0}
    execution_id = await call(board, "publish", file=str(file))
    (approval,) = await asked(board, "publish")
    assert not file.exists()
    assert approval["action"]["kind"] == "tool.publish"
    assert approval["action"]["arguments"]["arguments"]["file"] == str(file)
    await decide(board, "approve", approval)
    assert (await ended(client, execution_id))["result"]["answer"] == {"lines": 1}
    assert len(file.read_text().splitlines()) == 1

    execution_id = await call(board, "publish", file=str(file))
    (approval,) = await asked(board, "publish")
    await decide(board, "reject", approval, comment="Not today.")
    rejected = await ended(client, execution_id)
    assert rejected["error"]["code"] == "APPROVAL_REJECTED"
    assert len(file.read_text().splitlines()) == 1


async def test_a_tool_that_needs_no_source_gets_no_checkout(
    board: Board, client: GraphQLClient, tmp_path: Path
) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    payload = await board.do(
        "createProject", "project { id }", name="Gone", source={"kind": "LOCAL", "location": str(folder)}
    )
    shutil.rmtree(folder)
    execution = await ended(client, await call(board, "flood", payload["project"]["id"]))
    assert (execution["status"], execution["sourceState"]) == ("SUCCEEDED", None)
