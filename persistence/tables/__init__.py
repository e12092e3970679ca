"""The tables, a module for each noun. Alembic migrations and these definitions are compared in CI."""

from persistence.tables.approvals import approval_votes, approvals, members
from persistence.tables.children import children
from persistence.tables.columns import Xid8, metadata
from persistence.tables.events import events, feed_horizon
from persistence.tables.evidence import acceptance_results, evidence, receipts
from persistence.tables.executions import artifacts, executions, steps, tool_calls
from persistence.tables.findings import findings, sightings
from persistence.tables.idempotency import idempotency_keys
from persistence.tables.ledger import accounts, ledger_entries, prices
from persistence.tables.mcp_servers import mcp_servers
from persistence.tables.memory import memories, memory_trigrams, memory_vectors
from persistence.tables.messages import message_waits, messages
from persistence.tables.models import model_choices, models
from persistence.tables.playbooks import playbook_versions, playbooks
from persistence.tables.projects import projects, sources, workspaces
from persistence.tables.secrets import secrets
from persistence.tables.tasks import dependencies, tasks
from persistence.tables.workers import workers

__all__ = [
    "Xid8",
    "acceptance_results",
    "accounts",
    "approval_votes",
    "approvals",
    "artifacts",
    "children",
    "dependencies",
    "events",
    "evidence",
    "executions",
    "feed_horizon",
    "findings",
    "idempotency_keys",
    "ledger_entries",
    "mcp_servers",
    "members",
    "memories",
    "memory_trigrams",
    "memory_vectors",
    "message_waits",
    "messages",
    "metadata",
    "model_choices",
    "models",
    "playbook_versions",
    "playbooks",
    "prices",
    "projects",
    "receipts",
    "secrets",
    "sightings",
    "sources",
    "steps",
    "tasks",
    "tool_calls",
    "workers",
    "workspaces",
]
