"""One trace from the client's span to the last tool call, across the processes of the API and of workers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, format_span_id, format_trace_id

from agents.runtime.traces import traceparent_of
from server.security.local_token import LocalToken
from tests.faults.ground import Ground
from tests.faults.platform_processes import LEASE, started, until
from tests.faults.work import PROJECT, TASK, give
from tests.telemetry.collector import Collector

SERVER, CONSUMER, PRODUCER = 2, 5, 4
"""Kinds of spans, as OTLP numbers them."""


def exporting_to(collector: Collector) -> dict[str, str]:
    """Variables that make a process export its spans soon."""
    return {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.address, "OTEL_BSP_SCHEDULE_DELAY": "200"}


async def test_from_the_request_to_the_last_tool_call(ground: Ground, folder: Path, collector: Collector) -> None:
    memory = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(memory))
    variables = exporting_to(collector)
    async with (
        started("serve", ground.data_dir, variables) as api,
        started("worker", ground.data_dir, variables) as its,
    ):
        await ground.checker.until_worker(its)
        headers = {"authorization": f"Bearer {LocalToken.read(ground.data_dir).value}"}
        async with httpx.AsyncClient(base_url=api.address, headers=headers, trust_env=False, timeout=30) as http:
            project = await http.post(
                "/graphql", json={"query": PROJECT, "variables": {"input": {"name": "Traced", "key": "TRACED"}}}
            )
            given = {
                "projectId": project.json()["data"]["createProject"]["project"]["id"],
                "task": {"title": "Be traced", "agent": "probe", "inputs": {"steps": 2, "tool_seconds": 0.05}},
                "dispatch": True,
            }
            with provider.get_tracer("client").start_as_current_span("click", kind=SpanKind.CLIENT) as click:
                answer = await http.post(
                    "/graphql",
                    json={"query": TASK.replace("mutation (", "mutation Dispatch("), "variables": {"input": given}},
                    headers={"traceparent": traceparent_of(click) or ""},
                )
            node_id = answer.json()["data"]["createTask"]["task"]["latestExecution"]["id"]
            segment = await collector.one("invoke_agent probe")
            asked = "query ($id: ID!) { execution(id: $id) { traceId status toolCalls(first: 9) { nodes { id } } } }"
            shown = (await http.post("/graphql", json={"query": asked, "variables": {"id": node_id}})).json()
    (client_span,) = memory.get_finished_spans()
    trace_id = format_trace_id(client_span.context.trace_id)
    request = next(span for span in collector.named("POST /graphql") if span.trace_id == trace_id)
    operation = await collector.one("graphql mutation", **{"graphql.operation.name": "Dispatch"})
    dispatch = await collector.one("dispatch probe")
    last = collector.named("execute_tool python")[-1]

    assert [span.name for span in collector.ancestors(last)] == [
        "step step-2",
        "invoke_agent probe",
        "dispatch probe",
        "graphql mutation",
        "POST /graphql",
    ]
    chain = [*collector.ancestors(last), last]
    assert {span.trace_id for span in chain} == {trace_id}
    assert request.parent_id == format_span_id(client_span.context.span_id)
    assert (request.kind, dispatch.kind, segment.kind) == (SERVER, PRODUCER, CONSUMER)
    assert answer.headers["traceresponse"].split("-")[1:3] == [trace_id, request.span_id]

    assert request.process == operation.process == dispatch.process
    assert segment.process == last.process != request.process

    assert shown["data"]["execution"]["traceId"] == trace_id
    assert operation.attributes["graphql.operation.type"] == "mutation"
    assert "Be traced" not in str([span.attributes for span in collector.spans])
    assert segment.attributes["gen_ai.operation.name"] == "invoke_agent"
    assert segment.attributes["gen_ai.agent.id"] == "probe"
    assert segment.attributes["wrenchai.execution.status"] == "SUCCEEDED"
    calls = collector.named("execute_tool python")
    assert [call.attributes["gen_ai.operation.name"] for call in calls] == ["execute_tool"] * 2
    assert [call.attributes["process.exit.code"] for call in calls] == [0, 0]
    assert len({call.attributes["gen_ai.tool.call.id"] for call in calls}) == 2


@pytest.mark.verify
async def test_what_goes_on_after_a_crash_is_in_the_same_trace_and_links_to_what_died(
    ground: Ground, folder: Path, collector: Collector
) -> None:
    variables = exporting_to(collector)
    async with started("serve", ground.data_dir, variables) as api, api.client() as client:
        async with started("worker", ground.data_dir, variables) as first:
            await ground.checker.until_worker(first)
            work = await give(client, folder, steps=2)
            work.let(1)
            await work.begun(2)
            before = (await ground.checker.execution(work.execution_id))["segment_traceparent"].split("-")
            await first.kill()
        async with started("worker", ground.data_dir, variables) as second:
            await ground.checker.until_worker(second)
            work.let(2)
            await ground.checker.until_status(work.execution_id, "SUCCEEDED", LEASE + 20)
            again = await collector.one("invoke_agent probe", **{"wrenchai.execution.epoch": 2})
    assert [again.trace_id, *again.links] == [before[1], before[2]]
    (dispatch,) = (span for span in collector.ancestors(again) if span.name == "dispatch probe")
    assert dispatch.span_id == again.parent_id


DISPATCH = """mutation ($input: CreateTasksInput!) { createTasks(input: $input) {
  tasks { id latestExecution { id } } errors { message } } }"""
FOLLOW = "subscription Follow($id: ID!) { executionEvents(executionId: $id) { event { __typename } } }"


@pytest.mark.verify
async def test_further_attempts_and_what_their_end_releases_are_in_the_same_trace(
    ground: Ground, folder: Path, collector: Collector
) -> None:
    variables = exporting_to(collector)
    async with (
        started("serve", ground.data_dir, variables) as api,
        started("worker", ground.data_dir, variables) as its,
    ):
        await ground.checker.until_worker(its)
        async with api.client() as client:
            project = await client.query(PROJECT, {"input": {"name": "Chain", "key": "CHAIN"}})
            first = {
                "title": "First",
                "clientKey": "first",
                "agent": "probe",
                "inputs": {"fail_times": 1, "journal": str(folder / "journal")},
                "retryPolicy": {"maxAttempts": 2, "backoff": "PT0S"},
            }
            second = {"title": "Second", "agent": "probe", "dependsOn": [{"on": {"clientKey": "first"}}]}
            project_id = project["createProject"]["project"]["id"]
            given = {"projectId": project_id, "tasks": [first, second], "dispatch": True}
            made = await client.query(DISPATCH, {"input": given})
            assert made["createTasks"]["errors"] == []
            node_id = made["createTasks"]["tasks"][0]["latestExecution"]["id"]

            async def three() -> bool:
                return len(collector.named("invoke_agent probe")) == 3

            await until(three, 60, "three executions")
            events = [one async for one in followed(api.address, LocalToken.read(ground.data_dir).value, node_id)]
            subscription = await collector.one("graphql subscription")
    attempts = collector.named("invoke_agent probe")
    assert len({span.trace_id for span in attempts}) == 1
    assert [span.attributes.get("error.type") for span in attempts] == ["AGENT_FAILED", None, None]
    assert [span.name for span in collector.ancestors(attempts[-1])] == [
        "dispatch probe",
        "invoke_agent probe",
        "dispatch probe",
        "invoke_agent probe",
        "dispatch probe",
        "graphql mutation",
        "POST /graphql",
    ]
    assert len(events) > 3, "one span of a subscription, whatever it sends"
    assert subscription.attributes["graphql.operation.name"] == "Follow"


async def followed(address: str, token: str, execution_id: str) -> AsyncIterator[str]:
    """The events of an execution that has ended, as a stream that ends too."""
    headers = {"authorization": f"Bearer {token}", "accept": "text/event-stream"}
    asked = {"query": FOLLOW, "variables": {"id": execution_id}}
    async with (
        httpx.AsyncClient(base_url=address, headers=headers, trust_env=False, timeout=30) as http,
        http.stream("POST", "/graphql", json=asked) as answer,
    ):
        async for line in answer.aiter_lines():
            if line.startswith("data: {"):
                yield line
