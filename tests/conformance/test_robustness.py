"""Documents without measure, texts without end, and two clients who want the same at once."""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any
from uuid import uuid4

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from server.client.graphql_client import GraphQLClient
from server.process import Running
from tests.conformance.prober import Prober
from tests.conformance.work import new_task

CREATE = """mutation ($input: CreateTaskInput!) { createTask(input: $input) { task { id } errors { code message } } }"""
UPDATE = """mutation ($input: UpdateTaskInput!) { updateTask(input: $input) {
  task { title version } errors { code message ... on VersionConflict { current { ... on Task { version } } } } } }"""
DELETE = "mutation ($input: DeleteTaskInput!) { deleteTask(input: $input) { deletedTaskId errors { code } } }"
MEGABYTE = "x" * 2**20
CLOSING = str.maketrans("[{", "]}")

TOO_MUCH = {
    "deep": "{ tasks { nodes " + "{ project { tasks { nodes " * 50 + "{ id }" + " } } }" * 50 + " } }",
    "absurdly deep": "{ viewer " * 20_000,
    "deep lists": "{ task(by: " + "[" * 20_000 + "]" * 20_000 + ") { id } }",
    "wide": "{ viewer { " + "name " * 2_400 + "} }",
    "aliased": "{ " + " ".join(f"a{number}: viewer {{ id }}" for number in range(200)) + " }",
    "directives": "{ viewer { name " + "@include(if: true) " * 200 + "} }",
    "unknown directives": "{ viewer { name " + "@x " * 200 + "} }",
    "doubling fragments": "{ viewer { ...F0 } } "
    + " ".join(f"fragment F{number} on Viewer {{ ...F{number + 1} ...F{number + 1} }}" for number in range(40))
    + " fragment F40 on Viewer { name }",
    "circular fragments": "{ viewer { ...A } } fragment A on Viewer { ...B } fragment B on Viewer { ...A }",
    "a fragment of itself": "{ viewer { ...A } } fragment A on Viewer { ...A ...A ...A }",
    "many operations": " ".join(f"query Q{number} {{ viewer {{ id }} }}" for number in range(250)),
    "many variables": f"query ({' '.join(f'$v{number}: Int' for number in range(600))}) {{ viewer {{ id }} }}",
    "overlapping fields": "{ viewer { " + "workspace { id } " * 400 + "} }",
    "one field repeated": "{ viewer { " + "name " * 1_900 + "} }",
    "repeated in a fragment": "{ viewer { id } } fragment F on Viewer { " + "name " * 2_300 + "}",
    "repeated over fragments": "{ viewer { "
    + " ".join(f"...F{number}" for number in range(30))
    + " } } "
    + " ".join(f"fragment F{number} on Viewer {{ {'name ' * 60} }}" for number in range(30)),
    "fragments in circles": "{ viewer { ...F0 } } "
    + " ".join(
        f"fragment F{number} on Viewer {{ {' '.join(f'...F{other}' for other in range(20))} }}" for number in range(20)
    ),
    "an object without end": "mutation { createTask(input: { "
    + " ".join(f"x{number}: 1" for number in range(600))
    + " }) { errors { code } } }",
    "deep introspection": "{ __schema { types " + "{ fields { type " * 12 + "{ name }" + " } }" * 12 + " } }",
    "comments": "#" * 200_000 + "\n{ viewer { id } } }",
    "a name without end": "{ " + "a" * 200_000 + " }",
    "a number without end": "{ tasks(first: " + "9" * 200_000 + ") { nodes { id } } }",
    "a real number without end": "{ tasks(first: 1e" + "9" * 100_000 + ") { nodes { id } } }",
    "a block text": '{ task(by: { key: """' + "\n  x" * 20_000 + '""" }) { id } ',
    "a megabyte": "{ viewer { id } }" + " " * 2**20,
    "nothing": "",
    "a comment only": "# nothing",
    "NUL": "{ viewer { na\0me } }",
    "NUL in a literal": '{ task(by: { key: "\\u0000" }) { id } }',
    "half a pair in a literal": '{ task(by: { key: "\\ud800" }) { id } }',
    "half a pair": "{ viewer { na\ud800me } }",
    "a byte order mark": "\ufeff{ viewer { nme } }",
}


@pytest.mark.parametrize("document", TOO_MUCH.values(), ids=TOO_MUCH.keys())
async def test_documents_beyond_measure_are_refused(prober: Prober, document: str) -> None:
    async with prober.no_trace():
        answer = await prober.ask(document)
    assert answer.fault is None
    assert answer.refused
    assert answer.seconds < 1.5, "refused before anything expensive looks at it"


async def test_variables_with_thousands_of_unknown_fields_are_refused(prober: Prober) -> None:
    async with prober.no_trace():
        answer = await prober.ask(CREATE, {"input": {f"x{number}": number for number in range(12_000)}})
    assert (answer.codes[0], answer.fault) == ("BAD_USER_INPUT", None)
    assert answer.seconds < 1.5


@pytest.mark.parametrize("opening", ["[", '{"a":', '[{"a":'])
async def test_variables_nested_beyond_measure_are_refused(prober: Prober, opening: str) -> None:
    body = '{"query": "{ viewer { id } }", "variables": {"a": ' + opening * 40_000
    async with prober.no_trace():
        for closing in ("", re.sub(r"[^]}]", "", opening.translate(CLOSING)[::-1]) * 40_000 + "}}"):
            answer = await prober.send((body + "1" + closing).encode())
            assert answer.fault is None
            assert answer.codes in (("BAD_USER_INPUT",), ("BAD_REQUEST",), ("BODY_TOO_LARGE",))


