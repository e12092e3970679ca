"""Python's gql through the same flow as the clients of flow.mjs: queries over HTTP, subscriptions over WebSocket."""

from __future__ import annotations

import asyncio
import json
import os
from typing import Any

from gql import Client, gql
from gql.transport.exceptions import TransportError, TransportQueryError
from gql.transport.httpx import HTTPXAsyncTransport
from gql.transport.websockets import WebsocketsTransport

URL = f"{os.environ['ADDRESS']}/graphql"
HEADERS = {"authorization": f"Bearer {os.environ['TOKEN']}"}
CREATE = """mutation Create($input: CreateTaskInput!) {
  createTask(input: $input) { errors { code message } task { key latestExecution { id } } } }"""
WATCH = """subscription Watch($id: ID!, $after: Cursor) { executionEvents(executionId: $id, after: $after) {
  cursor event { __typename sequence ... on StepStarted { step } } } }"""
TRIES = 200


def say(observation: dict[str, Any]) -> None:
    print(json.dumps(observation), flush=True)


async def request(document: str, **variables: Any) -> dict[str, Any]:
    """``data`` and the codes of the errors, as this client shows them."""
    asked = gql(document)
    asked.variable_values = variables
    try:
        # The schema that introspection gives is what this client checks documents against before it sends them.
        async with Client(transport=HTTPXAsyncTransport(url=URL, headers=HEADERS)) as session:
            return {"data": await session.execute(asked), "codes": []}
    except TransportQueryError as refused:
        return {"data": refused.data, "codes": [error["extensions"]["code"] for error in refused.errors or ()]}


async def watch(execution: str) -> None:
    cursor: str | None = None
    for _ in range(TRIES):
        asked = gql(WATCH)
        asked.variable_values = {"id": execution, "after": cursor}
        transport = WebsocketsTransport(
            url=URL.replace("http:", "ws:"),
            init_payload=HEADERS,
            subprotocols=[WebsocketsTransport.GRAPHQLWS_SUBPROTOCOL],
        )
        try:
            async with Client(transport=transport) as session:
                async for data in session.subscribe(asked):
                    cursor = data["executionEvents"]["cursor"]
                    say({"update": data["executionEvents"]})
                return
        except (TransportError, OSError, EOFError):
            await asyncio.sleep(0.1)
    raise RuntimeError("the connection could not be had again")


async def main() -> None:
    say({"query": await request("query Who { viewer { id name } }")})
    given = {"projectId": os.environ["PROJECT"], "task": json.loads(os.environ["DRAFT"]), "dispatch": True}
    made = await request(CREATE, input=given)
    say({"mutation": made})
    malformed = await request('query Malformed { task(by: { id: "nonsense" }) { key } }')
    unknown = await request("query Unknown { viewer { shoeSize } }")
    say({"errors": [malformed["codes"], unknown["codes"]]})
    await watch(made["data"]["createTask"]["task"]["latestExecution"]["id"])
    say({"completed": True})


asyncio.run(main())
