"""The settings in force, as they are shown: where each came from, and with every secret hidden."""

from __future__ import annotations

import difflib
import os
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

from pydantic import SecretStr

from server.settings import PREFIX, Settings, variable

HIDDEN = "********"
NOT_SETTINGS = frozenset({"WRENCHAI_PROCESS_FAMILY"})
"""Variables with our prefix that we set ourselves."""


class Origin(StrEnum):
    """Where a value came from."""

    DEFAULT = "default"
    ENVIRONMENT = "environment"


@dataclass(frozen=True, slots=True)
class EffectiveSetting:
    """One setting as it is shown; ``value`` contains no secret."""

    variable: str
    value: str | int | float | bool | list[str] | None
    origin: Origin
    description: str


def effective_settings(settings: Settings) -> list[EffectiveSetting]:
    """Every setting with its value, in the order of their declaration."""
    given = {name.upper() for name in os.environ}
    return [
        EffectiveSetting(
            variable=variable(name),
            value=_shown(getattr(settings, name)),
            origin=Origin.ENVIRONMENT if variable(name) in given else Origin.DEFAULT,
            description=field.description or "",
        )
        for name, field in type(settings).model_fields.items()
    ]


def unknown_variables() -> dict[str, str | None]:
    """Variables that look like settings and are none, each with the setting that was probably meant."""
    known = {variable(name) for name in Settings.model_fields}
    strange = [name for name in os.environ if name.startswith(PREFIX) and name not in known | NOT_SETTINGS]
    return {name: next(iter(difflib.get_close_matches(name, known, n=1, cutoff=0.8)), None) for name in sorted(strange)}


def masked_url(url: str) -> str:
    """A URL with its password, and every parameter whose value could be one, hidden."""
    parts = urlsplit(url)
    before, at, host = parts.netloc.rpartition("@")
    user, colon, _ = before.partition(":")
    netloc = f"{user}{colon}{HIDDEN if colon else ''}{at}{host}"
    query = "&".join(
        f"{pair.partition('=')[0]}={HIDDEN}" if "pass" in pair.partition("=")[0].lower() else pair
        for pair in parts.query.split("&")
    )
    return parts._replace(netloc=netloc, query=query).geturl()


def _shown(value: object) -> str | int | float | bool | list[str] | None:
    if isinstance(value, SecretStr):
        return masked_url(value.get_secret_value())
    if isinstance(value, (tuple, frozenset)):
        return sorted(str(item) for item in value) if isinstance(value, frozenset) else [str(item) for item in value]
    if value is None or isinstance(value, (bool, int, float)):
        return value
    return str(value)