@pytest.mark.parametrize("field", ["title", "description", "agent"])
async def test_texts_of_a_megabyte_are_refused(prober: Prober, project: str, field: str) -> None:
    draft = {"title": "Fits", "agent": "probe", field: MEGABYTE}
    async with prober.no_trace():
        answer = await prober.ask(CREATE, {"input": {"projectId": project, "task": draft}})
        assert (answer.status, answer.codes, answer.fault) == (413, ("BODY_TOO_LARGE",), None)
        fitting = draft | {field: MEGABYTE[: 200 * 1024]}
        answer = await prober.ask(CREATE, {"input": {"projectId": project, "task": fitting}})
        assert (answer.codes, answer.fault) == (("VALIDATION_FAILED",), None)


async def test_a_title_of_a_megabyte_closes_a_socket(live: Running, prober: Prober, token: str, project: str) -> None:
    assert live.address is not None
    address = live.address.replace("http:", "ws:") + "/graphql"
    draft = {"title": MEGABYTE, "agent": "probe"}
    payload = {"query": CREATE, "variables": {"input": {"projectId": project, "task": draft}}}
    async with prober.no_trace(), connect(address, subprotocols=["graphql-transport-ws"], proxy=None) as socket:  # type: ignore[list-item]
        await socket.send(json.dumps({"type": "connection_init", "payload": {"authorization": f"Bearer {token}"}}))
        assert json.loads(await socket.recv()) == {"type": "connection_ack"}
        with pytest.raises(ConnectionClosed) as closed:
            await _exchange(socket, json.dumps({"id": "1", "type": "subscribe", "payload": payload}))
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1009


async def _exchange(socket: ClientConnection, message: str) -> None:
    await socket.send(message)
    await socket.recv()


async def test_one_idempotency_key_used_by_many_at_once_creates_one_task(
    client: GraphQLClient, prober: Prober, project: str
) -> None:
    draft = {"title": "Once", "agent": "probe"}
    asked: dict[str, Any] = {"projectId": project, "task": draft, "idempotencyKey": uuid4().hex}
    before = await prober.rows()
    answers = await asyncio.gather(*(client.query(CREATE, {"input": asked}) for _ in range(8)))
    after = await prober.rows()
    assert after["tasks"] == before["tasks"] + 1
    assert after["idempotency_keys"] == before["idempotency_keys"] + 1
    assert [answer["createTask"]["errors"] for answer in answers] == [[]] * 8
    assert len({answer["createTask"]["task"]["id"] for answer in answers}) == 1
    async with prober.no_trace():
        other = await client.query(CREATE, {"input": {**asked, "task": {**draft, "title": "Twice"}}})
    assert [error["code"] for error in other["createTask"]["errors"]] == ["IDEMPOTENCY_KEY_REUSED"]


async def test_two_requests_under_one_idempotency_key_at_once_create_one_task(
    client: GraphQLClient, prober: Prober, project: str
) -> None:
    key, before = uuid4().hex, await prober.rows()
    drafts = [{"title": title, "agent": "probe"} for title in ("One", "Other")]
    answers = await asyncio.gather(
        *(
            client.query(CREATE, {"input": {"projectId": project, "task": draft, "idempotencyKey": key}})
            for draft in drafts
        )
    )
    assert (await prober.rows())["tasks"] == before["tasks"] + 1
    codes = sorted(error["code"] for answer in answers for error in answer["createTask"]["errors"])
    assert codes == ["IDEMPOTENCY_KEY_REUSED"]


async def test_of_many_updates_of_one_version_one_wins(client: GraphQLClient, project: str) -> None:
    task = await new_task(client, project, "Contended")
    answers = await asyncio.gather(
        *(
            client.query(UPDATE, {"input": {"taskId": task, "expectedVersion": 1, "title": f"Of {number}"}})
            for number in range(6)
        )
    )
    payloads = [answer["updateTask"] for answer in answers]
    errors = [error for payload in payloads for error in payload["errors"]]
    assert len(errors) == 5
    assert all(error["code"] == "VERSION_CONFLICT" and error["current"] == {"version": 2} for error in errors)


@pytest.mark.parametrize("version", [0, -1, 2, 2**31 - 1])
async def test_stale_and_made_up_versions_leave_no_trace(
    client: GraphQLClient, prober: Prober, project: str, version: int
) -> None:
    task = await new_task(client, project, "Stays")
    async with prober.no_trace():
        for document, more in ((UPDATE, {"title": "Changed"}), (DELETE, {})):
            answer = await prober.ask(document, {"input": {"taskId": task, "expectedVersion": version, **more}})
            assert answer.fault is None
            assert answer.codes[0] in ("VERSION_CONFLICT", "VALIDATION_FAILED")


async def test_fragments_that_ask_for_the_same_are_no_burden(client: GraphQLClient) -> None:
    shared = "id key title status project { id key } latestExecution { id status }"
    spreads = " ".join(f"...F{number}" for number in range(40))
    fragments = " ".join(f"fragment F{number} on Task {{ {shared} }}" for number in range(40))
    answer = await client.query(f"{{ tasks(first: 1) {{ nodes {{ {spreads} }} }} }} {fragments}")
    assert "nodes" in answer["tasks"]
