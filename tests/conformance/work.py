"""Tasks for the conformance tests to be hard on."""

from __future__ import annotations

from server.client.graphql_client import GraphQLClient

CREATE = """mutation ($input: CreateTaskInput!) { createTask(input: $input) { task { id } errors { message } } }"""


async def new_task(client: GraphQLClient, project: str, title: str) -> str:
    """The id of a fresh task of the probe that is not dispatched."""
    draft = {"title": title, "agent": "probe"}
    made = await client.query(CREATE, {"input": {"projectId": project, "task": draft}})
    assert made["createTask"]["errors"] == [], made
    task_id: str = made["createTask"]["task"]["id"]
    return task_id
