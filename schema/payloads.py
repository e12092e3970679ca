"""What mutations answer: the changed thing, or the reasons why nothing changed."""

from __future__ import annotations

from typing import Any

import strawberry
from strawberry import Parent

from domain.execution import Execution as DomainExecution
from domain.ledger import Account
from domain.memory import Kept
from domain.memory import Memory as DomainMemory
from domain.playbooks.saved import SavedPlaybook
from domain.states import ACTIVE_TASK
from domain.task import Dependency as DomainDependency
from domain.task import Task as DomainTask
from resolvers import executions, tasks
from resolvers.outcome import Outcome
from schema.approval import Approval
from schema.budget import Budget, ToolPrice
from schema.dependency import Dependency
from schema.errors import Refusal, UserError, shown
from schema.execution import Execution
from schema.finding import Finding
from schema.memory import Memory
from schema.message import Message
from schema.node import Info
from schema.node_ids import encode
from schema.playbook import Playbook
from schema.project import Project
from schema.task import Task


def _errors(root: Parent[Outcome[Any]]) -> list[Refusal]:
    return [Refusal(shown(rejection)) for rejection in root.errors]


@strawberry.type
class Payload:
    """What all payloads have. The runtime object is an ``Outcome``."""

    errors = strawberry.field(
        _errors, graphql_type=list[UserError], description="Why nothing was changed; empty when it was."
    )


def _value(root: Parent[Any]) -> Any:
    return root.value


def changed(graphql_type: Any, description: str) -> Any:
    """A field with the thing that the mutation changed."""
    return strawberry.field(_value, graphql_type=graphql_type | None, description=description)


@strawberry.type(description="What createProject answers.")
class CreateProjectPayload(Payload):
    """See the description."""

    project = changed(Project, "The new project.")


@strawberry.type(description="What createTask answers.")
class CreateTaskPayload(Payload):
    """See the description."""

    task = changed(Task, "The new task.")


@strawberry.type(description="What createTasks answers.")
class CreateTasksPayload(Payload):
    """See the description."""

    tasks = changed(list[Task], "The new tasks in the order of the input.")


@strawberry.type(description="What updateTask answers.")
class UpdateTaskPayload(Payload):
    """See the description."""

    task = changed(Task, "The changed task.")


def _deleted_id(root: Parent[Outcome[DomainTask]]) -> strawberry.ID | None:
    return None if root.value is None else encode("Task", root.value.id)


@strawberry.type(description="What deleteTask answers.")
class DeleteTaskPayload(Payload):
    """See the description."""

    deleted_task_id = strawberry.field(_deleted_id, description="Id that the task had.")
    task = changed(Task, "The task as it was; its lists are empty by now.")


async def _waiting_task(root: Parent[Outcome[DomainDependency]], info: Info) -> DomainTask | None:
    return None if root.value is None else await info.context.load(tasks.by_id, root.value.task_id)


@strawberry.type(description="What addDependency answers.")
class AddDependencyPayload(Payload):
    """See the description."""

    dependency = changed(Dependency, "The new dependency.")
    task = strawberry.field(_waiting_task, graphql_type=Task | None, description="The task that waits now.")


def _removed_id(root: Parent[Outcome[DomainDependency]]) -> strawberry.ID | None:
    return None if root.value is None else encode("Dependency", root.value.id)


@strawberry.type(description="What removeDependency answers.")
class RemoveDependencyPayload(Payload):
    """See the description."""

    removed_dependency_id = strawberry.field(_removed_id, description="Id that the dependency had.")
    dependency = changed(Dependency, "The dependency as it was.")
    task = strawberry.field(_waiting_task, graphql_type=Task | None, description="The task that waited.")


async def _new_execution(root: Parent[Outcome[DomainTask]], info: Info) -> DomainExecution | None:
    if root.value is None or root.value.status not in ACTIVE_TASK:
        return None
    return await info.context.load(executions.latest_of_tasks, root.value)


@strawberry.type(description="What dispatchTask answers.")
class DispatchTaskPayload(Payload):
    """See the description."""

    task = changed(Task, "The dispatched task: QUEUED, or BLOCKED until its dependencies are done.")
    execution = strawberry.field(
        _new_execution, graphql_type=Execution | None, description="The new execution; null while the task is BLOCKED."
    )


@strawberry.type(description="What dispatchTasks answers.")
class DispatchTasksPayload(Payload):
    """See the description."""

    tasks = changed(list[Task], "The dispatched tasks in the order of the input.")


@strawberry.type(description="What retryTask answers.")
class RetryTaskPayload(Payload):
    """See the description."""

    task = changed(Task, "The task, dispatched again.")
    execution = strawberry.field(
        _new_execution, graphql_type=Execution | None, description="The new execution; null while the task is BLOCKED."
    )


