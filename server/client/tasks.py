"""Retrying and cancelling tasks through the API."""

from __future__ import annotations

from typing import Any

from server.client.graphql_client import GraphQLClient, Refused
from server.client.named import task_named

RETRY = """
mutation Retry($input: RetryTaskInput!) {
  retryTask(input: $input) { task { id key status } execution { id number status } errors { message } }
}
"""

CANCEL = """
mutation Cancel($input: CancelTaskInput!) {
  cancelTask(input: $input) {
    task { id key status latestExecution { id number status } } errors { message }
  }
}
"""


async def retry(client: GraphQLClient, name: str) -> dict[str, Any]:
    """``task`` and its new ``execution``, which is ``None`` while the task is BLOCKED.

    Raises:
        Refused: there is no such task, or it is in no state to be retried.
    """
    task = await task_named(client, name)
    payload = (await client.query(RETRY, {"input": {"taskId": task["id"]}}))["retryTask"]
    _accepted(payload)
    return {"task": payload["task"], "execution": payload["execution"]}


async def cancel(client: GraphQLClient, name: str, reason: str | None) -> dict[str, Any]:
    """``task``, and its latest ``execution`` if it has one.

    Raises:
        Refused: there is no such task, or it has ended.
    """
    task = await task_named(client, name)
    payload = (await client.query(CANCEL, {"input": {"taskId": task["id"], "reason": reason}}))["cancelTask"]
    _accepted(payload)
    execution = payload["task"].pop("latestExecution")
    return {"task": payload["task"], "execution": execution}


def _accepted(payload: dict[str, Any]) -> None:
    if payload["errors"]:
        raise Refused("; ".join(error["message"] for error in payload["errors"]))
