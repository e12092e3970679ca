"""The whole graph on a real database: one embedded PostgreSQL for the session, a workspace of its own for each test."""

import json
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast
from uuid import UUID, uuid4

import pytest
import strawberry
from graphql import OperationType
from sqlalchemy import event
from strawberry.types.execution import PreExecutionError

from domain.actor import OWNER_PERMISSIONS, Actor, Permission
from domain.execution import Artifact, Execution, ToolCall
from domain.execution import Worker as WorkerRow
from domain.finding import FindingDraft, Location, fingerprinted
from domain.ports import UnitOfWork
from domain.severity import Severity
from domain.states import ExecutionStatus
from domain.use_cases import lifecycle, recording, tool_calls
from resolvers.context import Context
from schema.build import build_schema, plain_schema
from schema.node_ids import decode_as
from server.platform.database import database, migrate_database
from server.platform.wiring import Platform, open_platform
from server.settings import Settings
from server.transport.document import Documents
from server.transport.executable import ExecutableSchema
from server.transport.limits import TransportLimits
from server.transport.request import GraphQLRequest

SCHEMA = build_schema()
PLAIN = plain_schema()
SERVED = ExecutableSchema(SCHEMA, TransportLimits())
DOCUMENTS = Documents(TransportLimits())


@pytest.fixture(scope="session")
async def platform(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Platform]:
    """A platform without a worker: these tests take the executions themselves, step by step."""
    folder = tmp_path_factory.mktemp("graph")
    settings = Settings(data_dir=folder / "data", source_roots=(folder,), worker_slots=1)
    (folder / "source").mkdir()
    async with database(settings) as addresses:
        await migrate_database(addresses)
        async with open_platform(settings, addresses) as opened:
            yield opened


