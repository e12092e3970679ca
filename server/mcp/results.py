"""What the tools answer. The names are those of the GraphQL API."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel


class Shown(BaseModel):
    """Base of all of them: ``camelCase`` outside, as in the API."""

    model_config = ConfigDict(alias_generator=to_camel, validate_by_name=True, validate_by_alias=True, extra="ignore")


class Page(Shown):
    """One page of a list."""

    next_cursor: str | None = Field(None, description="Give it as `after` for what follows; null when this is all.")


class Source(Shown):
    """Where a project's source is."""

    kind: str
    location: str
    revision: str | None = None


class Project(Shown):
    """A project."""

    id: str
    key: str
    name: str
    description: str = ""
    source: Source | None = None


class Projects(Page):
    """Projects, the newest first."""

    projects: list[Project]


class Action(Shown):
    """What an agent wants to do."""

    name: str
    kind: str
    summary: str
    arguments: Any = Field(description="All that makes a difference to what is done.")
    risk: str
    digest: str = Field(description="Give it with the decision: what is decided is then exactly what you have read.")


class Vote(Shown):
    """What one person has said."""

    actor: str
    decision: str
    comment: str


class TaskName(Shown):
    """Which task."""

    key: str
    title: str


class Asker(Shown):
    """Which execution."""

    id: str
    agent_kind: str


class Rights(Shown):
    """What you may do with it."""

    approve: bool
    reject: bool


class Approval(Shown):
    """A question of an agent."""

    id: str
    status: str
    action: Action
    quorum: int
    votes: list[Vote] = []
    expires_at: datetime | None = None
    fallback: str
    requested_by: str | None = None
    requested_at: datetime
    task: TaskName | None = None
    execution: Asker | None = None
    viewer_can: Rights


class Approvals(Page):
    """What waits for a decision, the oldest first."""

    approvals: list[Approval]


class Progress(Shown):
    """How far an execution is."""

    done: int
    total: int
    message: str = ""


class Failure(Shown):
    """Why an execution did not succeed."""

    code: str
    message: str


class Execution(Shown):
    """One attempt at a task."""

    id: str
    number: int
    status: str
    progress: Progress
    error: Failure | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    duration_ms: float | None = None


class ProjectName(Shown):
    """Which project."""

    id: str
    key: str


class Task(Shown):
    """A task as it is now."""

    id: str
    key: str
    title: str
    status: str
    status_reason: str | None = None
    agent_kind: str
    attempts: int
    project: ProjectName | None = None
    waits_for: list[str] = Field([], description="Why nothing happens with it, in sentences.")
    approvals: list[Approval] = Field([], description="What its agent asks, or that of a task below it: decide it.")
    latest_execution: Execution | None = None


class Tasks(Page):
    """Tasks, the newest first."""

    tasks: list[Task]


class Watched(Shown):
    """Where a task stands after it was watched."""

    task: Task
    ended: bool = Field(description="Whether it is over.")
    timed_out: bool = Field(description="Whether the time to watch was over before anything else: watch it again.")
    report: Any = Field(None, description="What the agent reported, once it has ended.")


class Report(Shown):
    """What an agent reported."""

    execution: Asker
    status: str
    error: Failure | None = None
    report: Any = Field(description="Null when it reported nothing.")


class Location(Shown):
    """Where in the source."""

    path: str
    start_line: int | None = None
    end_line: int | None = None
    start_column: int | None = None
    end_column: int | None = None


class Finding(Shown):
    """Something found in a source."""

    id: str
    engine: str
    rule: str
    severity: str
    state: str
    message: str
    location: Location
    fingerprint: str
    fix: str | None = Field(None, description="A patch, where there is one.")
    help_url: str | None = None
    waiver_reason: str | None = None


class Findings(Page):
    """Findings."""

    findings: list[Finding]


class Agent(Shown):
    """An agent of this installation."""

    kind: str = Field(description="What create_task calls it by.")
    version: str
    title: str
    purpose: str
    capabilities: list[str]
    side_effects: list[str]
    needs_source: bool
    input_schema: Any = Field(description="JSON Schema of a task's inputs.")


class Agents(Shown):
    """All of them."""

    agents: list[Agent]


class Tool(Shown):
    """A tool that agents use."""

    name: str
    kind: str
    version: str | None = None
    status: str
    problem: str | None = None
    purpose: str
    side_effects: list[str]
    repeatable: bool
    install_hint: str | None = None
    arguments_schema: Any = None
    result_schema: Any = None


class Tools(Shown):
    """All of them."""

    tools: list[Tool]
