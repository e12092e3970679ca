"""Whether spans and metrics go anywhere, and whether somebody is there to take them."""

from __future__ import annotations

import asyncio
from importlib.util import find_spec
from urllib.parse import urlsplit

from server.diagnosis.check import Check, failure, ok, warning
from server.effective_settings import masked_url
from server.settings import SettingsError
from server.telemetry.exporting import EXPORTERS
from server.telemetry.variables import ENDPOINT, Target, given, target_of

PATIENCE = 3.0
"""Seconds that a collector has to take a connection."""
PORTS = {"http": 80, "https": 443}
NAME = "OpenTelemetry"


async def check_exporting() -> Check:
    """Whether the variables can be used, and somebody listens where they point to. Nothing is sent."""
    try:
        targets = {"spans": target_of("TRACES"), "metrics": target_of("METRICS")}
    except SettingsError as error:
        return failure(NAME, " ".join(error.sentences), "correct the variable, or unset it")
    wanted = {what: target for what, target in targets.items() if target is not None}
    if not wanted:
        return ok(NAME, "off: it is switched off by a variable" if given(ENDPOINT) else f"off: no {ENDPOINT}")
    if not _is_installed():
        return failure(NAME, f"{ENDPOINT} is set, but the exporter is not installed", "pip install 'wrenchai[otlp]'")
    places = ", ".join(f"{what} go to {masked_url(target.address)}" for what, target in wanted.items())
    silent = [what for what, target in wanted.items() if not await _answers(target)]
    if silent:
        why = f"on: {places}; nobody answers there for {' and '.join(silent)}, which are lost"
        return warning(NAME, why, f"start the collector, or correct {ENDPOINT}")
    return ok(NAME, f"on: {places}")


def _is_installed() -> bool:
    try:
        return find_spec(EXPORTERS) is not None
    except ModuleNotFoundError:  # not even the packages above it
        return False


async def _answers(target: Target) -> bool:
    parts = urlsplit(target.address)
    try:
        async with asyncio.timeout(PATIENCE):
            _, writer = await asyncio.open_connection(parts.hostname, parts.port or PORTS[parts.scheme])
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True
