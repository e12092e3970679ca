"""What holds over HTTP, server-sent events and WebSocket alike."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest
import structlog
from sqlalchemy.ext.asyncio import create_async_engine

from tests.transport.board import BoardContext
from tests.transport.clients import Client, Payload
from tests.transport.conftest import Served

STATUS = '{ task(key: "A") { status } }'
CHANGES = 'subscription { changes(key: "A") { cursor task { status } } }'


def only_error(payload: Payload) -> dict[str, Any]:
    (error,) = payload["errors"]
    assert set(error["extensions"]) >= {"code", "requestId", "retryable"}
    found: dict[str, Any] = error
    return found


def code(payload: Payload) -> str:
    found: str = only_error(payload)["extensions"]["code"]
    return found


async def test_a_query_is_answered(client: Client) -> None:
    assert await client.execute("{ hello }") == {"data": {"hello": "world"}}


async def test_variables_and_operation_name_are_honoured(client: Client) -> None:
    document = "query First { hello } query Second($n: Int!) { double(number: $n) }"
    assert await client.execute(document, operationName="Second", variables={"n": 21}) == {"data": {"double": 42}}


async def test_extensions_of_the_request_reach_the_resolvers(client: Client) -> None:
    assert await client.execute("{ extension }", extensions={"hash": "abc"}) == {"data": {"extension": "abc"}}


async def test_two_queries_on_one_connection_around_a_change_answer_differently(client: Client, served: Served) -> None:
    assert await client.execute(STATUS) == {"data": {"task": {"status": "PENDING"}}}
    await served.board.change("A", "SUCCEEDED")
    assert await client.execute(STATUS) == {"data": {"task": {"status": "SUCCEEDED"}}}
    first, second = served.board.contexts
    assert first is not second


async def test_a_mutation_is_seen_by_the_next_query(client: Client) -> None:
    changed = await client.execute('mutation { setStatus(key: "A", status: "DONE") { status } }')
    assert changed == {"data": {"setStatus": {"status": "DONE"}}}
    assert await client.execute(STATUS) == {"data": {"task": {"status": "DONE"}}}


async def test_every_event_of_a_subscription_is_fresh(client: Client, served: Served) -> None:
    async with client.subscribe(CHANGES) as answers:
        seen = [await anext(answers)]
        for status in ("RUNNING", "DONE"):
            await served.board.change("A", status)
            seen.append(await anext(answers))
        assert [answer async for answer in answers] == []
    assert [answer["data"]["changes"]["task"]["status"] for answer in seen] == ["PENDING", "RUNNING", "DONE"]


async def test_every_context_is_closed_once(client: Client, served: Served) -> None:
    await client.execute("{ hello }")
    await client.execute("{ defect }")
    await client.execute("{ nothingOfThatName }")
    async with client.subscribe(CHANGES) as answers:
        await served.board.change("A", "DONE")
        assert [answer async for answer in answers]
    await served.board.until_closed()
    assert all(type(context) is BoardContext and context.closed == 1 for context in served.board.contexts)


async def test_cutting_a_subscription_closes_its_generator_and_its_context(client: Client, served: Served) -> None:
    async with client.subscribe(CHANGES) as answers:
        await anext(answers)
        assert served.board.ended == []
    await served.board.until_ended("changes")
    await served.board.until_closed()


async def test_a_client_that_vanishes_ends_its_subscription(client: Client, served: Served) -> None:
    async with client.subscribe(CHANGES) as answers:
        await anext(answers)
        await client.__aexit__(None, None, None)
        await served.board.until_ended("changes")
        await served.board.until_closed()


async def test_a_defect_is_masked_and_logged_with_the_request_id(
    client: Client, logged: list[structlog.typing.EventDict]
) -> None:
    answer = await client.execute("{ hello defect }")
    assert answer["data"] == {"hello": "world", "defect": None}
    error = only_error(answer)
    assert error["path"] == ["defect"]
    assert "hunter2" not in str(answer)
    assert error["message"].startswith("Something went wrong on our side")
    assert (error["extensions"]["code"], error["extensions"]["retryable"]) == ("INTERNAL", False)
    (entry,) = [entry for entry in logged if entry["event"] == "resolver failed"]
    assert entry["request_id"] == error["extensions"]["requestId"]
    assert "hunter2" in repr(entry["exc_info"])


async def test_a_defect_in_a_required_field_leaves_no_data(client: Client) -> None:
    answer = await client.execute("{ requiredDefect }")
    assert answer["data"] is None
    assert code(answer) == "INTERNAL"


async def test_a_defect_in_a_subscription_is_masked_and_ends_it(client: Client) -> None:
    async with client.subscribe("subscription { failing }") as answers:
        first, second = [answer async for answer in answers]
    assert first == {"data": {"failing": 1}}
    assert code(second) == "INTERNAL"
    assert "hunter2" not in str(second)


async def test_a_result_that_is_not_json_is_a_defect(client: Client) -> None:
    answer = await client.execute("{ ratio }")
    assert code(answer) == "INTERNAL"
    assert "NaN" not in str(answer)


async def test_a_rejection_of_the_domain_keeps_its_code_and_sentence(client: Client) -> None:
    error = only_error(await client.execute('{ task(key: "Z") { status } }'))
    assert error["extensions"]["code"] == "NOT_FOUND"
    assert error["message"] == "There is no task with id 'Z' here."


async def test_an_error_raised_with_a_published_code_is_shown(client: Client) -> None:
    error = only_error(await client.execute("{ expired }"))
    assert error["message"] == "That cursor is too old."
    assert (error["extensions"]["code"], error["extensions"]["oldest"]) == ("CURSOR_EXPIRED", "17")
    async with client.subscribe("subscription { expired }") as answers:
        assert [code(answer) async for answer in answers] == ["CURSOR_EXPIRED"]


@pytest.mark.parametrize(
    ("document", "parameters", "expected"),
    [
        ("{ hello", {}, "GRAPHQL_PARSE_FAILED"),
        ("query }", {}, "GRAPHQL_PARSE_FAILED"),
        ("{ hello \0 }", {}, "GRAPHQL_PARSE_FAILED"),
        ("{ \ud800 }", {}, "GRAPHQL_PARSE_FAILED"),
        ("{ nope }", {}, "GRAPHQL_VALIDATION_FAILED"),
        ("{ double(number: 1.5) }", {}, "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { a: failing b: failing }", {}, "GRAPHQL_VALIDATION_FAILED"),
        ("query ($n: Int!) { double(number: $n) }", {"variables": {"n": "x"}}, "BAD_USER_INPUT"),
        ("query ($n: Int!) { double(number: $n) }", {"variables": {"n": 2**40}}, "BAD_USER_INPUT"),
        ("query ($n: Int!) { double(number: $n) }", {}, "BAD_USER_INPUT"),
        ("subscription ($k: String!) { changes(key: $k) { cursor } }", {"variables": {"k": 1}}, "BAD_USER_INPUT"),
        ('{ node(id: "%%%") }', {}, "BAD_USER_INPUT"),
        ("query ($t: String!) { echo(text: $t) }", {"variables": {"t": "a\0b"}}, "BAD_USER_INPUT"),
        ("query ($t: String!) { echo(text: $t) }", {"variables": {"t": "\ud800"}}, "BAD_USER_INPUT"),
        ('{ echo(text: "\\u0000") }', {}, "BAD_USER_INPUT"),
        ("query A { hello } query B { hello }", {}, "UNKNOWN_OPERATION"),
        ("query A { hello }", {"operationName": "C"}, "UNKNOWN_OPERATION"),
        ("fragment F on Query { hello }", {}, "UNKNOWN_OPERATION"),
        ("{ " + "task(key: 1) { " + "itself { " * 25 + "key" + " }" * 27, {}, "DOCUMENT_TOO_COMPLEX"),
        ("{" * 2_000, {}, "GRAPHQL_PARSE_FAILED|DOCUMENT_TOO_COMPLEX"),
        ("{ " + "hello { " * 2_000, {}, "GRAPHQL_PARSE_FAILED|DOCUMENT_TOO_COMPLEX"),
        ("{ " + " ".join(f"a{n}: hello" for n in range(61)) + " }", {}, "DOCUMENT_TOO_COMPLEX"),
        ("{ hello " + "@include(if: true) " * 61 + "}", {}, "DOCUMENT_TOO_COMPLEX"),
        ("query " + "@nothing " * 61 + "{ hello }", {}, "DOCUMENT_TOO_COMPLEX"),
        ("{ " + "hello " * 2_501 + "}", {}, "DOCUMENT_TOO_COMPLEX"),
        ("{ " + "hello " * 2_001 + "}", {}, "DOCUMENT_TOO_COMPLEX"),
        ("{ nest(value: " + "{inner: " * 70 + "{}" + "}" * 70 + ") }", {}, "BAD_USER_INPUT"),
    ],
)
async def test_a_wrong_request_has_a_code(
    client: Client, document: str, parameters: dict[str, Any], expected: str
) -> None:
    answer = await client.execute(document, **parameters)
    assert "data" not in answer or answer["data"] is None
    assert code(answer) in expected.split("|")
    assert only_error(answer)["message"]


async def test_fragments_that_double_each_other_are_refused_at_once(client: Client) -> None:
    levels = [f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(60)]
    document = "{ ...F0 } " + " ".join(levels) + " fragment F60 on Query { hello }"
    started = time.perf_counter()
    assert code(await client.execute(document)) == "DOCUMENT_TOO_COMPLEX"
    assert time.perf_counter() - started < 2


async def test_fragments_that_spread_themselves_are_refused(client: Client) -> None:
    document = "{ ...F } fragment F on Query { hello ...G } fragment G on Query { ...F }"
    assert "GRAPHQL_VALIDATION_FAILED" in {
        error["extensions"]["code"] for error in (await client.execute(document))["errors"]
    }


async def test_introspection_passes_the_limits(client: Client) -> None:
    from graphql import get_introspection_query

    assert (await client.execute(get_introspection_query()))["data"]["__schema"]["queryType"]["name"] == "Query"


async def test_a_query_that_takes_too_long_is_stopped(client: Client, served: Served) -> None:
    answer = await client.execute("{ endless hello }")
    error = only_error(answer)
    assert (error["extensions"]["code"], error["extensions"]["retryable"]) == ("DEADLINE_EXCEEDED", True)
    await served.board.until_ended("endless")
    await served.board.until_closed()


async def test_a_subscription_has_no_deadline(client: Client, served: Served) -> None:
    async with client.subscribe(CHANGES) as answers:
        await anext(answers)
        # Another operation's deadline passes meanwhile, which proves that this one's would have.
        async with type(client)(served.base) as other:  # type: ignore[call-arg]
            assert code(await other.execute("{ endless }")) == "DEADLINE_EXCEEDED"
        await served.board.change("A", "DONE")
        assert (await anext(answers))["data"]["changes"]["task"]["status"] == "DONE"


@pytest.mark.parametrize("where", ["closed port", "missing socket"])
async def test_an_unreachable_database_is_told_apart_from_a_defect(
    client: Client, served: Served, where: str, tmp_path: Path
) -> None:
    address = "postgresql+asyncpg://nobody@127.0.0.1:1/x"
    if where == "missing socket":
        address = f"postgresql+asyncpg://nobody@/x?host={tmp_path}"
    served.board.database = create_async_engine(address)
    error = only_error(await client.execute("{ stored }"))
    assert (error["extensions"]["code"], error["extensions"]["retryable"]) == ("SERVICE_UNAVAILABLE", True)
    assert "127.0.0.1" not in error["message"]


async def test_operations_run_side_by_side_with_contexts_of_their_own(served: Served, client: Client) -> None:
    async def one() -> Payload:
        async with type(client)(served.base) as own:  # type: ignore[call-arg]
            return await own.execute("{ requestId }")

    answers = await asyncio.gather(*(one() for _ in range(10)))
    assert len({answer["data"]["requestId"] for answer in answers}) == 10
