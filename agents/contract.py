"""What an agent is, and what the platform gives it while it works.

An agent is a class with a declaration (kind, purpose, input and report models, tools) and one method, ``run``. It works
in *steps*: a step that has succeeded is never run again, whatever crashes. What a step records (findings, artifacts,
its output) is committed together with the step's success; log lines, progress and tool calls are visible at once.
"""

from __future__ import annotations

import tempfile
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import ClassVar, Generic, Protocol, TypeVar
from uuid import UUID

from pydantic import BaseModel

from domain.finding import Finding, FindingDraft
from domain.quality_gate import QualityGate
from domain.task import RetryPolicy

Inputs = TypeVar("Inputs", bound=BaseModel)
Report = TypeVar("Report", bound=BaseModel)
Output = TypeVar("Output")


class SideEffect(StrEnum):
    """What an agent may do to the world outside its own checkout."""

    NONE = "NONE"
    WRITES_SOURCE = "WRITES_SOURCE"
    NETWORK = "NETWORK"


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolRequirement:
    """A program an agent drives. Without an essential one it fails; without another its report says what is missing."""

    name: str
    essential: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Defaults that a task may override."""

    timeout: timedelta = timedelta(minutes=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkout:
    """The agent's own snapshot of the source.

    ``state`` names exactly what is analysed: ``git:<commit>``, ``git:<commit>+<digest of uncommitted changes>`` or
    ``sha256:<digest>`` where there is no git. ``excluded`` lists what was not copied, with the reason. ``scratch`` is a
    folder for what an agent needs only while it works; on a worker it is empty when a segment begins, and goes with the
    checkout, however the worker ends.
    """

    path: Path
    source_id: UUID
    state: str
    excluded: Mapping[str, str] = field(default_factory=dict)
    scratch: Path = field(default_factory=lambda: Path(tempfile.gettempdir()))


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolResult:
    """What a tool did. ``stdout`` and ``stderr`` are cut at the limit of the call; ``truncated`` says so."""

    exit_code: int
    stdout: str
    stderr: str
    duration: timedelta
    truncated: bool = False


class ToolFailure(Exception):
    """A tool could not be started, ran out of its time, or ended with an exit code that means it failed."""


class AgentFailure(Exception):
    """The agent cannot do the task as things are; its step is not tried again, the task as its retry policy says.

    ``code`` is published in ``docs/errors/``.
    """

    def __init__(self, message: str, *, code: str = "AGENT_FAILED") -> None:
        super().__init__(message)
        self.code = code


class Step(Protocol):
    """What the function of a step may use."""

    name: str

    async def log(self, text: str) -> None:
        """Write one or more lines to the execution's log (batched: at most 100 ms or 64 KiB an event)."""

    async def tool(
        self,
        name: str,
        arguments: Sequence[str],
        *,
        cwd: Path,
        accept: frozenset[int] = frozenset({0}),
        timeout: timedelta = timedelta(minutes=10),
        max_output: int = 64 * 2**20,
        max_memory: int | None = None,
        stdin: bytes | None = None,
    ) -> ToolResult:
        """Run a program of the toolbox; the call is recorded: version, arguments, exit code, duration, output hash.

        The program runs in a process group of its own, without a shell, with an environment of ours, and dies with the
        worker. ``arguments`` does not contain the program itself. With
        ``max_memory`` (bytes for each process; Linux only) one that needs more fails.

        Raises:
            ToolFailure: not installed, over ``timeout``, or an exit code outside ``accept``.
        """

    def finding(self, draft: FindingDraft) -> None:
        """Add a finding to what this step records."""

    def artifact(self, name: str, media_type: str, content: bytes) -> None:
        """Add a file to what this step records. The name is unique within the execution."""


class AgentContext(Protocol):
    """What the platform gives an agent for one execution."""

    execution_id: UUID
    task_title: str
    project_name: str
    gate: QualityGate
    checkout: Checkout

    async def step(
        self,
        name: str,
        function: Callable[[Step], Awaitable[Output]],
        *,
        returns: type[Output],
        retry: RetryPolicy = RetryPolicy(),
    ) -> Output:
        """Run ``function`` once and record its output; after a crash return the record.

        The output is anything that pydantic can serialise as ``returns``.

        Steps may run side by side (``asyncio.TaskGroup``). ``name`` is unique within the execution.
        """

    async def progress(self, done: int, total: int, message: str = "") -> None:
        """Say how far the execution is."""

    async def settle_findings(self, *, engines: Iterable[str], skipped_paths: Iterable[str] = ()) -> FindingsSummary:
        """Close the baseline: what is known, belongs to ``engines`` and was not found again becomes fixed.

        What lies in ``skipped_paths`` (files, or folders with all below them) stays as it is. Call it once, when every
        step that finds is done.
        """

    def tool_version(self, name: str) -> str | None:
        """The version of an installed tool, or ``None`` when it is missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingsSummary:
    """This execution's findings compared with the last audit of the same source; each list is in severity order."""

    new: Sequence[Finding]
    persisting: Sequence[Finding]
    fixed: Sequence[Finding]
    waived: Sequence[Finding]
    first_audit: bool


class Agent(ABC, Generic[Inputs, Report]):
    """Base of every agent. Registered by the entry point group ``wrenchai.agents``."""

    kind: ClassVar[str]
    version: ClassVar[str]
    title: ClassVar[str]
    purpose: ClassVar[str]
    capabilities: ClassVar[tuple[str, ...]]
    tools: ClassVar[tuple[ToolRequirement, ...]] = ()
    side_effects: ClassVar[tuple[SideEffect, ...]] = (SideEffect.NONE,)
    limits: ClassVar[Limits] = Limits()
    needs_source: ClassVar[bool] = True
    input_model: type[Inputs]
    report_model: type[Report]

    @abstractmethod
    async def run(self, context: AgentContext, inputs: Inputs) -> Report:
        """Do the work and return the report.

        Raises:
            AgentFailure: the task cannot be done; the message says why and what would help.
        """
