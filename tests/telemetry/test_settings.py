"""What makes the platform export, and what it says when it cannot."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.sdk.metrics.export import MetricExportResult, MetricsData

from server.diagnosis import Health
from server.diagnosis.telemetry import check_exporting
from server.logging import configure_logging
from server.settings import LogFormat, Settings, SettingsError, load_settings
from server.telemetry.away import QUEUE, Watched
from server.telemetry.exporting import SILENT, _resource, telemetry_of
from tests.faults.platform_processes import free_port
from tests.telemetry.collector import collecting

ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
NOBODY = "http://127.0.0.1:9"


@pytest.fixture
def quiet(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Settings:
    """Settings in an environment without a variable of OpenTelemetry."""
    for name in [name for name in os.environ if name.startswith("OTEL_")]:
        monkeypatch.delenv(name)
    return load_settings(data_dir=tmp_path)


async def test_nothing_is_told_by_default(quiet: Settings) -> None:
    async with telemetry_of(quiet) as telemetry:
        assert telemetry == SILENT


@pytest.mark.parametrize("variables", [{"OTEL_SDK_DISABLED": "true"}, {"OTEL_TRACES_EXPORTER": "none"}, {ENDPOINT: ""}])
async def test_it_can_be_switched_off(
    quiet: Settings, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]
) -> None:
    for name, text in {ENDPOINT: NOBODY, "OTEL_METRICS_EXPORTER": "none", **variables}.items():
        monkeypatch.setenv(name, text)
    async with telemetry_of(quiet) as telemetry:
        assert telemetry == SILENT


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, "OTEL_EXPORTER_OTLP_PROTOCOL is 'grpc': only http/protobuf"),
        ({"OTEL_TRACES_EXPORTER": "jaeger"}, "OTEL_TRACES_EXPORTER is 'jaeger': only otlp and none"),
        ({"OTEL_TRACES_EXPORTER": "none", "OTEL_METRICS_EXPORTER": "console"}, "OTEL_METRICS_EXPORTER is 'console'"),
        ({ENDPOINT: "notaurl"}, f"{ENDPOINT} must be a URL such as http://127.0.0.1:4318."),
        ({ENDPOINT: "ftp://x"}, f"{ENDPOINT} must be a URL"),
        ({ENDPOINT: "http://:4318"}, f"{ENDPOINT} must be a URL"),
        ({ENDPOINT: "http://[x"}, f"{ENDPOINT} must be a URL"),
        ({ENDPOINT: "http://x:65536"}, f"{ENDPOINT} must be a URL"),
        ({"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": "x"}, "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT must be a URL"),
        ({"OTEL_BSP_MAX_QUEUE_SIZE": "1"}, "OTEL_BSP_MAX_EXPORT_BATCH_SIZE is 512, which is more than"),
        ({"OTEL_BSP_MAX_QUEUE_SIZE": "many"}, "OTEL_BSP_MAX_QUEUE_SIZE is 'many': it must be a whole number above 0"),
        ({"OTEL_BSP_SCHEDULE_DELAY": "0"}, "OTEL_BSP_SCHEDULE_DELAY is '0'"),
        ({"OTEL_METRIC_EXPORT_INTERVAL": "-5"}, "OTEL_METRIC_EXPORT_INTERVAL is '-5'"),
        ({"OTEL_EXPORTER_OTLP_HEADERS": "hush"}, "OTEL_EXPORTER_OTLP_HEADERS must be a list such as"),
        ({"OTEL_ATTRIBUTE_COUNT_LIMIT": "x"}, "cannot be set up as OTEL_ATTRIBUTE_COUNT_LIMIT say: "),
        ({"OTEL_METRICS_EXEMPLAR_FILTER": "x"}, "cannot be set up as OTEL_METRICS_EXEMPLAR_FILTER say: "),
    ],
)
async def test_what_cannot_be_done_is_said(
    quiet: Settings, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], said: str
) -> None:
    for name, text in {ENDPOINT: NOBODY, **variables}.items():
        monkeypatch.setenv(name, text)
    with pytest.raises(SettingsError) as raised:
        async with telemetry_of(quiet):
            pass
    assert said in raised.value.sentences[0]
    assert "hush" not in raised.value.sentences[0]


async def test_without_the_exporter_the_package_is_named(quiet: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ENDPOINT, NOBODY)
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    with pytest.raises(SettingsError) as raised:
        async with telemetry_of(quiet):
            pass
    assert "pip install 'wrenchai[otlp]'" in raised.value.sentences[0]


def wrenchai(folder: Path, command: list[str], **variables: str) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).with_name("wrenchai")
    given = {**os.environ, "WRENCHAI_DATA_DIR": str(folder), "COLUMNS": "300", ENDPOINT: NOBODY, **variables}
    return subprocess.run([program, *command], env=given, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"OTEL_BSP_MAX_QUEUE_SIZE": "1"}, "OTEL_BSP_MAX_EXPORT_BATCH_SIZE is 512"),
        ({"OTEL_ATTRIBUTE_COUNT_LIMIT": "-1"}, "must be a non-negative integer"),
    ],
)
def test_the_command_line_says_it_in_one_line(tmp_path: Path, variables: dict[str, str], said: str) -> None:
    done = wrenchai(tmp_path, ["serve"], **variables)
    assert done.returncode == 78
    assert said in done.stderr
    assert done.stderr.count("\n") == 1


def test_config_shows_the_variables_that_are_set(tmp_path: Path) -> None:
    secret = {ENDPOINT: "http://me:hush@127.0.0.1:9", "OTEL_EXPORTER_OTLP_HEADERS": "authorization=hush"}
    done = wrenchai(tmp_path, ["config", "--json"], **secret, OTEL_SERVICE_NAME="mine")
    shown = {one["variable"]: one["value"] for one in json.loads(done.stdout)}
    assert shown[ENDPOINT] == "http://me:********@127.0.0.1:9"
    assert shown["OTEL_EXPORTER_OTLP_HEADERS"] == "********"
    assert shown["OTEL_SERVICE_NAME"] == "mine"
    assert "hush" not in done.stdout


async def looked_at(monkeypatch: pytest.MonkeyPatch, **variables: str) -> tuple[Health, str]:
    for name, text in variables.items():
        monkeypatch.setenv(name, text)
    check = await check_exporting()
    return check.health, check.detail


async def test_doctor_says_whether_anything_is_exported(quiet: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    assert await looked_at(monkeypatch) == (Health.OK, f"off: no {ENDPOINT}")
    health, detail = await looked_at(monkeypatch, **{ENDPOINT: "http://me:hush@127.0.0.1:9"})
    assert health is Health.WARNING
    assert "spans go to http://me:********@127.0.0.1:9/v1/traces" in detail
    assert "nobody answers" in detail
    async with collecting() as collector:
        health, detail = await looked_at(monkeypatch, **{ENDPOINT: collector.address})
    assert (health, "nobody" in detail) == (Health.OK, False)
    assert f"metrics go to {collector.address}/v1/metrics" in detail
    assert (await looked_at(monkeypatch, OTEL_BSP_MAX_QUEUE_SIZE="x"))[0] is Health.ERROR
    assert (await looked_at(monkeypatch, OTEL_SDK_DISABLED="true"))[1].startswith("off: ")


@pytest.mark.parametrize(("own", "name"), [({}, "wrenchai"), ({"OTEL_SERVICE_NAME": "mine"}, "mine")])
def test_the_service_is_called_as_documented(
    quiet: Settings, monkeypatch: pytest.MonkeyPatch, own: dict[str, str], name: str
) -> None:
    for variable, text in own.items():
        monkeypatch.setenv(variable, text)
    assert _resource().attributes["service.name"] == name


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """What is logged, one JSON object a line."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    stream = io.StringIO()
    configure_logging(LogFormat.JSON, stream=stream)
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