@strawberry.type(description="What cancelTask answers.")
class CancelTaskPayload(Payload):
    """See the description."""

    task = changed(Task, "The task: CANCELLED, or about to be when a process of it still has to end.")


@strawberry.type(description="What cancelExecution answers.")
class CancelExecutionPayload(Payload):
    """See the description."""

    execution = changed(Execution, "The execution: CANCELLED, or about to be when a process of it still has to end.")


@strawberry.type(description="What callTool answers.")
class CallToolPayload(Payload):
    """See the description."""

    task = changed(Task, "The task of the call.")
    execution = strawberry.field(
        _new_execution,
        graphql_type=Execution | None,
        description="The execution that makes the call: its result is a ToolCallReport.",
    )


@strawberry.type(description="What setFindingState answers.")
class SetFindingStatePayload(Payload):
    """See the description."""

    finding = changed(Finding, "The changed finding.")


@strawberry.type(description="What approve answers.")
class ApprovePayload(Payload):
    """See the description."""

    approval = changed(Approval, "The approval: APPROVED, or PENDING until enough persons have approved it.")


@strawberry.type(description="What reject answers.")
class RejectPayload(Payload):
    """See the description."""

    approval = changed(Approval, "The rejected approval.")


@strawberry.type(description="What savePlaybook answers.")
class SavePlaybookPayload(Payload):
    """See the description."""

    playbook = changed(Playbook, "The playbook as it is now.")


def _deleted_playbook_id(root: Parent[Outcome[SavedPlaybook]]) -> strawberry.ID | None:
    return None if root.value is None else encode("Playbook", root.value.id)


@strawberry.type(description="What deletePlaybook answers.")
class DeletePlaybookPayload(Payload):
    """See the description."""

    deleted_playbook_id = strawberry.field(_deleted_playbook_id, description="Id that the playbook had.")
    playbook = changed(Playbook, "The playbook as it was; its versions are gone by now.")


@strawberry.type(description="What runPlaybook answers.")
class RunPlaybookPayload(Payload):
    """See the description."""

    task = changed(Task, "The task that runs it; what its steps have done are children of this task.")
    execution = strawberry.field(_new_execution, graphql_type=Execution | None, description="The new execution.")


@strawberry.type(description="What sendMessage answers.")
class SendMessagePayload(Payload):
    """See the description."""

    message = changed(Message, "The message, in the mailbox of the task.")


@strawberry.type(description="What setBudget answers.")
class SetBudgetPayload(Payload):
    """See the description."""

    budget = changed(Budget, "The budget as it is now.")


def _removed_budget_id(root: Parent[Outcome[Account]]) -> strawberry.ID | None:
    return None if root.value is None else encode("Budget", root.value.id)


@strawberry.type(description="What removeBudget answers.")
class RemoveBudgetPayload(Payload):
    """See the description."""

    removed_budget_id = strawberry.field(_removed_budget_id, description="Id that the budget had.")
    budget = changed(Budget, "The budget as it was.")


@strawberry.type(description="What setPrice answers.")
class SetPricePayload(Payload):
    """See the description."""

    price = changed(ToolPrice, "The price as it is now.")


@strawberry.type(description="What removePrice answers.")
class RemovePricePayload(Payload):
    """See the description."""

    tool = changed(str, "Name of the tool.")


def _kept_memory(root: Parent[Outcome[Kept]]) -> DomainMemory | None:
    return None if root.value is None else root.value.memory


def _known(root: Parent[Outcome[Kept]]) -> bool | None:
    return None if root.value is None else root.value.known


@strawberry.type(description="What remember answers.")
class RememberPayload(Payload):
    """See the description."""

    memory = strawberry.field(
        _kept_memory,
        graphql_type=Memory | None,
        description="The memory: a new one, or the one that says exactly this already.",
    )
    known = strawberry.field(
        _known, description="Whether it was there already: it has the new tags too, and the new kind if one was given."
    )


@strawberry.type(description="What correctMemory answers.")
class CorrectMemoryPayload(Payload):
    """See the description."""

    memory = changed(Memory, "The memory as it is now.")


def _erased_memory_id(root: Parent[Outcome[DomainMemory]]) -> strawberry.ID | None:
    return None if root.value is None else encode("Memory", root.value.id)


@strawberry.type(description="What eraseMemory answers.")
class EraseMemoryPayload(Payload):
    """See the description."""

    erased_memory_id = strawberry.field(_erased_memory_id, description="Id that the memory had.")


@strawberry.type(description="What eraseMemories answers.")
class EraseMemoriesPayload(Payload):
    """See the description."""

    erased = changed(int, "How many memories were erased; expired ones, which nobody sees, are not counted.")
