"""The sandbox as agents and tools see it: where code of users is executed, and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Protocol

from agents.contract.failures import ToolFailure

SCRATCH = "/scratch"
"""Where the scratch folder is inside."""

SOURCE = "/source"
"""Where the source is inside."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxLimits:
    """What one run may take at most; every limit is for all of its processes together unless it says otherwise.

    ``cpu_seconds`` is processor time; ``max_memory`` bytes; ``max_processes`` counts threads too; ``max_files`` is open
    files of each process; ``max_disk`` bytes in the scratch folder, what was there before included, and the run's
    ``/tmp``; of each stream ``max_output`` bytes are kept and the rest is dropped.
    """

    timeout: timedelta = timedelta(minutes=10)
    cpu_seconds: float = 1200
    max_memory: int = 2 * 2**30
    max_processes: int = 512
    max_files: int = 1024
    max_disk: int = 2 * 2**30
    max_output: int = 16 * 2**20

    def __post_init__(self) -> None:
        least = min(self.cpu_seconds, self.max_memory, self.max_processes, self.max_files, self.max_disk)
        if least <= 0 or self.timeout <= timedelta(0) or self.max_output < 0:
            raise ValueError("Every limit of a sandbox must be greater than zero.")


DEFAULT_LIMITS = SandboxLimits()


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxResult:
    """What a program did in a sandbox, and in which.

    ``sandbox`` is its kind and version. ``exit_code`` is as a shell gives it: 128 and the number of the signal that
    ended the program. ``exceeded`` names the limit that ended it: ``time``, ``cpu``, ``memory``, ``processes`` or
    ``disk``; a program that was merely refused a file or a process more may have gone on. ``truncated``: output was
    dropped.
    """

    sandbox: str
    exit_code: int
    stdout: str
    stderr: str
    duration: timedelta
    cpu_seconds: float
    truncated: bool = False
    exceeded: str | None = None


class SandboxRefused(ToolFailure):
    """The program was not run: there is no sandbox, or it cannot be set up. The message says what to do about it."""


class Sandbox(Protocol):
    """A place for code that nobody has vouched for: no network, no home, no environment, and limits."""

    @property
    def name(self) -> str:
        """Its kind and version, such as ``bubblewrap 0.11.0``; ``none`` for one that refuses to run anything."""

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
        """Run ``command`` without a shell and wait until all it started is gone.

        ``source`` is seen at ``/source`` and cannot be written, ``scratch`` at ``/scratch`` and can. The system's
        programs are there, and each of ``read_only`` at its own path. ``env`` is all of the environment but ``PATH``,
        ``HOME``, ``TMPDIR`` and the language, which it may override. Call it from the event loop of the main thread.

        Raises:
            SandboxRefused: there is no sandbox, or what is asked for cannot be set up.
            ToolFailure: the sandbox itself broke.
            ValueError: the command, a place or a variable is none.
        """
