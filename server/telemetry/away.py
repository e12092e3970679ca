"""A collector that is away: told once when it goes and once when it is back, not with every attempt to reach it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import structlog

QUEUE = "opentelemetry.sdk._shared_internal"
"""The logger of what waits to be exported."""

log = structlog.stdlib.get_logger(__name__)


class Watched(logging.Filter):
    """Watches one exporter of the SDK. What the exporter logs is left out unless the level is debug: its first words
    about an attempt that failed are the reason that is told."""

    def __init__(self, exporter: Any, signal: str, address: str) -> None:
        super().__init__()
        self._signal, self._address = signal, address
        self._away = False
        self._reason = ""
        self._export: Callable[..., Any] = exporter.export
        self._loggers = [logging.getLogger(name) for name in (type(exporter).__module__, QUEUE)]
        for logger in self._loggers:
            logger.addFilter(self)
        # On the object itself: the SDK asks metric exporters for more than their public methods.
        exporter.export = self.export

    def export(self, *arguments: Any, **options: Any) -> Any:
        """Export, and tell it when that goes otherwise than the last time."""
        self._reason = ""
        result = self._export(*arguments, **options)
        failed = result.name != "SUCCESS"
        if failed != self._away:
            self._away = failed
            if failed:
                log.warning(
                    "collector_away", signal=self._signal, endpoint=self._address, reason=self._reason or "no answer"
                )
            else:
                log.warning("collector_back", signal=self._signal, endpoint=self._address)
        return result

    def filter(self, record: logging.LogRecord) -> bool:
        """Keep what the exporter says for the line of ours; that the queue is full goes without saying meanwhile."""
        if record.name == QUEUE:
            return not self._away or logging.getLogger().isEnabledFor(logging.DEBUG)
        self._reason = self._reason or record.getMessage()
        return logging.getLogger().isEnabledFor(logging.DEBUG)

    def close(self) -> None:
        """Let the exporter talk again."""
        for logger in self._loggers:
            logger.removeFilter(self)
