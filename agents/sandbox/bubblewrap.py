"""How bubblewrap is called: namespaces of its own for everything, and a file system put together from what is named."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

from agents.contract.sandbox import SCRATCH, SOURCE
from agents.sandbox.allowance import limit
from agents.sandbox.call_conditions import SMALL_SEGMENTS
from agents.sandbox.order import Order
from agents.sandbox.outward_files import outward_files, remove_outward
from agents.sandbox.seccomp import KERNEL_SURFACE, known_here, seccomp_program

LAYOUT = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64")
SETTINGS = ("/etc/alternatives", "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d")
FILES = {
    "/etc/passwd": "sandbox:x:1000:1000::/tmp:/bin/sh\n",
    "/etc/group": "sandbox:x:1000:\n",
    "/etc/hosts": "127.0.0.1 localhost\n::1 localhost\n",
    "/etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
}
"""Nothing of the host's: enough for programs that ask who they are and where localhost is."""

SHARED_MEMORY = 64 * 2**20
"""Bytes of ``/dev/shm``."""


class Bubblewrap:
    """One run in bubblewrap. The keeper forks, and the child calls :meth:`enter`; the parent :meth:`admit`."""

    def __init__(self, order: Order, user: int | None) -> None:
        self._order = order
        self._user = user
        self._told, self._tells = os.pipe()
        self._waits, self._released = os.pipe()
        self._said = b""

    def enter(self) -> None:
        """Become bubblewrap. Returns only by raising :class:`OSError`."""
        remove_outward(Path(self._order.scratch))
        kept = [self._tells, self._waits]
        arguments = list(_arguments(self._order, kept))
        arguments += ["--json-status-fd", str(self._tells), "--block-fd", str(self._waits)]
        kept.append(told := _memory_file(b"".join(os.fsencode(one) + b"\0" for one in arguments)))
        for number in kept:
            os.set_inheritable(number, True)
        command = [self._order.program, "--args", str(told), "--", *self._order.command]
        os.execve(self._order.program, command, {})  # noqa: S606 - this is where the shell is left out

    def admit(self) -> None:
        """Wait until the sandbox stands, set its limits, and let the program begin.

        The limits are set from outside because inside a user namespace of its own only what runs in it is counted.
        """
        os.close(self._tells)
        os.close(self._waits)
        while b"\n" not in self._said:
            more = os.read(self._told, 4096)
            if not more:
                return  # it could not be set up: its exit code says so
            self._said += more
        first = int(json.loads(self._said.splitlines()[0])["child-pid"])
        limit(first, self._order, self._user)
        os.write(self._released, b"x")

    def ran(self) -> bool:
        """Whether the program was started, asked when bubblewrap has ended."""
        os.set_blocking(self._told, False)
        try:
            while more := os.read(self._told, 4096):
                self._said += more
        except BlockingIOError:
            pass
        return b"exit-code" in self._said


def _arguments(order: Order, kept: list[int]) -> Iterator[str]:
    yield from ("--unshare-user", "--unshare-all", "--disable-userns", "--uid", "1000", "--gid", "1000")
    yield from ("--die-with-parent", "--new-session", "--hostname", "sandbox", "--proc", "/proc")
    yield from _system()
    for name, text in FILES.items():
        kept.append(number := _memory_file(text.encode()))
        yield from ("--ro-bind-data", str(number), name)
    yield from ("--dev", "/dev", "--size", str(SHARED_MEMORY), "--tmpfs", "/dev/shm", "--remount-ro", "/dev")  # noqa: S108
    yield from ("--bind", order.tmp, "/tmp", "--bind", order.scratch, SCRATCH)  # noqa: S108
    for place in order.read_only:
        yield from ("--ro-bind", place, place)
    masked = list(order.masked)
    if order.source:
        yield from ("--ro-bind", order.source, SOURCE)
        masked += [f"{SOURCE}/{path.relative_to(order.source)}" for path in outward_files(Path(order.source))]
    for path in masked:
        yield from ("--ro-bind", os.devnull, path)
    yield from ("--remount-ro", "/", "--chdir", order.cwd)
    for variable, value in order.env.items():
        yield from ("--setenv", variable, value)
    if known_here():
        kept.append(number := _memory_file(seccomp_program(KERNEL_SURFACE, SMALL_SEGMENTS)))
        yield from ("--seccomp", str(number))


def _system() -> Iterator[str]:
    for place in map(Path, LAYOUT):
        if place.is_symlink():
            yield from ("--symlink", str(place.readlink()), str(place))
        elif place.is_dir():
            yield from ("--ro-bind", str(place), str(place))
    for name in SETTINGS:
        yield from ("--ro-bind-try", name, name)


def _memory_file(content: bytes) -> int:
    number = os.memfd_create("sandbox")
    os.write(number, content)
    os.lseek(number, 0, os.SEEK_SET)
    return number
