"""Enums of tasks, executions and what lists them."""

from __future__ import annotations

from enum import StrEnum

from domain.pages import Direction
from domain.project import SourceKind
from domain.reads import TaskOrderField
from domain.states import ExecutionStatus, StepStatus, TaskStatus
from domain.task import OnFailure, Priority
from schema.enums.publish import publish


class CountRelation(StrEnum):
    """How a total relates to the truth."""

    EXACT = "EXACT"
    AT_LEAST = "AT_LEAST"


publish(
    TaskStatus,
    "Where a task is in its life.",
    {
        "PENDING": "Created, and not dispatched yet.",
        "BLOCKED": "Dispatched; it waits for its dependencies.",
        "QUEUED": "It waits for a worker.",
        "IN_PROGRESS": "An execution of it runs.",
        "AWAITING_APPROVAL": "Its execution waits for a person's approval.",
        "AWAITING_CHILDREN": "Its execution waits for the tasks that it has started as parts of it.",
        "AWAITING_MESSAGE": "Its execution waits for a message.",
        "COMPLETED": "Its execution succeeded, on evidence.",
        "FAILED": "Its last execution did not succeed; statusReason says why.",
        "CANCELLED": "Somebody cancelled it.",
        "SKIPPED": "A dependency failed and says to skip what depends on it.",
    },
)
publish(
    ExecutionStatus,
    "Where an execution is in its life.",
    {
        "QUEUED": "It waits for a worker.",
        "RUNNING": "A worker has it.",
        "AWAITING_APPROVAL": "It waits for a person's approval.",
        "AWAITING_CHILDREN": "It waits for the tasks that it has started.",
        "AWAITING_MESSAGE": "It waits for a message.",
        "SUCCEEDED": "Done, and the recorded evidence says so too.",
        "CLAIMED_UNVERIFIED": "The agent says it is done; the evidence does not.",
        "FAILED": "It ended with an error.",
        "CANCELLED": "Somebody cancelled it.",
        "TIMED_OUT": "It took longer than it may.",
    },
)
publish(
    StepStatus,
    "Where a step is in its life.",
    {
        "RUNNING": "It is at work.",
        "SUCCEEDED": "Done, and what it recorded is kept: it is never done again.",
        "FAILED": "It ended with an error.",
        "CANCELLED": "It was stopped with its execution.",
    },
)
publish(
    Priority,
    "Order in the queue.",
    {
        "URGENT": "Taken before everything else.",
        "HIGH": "Taken before what is normal.",
        "NORMAL": "What a task is unless somebody says otherwise.",
        "LOW": "Taken when nothing else waits.",
    },
)
publish(
    OnFailure,
    "What a dependent does when the task it depends on ends without completing.",
    {
        "BLOCK": "It goes on waiting: a retry of the dependency frees it.",
        "SKIP": "It is skipped.",
        "CONTINUE": "It starts all the same.",
    },
)
publish(
    SourceKind,
    "What a source is.",
    {"LOCAL": "A folder on the server, under one of its source roots.", "GIT": "A git repository by its URL."},
)
publish(
    TaskOrderField,
    "What tasks can be ordered by. Ties are broken by id.",
    {
        "CREATED_AT": "When they were created.",
        "UPDATED_AT": "When they were changed last.",
        "PRIORITY": "How urgent they are: ASC begins with URGENT.",
    },
)
publish(Direction, "Order of a list.", {"ASC": "From the lowest on.", "DESC": "From the highest on."})
publish(
    CountRelation,
    "How a total relates to the truth.",
    {"EXACT": "It is the number.", "AT_LEAST": "There are this many or more; beyond 10,000 nobody counts."},
)
