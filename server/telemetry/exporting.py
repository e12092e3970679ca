"""Where spans and metrics go: nowhere, unless the standard variables of OpenTelemetry or our settings say so.

Without ``OTEL_EXPORTER_OTLP_ENDPOINT`` (or the one of traces or metrics alone) no provider is made, and every span of
the code is a no-op. Who embeds the platform and has set a tracer provider of its own gets the spans there.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import Any
from uuid import uuid4

from opentelemetry import trace
from prometheus_client import CollectorRegistry

from agents.runtime.traces import is_traced
from server import __version__
from server.effective_settings import masked_url
from server.settings import Settings, SettingsError
from server.telemetry.away import Watched
from server.telemetry.instruments import Instruments
from server.telemetry.variables import ENDPOINT, Signal, Target, target_of, tuned

LONGEST_FLUSH = 5.0
"""Seconds that the end of a process waits for what is not exported yet."""

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
    spans_to, metrics_to = target_of("TRACES"), target_of("METRICS")
    instruments, registry = None, None
    try:
        if spans_to is not None:
            ends.append(_start_tracing(spans_to))
        if settings.metrics or metrics_to is not None:
            instruments, registry, end = _start_metering(metrics_to, page=settings.metrics)
            ends.append(end)
        yield Telemetry(traces=is_traced(), instruments=instruments, registry=registry)
    finally:
        await _within(LONGEST_FLUSH, ends)


def _start_tracing(target: Target) -> Callable[[], None]:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    with _as_the_variables_say():
        exporter = _exporter("trace_exporter", "OTLPSpanExporter", "TRACES")
        provider = TracerProvider(resource=_resource(), shutdown_on_exit=False)
        provider.add_span_processor(BatchSpanProcessor(exporter))
    watched = Watched(exporter, "traces", masked_url(target.address))
    trace.set_tracer_provider(provider)
    return partial(_end, provider.shutdown, watched)


def _start_metering(
    target: Target | None, *, page: bool
) -> tuple[Instruments, CollectorRegistry | None, Callable[[], None]]:
    from opentelemetry.exporter.prometheus import PrometheusMetricReader
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import MetricReader, PeriodicExportingMetricReader

    readers: list[MetricReader] = []
    registry = None
    with _as_the_variables_say():
        if page:
            registry = CollectorRegistry()
            readers.append(
                PrometheusMetricReader(registry=registry, disable_target_info=True, scope_info_enabled=False)
            )
        if target is not None:
            exporter = _exporter("metric_exporter", "OTLPMetricExporter", "METRICS")
            readers.append(PeriodicExportingMetricReader(exporter))
        provider = MeterProvider(readers, resource=_resource(), shutdown_on_exit=False)
    watched = None if target is None else Watched(exporter, "metrics", masked_url(target.address))
    end = partial(_end, provider.shutdown, watched)
    return Instruments(provider.get_meter("wrenchai", __version__)), registry, end


def _end(shutdown: Callable[[], object], watched: Watched | None) -> None:
    shutdown()
    if watched is not None:
        watched.close()


@contextmanager
def _as_the_variables_say() -> Iterator[None]:
    """The SDK raises ValueError for values that it cannot use, and for no other reason."""
    try:
        yield
    except ValueError as error:
        said = " ".join(str(error).split())
        raise SettingsError([f"OpenTelemetry cannot be set up as {tuned()} say: {said}"]) from error


def _exporter(module: str, name: str, signal: Signal) -> Any:
    try:
        return getattr(import_module(f"{EXPORTERS}.{module}"), name)()
    except ModuleNotFoundError as error:
        way_out = f"run pip install 'wrenchai[otlp]', or set OTEL_{signal}_EXPORTER=none."
        sentence = f"{ENDPOINT} is set, but the exporter is not installed: {way_out}"
        raise SettingsError([sentence]) from error


def _resource() -> Any:
    from opentelemetry.sdk.resources import Resource

    # What OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES say wins over these.
    own = {"service.name": "wrenchai", "service.version": __version__, "service.instance.id": str(uuid4())}
    named = Resource.create()
    said = {name: value for name, value in named.attributes.items() if not _is_a_guess(name, value)}
    return Resource(own).merge(Resource(said, named.schema_url))


def _is_a_guess(name: str, value: object) -> bool:
    """Whether it is the name that the SDK makes up: ``unknown_service``, or ``unknown_service:python``."""
    return name == "service.name" and str(value).partition(":")[0] == "unknown_service"


async def _within(seconds: float, ends: list[Callable[[], None]]) -> None:
    """Run them, each in a thread that does not keep the process: a collector that is away must not."""
    threads = [threading.Thread(target=end, daemon=True, name="telemetry-end") for end in ends]
    for thread in threads:
        thread.start()
    for thread in threads:
        await asyncio.to_thread(thread.join, seconds)
