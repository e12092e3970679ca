"""A step while it runs: what its function may use, and what it collects to be committed with its success."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from uuid_utils.compat import uuid7

from agents.contract import ToolFailure, ToolResult
from agents.processes import ProcessNotStarted, ProcessTimedOut, run
from agents.runtime.log_writer import LogWriter
from agents.toolbox import Tool, Toolbox, install_hint
from domain.artifacts import ArtifactStore
from domain.execution import Artifact, ToolCall
from domain.finding import FindingDraft
from domain.lease import Lease
from domain.ports import Clock, Transactor
from domain.text import storable
from domain.use_cases.recording import record_tool_call

MOST_RECORDED = 4_000
"""Characters of a tool's arguments that are recorded; the hash covers all of them."""


class RunningStep:
    """See :class:`agents.contract.Step`."""

    def __init__(
        self,
        name: str,
        lease: Lease,
        *,
        transactor: Transactor,
        store: ArtifactStore,
        toolbox: Toolbox,
        logs: LogWriter,
        clock: Clock,
    ) -> None:
        self.name = name
        self.findings: list[FindingDraft] = []
        self._artifacts: dict[str, tuple[str, bytes]] = {}
        self._lease = lease
        self._transactor = transactor
        self._store = store
        self._toolbox = toolbox
        self._logs = logs
        self._clock = clock

    async def log(self, text: str) -> None:
        """Write lines to the execution's log."""
        await self._logs.write(self.name, text)

    def finding(self, draft: FindingDraft) -> None:
        """Add a finding to what this step records."""
        self.findings.append(_storable(draft))

    def artifact(self, name: str, media_type: str, content: bytes) -> None:
        """Add a file to what this step records."""
        self._artifacts[storable(name)] = (media_type, content)

    async def store_artifacts(self) -> tuple[Artifact, ...]:
        """Put the bytes of the artifacts into the store; they count once the step has succeeded."""
        stored = []
        for name, (media_type, content) in self._artifacts.items():
            kept = await self._store.put(content)
            stored.append(
                Artifact(
                    id=uuid7(),
                    workspace_id=self._lease.subject.workspace_id,
                    execution_id=self._lease.execution_id,
                    name=name,
                    media_type=media_type,
                    size=kept.size,
                    sha256=kept.sha256,
                    created_at=self._clock.now(),
                )
            )
        return tuple(stored)

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
        """Run a program of the toolbox and record the call."""
        tool = await asyncio.to_thread(self._toolbox.find, name)
        if tool is None:
            raise ToolFailure(f"{name} is not installed. To install it: {install_hint(name)}")
        began = self._clock.now()
        try:
            done = await run(
                tool.path,
                arguments,
                cwd=cwd,
                stdin=stdin,
                timeout=timeout,
                max_output=max_output,
                max_memory=max_memory,
            )
        except ProcessNotStarted as error:
            await self._record(tool, arguments, began, None, "", str(error))
            raise ToolFailure(str(error)) from error
        except ProcessTimedOut as error:
            await self._record(tool, arguments, began, None, error.result.stdout, str(error))
            raise ToolFailure(str(error)) from error
        except asyncio.CancelledError:
            await self._record(tool, arguments, began, None, "", "ended because the execution was stopped")
            raise
        await self._record(tool, arguments, began, done.exit_code, done.stdout, None)
        if done.exit_code not in accept:
            said = done.stderr.strip()[-500:] or "it said nothing"
            raise ToolFailure(f"{name} ended with exit code {done.exit_code}: {said}")
        return ToolResult(
            exit_code=done.exit_code,
            stdout=done.stdout,
            stderr=done.stderr,
            duration=done.duration,
            truncated=done.truncated,
        )

    async def _record(
        self,
        tool: Tool,
        arguments: Sequence[str],
        began: datetime,
        exit_code: int | None,
        output: str,
        error: str | None,
    ) -> None:
        written = output.encode("utf-8", "surrogatepass")
        call = ToolCall(
            id=uuid7(),
            execution_id=self._lease.execution_id,
            step_name=self.name,
            tool=tool.name,
            version=tool.version,
            arguments=_recorded(arguments),
            arguments_hash=hashlib.sha256(json.dumps(list(arguments)).encode()).hexdigest(),
            exit_code=exit_code,
            error=storable(error),
            output_sha256=hashlib.sha256(written).hexdigest(),
            output_bytes=len(written),
            started_at=began,
            finished_at=self._clock.now(),
        )
        await self._transactor.run(lambda uow: record_tool_call(uow, self._lease, call))


def _storable(draft: FindingDraft) -> FindingDraft:
    """The draft with what a source may contain and the database cannot hold replaced."""
    return replace(
        draft,
        message=storable(draft.message),
        location=replace(draft.location, path=storable(draft.location.path)),
        fix=storable(draft.fix),
    )


def _recorded(arguments: Sequence[str]) -> tuple[str, ...]:
    kept: list[str] = []
    size = 0
    for argument in arguments:
        size += len(argument)
        if size > MOST_RECORDED:
            return (*kept, f"… {len(arguments) - len(kept)} more")
        kept.append(storable(argument))
    return tuple(kept)
