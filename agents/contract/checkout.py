"""What an agent works on."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkout:
    """The agent's own snapshot of the source.

    ``state`` names exactly what is analysed: ``git:<commit>``, ``git:<commit>+<digest of uncommitted changes>`` or
    ``sha256:<digest>`` where there is no git. ``excluded`` lists what was not copied, with the reason. ``scratch`` is a
    folder for what an agent needs only while it works; on a worker it is empty when a segment begins, and goes with the
    checkout, however the worker ends.
    """

    path: Path
    source_id: UUID
    state: str
    excluded: Mapping[str, str] = field(default_factory=dict)
    scratch: Path = field(default_factory=lambda: Path(tempfile.gettempdir()))
