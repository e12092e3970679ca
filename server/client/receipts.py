"""Getting receipts, and what they can be checked against, from the server of this machine."""

from __future__ import annotations

import json
from base64 import b64decode
from pathlib import Path
from typing import Any
from uuid import UUID

from server.client.graphql_client import GraphQLClient, Refused
from server.client.local_server import connected
from server.client.named import is_key
from server.receipts import ARTIFACTS, EVENTS, RECEIPT, file_name
from server.settings import load_settings

BY_ID = "query ($id: ID!) { execution(id: $id) { status receipt { document } } }"
BY_KEY = "query ($key: String!) { task(by: { key: $key }) { latestExecution { status receipt { document } } } }"
FILES = """query ($id: ID!, $after: Cursor) {
  execution(id: $id) { artifacts(first: 100, after: $after) { nodes { name url } pageInfo { hasNextPage endCursor } } }
}"""


async def fetch(execution: str, bundle: Path | None) -> bytes:
    """The receipt as it is kept in a file; with ``bundle`` everything is written into that folder too.

    Raises:
        ServerUnreachable: the server does not answer.
        Refused: there is no such execution, it has no receipt, or not all of a bundle can be had any more.
    """
    async with connected(load_settings()) as client:
        document = await _document(client, execution)
        if bundle is not None:
            await _write_bundle(client, document, bundle)
        return document


async def _document(client: GraphQLClient, execution: str) -> bytes:
    if is_key(execution):
        task = (await client.query(BY_KEY, {"key": execution}))["task"]
        found = None if task is None else task["latestExecution"]
    else:
        found = (await client.query(BY_ID, {"id": execution}))["execution"]
    if found is None:
        raise Refused(f"There is no execution {execution!r} here.")
    if found["receipt"] is None:
        raise Refused(
            f"The execution is {found['status']} and has no receipt: it gets one when it ends, and those that ended "
            "before there were receipts have none."
        )
    return str(found["receipt"]["document"]).encode()


async def _write_bundle(client: GraphQLClient, document: bytes, folder: Path) -> None:
    from schema.node_ids import encode

    statement: dict[str, Any] = json.loads(b64decode(json.loads(document)["payload"]))
    execution_id = UUID(statement["execution"]["id"])
    (folder / ARTIFACTS).mkdir(parents=True, exist_ok=True)
    (folder / RECEIPT).write_bytes(document)
    (folder / EVENTS).write_bytes(await client.download(f"/receipts/{execution_id}/events"))
    left = {artifact["name"]: file_name(artifact) for artifact in statement["artifacts"]}
    after, further = None, True
    while further:
        variables = {"id": encode("Execution", execution_id), "after": after}
        page = (await client.query(FILES, variables))["execution"]["artifacts"]
        for artifact in page["nodes"]:
            if artifact["name"] in left:
                content = await client.download(artifact["url"])
                (folder / ARTIFACTS / left.pop(artifact["name"])).write_bytes(content)
        after, further = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
    if left:
        raise Refused(
            f"The bundle is not whole: the server does not keep {', '.join(map(repr, left))} any more. What there is "
            f"can be checked with `wrenchai receipt verify {folder / RECEIPT} --artifacts {folder / ARTIFACTS}`."
        )
