"""The root of mutations: each runs one use case in one unit of work."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Protocol, TypeVar

import strawberry

from domain.actor import Actor
from domain.errors import Rejection
from domain.ports import UnitOfWork
from domain.use_cases import (
    approvals,
    budgets,
    cancel,
    dependencies,
    direct_calls,
    dispatch,
    findings,
    mcp_servers,
    memory,
    models,
    playbooks,
    projects,
    secrets,
    tasks,
)
from domain.use_cases.messaging import sending
from resolvers.outcome import Outcome
from schema import (
    approval_inputs,
    budget_inputs,
    dispatch_inputs,
    mcp_server,
    memory_inputs,
    message_inputs,
    model,
    payloads,
    playbook_inputs,
    project_inputs,
    secret,
    task_inputs,
    tool_inputs,
)
from schema.absence import given
from schema.node import Info

Command = TypeVar("Command", covariant=True)
Asked = TypeVar("Asked")
Result = TypeVar("Result")


class CommandInput(Protocol[Command]):
    """An input that says which command it is."""

    def command(self) -> Command:
        """The same in terms of the domain."""


def mutation(
    use_case: Callable[[UnitOfWork, Actor, Asked], Awaitable[Any]],
    input_type: type[CommandInput[Asked]],
    payload: type[payloads.Payload],
    description: str,
    pick: Callable[[Any], Any] | None = None,
) -> Any:
    """A field that runs a use case. ``pick`` makes the payload's value of what the use case answers."""

    async def resolve(info: Info, input: Any) -> Outcome[Any]:
        outcome: Outcome[Any]
        try:
            command = input.command()
        except Rejection as rejection:
            outcome = Outcome(errors=rejection.each)
        else:
            key = getattr(input, "idempotency_key", None)
            outcome = await info.context.perform(use_case, command, given(key))
        if pick is None:
            return outcome
        for error in outcome.errors:
            error.path = _singular(error.path)
        return outcome.map(pick)

    resolve.__annotations__["input"] = Annotated[input_type, strawberry.argument(description="What is asked for.")]
    return strawberry.mutation(resolve, graphql_type=payload, description=description)


def _singular(path: tuple[str, ...]) -> tuple[str, ...]:
    """The field in an input about one thing, from that in the input about many, which the use case takes."""
    match path:
        case ("input", "tasks", "0", *rest):
            return ("input", "task", *rest)
        case ("input", "taskIds", *_):
            return ("input", "taskId")
    return path


def _only(things: tuple[Result, ...]) -> Result:
    return things[0]


