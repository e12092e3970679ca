"""A workspace of its own for each test, and things with every field filled in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import MISSING, dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID, uuid4

import pytest

from domain.acceptance import CommandCheck, FileCheck, FindingThreshold, QueryCheck
from domain.actor import Actor
from domain.errors import StoreRefused
from domain.execution import Artifact, CrashReport, Execution, ExecutionError, Progress, Step, TestCounts, ToolCall
from domain.finding import Finding, FindingState, Location
from domain.ports import UnitOfWork
from domain.project import Project, Source, SourceKind
from domain.quality_gate import QualityGate
from domain.recovery import ErrorSeverity
from domain.severity import Severity
from domain.states import ExecutionStatus, StepStatus, TaskStatus, ToolCallState
from domain.task import Dependency, OnFailure, Priority, RetryPolicy, Task
from persistence.reader import SqlReader
from server.platform.wiring import Platform

Result = TypeVar("Result")
NOON = datetime(2026, 11, 22, 12, 0, 0, 123456, tzinfo=UTC)


@contextmanager
def refused_for(constraint: str) -> Iterator[None]:
    """What is done inside breaks this constraint; who called is not told the SQL."""
    with pytest.raises(StoreRefused) as refused:
        yield
    assert "SQL" not in str(refused.value)
    assert constraint in str(refused.value.__cause__)


def has_defaults(thing: Any) -> list[str]:
    """Names of the fields that are as their class makes them: a round trip would prove nothing of them."""
    unfilled = []
    for one in fields(thing):
        default = one.default if one.default is not MISSING else one.default_factory
        value = getattr(thing, one.name)
        if value == (default() if callable(default) else default):
            unfilled.append(one.name)
    return unfilled


@dataclass
class Shelf:
    """A workspace, and what is put into it."""

    platform: Platform
    actor: Actor

    @property
    def workspace_id(self) -> UUID:
        return self.actor.workspace_id

    @property
    def read(self) -> SqlReader:
        return SqlReader(self.platform.reading, timedelta(seconds=15))

    async def do(self, work: Callable[[UnitOfWork], Awaitable[Result]]) -> Result:
        return await self.platform.transactor.run(work)

    def new_project(self, **given: Any) -> Project:
        project = Project(
            id=uuid4(),
            workspace_id=self.workspace_id,
            key=f"P{uuid4().hex[:8].upper()}",
            name="Überprüfung 検査",
            description="What it is about",
            source=Source(id=uuid4(), kind=SourceKind.GIT, location="https://git.example/a.git", revision="main"),
            gate=QualityGate(critical=1, high=2, medium=3, low=4),
            version=7,
            created_at=NOON,
            updated_at=NOON + timedelta(hours=1),
        )
        return replace(project, **given)

    async def project(self, **given: Any) -> Project:
        project = self.new_project(**given)
        await self.do(lambda uow: uow.projects.insert(project))
        return project

    def new_task(self, project: Project, number: int = 1, **given: Any) -> Task:
        task = Task(
            id=uuid4(),
            workspace_id=self.workspace_id,
            project_id=project.id,
            number=number,
            key=f"{project.key}-{number}",
            title="Title",
            description="Description",
            status=TaskStatus.FAILED,
            status_reason="told to fail",
            priority=Priority.URGENT,
            agent="inspector",
            inputs={"deep": [1, 2.5, None, {"ä": "\u2028 \U0001f600"}]},
            requirements=("one", "two"),
            constraints=("three",),
            labels=("red", "blue"),
            metadata={"a": True},
            timeout=timedelta(days=3, seconds=5, microseconds=7),
            retry=RetryPolicy(max_attempts=3, backoff=timedelta(seconds=0.25)),
            acceptance_checks=(
                FindingThreshold(name="few", severity=Severity.LOW, maximum=9, only_new=False),
                CommandCheck(name="tests", command=("pytest", "-q"), exit_code=5, timeout=timedelta(seconds=90)),
                FileCheck(name="notes", path="docs/**/*.md"),
                FileCheck(name="report", artifact="audit.md"),
                QueryCheck(
                    name="graph", document="{ viewer { name } }", pointer="/viewer", expected={"a": [1.5, None]}
                ),
            ),
            attempts=2,
            scheduled_for=NOON + timedelta(days=1),
            dispatched_by="user:ada",
            version=4,
            created_at=NOON,
            updated_at=NOON + timedelta(minutes=1),
        )
        return replace(task, **given)

    async def task(self, project: Project, number: int = 1, **given: Any) -> Task:
        task = self.new_task(project, number, **given)
        await self.do(lambda uow: uow.tasks.insert([task]))
        return task

    async def dependency(self, task: Task, on: Task, **given: Any) -> Dependency:
        edge = Dependency(
            id=uuid4(),
            workspace_id=self.workspace_id,
            task_id=task.id,
            depends_on_id=on.id,
            on_failure=OnFailure.CONTINUE,
            created_at=NOON,
        )
        edge = replace(edge, **given)
        await self.do(lambda uow: uow.dependencies.insert([edge]))
        return edge

    def new_execution(self, task: Task, **given: Any) -> Execution:
        execution = Execution(
            id=uuid4(),
            workspace_id=self.workspace_id,
            project_id=task.project_id,
            task_id=task.id,
            number=3,
            agent="inspector",
            status=ExecutionStatus.RUNNING,
            progress=Progress(done=2, total=5, message="ruff"),
            inputs={"a": [1]},
            error=ExecutionError(code="AGENT_FAILED", message="told to fail", severity=ErrorSeverity.HIGH),
            source_state="git:abc",
            worker_id=uuid4(),
            epoch=6,
            crashes=2,
            crash_reports=(CrashReport(at=NOON, reason="it died", worker_id=None, steps=("types",), tools=("mypy",)),),
            traceparent="00-" + "1" * 32 + "-" + "2" * 16 + "-01",
            segment_traceparent="00-" + "1" * 32 + "-" + "3" * 16 + "-01",
            timeout=timedelta(minutes=3),
            cancel_requested_at=NOON + timedelta(seconds=1),
            cancel_requested_by="user:owner",
            process_gone_at=NOON + timedelta(seconds=2),
            waited=timedelta(minutes=1),
            paused_at=NOON + timedelta(seconds=2),
            scheduled_for=NOON + timedelta(seconds=3),
            started_at=NOON + timedelta(seconds=4),
            finished_at=NOON + timedelta(seconds=5),
            created_at=NOON,
        )
        return replace(execution, **given)

    async def execution(self, task: Task, **given: Any) -> Execution:
        execution = self.new_execution(task, **given)
        await self.do(lambda uow: uow.executions.insert(execution))
        return execution

    def new_step(self, execution: Execution, **given: Any) -> Step:
        step = Step(
            id=uuid4(),
            execution_id=execution.id,
            position=1,
            name="ruff",
            status=StepStatus.FAILED,
            attempt=2,
            output={"found": [1, "zwei"]},
            error="told to fail",
            started_at=NOON,
            finished_at=NOON + timedelta(seconds=1),
        )
        return replace(step, **given)

    def new_tool_call(self, execution: Execution, **given: Any) -> ToolCall:
        call = ToolCall(
            id=uuid4(),
            execution_id=execution.id,
            step_name="ruff",
            tool="ruff",
            version="0.17",
            arguments=("check", "--select", "ä"),
            arguments_hash="0" * 64,
            exit_code=1,
            error="ended",
            output_sha256="1" * 64,
            output_bytes=3_000_000_000,
            state=ToolCallState.FAILED,
            attempt=2,
            idempotency_key=uuid4().hex,
            repeatable=False,
            result={"found": ["ä", 1]},
            cpu_seconds=0.25,
            sandbox="bubblewrap",
            secrets=("deploy-key",),
            tests=TestCounts(passed=3, failed=1),
            started_at=NOON,
            finished_at=NOON + timedelta(seconds=1),
        )
        return replace(call, **given)

    def new_artifact(self, execution: Execution, **given: Any) -> Artifact:
        artifact = Artifact(
            id=uuid4(),
            workspace_id=self.workspace_id,
            execution_id=execution.id,
            name="audit.sarif",
            media_type="application/sarif+json",
            size=3_000_000_000,
            sha256="2" * 64,
            created_at=NOON,
        )
        return replace(artifact, **given)

    def new_finding(self, project: Project, execution: Execution | None = None, **given: Any) -> Finding:
        assert project.source is not None
        finding = Finding(
            id=uuid4(),
            workspace_id=self.workspace_id,
            project_id=project.id,
            source_id=project.source.id,
            agent="inspector",
            engine="ruff",
            rule="S101",
            severity=Severity.MEDIUM,
            message="Mend it.",
            location=Location(path="a/b.py", start_line=1, end_line=2, start_column=3, end_column=4),
            fingerprint=uuid4().hex,
            state=FindingState.WAIVED,
            help_url="https://example.com/S101",
            fix="--- a\n+++ b\n",
            waiver_reason="It is a test.",
            waiver_expires_at=NOON + timedelta(days=9),
            first_execution_id=execution.id if execution else None,
            last_execution_id=execution.id if execution else None,
            version=3,
            created_at=NOON,
            updated_at=NOON + timedelta(hours=2),
        )
        return replace(finding, **given)


@pytest.fixture
async def shelf(idle: Platform, request: pytest.FixtureRequest) -> Shelf:
    workspace_id = uuid4()
    await idle.transactor.run(lambda uow: uow.workspaces.ensure(workspace_id, request.node.name))
    return Shelf(idle, replace(idle.owner("tests"), workspace_id=workspace_id))
