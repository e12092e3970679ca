"""Where spans and metrics go: nowhere, unless the standard variables of OpenTelemetry or our settings say so.

Without ``OTEL_EXPORTER_OTLP_ENDPOINT`` (or the one of traces or metrics alone) no provider is made, and every span of
the code is a no-op. Who embeds the platform and has set a tracer provider of its own gets the spans there.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import Any
from uuid import uuid4

from opentelemetry import trace
from prometheus_client import CollectorRegistry

from agents.runtime.traces import is_traced
from server import __version__
from server.settings import Settings, SettingsError
from server.telemetry.instruments import Instruments

LONGEST_FLUSH = 5.0
"""Seconds that the end of a process waits for what is not exported yet."""

PROTOCOL = "http/protobuf"
EXPORTERS = "opentelemetry.exporter.otlp.proto.http"


@dataclass(frozen=True, kw_only=True)
class Telemetry:
    """What this process tells. ``registry`` is what ``GET /metrics`` shows, ``None`` when there is no such page."""

    traces: bool = False
    instruments: Instruments | None = None
    registry: CollectorRegistry | None = None


SILENT = Telemetry()
"""Nothing is told to anybody."""


@asynccontextmanager
async def telemetry_of(settings: Settings) -> AsyncIterator[Telemetry]:
    """Set up what the settings and the variables ask for, and export what is left at the end.

    Raises:
        SettingsError: a variable cannot be used, or the exporter is not installed.
    """
    ends: list[Callable[[], None]] = []
    if _wants("TRACES"):
        ends.append(_start_tracing())
    instruments, registry = None, None
    if settings.metrics or _wants("METRICS"):
        instruments, registry, end = _start_metering(page=settings.metrics)
        ends.append(end)
    try:
        yield Telemetry(traces=is_traced(), instruments=instruments, registry=registry)
    finally:
        await _within(LONGEST_FLUSH, ends)


def _wants(signal: str) -> bool:
    """Whether spans (``TRACES``) or ``METRICS`` are to be exported, and can be.

    Raises:
        SettingsError: something other than OTLP over HTTP is asked for.
    """
    if _variable("OTEL_SDK_DISABLED").lower() == "true":
        return False
    exporter = _variable(f"OTEL_{signal}_EXPORTER") or "otlp"
    endpoint = _variable(f"OTEL_EXPORTER_OTLP_{signal}_ENDPOINT") or _variable("OTEL_EXPORTER_OTLP_ENDPOINT")
    if exporter == "none" or not endpoint:
        return False
    if exporter != "otlp":
        raise SettingsError([f"OTEL_{signal}_EXPORTER is {exporter!r}: only otlp and none can be used here."])
    protocol = _variable(f"OTEL_EXPORTER_OTLP_{signal}_PROTOCOL") or _variable("OTEL_EXPORTER_OTLP_PROTOCOL")
    if protocol not in {"", PROTOCOL}:
        raise SettingsError([f"OTEL_EXPORTER_OTLP_PROTOCOL is {protocol!r}: only {PROTOCOL} can be used here."])
    return True


def _start_tracing() -> Callable[[], None]:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    exporter = _exporter("trace_exporter", "OTLPSpanExporter", "TRACES")
    provider = TracerProvider(resource=_resource(), shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    return provider.shutdown


def _start_metering(*, page: bool) -> tuple[Instruments, CollectorRegistry | None, Callable[[], None]]:
    from opentelemetry.exporter.prometheus import PrometheusMetricReader
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import MetricReader, PeriodicExportingMetricReader

    readers: list[MetricReader] = []
    registry = None
    if page:
        registry = CollectorRegistry()
        readers.append(PrometheusMetricReader(registry=registry, disable_target_info=True, scope_info_enabled=False))
    if _wants("METRICS"):
        exporter = _exporter("metric_exporter", "OTLPMetricExporter", "METRICS")
        readers.append(PeriodicExportingMetricReader(exporter))
    provider = MeterProvider(readers, resource=_resource(), shutdown_on_exit=False)
    return Instruments(provider.get_meter("wrenchai", __version__)), registry, provider.shutdown


def _exporter(module: str, name: str, signal: str) -> Any:
    try:
        return getattr(import_module(f"{EXPORTERS}.{module}"), name)()
    except ModuleNotFoundError as error:
        way_out = f"run pip install 'wrenchai[otlp]', or set OTEL_{signal}_EXPORTER=none."
        sentence = f"OTEL_EXPORTER_OTLP_ENDPOINT is set, but the exporter is not installed: {way_out}"
        raise SettingsError([sentence]) from error


def _resource() -> Any:
    from opentelemetry.sdk.resources import Resource

    # What OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES say wins over these.
    own = {"service.name": "wrenchai", "service.version": __version__, "service.instance.id": str(uuid4())}
    named = Resource.create()
    said = {name: value for name, value in named.attributes.items() if value != "unknown_service"}
    return Resource(own).merge(Resource(said, named.schema_url))


def _variable(name: str) -> str:
    return os.environ.get(name, "").strip()


async def _within(seconds: float, ends: list[Callable[[], None]]) -> None:
    """Run them, each in a thread that does not keep the process: a collector that is away must not."""
    threads = [threading.Thread(target=end, daemon=True, name="telemetry-end") for end in ends]
    for thread in threads:
        thread.start()
    for thread in threads:
        await asyncio.to_thread(thread.join, seconds)
