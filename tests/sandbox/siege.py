"""Let the intruder loose in one kind of sandbox, under one account, and see from outside what it has reached.

    python -m tests.sandbox.siege ACCOUNT KIND ATTEMPT…

``KIND`` is a label of ``agents.sandbox.candidates``, or ``unconfined`` for the control: every attempt then succeeds, so
the siege would notice. Prints JSON: for each attempt whether it has reached its aim, and what was seen.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from agents.contract.sandbox import Sandbox, SandboxLimits, SandboxResult
from agents.sandbox.candidates import candidates
from agents.sandbox.kept import KeptSandbox
from agents.sandbox.places import interpreter_places
from agents.sandbox.privileges import NOBODY, reveal
from tests.sandbox.outside import MIB, Outside, Watcher

ROOT = Path(__file__).parents[2]
UNCONFINED = "unconfined"
SECRET = "WRENCHAI_SIEGE_SECRET"

LIMITS = SandboxLimits(
    timeout=timedelta(seconds=20), cpu_seconds=60, max_memory=128 * MIB, max_processes=24, max_files=64,
    max_disk=32 * MIB, max_output=256 * 1024,
)  # fmt: skip


@dataclass(frozen=True)
class Seen:
    """What is known after a run."""

    outside: Outside
    result: SandboxResult
    said: str
    watcher: Watcher
    grown: int


Judge = Callable[[Seen], bool]


def _told(text: str) -> Judge:
    return lambda seen: text in seen.said


def _heard(text: bytes) -> Judge:
    return lambda seen: seen.outside.has_heard(text)


def _token(seen: Seen) -> bool:
    return seen.outside.token in seen.said


AT_ONCE: Mapping[str, Judge] = {
    "tcp": _heard(b"tcp"),
    "udp": _heard(b"udp"),
    "abstract_socket": _heard(b"abstract_socket"),
    "socket_by_its_path": _heard(b"socket_by_its_path"),
    "socket_in_source": _heard(b"socket_in_source"),
    "socket_in_scratch": _heard(b"socket_in_scratch"),
    "socket_in_read_only": _heard(b"socket_in_read_only"),
    "pipe_in_source": _heard(b"pipe_in_source"),
    "etc": lambda seen: seen.outside.etc_in(seen.said),
    "home": _token,
    "environment": _token,
    "files_of_the_parent": _token,
    "memory_of_another": _told("memory: 16"),
    "write_outside": lambda seen: seen.outside.written("written"),
    "links_out": lambda seen: _token(seen) or seen.outside.written("through-a-link"),
    "dots_out": lambda seen: _token(seen) or seen.outside.written("with-dots"),
    "change_outside_by_old_calls": lambda seen: seen.outside.changed(seen.outside.old),
    "change_outside": lambda seen: seen.outside.changed(seen.outside.mine),
    "change_the_source": lambda seen: seen.outside.changed(seen.outside.code),
    "change_by_descriptor": lambda seen: (
        seen.outside.changed(seen.outside.kept) or seen.outside.changed(seen.outside.shown)
    ),
    "calls_by_the_real_path": _told("not translated:"),
    "limits_of_another": lambda seen: seen.outside.victim_changed(),
    "watch_outside": _told("watch: set"),
    "keyring": _told("keyring: seen"),
    "other_namespaces": _told("namespace: made"),
    "kill_another": lambda seen: seen.outside.victim_dies(0.3),
}
"""Attempts that are refused without an effect on each other: one run makes all of them."""

PROCESSES_BESIDE = 8
"""Processes that may be seen besides the allowed ones: the keeper has the token too while it forks."""


@dataclass(frozen=True)
class Bomb:
    """An attempt that has a run to itself: ``bound`` keeps the control harmless, inside there is none."""

    reached: Judge
    bound: float | None = None
    limits: SandboxLimits = LIMITS


def _more_than(memory: int) -> Judge:
    return lambda seen: "memory:" in seen.said or seen.watcher.memory > memory


BOMBS: Mapping[str, Bomb] = {
    "fork_bomb": Bomb(
        lambda seen: "processes:" in seen.said or seen.watcher.processes > LIMITS.max_processes + PROCESSES_BESIDE,
        bound=40,
        limits=replace(LIMITS, timeout=timedelta(seconds=2), max_memory=1024 * MIB),
    ),
    "memory_bomb": Bomb(_more_than(1024 * MIB), bound=200),
    "memory_of_many": Bomb(_more_than(1024 * MIB), bound=200),
    "shared_memory": Bomb(_more_than(2048 * MIB), bound=200),
    "memory_files": Bomb(_told("memory:"), bound=200),
    "shared_memory_files": Bomb(_told("memory:"), bound=80),
    "memory_of_no_process": Bomb(_told("memory:"), bound=80),
    "memory_let_go_of": Bomb(_told("memory:"), bound=80),
    "disk_fill": Bomb(_told("disk:"), bound=40),
    "disk_fill_with_many": Bomb(_told("disk:"), bound=40),
    "disk_fill_unseen": Bomb(_told("disk:"), bound=40),
    "disk_fill_in_tmp": Bomb(_told("disk:"), bound=40),
    "many_files": Bomb(_told("files: 256")),
    "runaway": Bomb(lambda seen: bool(seen.watcher.alive())),
    "flood": Bomb(
        lambda seen: len(seen.result.stdout) > LIMITS.max_output or seen.grown > 100 * MIB,
        bound=100,
        limits=replace(LIMITS, timeout=timedelta(seconds=1)),
    ),
    "sleeper": Bomb(_told("time: slept"), bound=1, limits=replace(LIMITS, timeout=timedelta(seconds=1))),
    "burner": Bomb(_told("cpu: burnt"), bound=0.2, limits=replace(LIMITS, cpu_seconds=1)),
}


class Unconfined:
    """The control: a plain process, as the sandbox never uses one."""

    name = UNCONFINED

    async def run(self, command: Sequence[str], *, scratch: Path, **_: object) -> SandboxResult:
        """Run it, wait, and say what it said."""
        began = time.monotonic()
        done = await asyncio.to_thread(
            subprocess.run, command, cwd=scratch, capture_output=True, timeout=30, check=False, close_fds=False,
            env={**os.environ, "TMPDIR": str(scratch)},
        )  # fmt: skip
        return SandboxResult(
            sandbox=self.name,
            exit_code=done.returncode,
            stdout=done.stdout.decode(errors="replace"),
            stderr=done.stderr.decode(errors="replace"),
            duration=timedelta(seconds=time.monotonic() - began),
            cpu_seconds=0,
        )


async def besiege(kind: str, attempts: Sequence[str], token: str) -> dict[str, dict[str, object]]:
    """Make the attempts; those of ``AT_ONCE`` together, each bomb by itself."""
    answers: dict[str, dict[str, object]] = {}
    together = [name for name in AT_ONCE if name in attempts]
    if together:
        seen = await _run(kind, together, token, None, LIMITS, lambda seen, name: AT_ONCE[name](seen))
        answers.update(seen)
    for name in attempts:
        if name in BOMBS:
            bomb = BOMBS[name]
            bound = bomb.bound if kind == UNCONFINED else None
            judged = await _run(kind, [name], token, bound, bomb.limits, lambda seen, name: BOMBS[name].reached(seen))
            answers.update(judged)
    return answers


async def _run(
    kind: str,
    names: Sequence[str],
    token: str,
    bound: float | None,
    limits: SandboxLimits,
    judge: Callable[[Seen, str], bool],
) -> dict[str, dict[str, object]]:
    with Outside(token) as outside, Watcher(f"intruder-{os.getpid()}") as watcher:
        program = outside.source / "intruder.py"
        shutil.copy(Path(__file__).with_name("intruder.py"), program)
        inside = str(program) if kind == UNCONFINED else "/source/intruder.py"
        before = _resident()
        result = await _sandbox(kind).run(
            [sys.executable, inside, outside.targets(bound), *names],
            source=outside.source,
            scratch=outside.scratch,
            read_only=[*interpreter_places(), outside.read_only],
            limits=limits,
        )
        grown = _resident() - before
        outside.settle()
        said = _sections(result.stdout)
        answers: dict[str, dict[str, object]] = {}
        for name in names:
            seen = Seen(outside, result, said.get(name, ""), watcher, grown)
            answers[name] = {
                "reached": judge(seen, name),
                "tried": name in said,
                "exceeded": result.exceeded,
                "exit_code": result.exit_code,
                "left": len(watcher.alive()),
                "most_processes": watcher.processes,
                "most_memory": watcher.memory,
                "cpu_seconds": result.cpu_seconds,
                "seconds": result.duration.total_seconds(),
                "said": said.get(name, "")[-300:],
                "error": result.stderr[-300:],
                "truncated": result.truncated,
            }
        for process in watcher.alive():
            process.kill()
        for left in Path("/dev/shm").glob(f"{watcher.token}-*"):
            left.unlink()
        return answers


def _sandbox(kind: str) -> Sandbox:
    if kind == UNCONFINED:
        return Unconfined()
    return KeptSandbox(next(one for one in candidates("auto") if one.label == kind))


def _sections(stdout: str) -> dict[str, str]:
    parts = stdout.split("# ")[1:]
    return {part.split("\n", 1)[0].strip()[:60]: part for part in parts}


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def become_nobody() -> None:
    """Give up root, and keep what is needed of its folders in sight."""
    reveal([*interpreter_places(), ROOT])
    os.setgroups([])
    os.setresgid(NOBODY, NOBODY, NOBODY)
    os.setresuid(NOBODY, NOBODY, NOBODY)
    os.environ["HOME"] = tempfile.mkdtemp(prefix="home-of-nobody-")


def main(account: str, kind: str, attempts: Sequence[str]) -> None:
    """Run the siege and print what came of it."""
    if account == "nobody":
        become_nobody()
    print(json.dumps(asyncio.run(besiege(kind, attempts, os.environ[SECRET]))))
    if account == "nobody":
        shutil.rmtree(os.environ["HOME"], ignore_errors=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
