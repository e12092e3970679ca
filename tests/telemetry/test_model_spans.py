"""A request to a language model is a span with the attributes of OpenTelemetry's conventions."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from schema.node_ids import decode_as
from tests.faults.ground import Ground
from tests.faults.platform_processes import started
from tests.models.asking import connect, give
from tests.models.provider import Provider, Refuse, Say, serving
from tests.telemetry.collector import Collector
from tests.telemetry.test_one_trace import exporting_to

CLIENT = 3
"""The kind of a span, as OTLP numbers it."""


@pytest.fixture
async def provider() -> AsyncIterator[Provider]:
    async with serving() as provider:
        yield provider


@pytest.mark.verify
async def test_a_request_to_a_model_is_a_span(ground: Ground, collector: Collector, provider: Provider) -> None:
    provider.plan("Hush, a secret plan?", Refuse(500), Say(("No ", "one.")))
    variables = exporting_to(collector)
    async with (
        started("serve", ground.data_dir, variables) as api,
        started("worker", ground.data_dir, variables) as worker,
        api.client() as client,
    ):
        await ground.checker.until_worker(worker)
        await connect(client, provider.url, "spanned")
        _, node_id = await give(client, "Hush, a secret plan?")
        await ground.checker.until_status(decode_as("Execution", node_id), "SUCCEEDED", 30)
        await collector.one("invoke_agent asker")
    failed, answered = collector.named("chat spanned-1")
    assert (answered.kind, failed.failed, answered.failed) == (CLIENT, True, False)
    assert failed.attributes["error.type"].endswith("ServerError")
    told = answered.attributes
    assert (told["gen_ai.operation.name"], told["gen_ai.provider.name"]) == ("chat", "openai_compatible")
    assert (told["gen_ai.request.model"], told["gen_ai.response.model"]) == ("spanned-1", "spanned-1")
    assert (told["gen_ai.usage.input_tokens"], told["gen_ai.usage.output_tokens"]) == (11, 2)
    assert list(told["gen_ai.response.finish_reasons"]) == ["stop"]
    assert [span.name for span in collector.ancestors(answered)][:2] == ["step ask", "invoke_agent asker"]
    assert "secret plan" not in str([span.attributes for span in collector.spans])
