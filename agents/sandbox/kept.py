"""A sandbox that works: each run is given to a keeper, a process of its own, and its account is read at the end."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path

from agents.checkout.removal import remove
from agents.contract.failures import ToolFailure
from agents.contract.sandbox import DEFAULT_LIMITS, SCRATCH, SandboxLimits, SandboxRefused, SandboxResult
from agents.homes import temporary_home
from agents.processes import ProcessNotStarted, ProcessResult, ProcessTimedOut, run
from agents.sandbox.candidates import Candidate
from agents.sandbox.order import COPY, SANDLOCK, Account, Order
from agents.sandbox.places import checked_places
from agents.sandbox.sandlocked import NOISE

PATIENCE = timedelta(seconds=20)
"""How much longer than the program the keeper may take: for setting up, and for ending what is left."""

ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "LANG": "C.UTF-8",
    "LC_ALL": "C.UTF-8",
    "TZ": "UTC",
}

NO_PROGRAM = "bwrap: execvp "
"""What bubblewrap says when all is set up but the program: a shell's exit code for that is 127."""


class KeptSandbox:
    """See :class:`agents.contract.sandbox.Sandbox`."""

    def __init__(self, candidate: Candidate) -> None:
        self._candidate = candidate

    @property
    def name(self) -> str:
        """Kind and version."""
        return self._candidate.name

    async def run(
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
        """Run a program and wait until all it started is gone."""
        _check_texts(command, cwd, env)
        places = await asyncio.to_thread(checked_places, source, scratch, read_only)
        with temporary_home() as home:
            order_file, account_file, tmp = home / "order", home / "account", home / "tmp"
            tmp.mkdir()
            order = Order(
                kind=self._candidate.kind,
                program=self._candidate.program,
                program_parts=self._candidate.parts,
                parent=os.getpid(),
                command=list(command),
                source=places.source,
                scratch=places.scratch,
                tmp=str(tmp),
                cwd=cwd,
                read_only=places.read_only,
                masked=places.masked,
                env={**ENVIRONMENT, **self._home(tmp), **env},
                timeout=limits.timeout.total_seconds(),
                cpu_seconds=limits.cpu_seconds,
                max_memory=limits.max_memory,
                max_processes=limits.max_processes,
                max_files=limits.max_files,
                max_disk=limits.max_disk,
            )
            order.write(order_file)
            try:
                done = await _keep(order_file, account_file, home, stdin, limits)
            finally:
                await remove(tmp)  # whatever depth and permissions the program has given to the folders in it
                await remove(home / COPY)
            account = _account(account_file, done)
        return self._result(account, done)

    def _home(self, tmp: Path) -> Mapping[str, str]:
        """Where home and temporary files are inside."""
        place = str(tmp) if self._candidate.kind == SANDLOCK else "/tmp"  # noqa: S108 - the sandbox's own
        return {"HOME": place, "TMPDIR": place}

    def _result(self, account: Account, done: ProcessResult) -> SandboxResult:
        said = done.stderr.strip()[-500:]
        if account.refused is not None and not said.startswith(NO_PROGRAM):
            raise SandboxRefused(f"{self.name} did not run the program. {account.refused} {said}".strip())
        noise, _, rest = done.stderr.partition("\n")
        noisy = self._candidate.kind == SANDLOCK and noise.startswith(NOISE)
        return SandboxResult(
            sandbox=self.name,
            exit_code=127 if account.refused is not None else account.exit_code,
            stdout=done.stdout,
            stderr=rest if noisy else done.stderr,
            duration=done.duration,
            cpu_seconds=account.cpu_seconds,
            truncated=done.truncated,
            exceeded=account.exceeded,
        )


async def _keep(order: Path, account: Path, home: Path, stdin: bytes | None, limits: SandboxLimits) -> ProcessResult:
    arguments = ["-I", "-m", "agents.sandbox.keeper", str(order), str(account)]
    try:
        return await run(
            Path(sys.executable),
            arguments,
            cwd=home,
            stdin=stdin,
            timeout=limits.timeout + PATIENCE,
            max_output=limits.max_output,
        )
    except (ProcessNotStarted, ProcessTimedOut) as error:
        raise ToolFailure(f"The sandbox's keeper failed: {error}") from error


def _account(file: Path, done: ProcessResult) -> Account:
    try:
        return Account.read(file)
    except (OSError, ValueError) as error:
        said = done.stderr.strip()[-500:] or "it said nothing"
        raise ToolFailure(f"The sandbox's keeper ended with exit code {done.exit_code}: {said}") from error


def _check_texts(command: Sequence[str], cwd: str, env: Mapping[str, str]) -> None:
    if not command or not command[0]:
        raise ValueError("The command of a sandbox is empty: it needs a program at least.")
    if any("\0" in text for text in (*command, cwd, *env, *env.values())):
        raise ValueError("The command of a sandbox has a NUL character in it.")
    if not cwd.startswith("/"):
        raise ValueError(f"The folder {cwd!r} is no absolute path inside of the sandbox.")
    if wrong := [name for name in env if not name or "=" in name]:
        raise ValueError(f"{wrong[0]!r} is no name of a variable.")
