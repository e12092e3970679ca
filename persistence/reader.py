"""The read side as one object for one operation."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncEngine

from persistence.readers.events import EventReader
from persistence.readers.executions import ExecutionReader
from persistence.readers.findings import FindingReader
from persistence.readers.projects import ProjectReader
from persistence.readers.tasks import TaskReader


class SqlReader(ProjectReader, TaskReader, ExecutionReader, FindingReader, EventReader):
    """See :class:`domain.reads.Reader`. A worker counts as alive while its beat is younger than ``lease``."""

    def __init__(self, engine: AsyncEngine, lease: timedelta) -> None:
        super().__init__(engine)
        self.lease = lease