@strawberry.type(description="Everything that changes something. A refusal is data: look at errors in the payload.")
class Mutation:
    """The root of mutations."""

    create_project = mutation(
        projects.create_project,
        project_inputs.CreateProjectInput,
        payloads.CreateProjectPayload,
        "Create a project on a source.",
    )
    create_task = mutation(
        tasks.create_tasks,
        task_inputs.CreateTaskInput,
        payloads.CreateTaskPayload,
        "Create a task, and dispatch it when asked to.",
        pick=_only,
    )
    create_tasks = mutation(
        tasks.create_tasks,
        task_inputs.CreateTasksInput,
        payloads.CreateTasksPayload,
        "Create a whole DAG of tasks, all or none, and dispatch it when asked to.",
    )
    update_task = mutation(
        tasks.update_task,
        task_inputs.UpdateTaskInput,
        payloads.UpdateTaskPayload,
        "Change fields of a task that is not being executed.",
    )
    delete_task = mutation(
        tasks.delete_task,
        task_inputs.DeleteTaskInput,
        payloads.DeleteTaskPayload,
        "Delete a task; what waited for it no longer does.",
    )
    add_dependency = mutation(
        dependencies.add_dependency,
        task_inputs.AddDependencyInput,
        payloads.AddDependencyPayload,
        "Let a task that has not started wait for another one. A cycle is refused with its path.",
    )
    remove_dependency = mutation(
        dependencies.remove_dependency,
        task_inputs.RemoveDependencyInput,
        payloads.RemoveDependencyPayload,
        "Let a task no longer wait for another one; a dispatched task that waited for nothing else starts.",
    )
    dispatch_task = mutation(
        dispatch.dispatch_tasks,
        dispatch_inputs.DispatchTaskInput,
        payloads.DispatchTaskPayload,
        "Send a task to its agent. One whose dependencies are not done waits, and starts by itself.",
        pick=_only,
    )
    dispatch_tasks = mutation(
        dispatch.dispatch_tasks,
        dispatch_inputs.DispatchTasksInput,
        payloads.DispatchTasksPayload,
        "Send tasks to their agents, all or none.",
    )
    retry_task = mutation(
        dispatch.retry_task,
        dispatch_inputs.RetryTaskInput,
        payloads.RetryTaskPayload,
        "Try a task once more as a new execution; what was skipped because of it waits for it again.",
    )
    cancel_task = mutation(
        cancel.cancel_task,
        dispatch_inputs.CancelTaskInput,
        payloads.CancelTaskPayload,
        "Cancel a task: at once if it waits, else as soon as no process of its execution is left.",
    )
    cancel_execution = mutation(
        cancel.cancel_execution,
        dispatch_inputs.CancelExecutionInput,
        payloads.CancelExecutionPayload,
        "Cancel an execution: at once while it is queued, else as soon as none of its processes is left.",
    )
    call_tool = mutation(
        direct_calls.call_tool,
        tool_inputs.CallToolInput,
        payloads.CallToolPayload,
        "Call a typed tool, as an execution that is recorded and limited like any other. What changes something of "
        "others is asked first.",
    )
    set_finding_state = mutation(
        findings.set_finding_state,
        project_inputs.SetFindingStateInput,
        payloads.SetFindingStatePayload,
        "Waive a finding with a reason, or take the waiver back.",
    )
    set_secret = mutation(
        secrets.set_secret,
        secret.SetSecretInput,
        secret.SetSecretPayload,
        "Keep a value for tools under a name; an older one is replaced. It cannot be read again.",
    )
    delete_secret = mutation(
        secrets.delete_secret,
        secret.DeleteSecretInput,
        secret.DeleteSecretPayload,
        "Forget a secret.",
    )
    set_model = mutation(
        models.set_model,
        model.SetModelInput,
        model.SetModelPayload,
        "Connect a language model under a name; an older one is replaced.",
    )
    delete_model = mutation(
        models.delete_model,
        model.DeleteModelInput,
        model.DeleteModelPayload,
        "Forget a language model that nobody uses.",
    )
    choose_model = mutation(
        models.choose_model,
        model.ChooseModelInput,
        model.ChooseModelPayload,
        "Choose which language model an agent uses, or all of them, for executions that begin from now on.",
    )
    test_model = strawberry.mutation(
        model.test_model,
        graphql_type=model.TestModelPayload,
        description=(
            "Ask a language model something tiny, once, and say what came of it. It may cost a little. One that takes "
            "longer than a request may is told of as a problem, before the deadline."
        ),
    )
    save_playbook = mutation(
        playbooks.save_playbook,
        playbook_inputs.SavePlaybookInput,
        payloads.SavePlaybookPayload,
        "Save a playbook under the name that its document says; another document is its next version.",
    )
    delete_playbook = mutation(
        playbooks.delete_playbook,
        playbook_inputs.DeletePlaybookInput,
        payloads.DeletePlaybookPayload,
        "Delete a playbook with its versions; what ran it stays.",
    )
    run_playbook = mutation(
        playbooks.run_playbook,
        playbook_inputs.RunPlaybookInput,
        payloads.RunPlaybookPayload,
        "Run a playbook on a project: a task of the agent playbook, which has one child for each task of its steps.",
    )
    save_mcp_server = mutation(
        mcp_servers.save_mcp_server,
        mcp_server.SaveMcpServerInput,
        mcp_server.SaveMcpServerPayload,
        "Register an MCP server, or the one of this name anew. Another program or address forgets the policies.",
    )
    remove_mcp_server = mutation(
        mcp_servers.remove_mcp_server,
        mcp_server.RemoveMcpServerInput,
        mcp_server.RemoveMcpServerPayload,
        "Forget an MCP server and what was said of its tools.",
    )
    set_mcp_tool_policy = mutation(
        mcp_servers.set_mcp_tool_policy,
        mcp_server.SetMcpToolPolicyInput,
        mcp_server.SetMcpToolPolicyPayload,
        "Say whether agents may call a tool of an MCP server, as it is defined now.",
    )
    approve = mutation(
        approvals.approve,
        approval_inputs.ApproveInput,
        payloads.ApprovePayload,
        "Approve what an agent asks; with enough approvals its execution goes on.",
    )
    reject = mutation(
        approvals.reject,
        approval_inputs.RejectInput,
        payloads.RejectPayload,
        "Reject what an agent asks. One rejection is enough.",
    )
    send_message = mutation(
        sending.send_message,
        message_inputs.SendMessageInput,
        payloads.SendMessagePayload,
        "Say something to the agent of a task, now or when it begins; one that waits for a message goes on.",
    )
    set_budget = mutation(
        budgets.set_budget,
        budget_inputs.SetBudgetInput,
        payloads.SetBudgetPayload,
        "Set or change a budget. It counts what was spent before, too, and cannot be less than that.",
    )
    remove_budget = mutation(
        budgets.remove_budget,
        budget_inputs.RemoveBudgetInput,
        payloads.RemoveBudgetPayload,
        "Remove a budget; what was spent stays in the ledger.",
    )
    set_price = mutation(
        budgets.set_price,
        budget_inputs.SetPriceInput,
        payloads.SetPricePayload,
        "Set what calls of a tool cost in the workspace, for executions that have not called a tool yet.",
    )
    remove_price = mutation(
        budgets.remove_price,
        budget_inputs.RemovePriceInput,
        payloads.RemovePricePayload,
        "Remove the workspace's own price of a tool.",
    )
    remember = mutation(
        memory.remember,
        memory_inputs.RememberInput,
        payloads.RememberPayload,
        "Put something down to be found again, by agents and by people.",
    )
    correct_memory = mutation(
        memory.correct_memory,
        memory_inputs.CorrectMemoryInput,
        payloads.CorrectMemoryPayload,
        "Replace what a memory says. What it said before is not kept.",
    )
    erase_memory = mutation(
        memory.erase_memory,
        memory_inputs.EraseMemoryInput,
        payloads.EraseMemoryPayload,
        "Erase a memory with all that finds it. Prompts and answers of models, messages, reports and backups stay.",
    )
    erase_memories = mutation(
        memory.erase_memories,
        memory_inputs.EraseMemoriesInput,
        payloads.EraseMemoriesPayload,
        "Erase all memories that fit, if they are as many as you say. It reaches as far as eraseMemory.",
    )
