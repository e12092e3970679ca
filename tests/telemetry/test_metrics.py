"""``GET /metrics``: what Prometheus reads, in the process of the API and in that of a worker."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import httpx
import pytest
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from domain.events import Event
from persistence.census import Census
from server.process import Running
from server.security.local_token import LocalToken
from server.settings import Settings
from server.telemetry.endpoint import _Counted
from server.telemetry.exporting import _start_metering
from server.telemetry.instruments import MOST_NAMES, Names
from tests.faults.ground import Ground
from tests.faults.platform_processes import free_port, started
from tests.faults.work import give
from tests.persistence.test_event_log import example

DOCUMENT = Path(__file__).parents[2] / "docs" / "how-to" / "watch-with-opentelemetry.md"

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


async def page(address: str, token: str | None) -> httpx.Response:
    headers = {} if token is None else {"authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url=address, headers=headers, trust_env=False, timeout=20) as http:
        return await http.get("/metrics")


def samples(response: httpx.Response) -> Samples:
    """Every series of a page, by name and labels."""
    assert response.status_code == 200, response.text
    assert response.headers["content-type"].startswith("text/plain; version=0.0.4")
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(response.text)
        for sample in family.samples
    }


def value(found: Samples, name: str, **labels: str) -> float | None:
    return found.get((name, frozenset(labels.items())))


async def test_what_is_counted_after_one_execution(ground: Ground, folder: Path) -> None:
    own_port = free_port()
    on = {"WRENCHAI_METRICS": "on"}
    token = None
    async with (
        started("serve", ground.data_dir, on) as api,
        started("worker", ground.data_dir, {**on, "WRENCHAI_METRICS_PORT": str(own_port)}) as worker,
        api.client() as client,
    ):
        token = LocalToken.read(ground.data_dir).value
        await ground.checker.until_worker(worker)
        work = await give(client, folder, steps=2, held=False, tool_seconds=0.01, trouble="tool missing")
        await ground.checker.until_status(work.execution_id, "SUCCEEDED", 40)
        at_api = samples(await page(api.address, token))
        at_worker = samples(await page(f"http://127.0.0.1:{own_port}", token))
        for refused in (None, "wr_local_wrong", token[:-1]):
            assert (await page(api.address, refused)).status_code == 401
            assert (await page(f"http://127.0.0.1:{own_port}", refused)).status_code == 401

    assert value(at_api, "wrenchai_executions_queued_total", agent="probe") == 1
    assert value(at_api, "wrenchai_tasks_total", status="QUEUED") == 1
    graphql = {"http_request_method": "POST", "http_route": "/graphql", "http_response_status_code": "200"}
    assert (value(at_api, "http_server_request_duration_seconds_count", **graphql) or 0) >= 2
    assert value(at_api, "wrenchai_executions_finished_total", agent="probe", status="SUCCEEDED") is None

    assert value(at_worker, "wrenchai_executions_finished_total", agent="probe", status="SUCCEEDED") == 1
    assert value(at_worker, "wrenchai_executions_duration_seconds_count", agent="probe", status="SUCCEEDED") == 1
    assert value(at_worker, "wrenchai_executions_wait_seconds_count", agent="probe") == 1
    assert value(at_worker, "wrenchai_steps_total", outcome="succeeded") == 2
    assert value(at_worker, "wrenchai_steps_duration_seconds_count") == 2
    assert value(at_worker, "wrenchai_tool_calls_total", tool="python", end="ok") == 4
    assert value(at_worker, "wrenchai_tool_calls_duration_seconds_count", tool="python", end="ok") == 4
    fallen_back = {"error_class": "TOOL_MISSING", "severity": "MEDIUM", "action": "FALL_BACK"}
    assert value(at_worker, "wrenchai_recoveries_total", **fallen_back) == 4
    assert value(at_worker, "wrenchai_tasks_total", status="COMPLETED") == 1

    for found in (at_api, at_worker):
        assert value(found, "wrenchai_database_up") == 1
        assert value(found, "wrenchai_workers_alive") == 1
        assert value(found, "wrenchai_worker_slots") == 4
        assert not [name for name, labels in found if str(work.execution_id) in str(labels)]


def documented() -> dict[str, set[str]]:
    """The labels of each series, as the page about them has it."""
    rows = [
        line.split("|")[1:3] for line in DOCUMENT.read_text(encoding="utf-8").splitlines() if line.startswith("| `")
    ]
    return {
        name: set(filter(None, labels.partition(":")[0].strip().split(", ")))
        for names, labels in rows
        for name in re.findall("`([a-z_]+)`", names)
    }


def test_the_page_names_every_series_with_its_labels() -> None:
    instruments, registry, end = _start_metering(None, page=True)
    assert registry is not None
    instruments.observe([example(kind) for kind in get_args(Event)])
    instruments.request("POST", "/graphql", 200, 0.1)
    registry.register(_Counted(Census(executions={("probe", "QUEUED"): 1}, workers=1, slots=4)))
    found: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(generate_latest(registry).decode()):
        name = f"{family.name}_total" if family.type == "counter" else family.name
        found[name] = {label for sample in family.samples for label in sample.labels} - {"le"}
    end()
    assert found == documented()


@pytest.mark.verify
async def test_waiting_executions_are_counted_in_the_database(ground: Ground, folder: Path) -> None:
    async with started("serve", ground.data_dir, {"WRENCHAI_METRICS": "on"}) as api, api.client() as client:
        await give(client, folder, steps=1, held=False)
        await give(client, folder, steps=1, held=False)
        found = samples(await page(api.address, LocalToken.read(ground.data_dir).value))
    assert value(found, "wrenchai_executions_live", agent="probe", status="QUEUED") == 2


async def test_there_is_no_such_page_unless_it_is_asked_for(live: Running, settings: Settings) -> None:
    assert live.address is not None
    assert (await page(live.address, LocalToken.read(settings.data_dir).value)).status_code == 404
    assert live.platform.telemetry.instruments is None


def test_a_label_has_few_values() -> None:
    names = Names()
    assert [names.of(f"tool-{number}") for number in range(MOST_NAMES)][-1] == f"tool-{MOST_NAMES - 1}"
    assert names.of("one too many") == "other"
    assert names.of("tool-0") == "tool-0"
