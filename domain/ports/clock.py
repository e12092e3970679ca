"""What time it is."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """The time that all processes of an installation share."""

    def now(self) -> datetime:
        """The time, in UTC."""

    def elapsed(self) -> float:
        """Seconds that have passed here since some moment, those of sleep included; no moved clock moves it."""

    def steady_for(self) -> timedelta:
        """How long it has not been moved, as far as was seen."""

    async def sync(self) -> None:
        """Look again how late it is; whether it was moved is known afterwards."""
