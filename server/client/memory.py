"""The memory through the API."""

from __future__ import annotations

from typing import Any

from server.client.graphql_client import GraphQLClient, Refused

_SHOWN = "id scope agentKind project { key } kind tags content source { actor } updatedBy expiresAt version updatedAt"
LIST = f"""query Memories($filter: MemoryFilterInput, $after: Cursor) {{
  memories(first: 100, filter: $filter, after: $after) {{
    nodes {{ {_SHOWN} }} totalCount {{ value }} pageInfo {{ hasNextPage endCursor }}
  }}
}}"""
RECALL = f"""query Recall($query: String!, $filter: MemoryFilterInput, $first: Int!) {{
  recall(query: $query, filter: $filter, first: $first) {{
    memory {{ {_SHOWN} }} score {{ total text trigram vector }}
  }}
}}"""
SEARCH = "query { memorySearch { trigram vector model memories waiting problems } }"
VERSION = "query ($id: ID!) { node(id: $id) { ... on Memory { version } } }"
PROJECT = "query ($key: String!) { project(by: { key: $key }) { id } }"
REMEMBER = f"""mutation Remember($input: RememberInput!) {{
  remember(input: $input) {{ memory {{ {_SHOWN} }} known errors {{ message }} }} }}"""
CORRECT = f"""mutation Correct($input: CorrectMemoryInput!) {{
  correctMemory(input: $input) {{ memory {{ {_SHOWN} }} errors {{ message }} }} }}"""
ERASE = """mutation Erase($input: EraseMemoryInput!) {
  eraseMemory(input: $input) { erasedMemoryId errors { message } } }"""
ERASE_ALL = """mutation EraseAll($input: EraseMemoriesInput!) {
  eraseMemories(input: $input) { erased errors { message } } }"""

Conditions = dict[str, str]


async def conditions(client: GraphQLClient, project: str | None, **given: str | None) -> Conditions:
    """A filter; the project is named by its key.

    Raises:
        Refused: there is no such project.
    """
    found = {name: value for name, value in given.items() if value is not None}
    if project is not None:
        found["projectId"] = await project_id(client, project)
    return found


async def project_id(client: GraphQLClient, key: str) -> str:
    """The id of a project by its key.

    Raises:
        Refused: there is none.
    """
    project = (await client.query(PROJECT, {"key": key}))["project"]
    if project is None:
        raise Refused(f"There is no project {key!r} here.")
    return str(project["id"])


async def memories(client: GraphQLClient, which: Conditions) -> list[dict[str, Any]]:
    """All memories that fit, the newest first."""
    found: list[dict[str, Any]] = []
    after, further = None, True
    while further:
        page = (await client.query(LIST, {"filter": which, "after": after}))["memories"]
        found += page["nodes"]
        after, further = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
    return found


async def recall(client: GraphQLClient, query: str, which: Conditions, first: int) -> list[dict[str, Any]]:
    """What fits the question, the best first: ``memory`` and ``score``."""
    found: list[dict[str, Any]] = (await client.query(RECALL, {"query": query, "filter": which, "first": first}))[
        "recall"
    ]
    return found


async def search_facts(client: GraphQLClient) -> dict[str, Any]:
    """What there is to find memories by."""
    facts: dict[str, Any] = (await client.query(SEARCH))["memorySearch"]
    return facts


async def remember(client: GraphQLClient, given: dict[str, Any]) -> tuple[dict[str, Any], bool]:
    """The memory, and whether it was there already.

    Raises:
        Refused: it cannot be kept; the message says why.
    """
    payload = await _changed(client, REMEMBER, "remember", given)
    return payload["memory"], payload["known"]


async def correct(client: GraphQLClient, memory_id: str, given: dict[str, Any]) -> dict[str, Any]:
    """The memory as it is now; what was there when it was read is replaced.

    Raises:
        Refused: there is none, or what it is to say cannot be kept.
    """
    found = (await client.query(VERSION, {"id": memory_id}))["node"]
    if not found:
        raise Refused(f"There is no memory {memory_id!r} here.")
    version = {"memoryId": memory_id, "expectedVersion": found["version"]}
    memory: dict[str, Any] = (await _changed(client, CORRECT, "correctMemory", given | version))["memory"]
    return memory


async def erase(client: GraphQLClient, memory_id: str) -> None:
    """Erase one.

    Raises:
        Refused: there is none.
    """
    payload = (await client.query(ERASE, {"input": {"memoryId": memory_id}}))["eraseMemory"]
    _accepted(payload)


async def erase_all(client: GraphQLClient, which: Conditions, count: int) -> int:
    """Erase all that fit, if they are so many.

    Raises:
        Refused: they are not, or there is no condition.
    """
    payload = (await client.query(ERASE_ALL, {"input": {"filter": which, "count": count}}))["eraseMemories"]
    _accepted(payload)
    return int(payload["erased"])


async def _changed(client: GraphQLClient, document: str, name: str, given: dict[str, Any]) -> dict[str, Any]:
    payload: dict[str, Any] = (await client.query(document, {"input": given}))[name]
    _accepted(payload)
    return payload


def _accepted(payload: dict[str, Any]) -> None:
    if payload["errors"]:
        raise Refused("; ".join(error["message"] for error in payload["errors"]))
