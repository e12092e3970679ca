"""Why nothing happens: the reasons a waiting task gives."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from domain.approval import Approval
from domain.ledger import Account
from domain.message import Message, MessageWait
from domain.task import OnFailure, Task


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitsForDependency:
    """Another task has to complete first; or it has failed and its dependency says to block."""

    task: Task
    on_failure: OnFailure


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitsForSlot:
    """The agent works on as many executions as it may at once."""

    agent: str
    limit: int
    running: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitsForWorker:
    """No live worker offers this agent."""

    agent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitsForRoom:
    """The workers that offer this agent begin nothing new: their disks are nearly full."""

    agent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitsForTime:
    """The next attempt starts later, as the retry policy says."""

    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitsForApproval:
    """Its agent has asked for permission, and nobody has decided yet."""

    approval: Approval


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitsForChildren:
    """Its execution has started tasks as parts of it, and ``at_work`` of them have not ended."""

    at_work: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitsForMessage:
    """Its agent waits for a message; ``request`` is its own one that is to be answered, if it waits for that."""

    wait: MessageWait
    request: Message | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitsForBudget:
    """Nothing is left of a budget of the task or of something above it: it is not dispatched until it is raised."""

    account: Account


BlockReason: TypeAlias = (
    WaitsForDependency
    | WaitsForSlot
    | WaitsForWorker
    | WaitsForRoom
    | WaitsForTime
    | WaitsForApproval
    | WaitsForChildren
    | WaitsForMessage
    | WaitsForBudget
)
