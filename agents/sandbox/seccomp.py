"""A filter for the system calls that neither kind of sandbox has an answer for.

It is a short program for the kernel (classic BPF): the calls named here fail with EPERM, some of them only with certain
arguments (``call_conditions.py``), and so does every call made in the way of another architecture, where the numbers
mean something else.
"""

from __future__ import annotations

import ctypes
import os
import platform
import struct
from collections.abc import Collection

from agents.process_family import LIBC
from agents.sandbox.call_conditions import ALLOW, EQUAL, LOAD, REFUSE, RETURN, Condition, Line

NUMBERS: dict[str, dict[str, int]] = {
    "x86_64": {
        "socket": 41, "connect": 42, "bind": 49, "utime": 132, "utimes": 235, "futimesat": 261, "mq_open": 240,
        "add_key": 248, "request_key": 249, "keyctl": 250, "perf_event_open": 298, "bpf": 321, "userfaultfd": 323,
        "ioctl": 16, "shmget": 29, "semget": 64, "msgget": 68, "fchmod": 91, "fchown": 93, "setpriority": 141,
        "sched_setparam": 142, "sched_setscheduler": 144, "fsetxattr": 190, "fremovexattr": 199,
        "sched_setaffinity": 203, "ioprio_set": 251, "inotify_add_watch": 254, "migrate_pages": 256, "move_pages": 279,
        "utimensat": 280, "fanotify_init": 300, "prlimit64": 302, "sched_setattr": 314,
        "creat": 85, "mknod": 133, "mknodat": 259,
        "setxattr": 188, "lsetxattr": 189, "removexattr": 197, "lremovexattr": 198,
    },
    "aarch64": {
        "socket": 198, "connect": 203, "bind": 200, "mq_open": 180,
        "add_key": 217, "request_key": 218, "keyctl": 219, "perf_event_open": 241, "bpf": 280, "userfaultfd": 282,
        "ioctl": 29, "shmget": 194, "semget": 190, "msgget": 186, "fchmod": 52, "fchown": 55, "setpriority": 140,
        "sched_setparam": 118, "sched_setscheduler": 119, "fsetxattr": 7, "fremovexattr": 16,
        "sched_setaffinity": 122, "ioprio_set": 30, "inotify_add_watch": 27, "migrate_pages": 238, "move_pages": 239,
        "utimensat": 88, "fanotify_init": 262, "prlimit64": 261, "sched_setattr": 274,
        "mknodat": 33, "setxattr": 5, "lsetxattr": 6, "removexattr": 14, "lremovexattr": 15,
    },
}  # fmt: skip
"""The calls of old, which each architecture numbers as it likes."""

NEWER = {
    "io_uring_setup": 425, "io_uring_enter": 426, "io_uring_register": 427, "open_tree": 428, "move_mount": 429,
    "fsopen": 430, "setxattrat": 463, "removexattrat": 466, "open_tree_attr": 467, "file_setattr": 469,
}  # fmt: skip
"""From 424 on a call has one number everywhere."""

AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
X32 = 0x4000_0000
AT_LEAST = 0x35
PR_SET_SECCOMP, SECCOMP_MODE_FILTER, PR_SET_NO_NEW_PRIVS = 22, 2, 38

KERNEL_SURFACE = frozenset(
    ("add_key", "request_key", "keyctl", "perf_event_open", "bpf", "userfaultfd", "io_uring_setup", "io_uring_enter",
     "io_uring_register", "msgget")
)  # fmt: skip
"""What a test or a build has no business with: the keyrings are the worker's own, messages of System V are memory that
belongs to no process, the rest is where kernels break."""

UNMEDIATED = frozenset(
    ("socket", "connect", "bind", "utime", "utimes", "futimesat", "mq_open", "open_tree", "open_tree_attr",
     "move_mount", "fsopen", "setxattrat", "removexattrat", "file_setattr", "inotify_add_watch",
     "fanotify_init", "creat", "mknod", "mknodat")
)  # fmt: skip
"""Calls that sandlock 0.9 does not look at and Landlock does not restrict, though they reach what is outside. (Or not
there: ``creat`` and ``mknod`` would take ``/scratch`` for the machine's own.)"""

OF_OUR_OWN_ACCOUNT = frozenset(("fchmod", "fchown"))
"""The same where the program runs under the worker's account: whose file it is may change it by an open descriptor,
also one that was opened for reading."""


def known_here() -> bool:
    """Whether the filter can be made for this machine."""
    return platform.machine() in NUMBERS


def seccomp_program(refused: Collection[str], conditions: Collection[Condition] = ()) -> bytes:
    """The filter, as an array of ``struct sock_filter``."""
    machine = platform.machine()
    known = NUMBERS[machine] | NEWER
    lines: list[Line] = [(LOAD, 0, 0, 4), (EQUAL, 1, 0, AUDIT_ARCH[machine]), (RETURN, 0, 0, REFUSE), (LOAD, 0, 0, 0)]
    if machine == "x86_64":
        lines += [(AT_LEAST, 0, 1, X32), (RETURN, 0, 0, REFUSE)]
    for number in sorted(known[name] for name in refused if name in known):
        lines += [(EQUAL, 0, 1, number), (RETURN, 0, 0, REFUSE)]
    for condition in conditions:
        judged = condition.lines()
        lines += [(EQUAL, 0, len(judged), known[condition.call]), *judged]
    lines.append((RETURN, 0, 0, ALLOW))
    return b"".join(struct.pack("=HBBI", *line) for line in lines)


def refuse_from_now_on(refused: Collection[str], conditions: Collection[Condition] = ()) -> None:
    """Put the filter on this process and all it will start.

    Raises:
        OSError: the kernel does not take it.
    """
    program = ctypes.create_string_buffer(seccomp_program(refused, conditions))
    count = (len(program) - 1) // 8
    described = struct.pack("@HP", count, ctypes.addressof(program))
    if LIBC.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or LIBC.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, described, 0, 0):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
