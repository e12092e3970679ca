"""Calls that are allowed with some arguments only, as lines of the filter in ``seccomp.py``.

A filter sees the numbers that a call was given, and not what they point to.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Line = tuple[int, int, int, int]
"""One ``struct sock_filter``: code, how far to jump if true and if not, value."""

LOAD, EQUAL, GREATER, RETURN = 0x20, 0x15, 0x25, 0x06
ALLOW, REFUSE = 0x7FFF_0000, 0x0005_0001  # SECCOMP_RET_ALLOW, SECCOMP_RET_ERRNO with EPERM
MISSING, UNSUPPORTED = 0x0005_0026, 0x0005_005F  # with ENOSYS and EOPNOTSUPP
PAGE = 4096


@dataclass(frozen=True, slots=True)
class Condition:
    """When ``call`` is allowed, by its arguments, counted from 0.

    ``equal``: these 32-bit numbers have to be that. ``at_most``: these 64-bit ones may not be greater (below 2**32).
    ``set``: these pointers may not be null. ``never``: these 32-bit ones may be none of those. Without ``possible`` it
    never is. ``answer`` is what it gets when it is not.
    """

    call: str
    equal: Mapping[int, int] = field(default_factory=dict)
    at_most: Mapping[int, int] = field(default_factory=dict)
    set: tuple[int, ...] = ()
    never: Mapping[int, tuple[int, ...]] = field(default_factory=dict)
    possible: bool = True
    answer: int = REFUSE

    def lines(self) -> list[Line]:
        """What follows when it is this call; every way through it ends in a verdict."""
        no: Line = (RETURN, 0, 0, self.answer)
        if not self.possible:
            return [no]
        lines: list[Line] = []
        for place, value in self.equal.items():
            lines += [(LOAD, 0, 0, _low(place)), (EQUAL, 1, 0, value), no]
        for place, value in self.at_most.items():
            lines += [(LOAD, 0, 0, _low(place) + 4), (EQUAL, 1, 0, 0), no]
            lines += [(LOAD, 0, 0, _low(place)), (GREATER, 0, 1, value), no]
        for place in self.set:
            lines += [(LOAD, 0, 0, _low(place)), (EQUAL, 0, 3, 0), (LOAD, 0, 0, _low(place) + 4), (EQUAL, 0, 1, 0), no]
        for place, values in self.never.items():
            lines.append((LOAD, 0, 0, _low(place)))
            for value in values:
                lines += [(EQUAL, 0, 1, value), no]
        return [*lines, (RETURN, 0, 0, ALLOW)]


def _low(place: int) -> int:
    """Where the lower half of an argument is in ``struct seccomp_data``; both machines are little-endian."""
    return 16 + 8 * place


SMALL_SEGMENTS = (
    Condition("shmget", at_most={1: PAGE}),
    Condition("semget", at_most={1: 32}),
)
"""Memory of System V belongs to no process, so nobody would see it used: it is small. PostgreSQL needs 56 bytes."""

ONESELF = (
    Condition("prlimit64", equal={0: 0}),
    Condition("setpriority", equal={0: 0, 1: 0}),
    Condition("ioprio_set", equal={0: 1, 1: 0}),
    Condition("sched_setaffinity", equal={0: 0}),
    Condition("sched_setscheduler", equal={0: 0}),
    Condition("sched_setparam", equal={0: 0}),
    Condition("sched_setattr", equal={0: 0}),
    Condition("migrate_pages", equal={0: 0}),
    Condition("move_pages", equal={0: 0}),
)
"""Calls that work on any process of the same account, the worker and the keeper too: here only on who calls."""

FLAGS = (0x4008_6602, 0x4004_6602, 0x4008_7602, 0x4004_7602, 0x401C_5820)
"""FS_IOC_SETFLAGS and FS_IOC_SETVERSION, the forms for 32 bits, and FS_IOC_FSSETXATTR."""

BY_DESCRIPTOR = (
    Condition("utimensat", set=(1,), answer=MISSING),  # as in an old kernel: the C library's callers name the file then
    Condition("ioctl", never={1: FLAGS}),
    *(
        Condition(call, possible=False, answer=UNSUPPORTED)  # `cp -p` does without them then
        for call in ("fsetxattr", "fremovexattr", "setxattr", "lsetxattr", "removexattr", "lremovexattr")
    ),
)
"""What changes a file that was opened for reading only. Attributes are not to be set by a path either: sandlock judges
the path by its map, and the kernel then does it to the file that really has the path."""
