"""What the use cases need of the world outside, a module for each noun."""

from domain.ports.agents import AgentCatalogue, AgentFacts
from domain.ports.approvals import ApprovalStore, MemberStore
from domain.ports.children import ChildStore
from domain.ports.clock import Clock
from domain.ports.events import EventLog
from domain.ports.evidence import EvidenceStore, Notary
from domain.ports.executions import ExecutionStore, WorkerStore, WorkQueue
from domain.ports.findings import FindingStore
from domain.ports.idempotency import IdempotencyStore
from domain.ports.ledger import LedgerStore, PriceStore
from domain.ports.mcp_servers import McpServerStore
from domain.ports.memory import Embedder, MemoryStore, Vector
from domain.ports.messages import MessageStore, WaitStore
from domain.ports.models import ModelStore, ModelTester
from domain.ports.playbooks import PlaybookStore
from domain.ports.projects import ProjectStore, SourcePolicy, WorkspaceStore
from domain.ports.queries import QueryFailed, QueryRunner
from domain.ports.reader import Reader
from domain.ports.secrets import SecretStore, Vault
from domain.ports.tasks import DependencyStore, TaskStore
from domain.ports.tool_calls import ToolCallStore
from domain.ports.tools import ToolCatalogue
from domain.ports.traces import Traces, Untraced
from domain.ports.unit_of_work import Result, Transactor, UnitOfWork

__all__ = [
    "AgentCatalogue",
    "AgentFacts",
    "ApprovalStore",
    "ChildStore",
    "Clock",
    "DependencyStore",
    "Embedder",
    "EventLog",
    "EvidenceStore",
    "ExecutionStore",
    "FindingStore",
    "IdempotencyStore",
    "LedgerStore",
    "McpServerStore",
    "MemberStore",
    "MemoryStore",
    "MessageStore",
    "ModelStore",
    "ModelTester",
    "Notary",
    "PlaybookStore",
    "PriceStore",
    "ProjectStore",
    "QueryFailed",
    "QueryRunner",
    "Reader",
    "Result",
    "SecretStore",
    "SourcePolicy",
    "TaskStore",
    "ToolCallStore",
    "ToolCatalogue",
    "Traces",
    "Transactor",
    "UnitOfWork",
    "Untraced",
    "Vault",
    "Vector",
    "WaitStore",
    "WorkQueue",
    "WorkerStore",
    "WorkspaceStore",
]
