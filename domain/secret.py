"""Secrets of a workspace: what tools need and nobody may read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.errors import Invalid
from domain.redaction import SHORTEST

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")
LONGEST = 64 * 1024
"""Characters of a value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedSecret:
    """An encrypted value: ``sealed`` under a data key of its own, which is ``wrapped`` under the master ``key_id``."""

    key_id: str
    wrapped: bytes
    sealed: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """A secret without its value. ``key_id`` names the master key under which it is kept."""

    id: UUID
    workspace_id: UUID
    name: str
    key_id: str
    updated_by: str
    created_at: datetime
    updated_at: datetime


def check_name(name: str) -> str:
    """The name.

    Raises:
        Invalid: it is not one.
    """
    if not NAME.fullmatch(name):
        raise Invalid(
            "A secret's name has 1 to 100 letters, digits, dots, dashes and underscores, the first a letter or digit.",
            path=("input", "name"),
        )
    return name


def check_value(value: str) -> str:
    """The value; the message of a refusal does not repeat it.

    Raises:
        Invalid: too short to be told from other text when it is taken out of logs, too long, or not text.
    """
    path = ("input", "value")
    if len(value) < SHORTEST:
        raise Invalid(f"The value needs at least {SHORTEST} characters, to be told from other text in logs.", path=path)
    if len(value) > LONGEST:
        raise Invalid(f"The value may have at most {LONGEST:,} characters; this has {len(value):,}.", path=path)
    try:
        value.encode()
    except UnicodeEncodeError:
        raise Invalid("The value contains half of a surrogate pair, which cannot be kept.", path=path) from None
    return value
