"""The read side as one object for one operation."""

from __future__ import annotations

from datetime import timedelta

from persistence.readers.approvals import ApprovalReader
from persistence.readers.events import EventReader
from persistence.readers.evidence import EvidenceReader
from persistence.readers.executions import ExecutionReader
from persistence.readers.findings import FindingReader
from persistence.readers.ledger import LedgerReader
from persistence.readers.mcp_servers import McpServerReader
from persistence.readers.memory import MemoryReader
from persistence.readers.messages import MessageReader
from persistence.readers.models import ModelReader
from persistence.readers.playbooks import PlaybookReader
from persistence.readers.pool import ReadPool
from persistence.readers.projects import ProjectReader
from persistence.readers.secrets import SecretReader
from persistence.readers.tasks import TaskReader


class SqlReader(
    ProjectReader,
    TaskReader,
    ExecutionReader,
    FindingReader,
    ApprovalReader,
    EvidenceReader,
    LedgerReader,
    MessageReader,
    ModelReader,
    MemoryReader,
    EventReader,
    SecretReader,
    PlaybookReader,
    McpServerReader,
):
    """See :class:`domain.ports.Reader`. A worker counts as alive while its beat is younger than ``lease``."""

    def __init__(self, pool: ReadPool, lease: timedelta) -> None:
        super().__init__(pool)
        self.lease = lease
