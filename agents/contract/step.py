"""What the function of a step may use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol

from agents.contract.failures import AgentFailure
from agents.contract.mcp import McpAnswer
from agents.contract.memory import AgentMemory
from agents.contract.message import Received
from agents.contract.model import Model
from agents.contract.sandbox import DEFAULT_LIMITS, SCRATCH, SandboxLimits, SandboxResult
from agents.contract.tool import Arguments, Result, Tool
from domain.execution import PLATFORM_STEPS
from domain.finding import FindingDraft
from domain.message import Address
from domain.text import is_storable

MOST_NAME = 200
"""Characters of a step's name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolResult:
    """What a tool did. ``stdout`` and ``stderr`` are cut at the limit of the call; ``truncated`` says so.

    ``tool`` is the one that did it: another than was asked for when that one failed and an alternative stood in.
    """

    exit_code: int
    stdout: str
    stderr: str
    duration: timedelta
    truncated: bool = False
    tool: str = ""


@dataclass(frozen=True, slots=True)
class Alternative:
    """A tool that stands in for another one; without ``arguments`` or ``accept`` it gets those of the other."""

    name: str
    arguments: tuple[str, ...] | None = None
    accept: frozenset[int] | None = None


class Step(Protocol):
    """What the function of a step may use."""

    name: str

    @property
    def model(self) -> Model | None:
        """The language model that this agent uses; ``None`` when the workspace has chosen none for it."""

    @property
    def memory(self) -> AgentMemory:
        """What agents and people remember: what is for agents of this kind, about this project, and for everybody."""

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
        alternatives: Sequence[Alternative] = (),
    ) -> ToolResult:
        """Run a program of the toolbox; the call is recorded: version, arguments, exit code, duration, output hash.

        The program runs in a process group of its own, without a shell, with an environment of ours, and dies with the
        worker. ``arguments`` does not contain the program itself. With
        ``max_memory`` (bytes for each process; Linux only) one that needs more fails.
        ``alternatives`` are tried in their order when the tool is missing or has failed; that is recorded.

        Raises:
            BudgetExceeded: a budget does not allow the call; it was not made.
            ToolFailure: not installed (``ToolMissing``), over ``timeout`` (``ToolTimedOut``), or an exit code outside
                ``accept``; with alternatives, that of the last one.
        """

    async def call(self, tool: type[Tool[Arguments, Result]], arguments: Arguments) -> Result:
        """Call a typed tool; it is recorded before it begins and when it has ended.

        When the step is run again after a crash, a call that has succeeded is not made again: its recorded result is
        returned. Equal calls of a step are told apart by their order. One that had begun is made again only when the
        tool is ``repeatable``.

        Raises:
            ToolFailure: it could not be done, took too long, or answered more than it may.
            AgentFailure: it may have been done before and must not be done twice; let it pass.
        """

    async def mcp(self, tool: str, arguments: Mapping[str, Any]) -> McpAnswer:
        """Call a tool of an MCP server of the workspace, named ``server/tool``; it is recorded like one of ``call``.

        The arguments are checked against the schema that the server gives. Where the policy of the tool says ``ASK``,
        somebody is asked first, as by ``context.approve``: the step is then run again from its beginning.

        Raises:
            ToolFailure: there is no such server or tool, it may not be called, the arguments do not fit, or the server
                did not do it.
            ActionRejected: somebody was asked, and it may not be called.
            AgentFailure: it may have been called before and must not be called twice; let it pass.
        """

    async def sandboxed(
        self,
        command: Sequence[str],
        *,
        source: Path | None,
        scratch: Path,
        cwd: str = SCRATCH,
        read_only: Sequence[Path] = (),
        env: Mapping[str, str] = {},
        stdin: bytes | None = None,
        limits: SandboxLimits = DEFAULT_LIMITS,
    ) -> SandboxResult:
        """Run a program of the source, or one that loads its code, in the sandbox: see ``Sandbox.run``.

        The call is recorded like one of ``tool``: the tool is ``sandbox``, its version the sandbox that was used. Any
        exit code is a result.

        Raises:
            SandboxRefused: there is no sandbox, or what is asked for cannot be set up.
            ToolFailure: the sandbox itself broke.
        """

    def finding(self, draft: FindingDraft) -> None:
        """Add a finding to what this step records."""

    def artifact(self, name: str, media_type: str, content: bytes) -> None:
        """Add a file to what this step records. The name is unique within the execution."""

    def send(self, to: Address, content: Any, *, metadata: Mapping[str, Any] | None = None) -> None:
        """Add a message to what this step records: it goes out with the success of the step, or not at all.

        ``content`` is JSON, a pydantic model, or text; secrets are taken out. What cannot be delivered is recorded as
        such.

        Raises:
            Invalid: more than 100,000 characters, or nested deeper than 32 levels.
        """

    def reply(self, message: Received, content: Any) -> None:
        """Add the answer to a request that this execution has received, in this step or an earlier one.

        Raises:
            AgentFailure: the message is no request.
            Invalid: as for ``send``.
        """

    def refuse(self, message: Received, reason: Any) -> None:
        """Add an answer to a request which says that there will be no other one: its sender gets ``RequestRefused``."""


def check_step_name(name: object) -> None:
    """Check the name that an agent gives a step.

    Raises:
        AgentFailure: no text, empty, over 200 characters, with a character that cannot be stored, or a name of the
            platform's own.
    """
    if not isinstance(name, str) or not 0 < len(name) <= MOST_NAME or not is_storable(name):
        raise AgentFailure(
            f"The name of a step is text of 1 to {MOST_NAME} characters without NUL; this is {name!r:.100}."
        )
    if name.startswith(PLATFORM_STEPS):
        raise AgentFailure(
            f"The agent has a step named {name!r}: names that begin with {PLATFORM_STEPS!r} are the platform's."
        )
