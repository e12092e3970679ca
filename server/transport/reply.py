"""What a client is told at once: a payload, and the same as JSON text."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One answer of an operation, and the same as JSON text.

    ``refused`` says that nothing was executed or that the operation as a whole broke off: there is no ``data``.
    """

    payload: dict[str, Any]
    text: str
    refused: bool = False


def encode_json(value: object) -> str:
    """JSON on one line, in ASCII. Raises ``ValueError`` or ``TypeError`` for what JSON cannot say, such as NaN."""
    return json.dumps(value, separators=(",", ":"), allow_nan=False)
