"""How sandlock is used: Landlock for files, seccomp for the rest, paths mapped by its supervisor. No namespaces.

The supervisor runs beside the program, in a process of ours, and under the same account.
"""

from __future__ import annotations

import os
import resource
import sys
from pathlib import Path
from typing import Any

from agents.contract.sandbox import SCRATCH, SOURCE
from agents.sandbox.allowance import allowances
from agents.sandbox.call_conditions import BY_DESCRIPTOR, ONESELF, SMALL_SEGMENTS
from agents.sandbox.order import Order
from agents.sandbox.outward_files import remove_outward
from agents.sandbox.seccomp import KERNEL_SURFACE, OF_OUR_OWN_ACCOUNT, UNMEDIATED, refuse_from_now_on

READABLE = (
    "/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/etc/alternatives", "/etc/ld.so.cache",
    "/dev/null", "/dev/zero", "/dev/random", "/dev/urandom",
)  # fmt: skip
NOISE = "sandlock: control socket setup failed"
"""How the line begins that its supervisor writes first, since it may open no socket either."""

OVERHEAD = 24
"""Threads of the supervisor, which count for the account."""

ENTER = ("/bin/sh", "-c", 'cd -- "$1" && shift && unset OLDPWD && exec "$@"', "sh")
"""Goes to a folder and becomes a program: sandlock itself goes there before its map of paths is in force."""


class Sandlock:
    """One run in sandlock. The keeper forks, and the child calls :meth:`enter`, which ends it."""

    def __init__(self, order: Order, user: int | None) -> None:
        import sandlock  # type: ignore[import-untyped]  # before root is given up: the account may not be able to read our packages

        self._sandlock = sandlock
        self._order = order
        self._own_account = user is not None
        self._told, self._tells = os.pipe()

    def enter(self) -> None:
        """Run the program and end this process with its exit code."""
        order = self._order
        remove_outward(Path(order.scratch))
        for kind, most in allowances(order, count_processes=self._own_account):
            extra = OVERHEAD if kind == resource.RLIMIT_NPROC else 0
            resource.setrlimit(kind, (most + extra, most + extra))
        refused = KERNEL_SURFACE | UNMEDIATED | (frozenset() if self._own_account else OF_OUR_OWN_ACCOUNT)
        refuse_from_now_on(refused, [*SMALL_SEGMENTS, *ONESELF, *BY_DESCRIPTOR])
        process = self._policy().popen([*ENTER, order.cwd, *order.command])
        os.write(self._tells, b"started")
        result = process.wait()
        sys.stdout.flush()
        ended_by = result.signal or 0
        os._exit(128 + ended_by if ended_by > 0 else max(result.exit_code, 0))

    def admit(self) -> None:
        """Let go of the child's end of the pipe."""
        os.close(self._tells)

    def ran(self) -> bool:
        """Whether the program was started, asked when the child has ended."""
        return os.read(self._told, 16) == b"started"

    def _policy(self) -> Any:
        order = self._order
        shown = {SOURCE: order.source} if order.source else {}
        # What lies under a path that is mapped would be looked for where the map leads to.
        shown |= {place: place for place in order.read_only if place.startswith((f"{SCRATCH}/", f"{SOURCE}/"))}
        return self._sandlock.Sandbox(
            chroot="/",
            fs_mount={SCRATCH: order.scratch},
            fs_mount_ro=shown,
            fs_readable=[*filter(os.path.exists, READABLE), *shown, *order.read_only],
            # Not mapped to /tmp: the rules of Landlock would then allow the machine's own /tmp as well.
            fs_writable=[SCRATCH, order.tmp, os.devnull],
            extra_deny_syscalls=["memfd_create"],
            clean_env=True,
            env=dict(order.env),
            cwd="/",
            name=f"sandbox-{os.getpid()}",  # a name that is in use is refused
            max_processes=order.max_processes,
        )