async def test_a_collector_that_is_away_is_told_once_and_once_when_it_is_back(logged: io.StringIO) -> None:
    port = free_port()
    exporter = OTLPMetricExporter(endpoint=f"http://127.0.0.1:{port}/v1/metrics", timeout=0.5)
    watched = Watched(exporter, "metrics", "the endpoint")
    try:
        for _ in range(3):
            assert not await exported(exporter)
        logging.getLogger(QUEUE).warning("Queue full, dropping Span.")
        async with collecting(port):
            assert await exported(exporter)
            assert await exported(exporter)
    finally:
        watched.close()
    lines = [json.loads(line) for line in logged.getvalue().splitlines()]
    assert [line["event"] for line in lines] == ["collector_away", "collector_back"]
    assert lines[0]["endpoint"] == "the endpoint"
    assert "Failed to export metrics" in lines[0]["reason"]


async def exported(exporter: OTLPMetricExporter) -> bool:
    found = await asyncio.to_thread(exporter.export, MetricsData(resource_metrics=[]))
    return found is MetricExportResult.SUCCESS


@pytest.mark.parametrize("text", ["0", "65536", "http", "-1"])
def test_a_port_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("WRENCHAI_METRICS_PORT", text)
    with pytest.raises(SettingsError) as raised:
        load_settings()
    assert "WRENCHAI_METRICS_PORT" in raised.value.sentences[0]
