"""Findings: what agents find in a source."""

from __future__ import annotations

from datetime import datetime
from operator import attrgetter
from typing import TYPE_CHECKING, Annotated

import strawberry
from strawberry import Parent

import domain.finding as domain
from domain.finding import FindingState
from domain.reads import FindingSighting
from domain.severity import Severity
from resolvers import executions, projects, rights
from resolvers.connections import Connection, Edge
from schema.connections import PageInfo, TotalCount
from schema.node import Info, Node, represents
from schema.scalars import URL, Cursor
from schema.together import loaded

if TYPE_CHECKING:
    from schema.execution import Execution
    from schema.project import Project

LazyExecution = Annotated["Execution", strawberry.lazy("schema.execution")]
LazyProject = Annotated["Project", strawberry.lazy("schema.project")]


@strawberry.type(description="A place in a source.")
class Location:
    """A path and lines."""

    path: str = strawberry.field(description="Path relative to the root of the source, with / between its parts.")
    start_line: int | None = strawberry.field(description="First line, from 1; null when the whole file is meant.")
    end_line: int | None = strawberry.field(description="Last line, included.")
    start_column: int | None = strawberry.field(description="First column, from 1.")
    end_column: int | None = strawberry.field(description="Last column.")


@strawberry.type(description="What you may do with a finding in the state it is in.")
class FindingRights:
    """What the viewer may do."""

    waive: bool = strawberry.field(description="Accept it with a reason: setFindingState to WAIVED.")
    unwaive: bool = strawberry.field(description="Take the waiver back: setFindingState to PERSISTING.")


def _rights(root: Parent[domain.Finding], info: Info) -> rights.FindingRights:
    return rights.of_finding(info.context.actor, root)


_project = loaded(projects.by_id, attrgetter("project_id"))
_first = loaded(executions.by_id, attrgetter("first_execution_id"))
_last = loaded(executions.by_id, attrgetter("last_execution_id"))


@represents(domain.Finding)
@strawberry.type(description="Something an agent found in a source. It lives on from one execution to the next.")
class Finding(Node):
    """A finding of one source."""

    agent: str = strawberry.field(name="agentKind", description="Kind of the agent that found it.")
    engine: str = strawberry.field(description="The engine that found it, for example ruff.")
    rule: str = strawberry.field(description="The engine's rule, for example S105.")
    severity: Severity = strawberry.field(description="How bad it is.")
    message: str = strawberry.field(description="What is wrong, for a person.")
    location: Location = strawberry.field(description="Where it was seen last.")
    fingerprint: str = strawberry.field(description="What makes it the same finding when lines move.")
    state: FindingState = strawberry.field(description="Where it is in its life now.")
    help_url: URL | None = strawberry.field(description="Where the rule is explained.")
    fix: str | None = strawberry.field(description="Unified diff against the root of the source that mends it.")
    waiver_reason: str | None = strawberry.field(description="Why it is waived.")
    waiver_expires_at: datetime | None = strawberry.field(description="Until when it is waived; null: for good.")
    version: int = strawberry.field(description="Grows with each change; give it as expectedVersion.")
    created_at: datetime = strawberry.field(description="When it was found first.")
    updated_at: datetime = strawberry.field(description="When it was found or changed last.")
    project = strawberry.field(_project, graphql_type=LazyProject | None, description="The project it was found in.")
    first_execution = strawberry.field(
        _first, graphql_type=LazyExecution | None, description="The execution that found it first."
    )
    last_execution = strawberry.field(
        _last, graphql_type=LazyExecution | None, description="The execution that saw it last."
    )
    viewer_can = strawberry.field(
        _rights, graphql_type=FindingRights, description="What you may do with it, now and in its state."
    )


def _seen(root: Parent[Edge[FindingSighting]]) -> domain.Finding:
    return root.node.finding


def _state(root: Parent[Edge[FindingSighting]]) -> FindingState:
    return root.node.state


@strawberry.type(description="A finding as one execution saw it.")
class SeenFindingEdge:
    """An edge that also tells the state of that time."""

    node = strawberry.field(_seen, graphql_type=Finding, description="The finding, as it is now.")
    state = strawberry.field(
        _state, description="The state it had when this execution saw it, or did not find it again."
    )
    cursor: Cursor = strawberry.field(description="Its place: give it as after or before.")


def _findings(root: Parent[Connection[FindingSighting]]) -> list[domain.Finding]:
    return [sighting.finding for sighting in root.nodes]


@strawberry.type(description="A page of what one execution found, the worst first.")
class SeenFindingConnection:
    """A connection whose edges tell the state that the execution saw."""

    edges: list[SeenFindingEdge] = strawberry.field(description="The findings, each with its state of that time.")
    nodes = strawberry.field(_findings, graphql_type=list[Finding], description="The findings alone, as they are now.")
    page_info: PageInfo = strawberry.field(description="Where the page begins and ends, and whether there is more.")
    total_count: TotalCount = strawberry.field(
        description="How many findings it saw. Counted only when it is asked for."
    )
