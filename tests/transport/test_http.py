"""What is particular to HTTP."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
import pytest

from server.transport.failure import RequestFailure
from server.transport.negotiation import EVENT_STREAM, GRAPHQL_JSON, JSON, negotiate
from tests.transport.clients import TOKEN, URQL_ACCEPT, HttpClient
from tests.transport.conftest import LIMITS, Served

HELLO = {"query": "{ hello }"}


def code(response: httpx.Response) -> str:
    assert response.headers["x-request-id"]
    body = response.json()
    assert "data" not in body
    (error,) = body["errors"]
    assert error["extensions"]["requestId"] == response.headers["x-request-id"]
    found: str = error["extensions"]["code"]
    return found


async def test_a_query_may_be_sent_with_get(http: HttpClient) -> None:
    query = {"query": "query ($n: Int!) { double(number: $n) }", "variables": '{"n": 4}', "operationName": ""}
    response = await http.http.get("/graphql", params=query)
    assert response.json() == {"data": {"double": 8}}


async def test_a_mutation_with_get_is_refused_and_does_nothing(http: HttpClient, served: Served) -> None:
    document = 'mutation { setStatus(key: "A", status: "DONE") { key } }'
    for accept in (URQL_ACCEPT, "text/event-stream", "application/json"):
        response = await http.http.get("/graphql", params={"query": document}, headers={"accept": accept})
        assert (response.status_code, response.headers["allow"]) == (405, "POST")
        assert code(response) == "METHOD_NOT_ALLOWED"
    assert served.board.statuses["A"] == "PENDING"


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
async def test_other_methods_are_refused(http: HttpClient, method: str) -> None:
    response = await http.http.request(method, "/graphql", json=HELLO)
    assert (response.status_code, response.headers["allow"]) == (405, "GET, POST")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "BAD_REQUEST"),
        (b"{", "BAD_REQUEST"),
        (b'{"query": "{ hello', "BAD_REQUEST"),
        (b"not json", "BAD_REQUEST"),
        (b"null", "BAD_REQUEST"),
        (b"42", "BAD_REQUEST"),
        (b"{}", "BAD_REQUEST"),
        (b"[]", "BAD_REQUEST"),
        (b'[{"query": "{ hello }"}]', "BAD_REQUEST"),
        (b'{"query": ""}', "BAD_REQUEST"),
        (b'{"query": null}', "BAD_REQUEST"),
        (b'{"query": 1}', "BAD_REQUEST"),
        (b'{"query": ["{ hello }"]}', "BAD_REQUEST"),
        (b'{"query": "{ hello }", "variables": []}', "BAD_REQUEST"),
        (b'{"query": "{ hello }", "variables": "{}"}', "BAD_REQUEST"),
        (b'{"query": "{ hello }", "extensions": 1}', "BAD_REQUEST"),
        (b'{"query": "{ hello }", "operationName": 1}', "BAD_REQUEST"),
        (b'{"query": "{ hello }", "variables": {"n": NaN}}', "BAD_REQUEST"),
        (b'{"query": "{ hello }", "variables": {"n": 1e999}}', "BAD_REQUEST"),
        (b'{"query": "{ hello }", "variables": {"n": ' + b"9" * 5_000 + b"}}", "BAD_REQUEST"),
        (b'{"query": "{ hello }\0"}', "BAD_REQUEST"),
        (b'{"query": "\xff\xfe"}', "BAD_REQUEST"),
        ('{"query": "{ hello }"}'.encode("utf-16"), "BAD_REQUEST"),
        (b"[" * 100_000, "BAD_USER_INPUT"),
        (b'{"query": "{ hello }", "variables": {"n": ' + b"[" * 80 + b"]" * 80 + b"}}", "BAD_USER_INPUT"),
        (b'{"query": "{ hello }", "variables": {"a\\u0000": 1}}', "BAD_USER_INPUT"),
        (b'{"query": "{ hello }", "operationName": "\\ud800"}', "BAD_USER_INPUT"),
    ],
)
async def test_a_wrong_body_is_a_400_with_a_code(http: HttpClient, content: bytes, expected: str) -> None:
    response = await http.http.post("/graphql", content=content)
    assert (response.status_code, code(response)) == (400, expected)


@pytest.mark.parametrize("variables", ["{", "[1]", '"x"', "[" * 20_000, "NaN"])
async def test_wrong_variables_in_a_get_are_refused(http: HttpClient, variables: str) -> None:
    response = await http.http.get("/graphql", params={"query": "{ hello }", "variables": variables})
    assert response.status_code == 400
    assert code(response) in ("BAD_REQUEST", "BAD_USER_INPUT")


@pytest.mark.parametrize(
    "content_type",
    [
        "xapplication/jsonx",
        "application/jsonx",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/graphql",
        "application/json; charset=utf-16",
        "",
        ";",
    ],
)
async def test_only_json_in_utf8_is_read(http: HttpClient, content_type: str) -> None:
    body = json.dumps(HELLO)
    response = await http.http.post("/graphql", content=body, headers={"content-type": content_type})
    assert (response.status_code, code(response)) == (415, "UNSUPPORTED_MEDIA_TYPE")


@pytest.mark.parametrize(
    "content_type", ["application/json", "Application/JSON; charset=UTF-8", 'application/json;charset="utf-8"']
)
async def test_json_may_be_spelled_in_many_ways(http: HttpClient, content_type: str) -> None:
    body = json.dumps(HELLO)
    response = await http.http.post("/graphql", content=body, headers={"content-type": content_type})
    assert response.json() == {"data": {"hello": "world"}}


async def test_a_large_body_is_refused_by_its_length_alone(served: Served) -> None:
    host, port = served.base.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    head = (
        f"POST /graphql HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {TOKEN}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {LIMITS.body_bytes + 1}\r\n\r\n"
    )
    writer.write(head.encode())
    async with asyncio.timeout(5):
        answer = await reader.readuntil(b"BODY_TOO_LARGE")
    assert answer.startswith(b"HTTP/1.1 413 ")
    writer.close()


async def test_a_large_body_in_chunks_is_refused_before_it_ends(served: Served) -> None:
    host, port = served.base.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    head = (
        f"POST /graphql HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {TOKEN}\r\n"
        "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    writer.write(head.encode())
    answer = asyncio.create_task(reader.readuntil(b"BODY_TOO_LARGE"))
    chunk = b"10000\r\n" + b" " * 65_536 + b"\r\n"
    sent = 0
    async with asyncio.timeout(10):
        while not answer.done():
            writer.write(chunk)
            sent += 1
            await asyncio.wait({answer}, timeout=0.02)
    assert answer.result().startswith(b"HTTP/1.1 413 ")
    assert LIMITS.body_bytes <= sent * 65_536 <= 8 * LIMITS.body_bytes
    writer.close()


async def test_a_body_of_just_the_limit_is_accepted(http: HttpClient) -> None:
    body = json.dumps(HELLO).encode()
    response = await http.http.post("/graphql", content=body + b" " * (LIMITS.body_bytes - len(body)))
    assert response.status_code == 200


async def test_a_body_that_does_not_arrive_times_out(served: Served) -> None:
    host, port = served.base.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    head = (
        f"POST /graphql HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {TOKEN}\r\n"
        'Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"query"'
    )
    writer.write(head.encode())
    async with asyncio.timeout(5):
        answer = await reader.read()
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"REQUEST_TIMEOUT" in answer
    writer.close()


async def test_nobody_is_answered_without_a_token(http: HttpClient, served: Served) -> None:
    for authorization in ("", "Bearer", "Bearer wrong", f"Basic {TOKEN}"):
        response = await http.http.post("/graphql", json=HELLO, headers={"authorization": authorization})
        assert (response.status_code, response.headers["www-authenticate"]) == (401, "Bearer")
        assert code(response) == "UNAUTHENTICATED"
    assert served.board.contexts == []


async def test_a_sane_request_id_comes_back_and_any_other_is_replaced(http: HttpClient) -> None:
    kept = await http.http.post("/graphql", json={"query": "{ requestId }"}, headers={"x-request-id": "trace-1.a_B"})
    assert kept.headers["x-request-id"] == kept.json()["data"]["requestId"] == "trace-1.a_B"
    for strange in ("", "a b", "x" * 65, "../etc", "a;b", "-x"):
        made = await http.http.post("/graphql", json={"query": "{ requestId }"}, headers={"x-request-id": strange})
        assert made.headers["x-request-id"] == made.json()["data"]["requestId"]
        assert made.headers["x-request-id"].isalnum()
        assert len(made.headers["x-request-id"]) == 32


@pytest.mark.parametrize(
    ("query", "modern", "classic"),
    [
        ("{ hello }", 200, 200),
        ("{", 400, 200),
        ("{ nope }", 400, 200),
        ("query ($n: Int!) { double(number: $n) }", 400, 200),
        ("{ defect }", 200, 200),
        ("{ requiredDefect }", 200, 200),
        ("{ endless }", 504, 504),
    ],
)
async def test_the_status_tells_a_refused_request(http: HttpClient, query: str, modern: int, classic: int) -> None:
    for accept, expected in ((GRAPHQL_JSON, modern), (JSON, classic)):
        response = await http.http.post("/graphql", json={"query": query}, headers={"accept": accept})
        assert response.status_code == expected
        assert response.headers["content-type"] == f"{accept}; charset=utf-8"


@pytest.mark.parametrize(
    ("accept", "json_type", "streams", "prefers_stream"),
    [
        (None, JSON, True, False),
        ("*/*", JSON, True, False),
        ("application/*", JSON, False, False),
        (JSON, JSON, False, False),
        (GRAPHQL_JSON, GRAPHQL_JSON, False, False),
        (f"{JSON}, {GRAPHQL_JSON}", GRAPHQL_JSON, False, False),
        (f"{GRAPHQL_JSON};q=0.5, {JSON}", JSON, False, False),
        (f"{GRAPHQL_JSON}, {JSON};q=0.9", GRAPHQL_JSON, False, False),
        (EVENT_STREAM, None, True, True),
        (f"{EVENT_STREAM}, {JSON}", JSON, True, False),
        (f"{EVENT_STREAM}, {JSON};q=0.9", JSON, True, True),
        (f"{EVENT_STREAM};q=0.5, {JSON}", JSON, True, False),
        (f"{EVENT_STREAM};q=0, */*", JSON, False, False),
        ("TEXT/Event-Stream", None, True, True),
        (URQL_ACCEPT, GRAPHQL_JSON, True, False),
        ("text/html, */*;q=0.1", JSON, True, False),
    ],
)
def test_accept_is_weighed(accept: str | None, json_type: str | None, streams: bool, prefers_stream: bool) -> None:
    acceptance = negotiate(accept)
    assert (acceptance.json, acceptance.streams, acceptance.prefers_stream) == (json_type, streams, prefers_stream)


@pytest.mark.parametrize("accept", ["text/html", "image/*", f"{JSON};q=0", "xtext/event-stream", f"{JSON};q=abc", ","])
def test_nothing_acceptable_is_refused(accept: str) -> None:
    with pytest.raises(RequestFailure, match="accept one of them"):
        negotiate(accept)


async def test_a_subscription_without_a_stream_is_not_acceptable(http: HttpClient, served: Served) -> None:
    body: dict[str, Any] = {"query": "subscription { failing }"}
    response = await http.http.post("/graphql", json=body, headers={"accept": JSON})
    assert (response.status_code, code(response)) == (406, "NOT_ACCEPTABLE")
    assert served.board.contexts == []
