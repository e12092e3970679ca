"""Playbooks through the API."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from server.client.audit import CREATE_TASK, Started, perform
from server.client.graphql_client import GraphQLClient, Refused

LIST = """
query Playbooks($after: Cursor) {
  playbooks(first: 100, after: $after) {
    nodes { name title description version shipped savedBy updatedAt }
    pageInfo { hasNextPage endCursor }
  }
}
"""

SHOW = """
query Playbook($name: String!) {
  playbook(name: $name) {
    name title description document version shipped savedBy updatedAt steps
    inputs { name type description required default choices }
  }
}
"""

SAVE = """
mutation Save($input: SavePlaybookInput!) {
  savePlaybook(input: $input) {
    playbook { name version }
    errors { message code ... on PlaybookInvalid { problems { line column reason } } }
  }
}
"""

DELETE = """
mutation Delete($input: DeletePlaybookInput!) {
  deletePlaybook(input: $input) { playbook { name version } errors { message code } }
}
"""

RUN = """
mutation Run($input: RunPlaybookInput!) {
  runPlaybook(input: $input) { task { id key latestExecution { id number } } errors { message code } }
}
"""

RESULT = """
query PlaybookResult($id: ID!) {
  execution(id: $id) {
    id number status durationMs waitedMs
    error { code message }
    task { key title }
    result {
      __typename
      ... on PlaybookReport {
        playbook passed outputs problems
        steps { step title status reason fansOut mayFail tasks { key item status reason outputs } }
      }
    }
  }
}
"""


async def list_playbooks(client: GraphQLClient) -> list[dict[str, Any]]:
    """All playbooks by name."""
    found: list[dict[str, Any]] = []
    after = None
    while True:
        page = (await client.query(LIST, {"after": after}))["playbooks"]
        found.extend(page["nodes"])
        if not page["pageInfo"]["hasNextPage"]:
            return found
        after = page["pageInfo"]["endCursor"]


async def playbook_named(client: GraphQLClient, name: str) -> dict[str, Any]:
    """The playbook.

    Raises:
        Refused: there is none of this name.
    """
    found: dict[str, Any] | None = (await client.query(SHOW, {"name": name}))["playbook"]
    if found is None:
        raise Refused(f"There is no playbook {name!r}: `wrenchai playbook list` shows those that there are.")
    return found


async def save_playbook(client: GraphQLClient, document: str) -> dict[str, Any]:
    """The payload of savePlaybook, with its errors: who calls shows the problems with the file's name."""
    payload: dict[str, Any] = (await client.query(SAVE, {"input": {"document": document}}))["savePlaybook"]
    return payload


async def delete_playbook(client: GraphQLClient, name: str) -> dict[str, Any]:
    """The deleted playbook.

    Raises:
        Refused: the API said no.
    """
    return await perform(client, DELETE, "deletePlaybook", "playbook", {"name": name})


async def run_saved(client: GraphQLClient, project_id: str, name: str, inputs: Mapping[str, Any]) -> Started:
    """Run a playbook that the server has.

    Raises:
        Refused: the API said no.
    """
    request = {"projectId": project_id, "name": name, "inputs": dict(inputs)}
    task = await perform(client, RUN, "runPlaybook", "task", request)
    return Started(task["latestExecution"]["id"], task["key"], "")


async def run_document(
    client: GraphQLClient, project_id: str, document: str, title: str, inputs: Mapping[str, Any]
) -> Started:
    """Run a playbook that is not saved.

    Raises:
        Refused: the API said no.
    """
    draft = {"title": title, "agent": "playbook", "inputs": {"document": document, "inputs": dict(inputs)}}
    request = {"projectId": project_id, "task": draft, "dispatch": True}
    task = await perform(client, CREATE_TASK, "createTask", "task", request)
    return Started(task["latestExecution"]["id"], task["key"], "")


async def result_of(client: GraphQLClient, execution_id: str) -> dict[str, Any]:
    """The execution with its report.

    Raises:
        Refused: it is gone.
    """
    found: dict[str, Any] | None = (await client.query(RESULT, {"id": execution_id}))["execution"]
    if found is None:
        raise Refused("The execution is gone.")
    return found


def parsed_inputs(given: Sequence[str], types: Mapping[str, str]) -> dict[str, Any]:
    """``name=value`` texts as inputs of these types. A list is JSON, or texts with commas between them.

    Raises:
        ValueError: one is not written so; the message says how to.
    """
    inputs = {}
    for one in given:
        name, sign, text = one.partition("=")
        if not sign:
            raise ValueError(f"{one!r} has no `=`: write NAME=VALUE")
        if name not in types:
            raise ValueError(f"there is no input {name!r}; the inputs: {', '.join(types) or 'none'}")
        inputs[name] = _parsed(name, text, types[name])
    return inputs


def _parsed(name: str, text: str, kind: str) -> Any:
    if kind == "STRING":
        return text
    if kind == "LIST" and not text.lstrip().startswith("["):
        return [part.strip() for part in text.split(",") if part.strip()]
    try:
        return json.loads(text)
    except ValueError:
        raise ValueError(f"{name} is of type {kind.lower()}, which {text!r:.100} is not (write it as JSON)") from None
