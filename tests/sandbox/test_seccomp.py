"""The filter lets through what programs need of the calls that it looks into."""

from __future__ import annotations

import json
import subprocess
import sys
from errno import ENOSYS, EOPNOTSUPP, EPERM
from pathlib import Path

PROGRAM = """
import ctypes, json, os, platform, sys
from agents.sandbox.call_conditions import BY_DESCRIPTOR, ONESELF, SMALL_SEGMENTS
from agents.sandbox.seccomp import KERNEL_SURFACE, NUMBERS, refuse_from_now_on

refuse_from_now_on(KERNEL_SURFACE, [*SMALL_SEGMENTS, *ONESELF, *BY_DESCRIPTOR])
libc, numbers = ctypes.CDLL(None, use_errno=True), NUMBERS[platform.machine()]

def call(name, *arguments):
    ctypes.set_errno(0)
    wide = [ctypes.c_long(one) if isinstance(one, int) else one for one in arguments]
    answer = libc.syscall(numbers[name], *wide)
    if name.endswith("get") and answer >= 0:
        libc.shmctl(answer, 0, None) if name == "shmget" else libc.semctl(answer, 0, 0)
    return ctypes.get_errno() if answer < 0 else 0

path, opened = sys.argv[1].encode(), os.open(sys.argv[1], os.O_RDWR)
number, pair = ctypes.byref(ctypes.c_int()), ctypes.byref((ctypes.c_ulong * 2)())
print(json.dumps({
    "a small segment": call("shmget", 0, 56, 0o1600),
    "a page": call("shmget", 0, 4096, 0o1600),
    "more than a page": call("shmget", 0, 4097, 0o1600),
    "more than 32 bits": call("shmget", 0, 2**32 + 56, 0o1600),
    "semaphores": call("semget", 0, 32, 0o1600),
    "too many semaphores": call("semget", 0, 33, 0o1600),
    "own limits": call("prlimit64", 0, 7, None, pair),
    "limits of another": call("prlimit64", os.getppid(), 7, None, pair),
    "own priority": call("setpriority", 0, 0, 19),
    "priority of all of the account": call("setpriority", 2, 0, 19),
    "times of a path": call("utimensat", -100, path, None, 0),
    "times of a descriptor": call("utimensat", opened, None, None, 0),
    "attribute of a descriptor": call("fsetxattr", opened, b"user.mine", b"1", 1, 0),
    "an ordinary ioctl": call("ioctl", opened, 0x541B, number),
    "flags of a file": call("ioctl", opened, 0x40086602, number),
}))
"""


def test_calls_are_judged_by_their_arguments(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    done = subprocess.run([sys.executable, "-c", PROGRAM, str(file)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "a small segment": 0,
        "a page": 0,
        "more than a page": EPERM,
        "more than 32 bits": EPERM,
        "semaphores": 0,
        "too many semaphores": EPERM,
        "own limits": 0,
        "limits of another": EPERM,
        "own priority": 0,
        "priority of all of the account": EPERM,
        "times of a path": 0,
        "times of a descriptor": ENOSYS,
        "attribute of a descriptor": EOPNOTSUPP,
        "an ordinary ioctl": 0,
        "flags of a file": EPERM,
    }
