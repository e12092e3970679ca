"""The limits that the kernel keeps for us, for each process and all it starts."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from pathlib import Path

from agents.sandbox.order import CannotBeSetUp, Order
from agents.sandbox.privileges import become


def allowances(order: Order, *, count_processes: bool) -> Iterator[tuple[int, int]]:
    """Each resource with what it is limited to.

    ``count_processes`` is for where the account, or its user namespace, runs nothing else: elsewhere the limit would
    count the user's own programs. Memory here is what one process may ask for; the total is watched by the keeper.
    """
    wanted = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_CPU: int(order.cpu_seconds) + 1,
        resource.RLIMIT_DATA: order.max_memory,
        resource.RLIMIT_FSIZE: order.max_disk,
        resource.RLIMIT_MEMLOCK: 64 * 1024,
        resource.RLIMIT_NOFILE: order.max_files,
        resource.RLIMIT_MSGQUEUE: 0,
    }
    if count_processes:
        wanted[resource.RLIMIT_NPROC] = order.max_processes
    for kind, most in wanted.items():
        hard = resource.getrlimit(kind)[1]
        yield kind, most if hard == resource.RLIM_INFINITY else min(most, hard)


def limit(pid: int, order: Order, user: int | None) -> None:
    """Put the limits on a process of the account ``user`` (``None``: our own) that has a user namespace to itself.

    Raises:
        CannotBeSetUp: the kernel refuses.
    """
    # From a child that is that account: a root without CAP_SYS_RESOURCE may limit its own processes only.
    helper = os.fork()
    if helper == 0:
        try:
            if user is not None:
                become(user)
            for kind, most in allowances(order, count_processes=True):
                resource.prlimit(pid, kind, (most, most))
        except BaseException as error:  # noqa: BLE001 - this is a fork: nothing may go on from here
            os.write(2, f"{error}\n".encode())
            os._exit(1)
        os._exit(0)
    if os.waitpid(helper, 0)[1]:
        raise CannotBeSetUp("Its limits cannot be set.")


def die_first() -> None:
    """When the machine runs out of memory all the same, the kernel takes the sandbox and not its neighbours."""
    Path("/proc/self/oom_score_adj").write_text("1000")
