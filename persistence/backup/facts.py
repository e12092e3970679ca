"""What a backup says of itself, and the refusals of files and places that do not fit."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

FORMAT = 1
"""Of the file as a whole; a reader refuses a higher one."""

KIND = "wrenchai-backup"


FOREIGN = "The file is not a backup of WrenchAI: give one that `wrenchai db backup` wrote."


class BackupRefused(Exception):
    """The file cannot be restored: it is damaged, foreign, or too new. The message is one sentence."""


class TargetRefused(Exception):
    """Nothing can be restored there. The message is one sentence that says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupFacts:
    """The head of a backup. ``made_at`` is RFC 3339 by the database's clock; versions are like ``18.6``."""

    id: str
    made_at: str
    wrenchai: str
    revision: str
    postgresql: str
    dumped_by: str
    format: int = FORMAT
    kind: str = KIND

    def encoded(self) -> bytes:
        """As JSON."""
        return json.dumps(asdict(self), indent=1).encode()

    @classmethod
    def decode(cls, content: bytes) -> Self:
        """The facts in a head.

        Raises:
            BackupRefused: it is not one, or was made by a newer WrenchAI.
        """
        try:
            values = json.loads(content)
            if not isinstance(values, dict) or values.get("kind") != KIND:
                raise ValueError
            if values["format"] > FORMAT:
                raise BackupRefused(
                    f"The backup was made by WrenchAI {values.get('wrenchai')}, which writes it in another form: "
                    "restore it with that version."
                )
            texts = ("id", "made_at", "wrenchai", "revision", "postgresql", "dumped_by")
            given: dict[str, Any] = {name: _text(values, name) for name in texts}
            return cls(**given)
        except (ValueError, KeyError, TypeError) as error:
            raise BackupRefused(FOREIGN) from error


def _text(values: Mapping[str, Any], name: str) -> str:
    value = values[name]
    if not isinstance(value, str):
        raise TypeError(name)
    return value


def major(version: str) -> int:
    """The major of a PostgreSQL version such as ``18.6``."""
    return int(version.split(".")[0])
