"""What is particular to server-sent events."""

from __future__ import annotations

import asyncio

from server.transport.sse import cursor_of
from tests.transport.clients import TOKEN, HttpClient, payloads
from tests.transport.conftest import Served

CHANGES = {"query": 'subscription { changes(key: "A") { cursor task { status } } }'}
STREAM = {"accept": "text/event-stream"}


async def test_the_framing_is_what_every_client_can_split(http: HttpClient, served: Served) -> None:
    await served.board.change("A", "DONE")
    response = await http.http.post("/graphql", json=CHANGES, headers=STREAM)
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert response.headers["cache-control"] == "no-cache, no-transform"
    assert response.headers["x-accel-buffering"] == "no"
    assert response.headers["x-request-id"]
    assert response.text == (
        'event: next\nid: 1\ndata: {"data":{"changes":{"cursor":"1","task":{"status":"DONE"}}}}\n\n'
        "event: complete\ndata: \n\n"
    )


async def test_last_event_id_resumes_where_the_stream_was_cut(http: HttpClient, served: Served) -> None:
    await served.board.change("A", "DONE")
    response = await http.http.post("/graphql", json=CHANGES, headers={**STREAM, "last-event-id": "41"})
    assert "\nid: 42\n" in response.text
    assert served.board.contexts[-1].scope.last_event_id == "41"


async def test_an_explicit_cursor_wins_over_last_event_id(http: HttpClient, served: Served) -> None:
    await served.board.change("A", "DONE")
    body = {"query": 'subscription { changes(key: "A", after: "7") { cursor } }'}
    response = await http.http.post("/graphql", json=body, headers={**STREAM, "last-event-id": "41"})
    assert "\nid: 8\n" in response.text


async def test_a_quiet_stream_shows_signs_of_life(http: HttpClient) -> None:
    async with http.http.stream("POST", "/graphql", json=CHANGES, headers=STREAM) as response:
        async with asyncio.timeout(10):
            lines = response.aiter_lines()
            pings = 0
            while pings < 2:
                pings += await anext(lines) == ": ping"


async def test_a_subscription_may_be_sent_with_get(http: HttpClient, served: Served) -> None:
    await served.board.change("A", "DONE")
    response = await http.http.get("/graphql", params=CHANGES, headers=STREAM)
    assert response.text.endswith("event: complete\ndata: \n\n")


async def test_a_wrong_request_is_refused_without_a_stream(http: HttpClient) -> None:
    response = await http.http.post("/graphql", content=b"{", headers=STREAM)
    assert response.status_code == 400
    assert response.headers["content-type"].startswith("application/json")


async def test_a_client_that_does_not_read_is_cut_off(served: Served) -> None:
    host, port = served.base.removeprefix("http://").split(":")
    _, writer = await asyncio.open_connection(host, int(port), limit=1024)
    body = b'{"query": "subscription { flood(size: 100000) }"}'
    head = (
        f"POST /graphql HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {TOKEN}\r\nAccept: text/event-stream\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    writer.write(head.encode() + body)
    await served.board.until_ended("flood")
    await served.board.until_closed()
    writer.transport.abort()


async def test_a_closing_server_ends_streams_without_complete(http: HttpClient, served: Served) -> None:
    async with http.http.stream("POST", "/graphql", json=CHANGES, headers=STREAM) as response:
        lines = response.aiter_lines()
        assert await anext(lines) == "event: next"
        served.app.close()
        async with asyncio.timeout(5):
            rest = [line async for line in lines]
    assert "event: complete" not in rest
    await served.board.until_ended("changes")
    await served.board.until_closed()


async def test_streams_on_one_client_do_not_disturb_each_other(http: HttpClient, served: Served) -> None:
    async def statuses() -> list[str]:
        async with http.http.stream("POST", "/graphql", json=CHANGES, headers=STREAM) as response:
            return [answer["data"]["changes"]["task"]["status"] async for answer in payloads(response)]

    await served.board.change("A", "DONE")
    assert await asyncio.gather(*(statuses() for _ in range(5))) == [["DONE"]] * 5


def test_the_cursor_is_found_only_where_it_can_stand_on_a_line() -> None:
    assert cursor_of({"data": {"a": {"x": 1}, "b": {"cursor": "c1"}}}) == "c1"
    for payload in ({"data": None}, {}, {"data": {"a": {"cursor": "x\ny"}}}, {"data": {"a": {"cursor": 4}}}):
        assert cursor_of(payload) is None