@dataclass
class Graph:
    """A client of the graph in a workspace of its own."""

    platform: Platform
    actor: Actor
    source: Path
    statements: list[str] = field(default_factory=list)

    def context(self, **changes: Any) -> Context:
        return replace_context(self.platform.context(self.actor), changes)

    async def run(self, document: str, **variables: Any) -> dict[str, Any]:
        """The data of a query or mutation that must not fail; that of a query is the same by graphql-core's own way."""
        operation = DOCUMENTS.operation(GraphQLRequest(query=document, variables=variables))
        result = await SERVED.execute(operation, self.context())
        assert result.errors is None, result.errors
        data = cast("dict[str, Any]", json.loads(json.dumps(result.data)))
        if operation.type is OperationType.QUERY:
            plain = await PLAIN.execute(document, variable_values=variables, context_value=self.context())
            assert json.dumps(plain.data) == json.dumps(data), "the same fields in the same order"
        return data

    async def fail(self, document: str, **variables: Any) -> tuple[str, Any]:
        """The code and message of the only error."""
        result = await SCHEMA.execute(document, variable_values=variables, context_value=self.context())
        (error,) = result.errors or []
        return getattr(error.original_error, "code", "?"), error.message

    async def counted(self, document: str, **variables: Any) -> int:
        """How many SQL statements the document takes."""
        operation = DOCUMENTS.operation(GraphQLRequest(query=document, variables=variables))
        self.statements.clear()
        result = await SERVED.execute(operation, self.context())
        assert result.errors is None, result.errors
        return len(self.statements)

    async def updates(self, document: str, take: int | None = None, **variables: Any) -> list[dict[str, Any]]:
        """What a subscription sends: the first updates, or all until it ends."""
        found: list[dict[str, Any]] = []
        async with aclosing(self.subscribe(document, **variables)) as stream:
            async for update in stream:
                found.append(update)
                if len(found) == take:
                    break
        return found

    async def subscribe(
        self, document: str, last_event_id: str | None = None, **variables: Any
    ) -> AsyncGenerator[Any, None]:
        context = self.context(last_event_id=last_event_id)
        results = await SCHEMA.subscribe(document, variable_values=variables, context_value=context)
        assert not isinstance(results, PreExecutionError), results.errors
        async with aclosing(cast("Any", results)) as stream:
            async for result in stream:
                if result.errors:
                    raise cast("Exception", result.errors[0].original_error)
                (update,) = result.data.values()
                yield json.loads(json.dumps(update))

    async def project(self) -> str:
        data = await self.run(
            """mutation ($input: CreateProjectInput!) {
                 createProject(input: $input) { project { id } errors { message } }
               }""",
            input={"name": "Water Rower", "source": {"kind": "LOCAL", "location": str(self.source)}},
        )
        assert data["createProject"]["errors"] == []
        return str(data["createProject"]["project"]["id"])

    async def tasks(self, project: str, *drafts: dict[str, Any], dispatch: bool = False) -> list[dict[str, Any]]:
        data = await self.run(
            """mutation ($input: CreateTasksInput!) {
                 createTasks(input: $input) {
                   tasks { id key status version latestExecution { id } }
                   errors { message code path }
                 }
               }""",
            input={
                "projectId": project,
                "dispatch": dispatch,
                "tasks": [{"agent": "inspector", "title": "Audit", **draft} for draft in drafts],
            },
        )
        assert data["createTasks"]["errors"] == []
        return list(data["createTasks"]["tasks"])

    async def do(self, work: Callable[[UnitOfWork], Awaitable[Any]]) -> Any:
        return await self.platform.transactor.run(work)

    async def start(self, execution: str) -> lifecycle.Segment:
        """Take an execution as a worker does."""
        worker = WorkerRow(
            id=uuid4(),
            hostname="here",
            pid=1,
            version="1",
            slots=1,
            agents=("inspector",),
            started_at=datetime.now(UTC),
            beat_at=datetime.now(UTC),
        )
        execution_id = decode_as("Execution", execution)

        async def take(uow: UnitOfWork) -> lifecycle.Segment | None:
            await uow.workers.beat(worker)
            found = await uow.executions.get(None, execution_id)
            assert found is not None
            return await lifecycle.start_execution(uow, execution_id, found.epoch, worker.id)

        segment = await self.do(take)
        assert segment is not None
        return cast("lifecycle.Segment", segment)

    async def audit(self, segment: lifecycle.Segment, findings: int = 2) -> None:
        """One step with a tool call, findings and an artifact."""
        now = datetime.now(UTC)
        drafts = fingerprinted(
            FindingDraft(
                engine="ruff",
                rule=f"S10{n}",
                severity=Severity.HIGH if n else Severity.CRITICAL,
                message="Mend it.",
                location=Location(path="a.py", start_line=n + 1),
                snippet=f"line {n}",
            )
            for n in range(findings)
        )

        async def work(uow: UnitOfWork) -> None:
            step = await recording.start_step(uow, segment.lease, None, "ruff", 1)
            call = ToolCall(
                id=uow.new_id(),
                execution_id=segment.execution.id,
                step_name="ruff",
                tool="ruff",
                version="0.17",
                arguments=("check",),
                arguments_hash="0" * 64,
                exit_code=1,
                output_sha256="1" * 64,
                output_bytes=3_000_000_000,
                started_at=now - timedelta(seconds=2),
                finished_at=now,
            )
            await tool_calls.record_tool_call(uow, segment.lease, call)
            artifact = Artifact(
                id=uow.new_id(),
                workspace_id=segment.execution.workspace_id,
                execution_id=segment.execution.id,
                name="report.md",
                media_type="text/markdown",
                size=5,
                sha256="2" * 64,
                created_at=now,
            )
            record = recording.StepRecord(output=None, findings=tuple(drafts), artifacts=(artifact,))
            await recording.finish_step(uow, segment.lease, step, record, segment.project.source)

        await self.do(work)

    async def finish(
        self, segment: lifecycle.Segment, status: ExecutionStatus = ExecutionStatus.SUCCEEDED, **outcome: Any
    ) -> Execution:
        ended = lifecycle.Outcome(status=status, **outcome)
        return cast("Execution", await self.do(lambda uow: lifecycle.finish_execution(uow, segment.lease, ended)))


def replace_context(context: Context, changes: dict[str, Any]) -> Context:
    for name, value in changes.items():
        setattr(context, name, value)
    return context


@pytest.fixture
async def graph(platform: Platform, request: pytest.FixtureRequest) -> AsyncIterator[Graph]:
    workspace_id: UUID = uuid4()
    await platform.transactor.run(lambda uow: uow.workspaces.ensure(workspace_id, request.node.name))
    actor = Actor(id="user:owner", name="Ada", workspace_id=workspace_id, permissions=OWNER_PERMISSIONS)
    graph = Graph(platform, actor, platform.settings.data_dir.parent / "source")

    def count(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if not statement.startswith("SELECT clock_timestamp()"):  # the clock asks by itself
            graph.statements.append(statement)

    def count_read(statement: str, _values: list[Any]) -> None:
        graph.statements.append(statement)

    event.listen(platform.engine.sync_engine, "before_cursor_execute", count)
    platform.reading.observers.append(count_read)
    yield graph
    platform.reading.observers.remove(count_read)
    event.remove(platform.engine.sync_engine, "before_cursor_execute", count)


@pytest.fixture
def viewer(graph: Graph) -> Graph:
    """Somebody in the same workspace who may only look."""
    return replace(graph, actor=replace(graph.actor, permissions=frozenset({Permission.READ})))


@pytest.fixture
def schema() -> strawberry.Schema:
    return SCHEMA
