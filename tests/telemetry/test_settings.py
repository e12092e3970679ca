"""What makes the platform export, and what it says when it cannot."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from server.settings import Settings, SettingsError, load_settings
from server.telemetry.exporting import SILENT, telemetry_of

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


async def test_without_the_exporter_the_package_is_named(quiet: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ENDPOINT, NOBODY)
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    with pytest.raises(SettingsError) as raised:
        async with telemetry_of(quiet):
            pass
    assert "pip install 'wrenchai[otlp]'" in raised.value.sentences[0]


def test_the_command_line_says_it_in_one_line(tmp_path: Path) -> None:
    program = Path(sys.executable).with_name("wrenchai")
    given = {**os.environ, "WRENCHAI_DATA_DIR": str(tmp_path), ENDPOINT: NOBODY, "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}
    done = subprocess.run([program, "serve"], env=given, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 78
    assert "only http/protobuf can be used here" in done.stderr


@pytest.mark.parametrize("text", ["0", "65536", "http", "-1"])
def test_a_port_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("WRENCHAI_METRICS_PORT", text)
    with pytest.raises(SettingsError) as raised:
        load_settings()
    assert "WRENCHAI_METRICS_PORT" in raised.value.sentences[0]
