"""Rows to read models and back, a module for each noun."""

from persistence.mappers.approvals import from_approval, from_vote, to_approval, to_vote
from persistence.mappers.executions import (
    EXECUTION_STATUS,
    STEP_STATUS,
    from_execution,
    from_tool_call,
    to_artifact,
    to_execution,
    to_report,
    to_step,
    to_tool_call,
    to_worker,
)
from persistence.mappers.findings import from_finding, to_finding
from persistence.mappers.ledger import from_price, to_account, to_tool_price
from persistence.mappers.mcp_servers import from_mcp_server, to_mcp_server
from persistence.mappers.memory import from_memory, to_memory
from persistence.mappers.messages import from_message, from_wait, to_message, to_wait
from persistence.mappers.models import from_model, from_recorded_model, to_choice, to_model, to_recorded_model
from persistence.mappers.playbooks import from_playbook, to_playbook, to_playbook_version
from persistence.mappers.projects import to_project, to_source, to_workspace
from persistence.mappers.rows import AnyRow
from persistence.mappers.secrets import to_sealed_secret, to_secret
from persistence.mappers.tasks import ON_FAILURE, PRIORITY, TASK_STATUS, from_task, to_dependency, to_task

__all__ = [
    "EXECUTION_STATUS",
    "ON_FAILURE",
    "PRIORITY",
    "STEP_STATUS",
    "TASK_STATUS",
    "AnyRow",
    "from_approval",
    "from_execution",
    "from_finding",
    "from_mcp_server",
    "from_memory",
    "from_message",
    "from_model",
    "from_playbook",
    "from_price",
    "from_recorded_model",
    "from_task",
    "from_tool_call",
    "from_vote",
    "from_wait",
    "to_account",
    "to_approval",
    "to_artifact",
    "to_choice",
    "to_dependency",
    "to_execution",
    "to_finding",
    "to_mcp_server",
    "to_memory",
    "to_message",
    "to_model",
    "to_playbook",
    "to_playbook_version",
    "to_project",
    "to_recorded_model",
    "to_report",
    "to_sealed_secret",
    "to_secret",
    "to_source",
    "to_step",
    "to_task",
    "to_tool_call",
    "to_tool_price",
    "to_vote",
    "to_wait",
    "to_worker",
    "to_workspace",
]
