"""What a person names on the command line: a task by its key or id, an execution by its id or the key of its task."""

from __future__ import annotations

import re
from typing import Any

from server.client.graphql_client import GraphQLClient, GraphQLErrors, Refused

FIND_TASK = "query ($by: TaskReference!) { task(by: $by) { id key latestExecution { id } } }"
KEY = re.compile(r"[A-Z][A-Z0-9]{1,9}-[0-9]{1,9}")


def is_key(name: str) -> bool:
    """Whether it is the key of a task, such as WR-12, and no id."""
    return KEY.fullmatch(name) is not None


async def task_named(client: GraphQLClient, name: str) -> dict[str, Any]:
    """``id``, ``key`` and ``latestExecution`` of a task.

    Raises:
        Refused: there is no such task, or it is no name of one.
    """
    by = {"key": name} if is_key(name) else {"id": name}
    try:
        found: dict[str, Any] | None = (await client.query(FIND_TASK, {"by": by}))["task"]
    except GraphQLErrors as error:
        if error.code != "BAD_USER_INPUT":
            raise
        raise Refused(f"{name!r} is neither the key of a task, such as WR-12, nor the id of one.") from error
    if found is None:
        raise Refused(f"There is no task {name!r} here.")
    return found


async def execution_named(client: GraphQLClient, name: str) -> str:
    """The id of an execution: that one, or the latest of the task with that key.

    Raises:
        Refused: there is no such task, or it was never dispatched.
    """
    if not is_key(name):
        return name
    latest = (await task_named(client, name))["latestExecution"]
    if latest is None:
        raise Refused(f"{name} has no execution: it was not dispatched yet.")
    return str(latest["id"])
