"""What the standard variables of OpenTelemetry ask for, and whether it can be done.

The SDK reads them itself. What it would answer with an exception, or silently replace by a default, is refused here
with a sentence; where it warns and goes on, that is left to it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from domain.redaction import is_secret_name
from server.effective_settings import HIDDEN, EffectiveSetting, Origin, masked_url
from server.settings import SettingsError

Signal = Literal["TRACES", "METRICS"]

PREFIX = "OTEL_"
ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
PROTOCOL = "http/protobuf"
POSITIVE = (
    "OTEL_BSP_MAX_QUEUE_SIZE",
    "OTEL_BSP_MAX_EXPORT_BATCH_SIZE",
    "OTEL_BSP_SCHEDULE_DELAY",
    "OTEL_BSP_EXPORT_TIMEOUT",
    "OTEL_METRIC_EXPORT_INTERVAL",
    "OTEL_METRIC_EXPORT_TIMEOUT",
)
"""Whole numbers above 0: spans, and milliseconds."""
QUEUE, BATCH = POSITIVE[:2]
USUAL_QUEUE, USUAL_BATCH = 2048, 512
"""What the specification says for the two when they are not set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where one kind of telemetry goes: the ``variable`` that says so, and the address that is posted to."""

    variable: str
    address: str


def target_of(signal: Signal) -> Target | None:
    """Where spans (``TRACES``) or ``METRICS`` are to go; ``None`` when they are not to be exported.

    Raises:
        SettingsError: something other than OTLP over HTTP is asked for, or a value cannot be used.
    """
    if not _is_wanted(signal):
        return None
    exporter = given(f"OTEL_{signal}_EXPORTER") or "otlp"
    if exporter != "otlp":
        raise SettingsError([f"OTEL_{signal}_EXPORTER is {exporter!r}: only otlp and none can be used here."])
    protocol = given(f"OTEL_EXPORTER_OTLP_{signal}_PROTOCOL") or given("OTEL_EXPORTER_OTLP_PROTOCOL")
    if protocol not in {"", PROTOCOL}:
        raise SettingsError([f"OTEL_EXPORTER_OTLP_PROTOCOL is {protocol!r}: only {PROTOCOL} can be used here."])
    _require_numbers()
    _require_headers(signal)
    own = f"OTEL_EXPORTER_OTLP_{signal}_ENDPOINT"
    name = own if given(own) else ENDPOINT
    _require_address(name)
    address = given(name) if name == own else f"{given(name).rstrip('/')}/v1/{signal.lower()}"
    return Target(variable=name, address=address)


def given(name: str) -> str:
    """The value of a variable, without white space around it; empty when it is not set."""
    return os.environ.get(name, "").strip()


def tuned() -> str:
    """The names of what is set, for a sentence about the whole of it."""
    names = sorted(name for name in os.environ if name.startswith(PREFIX) and given(name))
    return ", ".join([name for name in names if not name.endswith("ENDPOINT")] or names)


def shown_variables() -> list[EffectiveSetting]:
    """The endpoint and every other variable of OpenTelemetry that is set, as `wrenchai config` shows them."""
    others = sorted(name for name in os.environ if name.startswith(PREFIX) and name != ENDPOINT and given(name))
    return [_shown(name) for name in (ENDPOINT, *others)]


def _shown(name: str) -> EffectiveSetting:
    text = given(name)
    if name.endswith("HEADERS") or is_secret_name(name):
        value = HIDDEN if text else None
    else:
        value = (masked_url(text) if name.endswith("ENDPOINT") else text) or None
    return EffectiveSetting(
        variable=name,
        value=value,
        origin=Origin.ENVIRONMENT if text else Origin.DEFAULT,
        description="Where spans and metrics go, by OTLP over HTTP; without it nothing is exported."
        if name == ENDPOINT
        else "A variable of OpenTelemetry.",
    )


def _is_wanted(signal: Signal) -> bool:
    if given("OTEL_SDK_DISABLED").lower() == "true" or given(f"OTEL_{signal}_EXPORTER") == "none":
        return False
    return bool(given(f"OTEL_EXPORTER_OTLP_{signal}_ENDPOINT") or given(ENDPOINT))


def _require_address(name: str) -> None:
    try:
        parts = urlsplit(given(name))
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is none, brackets that do not close
        usable = False
    if not usable:  # it is not repeated: it may hold a password
        raise SettingsError([f"{name} must be a URL such as http://127.0.0.1:4318."])


def _require_headers(signal: Signal) -> None:
    """The SDK would log what it cannot read, and headers hold tokens."""
    for name in (f"OTEL_EXPORTER_OTLP_{signal}_HEADERS", "OTEL_EXPORTER_OTLP_HEADERS"):
        if any(part.strip() and not part.partition("=")[1] for part in given(name).split(",")):
            raise SettingsError([f"{name} must be a list such as authorization=Basic%20abc,tenant=me."])


def _require_numbers() -> None:
    wrong = [
        f"{name} is {given(name)[:40]!r}: it must be a whole number above 0."
        for name in POSITIVE
        if given(name) and not (given(name).isascii() and given(name).isdecimal() and int(given(name)[:20]) > 0)
    ]
    if not wrong:
        queue, batch = int(given(QUEUE) or USUAL_QUEUE), int(given(BATCH) or USUAL_BATCH)
        if batch > queue:
            wrong = [
                f"{BATCH} is {batch}, which is more than {QUEUE} has room for ({queue}): set both so that it fits."
            ]
    if wrong:
        raise SettingsError(wrong)
