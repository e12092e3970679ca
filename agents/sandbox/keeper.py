"""The process between a worker and a sandbox: it gives up privileges, watches the limits, and ends everything.

It is a program of its own so that the limits are kept while the worker's event loop is busy, and so that nothing is
left when the worker is killed: the kernel tells it (``PR_SET_PDEATHSIG``), it adopts what loses its parent
(``PR_SET_CHILD_SUBREAPER``), and it does not end before all of it is gone.

python -I -m agents.sandbox.keeper ORDER ACCOUNT
"""

from __future__ import annotations

import os
import signal
import sys
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from agents.process_family import LIBC, PR_SET_PDEATHSIG
from agents.sandbox.allowance import die_first
from agents.sandbox.bubblewrap import Bubblewrap
from agents.sandbox.measure import TreeUse, descendants, disk_use, shared_mappings, tree_use
from agents.sandbox.order import BUBBLEWRAP, COPY, Account, CannotBeSetUp, Order
from agents.sandbox.privileges import account_for, become, give, readable_copy, reveal
from agents.sandbox.sandlocked import OVERHEAD, Sandlock

PR_SET_CHILD_SUBREAPER = 36
POLL = 0.05
DISK_POLL = 0.25
SHARE = 10
"""Measuring the disk takes at most this part of the time, and measuring mappings too: one tenth."""

WATCHED = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD}
KILLED = 128 + signal.SIGKILL
CANNOT_ENTER = 125


class Kind(Protocol):
    """One kind of sandbox, for one run."""

    def enter(self) -> None:
        """In the child: become the program."""

    def admit(self) -> None:
        """In the keeper: let the program begin."""

    def ran(self) -> bool:
        """Whether it did begin."""


def keep(order: Order) -> Account:
    """Run the order to its end and say how it ended.

    Raises:
        CannotBeSetUp: nothing was run.
    """
    user = None
    if os.geteuid() == 0:
        user = account_for(Path(order.scratch))
        order = _without_root(order, user)
    kind: Kind = (Bubblewrap if order.kind == BUBBLEWRAP else Sandlock)(order, user)
    keeper = os.getpid()
    child = os.fork()
    if child == 0:
        _enter(kind, order, user, keeper)
    watch = _Watch(order, child, kind)
    try:
        kind.admit()
    except CannotBeSetUp:
        watch.end_all()
        raise
    return watch.account()


def _without_root(order: Order, user: int) -> Order:
    """Prepare for the account that is used instead of root; the order as the account can carry it out."""
    if order.source is not None:
        copy = Path(order.tmp).with_name(COPY)
        order = replace(order, source=str(readable_copy(Path(order.source), copy, user)))
    give([Path(order.scratch), Path(order.tmp)], user)
    reveal({*order.places, *map(Path, order.program_parts)})
    return order


def _enter(kind: Kind, order: Order, user: int | None, keeper: int) -> None:
    """The child between fork and exec."""
    try:
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != keeper:
            os._exit(1)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, WATCHED)
        die_first()
        if user is not None:
            become(user)
            LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)  # giving up root has cleared it
        unreadable = [place for place in order.places if not os.access(place, os.R_OK)]
        if unreadable:
            raise CannotBeSetUp(f"The sandbox's account may not read {unreadable[0]}: let others read it.")
        kind.enter()
    except BaseException as error:  # noqa: BLE001 - this is a fork: nothing may go on from here
        with suppress(OSError):
            os.write(2, f"{error}\n".encode())
    os._exit(CANNOT_ENTER)


class _Watch:
    """Waits for the end of a run, or brings it about when a limit is exceeded or the worker wants it."""

    def __init__(self, order: Order, child: int, kind: Kind) -> None:
        self._order = order
        self._child = child
        self._kind = kind
        self._status: int | None = None
        self._cpu = 0.0
        self._began = time.monotonic()
        self._disk_again = self._began + DISK_POLL
        self._mapped = 0
        self._mapped_again = self._began

    def account(self) -> Account:
        exceeded = self._until_the_end()
        self.end_all()
        self._cpu = max(self._cpu, sum(os.times()[2:4]))
        if exceeded is None and self._cpu >= self._order.cpu_seconds:
            exceeded = "cpu"  # the kernel was faster than we
        code = _shell_code(self._status) if self._status is not None else KILLED
        if exceeded is None and not self._kind.ran():
            return Account(exit_code=code, refused="It could not be set up.")
        return Account(exit_code=KILLED if exceeded else code, cpu_seconds=self._cpu, exceeded=exceeded)

    def _until_the_end(self) -> str | None:
        while True:
            event = signal.sigtimedwait(WATCHED, POLL)
            self._reap()
            if self._status is not None:
                return None
            if event is not None and event.si_signo != signal.SIGCHLD:
                return "stopped"
            if exceeded := self._exceeded():
                return exceeded

    def _exceeded(self) -> str | None:
        now, order = time.monotonic(), self._order
        use = tree_use(descendants(os.getpid()))
        self._cpu = max(self._cpu, use.cpu_seconds)
        if now - self._began > order.timeout:
            return "time"
        if self._cpu > order.cpu_seconds:
            return "cpu"
        if use.private + max(use.shared, self._shared(use, now)) > order.max_memory:
            return "memory"
        if use.threads > order.max_processes + OVERHEAD:
            return "processes"
        return self._disk_exceeded(use.pids, now) if now >= self._disk_again else None

    def _shared(self, use: TreeUse, now: float) -> int:
        if now >= self._mapped_again:
            self._mapped = shared_mappings(use.pids)
            self._mapped_again = now + max(POLL, (time.monotonic() - now) * SHARE)
        return self._mapped

    def _disk_exceeded(self, pids: tuple[int, ...], now: float) -> str | None:
        try:
            used = disk_use([Path(self._order.scratch), Path(self._order.tmp)], pids)
        except OSError:
            return "disk"  # deeper than a path can name: no honest program nests folders like that
        self._disk_again = now + max(DISK_POLL, (time.monotonic() - now) * SHARE)
        return "disk" if used > self._order.max_disk else None

    def _reap(self) -> None:
        with suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                if ended[0] == self._child:
                    self._status = ended[1]

    def end_all(self) -> None:
        """Kill until nobody is left. What is killed can start nothing more, so this comes to an end."""
        while left := descendants(os.getpid()):
            for number in (signal.SIGSTOP, signal.SIGKILL):
                for pid in left:
                    with suppress(ProcessLookupError, PermissionError):
                        os.kill(pid, number)
            signal.sigtimedwait({signal.SIGCHLD}, 0.005)
            self._reap()


def _shell_code(status: int) -> int:
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


def main(arguments: list[str]) -> int:
    """Carry out the order in the file, and write the account."""
    order_file, account_file = map(Path, arguments)
    order = Order.read(order_file)
    signal.pthread_sigmask(signal.SIG_BLOCK, WATCHED)
    LIBC.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != order.parent:
        return 1
    with account_file.open("w") as written:  # opened now: what is mounted later may hide it from us
        try:
            account = keep(order)
        except CannotBeSetUp as error:
            account = Account(refused=str(error))
        account.write(written)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
