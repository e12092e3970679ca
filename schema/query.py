"""The root of queries."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

import strawberry
from strawberry import ID, UNSET

import domain.execution
import domain.memory
import domain.playbooks.problems
import domain.playbooks.saved
import domain.prices
import domain.project
import domain.task
from domain.actor import Actor, Permission
from domain.errors import Invalid
from domain.pages import MAX_PAGE
from domain.ports import AgentFacts
from domain.tool import ToolFacts
from domain.use_cases.memory import Question
from resolvers import (
    approvals,
    dependencies,
    executions,
    findings,
    ledger,
    mcp_servers,
    memory,
    messages,
    models,
    playbooks,
    projects,
    secrets,
    tasks,
    workspaces,
)
from resolvers.context import Context
from resolvers.loaders import Batch
from schema.absence import given
from schema.agent import Agent
from schema.approval import Approval
from schema.budget import Budget, ToolPrice
from schema.connections import After, Before, Connection, First, Last, window
from schema.evidence import ReceiptKey, receipt_key
from schema.execution import Execution
from schema.filters import (
    ExecutionsWhere,
    FindingsWhere,
    OrderBy,
    TasksWhere,
    execution_filter,
    finding_filter,
    task_filter,
    task_order,
)
from schema.finding import Finding
from schema.mcp_server import McpServer
from schema.memory import Memory, MemorySearch, RecalledMemory
from schema.memory_inputs import MemoriesWhere, memory_filter
from schema.model import LanguageModel
from schema.node import Info, Node
from schema.node_ids import decode, decode_as
from schema.playbook import Playbook, PlaybookProblem
from schema.project import Project
from schema.references import ByProject, ByTask
from schema.secret import Secret
from schema.task import Task
from schema.tool import Tool
from schema.workspace import Viewer, Workspace, own_workspace

LOOKUPS: Mapping[str, Batch[UUID, Any]] = {
    "Approval": approvals.by_id,
    "Artifact": executions.artifacts_by_id,
    "Budget": ledger.budgets_by_id,
    "Dependency": dependencies.by_id,
    "Execution": executions.by_id,
    "Finding": findings.by_id,
    "McpServer": mcp_servers.by_id,
    "Message": messages.by_id,
    "LanguageModel": models.by_id,
    "Memory": memory.by_id,
    "Playbook": playbooks.by_id,
    "PlaybookVersion": playbooks.versions_by_id,
    "Project": projects.by_id,
    "Secret": secrets.by_id,
    "Source": projects.sources_by_id,
    "Step": executions.steps_by_id,
    "Task": tasks.by_id,
    "ToolCall": executions.tool_calls_by_id,
    "Worker": workspaces.workers_by_id,
    "Workspace": workspaces.by_id,
}
"""Where each type of node is found by its id."""


def reading(info: Info) -> Context:
    """The context of someone who may read.

    Raises:
        Denied: they may not.
    """
    info.context.actor.require(Permission.READ)
    return info.context


async def _look_up(context: Context, global_id: str, path: tuple[str, ...]) -> object | None:
    type_name, uuid = decode(global_id, path=path)
    lookup = LOOKUPS.get(type_name)
    return None if lookup is None else await context.load(lookup, uuid)


async def _node(info: Info, id: Annotated[ID, strawberry.argument(description="Id of anything.")]) -> object | None:
    return await _look_up(reading(info), id, ("id",))


async def _nodes(
    info: Info, ids: Annotated[list[ID], strawberry.argument(description="At most 100 ids of anything.")]
) -> list[object | None]:
    context = reading(info)
    if len(ids) > MAX_PAGE:
        raise Invalid(f"Ask for at most {MAX_PAGE} nodes at once, not {len(ids)}.", path=("ids",))
    for one in ids:
        decode(one, path=("ids",))
    return await asyncio.gather(*(_look_up(context, one, ("ids",)) for one in ids))


def _viewer(info: Info) -> Actor:
    return info.context.actor


async def _workspace(info: Info) -> domain.project.Workspace:
    reading(info)
    return await own_workspace(info)


async def _project(info: Info, by: ByProject) -> domain.project.Project | None:
    context = reading(info)
    if (id_ := given(by.id)) is not None:
        return await context.load(projects.by_id, decode_as("Project", id_, path=("by", "id")))
    return await context.load(projects.by_key, by.key or "")


async def _projects(
    info: Info, first: First = UNSET, last: Last = UNSET, after: After = UNSET, before: Before = UNSET
) -> Any:
    return await projects.listed(reading(info), window(info, first, last, after, before))


async def _task(info: Info, by: ByTask) -> domain.task.Task | None:
    context = reading(info)
    if (id_ := given(by.id)) is not None:
        return await context.load(tasks.by_id, decode_as("Task", id_, path=("by", "id")))
    return await context.load(tasks.by_key, by.key or "")


async def _tasks(
    info: Info,
    filter: TasksWhere = UNSET,
    order_by: OrderBy = UNSET,
    first: First = UNSET,
    last: Last = UNSET,
    after: After = UNSET,
    before: Before = UNSET,
) -> Any:
    part = window(info, first, last, after, before)
    return await tasks.listed(reading(info), task_filter(filter), task_order(order_by), part)


async def _execution(
    info: Info, id: Annotated[ID, strawberry.argument(description="Id of the execution.")]
) -> domain.execution.Execution | None:
    return await reading(info).load(executions.by_id, decode_as("Execution", id))


async def _executions(
    info: Info,
    filter: ExecutionsWhere = UNSET,
    first: First = UNSET,
    last: Last = UNSET,
    after: After = UNSET,
    before: Before = UNSET,
) -> Any:
    part = window(info, first, last, after, before)
    return await executions.listed(reading(info), execution_filter(filter), part)


def _agent(
    info: Info, kind: Annotated[str, strawberry.argument(description="Kind of the agent, for example inspector.")]
) -> AgentFacts | None:
    return reading(info).agents.get(kind)


def _agents(info: Info) -> list[AgentFacts]:
    return list(reading(info).agents.all())


async def _findings(
    info: Info,
    filter: FindingsWhere = UNSET,
    first: First = UNSET,
    last: Last = UNSET,
    after: After = UNSET,
    before: Before = UNSET,
) -> Any:
    part = window(info, first, last, after, before)
    return await findings.listed(reading(info), finding_filter(filter), part)


async def _memories(
    info: Info,
    filter: MemoriesWhere = UNSET,
    first: First = UNSET,
    last: Last = UNSET,
    after: After = UNSET,
    before: Before = UNSET,
) -> Any:
    part = window(info, first, last, after, before)
    return await memory.listed(reading(info), memory_filter(filter), part)


async def _recall(
    info: Info,
    query: Annotated[str, strawberry.argument(description="A question or some words, at most 2,000 characters.")],
    filter: MemoriesWhere = UNSET,
    first: Annotated[int, strawberry.argument(description="At most this many memories: 0 to 50.")] = 10,
) -> list[domain.memory.Recalled]:
    return await memory.recalled(reading(info), Question(text=query, which=memory_filter(filter), most=first))


async def _memory_search(info: Info) -> domain.memory.MemorySearch:
    return await memory.search_facts(reading(info))


async def _tools(info: Info) -> list[ToolFacts]:
    return list(await reading(info).tools.all())


async def _models(
    info: Info, first: First = UNSET, last: Last = UNSET, after: After = UNSET, before: Before = UNSET
) -> Any:
    return await models.listed(reading(info), window(info, first, last, after, before))


async def _secrets(
    info: Info, first: First = UNSET, last: Last = UNSET, after: After = UNSET, before: Before = UNSET
) -> Any:
    return await secrets.listed(reading(info), window(info, first, last, after, before))


async def _playbook(
    info: Info, name: Annotated[str, strawberry.argument(description="Its name.")]
) -> domain.playbooks.saved.SavedPlaybook | None:
    return await reading(info).load(playbooks.by_name, name)


async def _playbooks(
    info: Info, first: First = UNSET, last: Last = UNSET, after: After = UNSET, before: Before = UNSET
) -> Any:
    return await playbooks.listed(reading(info), window(info, first, last, after, before))


def _playbook_problems(
    info: Info, document: Annotated[str, strawberry.argument(description="The YAML.")]
) -> list[domain.playbooks.problems.Problem]:
    return playbooks.problems(reading(info), document)


async def _mcp_servers(
    info: Info, first: First = UNSET, last: Last = UNSET, after: After = UNSET, before: Before = UNSET
) -> Any:
    return await mcp_servers.listed(reading(info), window(info, first, last, after, before))


async def _awaiting_approvals(
    info: Info, first: First = UNSET, last: Last = UNSET, after: After = UNSET, before: Before = UNSET
) -> Any:
    return await approvals.awaiting(reading(info), window(info, first, last, after, before))


async def _budgets(
    info: Info, first: First = UNSET, last: Last = UNSET, after: After = UNSET, before: Before = UNSET
) -> Any:
    return await ledger.budgets(reading(info), window(info, first, last, after, before))


async def _prices(info: Info) -> list[domain.prices.ToolPrice]:
    return await ledger.prices(reading(info))


@strawberry.type(description="Everything that can be read. Nothing of another workspace is ever answered.")
class Query:
    """The root of queries."""

    node = strawberry.field(
        _node, graphql_type=Node | None, description="Anything by its id; null when it is not there for you."
    )
    nodes = strawberry.field(
        _nodes,
        graphql_type=list[Node | None],
        description="Many things by their ids, in the same order; null for each that is not there for you.",
    )
    viewer = strawberry.field(_viewer, graphql_type=Viewer, description="Whoever asks.")
    workspace = strawberry.field(_workspace, graphql_type=Workspace, description="The workspace you are in.")
    project = strawberry.field(
        _project, graphql_type=Project | None, description="A project; null when it is not there for you."
    )
    projects = strawberry.field(
        _projects, graphql_type=Connection[Project], description="All projects, the newest first."
    )
    task = strawberry.field(_task, graphql_type=Task | None, description="A task; null when it is not there for you.")
    tasks = strawberry.field(
        _tasks, graphql_type=Connection[Task], description="Tasks, the newest first unless ordered."
    )
    execution = strawberry.field(
        _execution, graphql_type=Execution | None, description="An execution; null when it is not there for you."
    )
    executions = strawberry.field(
        _executions, graphql_type=Connection[Execution], description="Executions, the newest first."
    )
    agent = strawberry.field(_agent, graphql_type=Agent | None, description="An agent; null when it is not installed.")
    agents = strawberry.field(_agents, graphql_type=list[Agent], description="All agents that are installed, by kind.")
    findings = strawberry.field(
        _findings,
        graphql_type=Connection[Finding],
        description="Findings, the worst first; without the fixed unless asked for.",
    )
    models = strawberry.field(
        _models,
        graphql_type=Connection[LanguageModel],
        description="The language models that agents may use, by name.",
    )
    secrets = strawberry.field(
        _secrets,
        graphql_type=Connection[Secret],
        description="The secrets that tools may ask for, by name. Nobody can read their values.",
    )
    mcp_servers = strawberry.field(
        _mcp_servers,
        graphql_type=Connection[McpServer],
        description="The MCP servers whose tools agents may call, by name.",
    )
    tools = strawberry.field(
        _tools, graphql_type=list[Tool], description="Every tool that is known, installed or not, by name."
    )
    playbook = strawberry.field(
        _playbook, graphql_type=Playbook | None, description="A playbook; null when there is none of this name."
    )
    playbooks = strawberry.field(
        _playbooks, graphql_type=Connection[Playbook], description="All playbooks by name, with the shipped ones."
    )
    playbook_problems = strawberry.field(
        _playbook_problems,
        graphql_type=list[PlaybookProblem],
        description="What is wrong with a playbook's document, in its order; nothing: it could be saved.",
    )
    awaiting_approvals = strawberry.field(
        _awaiting_approvals,
        graphql_type=Connection[Approval],
        description="What agents have asked and nobody has decided yet, the oldest first.",
    )
    receipt_key = strawberry.field(
        receipt_key,
        graphql_type=ReceiptKey,
        description="The public key of this installation: keep it to verify receipts.",
    )
    budgets = strawberry.field(
        _budgets, graphql_type=Connection[Budget], description="All budgets of the workspace, the newest first."
    )
    prices = strawberry.field(
        _prices,
        graphql_type=list[ToolPrice],
        description="The price of each tool that has one, by tool; at most 500 are the workspace's own.",
    )
    memories = strawberry.field(
        _memories, graphql_type=Connection[Memory], description="What agents and people remember, the newest first."
    )
    recall = strawberry.field(
        _recall,
        graphql_type=list[RecalledMemory],
        description="The memories that fit a question, the best first: by words, by spelling and by meaning.",
    )
    memory_search = strawberry.field(
        _memory_search, graphql_type=MemorySearch, description="What there is to find memories by."
    )
