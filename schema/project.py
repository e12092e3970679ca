"""Projects, and the sources they work on."""

from __future__ import annotations

from datetime import datetime
from operator import attrgetter
from typing import TYPE_CHECKING, Annotated, Any

import strawberry
from strawberry import UNSET, Parent

import domain.project as domain
from domain.project import SourceKind
from resolvers import findings, ledger, projects, rights
from resolvers.connections import connect
from schema.connections import After, Before, Connection, First, Last, connection, window
from schema.filters import FindingsWhere, OrderBy, finding_filter, task_order
from schema.finding import Finding
from schema.node import Info, Node, represents
from schema.together import loaded
from schema.usage import Totals

if TYPE_CHECKING:
    from schema.budget import Budget
    from schema.task import Task

LazyBudget = Annotated["Budget", strawberry.lazy("schema.budget")]
LazyTask = Annotated["Task", strawberry.lazy("schema.task")]


@represents(domain.Source)
@strawberry.type(description="A repository that agents work on.")
class Source(Node):
    """A source."""

    kind: SourceKind = strawberry.field(description="What it is.")
    location: str = strawberry.field(description="An absolute folder on the server, or the URL of a git repository.")
    revision: str | None = strawberry.field(
        description="Branch, tag or commit; null: what is checked out, or the default branch."
    )


@strawberry.type(description="How many new findings of each severity the source may gain. Null: any number.")
class QualityGate:
    """Limits on new findings."""

    critical: int | None = strawberry.field(description="Most new CRITICAL findings.")
    high: int | None = strawberry.field(description="Most new HIGH findings.")
    medium: int | None = strawberry.field(description="Most new MEDIUM findings.")
    low: int | None = strawberry.field(description="Most new LOW findings.")


@strawberry.type(description="What you may do in a project.")
class ProjectRights:
    """What the viewer may do."""

    create_tasks: bool = strawberry.field(description="Create tasks.")
    dispatch: bool = strawberry.field(description="Dispatch, retry and cancel them.")
    triage_findings: bool = strawberry.field(description="Waive findings.")


def _rights(root: Parent[domain.Project], info: Info) -> rights.ProjectRights:
    return rights.of_project(info.context.actor)


async def _tasks(
    root: Parent[domain.Project],
    info: Info,
    first: First = UNSET,
    last: Last = UNSET,
    after: After = UNSET,
    before: Before = UNSET,
    order_by: OrderBy = UNSET,
) -> Any:
    part = window(info, first, last, after, before)
    return await connect(info.context, "project.tasks", projects.tasks_of, root, part, task_order(order_by))


async def _findings(
    root: Parent[domain.Project],
    info: Info,
    first: First = UNSET,
    last: Last = UNSET,
    after: After = UNSET,
    before: Before = UNSET,
    filter: FindingsWhere = UNSET,
) -> Any:
    part = window(info, first, last, after, before)
    return await connect(info.context, "project.findings", findings.of_projects, root, part, finding_filter(filter))


_usage = loaded(ledger.totals_of, attrgetter("id"))


@represents(domain.Project)
@strawberry.type(description="A body of work on one source.")
class Project(Node):
    """A project."""

    key: str = strawberry.field(description="Its short name, which begins the keys of its tasks: WR in WR-12.")
    name: str = strawberry.field(description="Its name for people.")
    description: str = strawberry.field(description="What it is about.")
    source: Source | None = strawberry.field(description="What its agents work on.")
    gate: QualityGate = strawberry.field(description="What stops a change.")
    version: int = strawberry.field(description="Grows with each change.")
    created_at: datetime = strawberry.field(description="When it was created.")
    updated_at: datetime = strawberry.field(description="When it was changed last.")
    tasks = strawberry.field(
        _tasks, graphql_type=Connection[LazyTask], description="Its tasks, the newest first unless ordered."
    )
    findings = strawberry.field(
        _findings, graphql_type=Connection[Finding], description="What agents found in its source, the worst first."
    )
    usage = strawberry.field(_usage, graphql_type=Totals, description="What all its tasks have spent, the deleted too.")
    budgets = connection(
        ledger.budgets_of, Connection[LazyBudget], "project.budgets", "Its own budgets, the newest first."
    )
    viewer_can = strawberry.field(_rights, graphql_type=ProjectRights, description="What you may do in it.")
