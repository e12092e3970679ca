"""A filter for the system calls that neither kind of sandbox has an answer for.

It is a short program for the kernel (classic BPF): the calls named here fail with EPERM, and so does every call made in
the way of another architecture, where the numbers mean something else.
"""

from __future__ import annotations

import ctypes
import os
import platform
import struct
from collections.abc import Collection

from agents.process_family import LIBC

NUMBERS: dict[str, dict[str, int]] = {
    "x86_64": {
        "socket": 41, "connect": 42, "bind": 49, "utime": 132, "utimes": 235, "futimesat": 261, "mq_open": 240,
        "add_key": 248, "request_key": 249, "keyctl": 250, "perf_event_open": 298, "bpf": 321, "userfaultfd": 323,
    },
    "aarch64": {
        "socket": 198, "connect": 203, "bind": 200, "mq_open": 180,
        "add_key": 217, "request_key": 218, "keyctl": 219, "perf_event_open": 241, "bpf": 280, "userfaultfd": 282,
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
LOAD, EQUAL, AT_LEAST, RETURN = 0x20, 0x15, 0x35, 0x06
ALLOW, REFUSE = 0x7FFF_0000, 0x0005_0001  # SECCOMP_RET_ALLOW, SECCOMP_RET_ERRNO | EPERM
PR_SET_SECCOMP, SECCOMP_MODE_FILTER, PR_SET_NO_NEW_PRIVS = 22, 2, 38

KERNEL_SURFACE = frozenset(
    ("add_key", "request_key", "keyctl", "perf_event_open", "bpf", "userfaultfd", "io_uring_setup", "io_uring_enter",
     "io_uring_register")
)  # fmt: skip
"""What a test or a build has no business with: the keyrings are the worker's own, the rest is where kernels break."""

UNMEDIATED = frozenset(
    ("socket", "connect", "bind", "utime", "utimes", "futimesat", "mq_open", "open_tree", "open_tree_attr",
     "move_mount", "fsopen", "setxattrat", "removexattrat", "file_setattr")
)  # fmt: skip
"""Calls that Landlock does not restrict and sandlock 0.9 does not look at, though they reach what is outside."""


def known_here() -> bool:
    """Whether the filter can be made for this machine."""
    return platform.machine() in NUMBERS


def seccomp_program(refused: Collection[str]) -> bytes:
    """The filter, as an array of ``struct sock_filter``."""
    machine = platform.machine()
    known = NUMBERS[machine] | NEWER
    numbers = sorted(known[name] for name in refused if name in known)
    lines = [(LOAD, 0, 0, 4), (EQUAL, 1, 0, AUDIT_ARCH[machine]), (RETURN, 0, 0, REFUSE), (LOAD, 0, 0, 0)]
    left = len(numbers) + 1
    if machine == "x86_64":
        lines.append((AT_LEAST, left, 0, X32))
    lines += [(EQUAL, left - place - 1, 0, number) for place, number in enumerate(numbers)]
    lines += [(RETURN, 0, 0, ALLOW), (RETURN, 0, 0, REFUSE)]
    return b"".join(struct.pack("=HBBI", *line) for line in lines)


def refuse_from_now_on(refused: Collection[str]) -> None:
    """Put the filter on this process and all it will start.

    Raises:
        OSError: the kernel does not take it.
    """
    program = ctypes.create_string_buffer(seccomp_program(refused))
    count = (len(program) - 1) // 8
    described = struct.pack("@HP", count, ctypes.addressof(program))
    if LIBC.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or LIBC.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, described, 0, 0):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
