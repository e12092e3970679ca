"""A program that tries to get out of the sandbox it is run in, or to use more than it may.

    python intruder.py TARGETS ATTEMPT…

``TARGETS`` is JSON: what lies outside and where (see ``siege.py``, which also looks whether an attempt has had an
effect outside). It needs nothing but the standard library, prints what it got hold of, and goes on when it is refused.
"""

from __future__ import annotations

import ctypes
import errno
import json
import mmap
import os
import resource
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

LIBC = ctypes.CDLL(None, use_errno=True)
MIB = 2**20
Targets = dict[str, Any]


def tcp(to: Targets) -> None:
    with socket.create_connection(("127.0.0.1", to["tcp"]), 2) as there:
        there.sendall(b"tcp")


def udp(to: Targets) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as there:
        there.sendto(b"udp", ("127.0.0.1", to["udp"]))


def abstract_socket(to: Targets) -> None:
    _send("\0" + to["abstract"], b"abstract_socket")


def socket_by_its_path(to: Targets) -> None:
    _send(to["socket_elsewhere"], b"socket_by_its_path")


def socket_in_source(to: Targets) -> None:
    _each(lambda path: _send(path, b"socket_in_source"), "/source/host.sock", to["source"] + "/host.sock")


def socket_in_scratch(to: Targets) -> None:
    _each(lambda path: _send(path, b"socket_in_scratch"), "/scratch/host.sock", to["scratch"] + "/host.sock")


def socket_in_read_only(to: Targets) -> None:
    _send(to["read_only"] + "/host.sock", b"socket_in_read_only")


def pipe_in_source(to: Targets) -> None:
    def write(path: str) -> None:
        number = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
        os.write(number, b"pipe_in_source")

    _each(write, "/source/host.pipe", to["source"] + "/host.pipe")


def etc(_: Targets) -> None:
    for name in ("passwd", "hosts", "hostname", "machine-id", "shadow", "resolv.conf", "ssh/sshd_config"):
        _each(_show, f"/etc/{name}")


def home(to: Targets) -> None:
    _each(_show, to["home"] + "/.ssh/id", *(f"{place}/.ssh/id" for place in (os.path.expanduser("~"), os.getcwd())))


def environment(to: Targets) -> None:
    print(dict(os.environ))
    processes = [name for name in os.listdir("/proc") if name.isdigit()] if os.path.isdir("/proc") else []
    _each(_show, *(f"/proc/{pid}/environ" for pid in {*processes, str(to["siege"]), str(os.getppid()), "1"}))


def files_of_the_parent(to: Targets) -> None:
    for number in range(3, 64):
        _each(lambda number=number: print(os.pread(number, 4096, 0)))
    for pid in {str(to["siege"]), str(os.getppid()), "1"}:
        _each(
            _show, f"/proc/{pid}/fd/{to['opened']}", f"/proc/{pid}/root{to['home']}/.ssh/id", f"/proc/{pid}/cwd/secret"
        )


def memory_of_another(to: Targets) -> None:
    with open(f"/proc/{to['victim']}/mem", "rb", buffering=0) as memory:
        maps = Path(f"/proc/{to['victim']}/maps").read_text().splitlines()
        start = int(next(line for line in maps if "[stack]" in line).split("-")[0], 16)
        memory.seek(start)
        print("memory:", len(memory.read(16)))


def kill_another(to: Targets) -> None:
    os.kill(to["victim"], signal.SIGKILL)


def write_outside(to: Targets) -> None:
    def write(path: str) -> None:
        Path(path).write_text("here I was")

    _each(write, *(f"{to[name]}/written" for name in ("source", "read_only", "outside")), "/source/written")


def change_the_source(to: Targets) -> None:
    _each(lambda path: os.truncate(path, 0), "/source/code.py", to["source"] + "/code.py")
    _each(lambda path: os.chmod(path, 0o600), "/source/code.py", to["source"] + "/code.py")


def change_outside(to: Targets) -> None:
    path = to["outside"] + "/mine"
    _each(lambda: os.chmod(path, 0o777))
    _each(lambda: os.utime(path, (1, 1)))
    _each(lambda: os.setxattr(path, "user.mine", b"1"))
    _each(lambda: os.rename(path, path + ".moved"))
    _each(lambda: os.truncate(path, 0))


def change_outside_by_old_calls(to: Targets) -> None:
    """Calls that Landlock does not know, in the forms that the C library has long stopped using."""
    path = (to["outside"] + "/old").encode()
    by_machine = {"x86_64": {"utime": 132, "utimes": 235}}
    moment = (ctypes.c_long * 4)(1, 0, 1, 0)
    for number in by_machine.get(os.uname().machine, {}).values():
        LIBC.syscall(number, path, moment)
    LIBC.utimensat(-100, path, moment, 0)


def change_by_descriptor(to: Targets) -> None:
    """A file that was opened for reading can be changed in all but its content by whose file it is."""
    for path in ("/source/kept.py", to["source"] + "/kept.py", to["read_only"] + "/shown"):
        try:
            opened = os.open(path, os.O_RDONLY)
        except OSError as error:
            print("refused:", error, file=sys.stderr)
            continue
        _each(lambda opened=opened: os.fchmod(opened, 0o777))
        _each(lambda opened=opened: os.utime(opened, (1, 1)))
        _each(lambda opened=opened: os.utime(opened))
        _each(lambda opened=opened: os.setxattr(opened, "user.mine", b"1"))


def calls_by_the_real_path(_: Targets) -> None:
    """Without mounts a sandbox has to translate the paths of every call: else the machine's own place is meant."""
    by_machine: dict[str, dict[str, tuple[int, ...]]] = {
        "x86_64": {"creat": (85,), "mknod": (133,), "mknodat": (259, -100)},
        "aarch64": {"mknodat": (33, -100)},
    }
    for name, (number, *folder) in by_machine[os.uname().machine].items():
        mode = 0o644 if name == "creat" else 0o100644
        ctypes.set_errno(0)
        made = LIBC.syscall(number, *folder, f"/scratch/{name}".encode(), mode, 0) >= 0
        if (made and not os.path.exists(name)) or ctypes.get_errno() == errno.ENOENT:
            print("not translated:", name)


def limits_of_another(to: Targets) -> None:
    """Who may set the limits of the keeper can have the kernel end it."""
    _each(lambda: resource.prlimit(to["victim"], resource.RLIMIT_NOFILE, (77, 77)))
    _each(lambda: os.setpriority(os.PRIO_PROCESS, to["victim"], 7))


def watch_outside(to: Targets) -> None:
    """Be told whatever happens to a file that cannot be read."""
    if LIBC.inotify_add_watch(LIBC.inotify_init(), (to["outside"] + "/old").encode(), 0xFFF) >= 0:
        print("watch: set")


def links_out(to: Targets) -> None:
    """A link in our own folder leads out, and so does one that came with the source."""
    secret = to["home"] + "/.ssh/id"
    os.symlink(secret, "link")
    _each(_show, "link", "/scratch/link", "/source/link", to["source"] + "/link")
    os.symlink(to["outside"], "way")
    _each(lambda: Path("way/through-a-link").write_text("here I was"))
    _each(lambda: os.link(secret, "hard"))
    _each(_show, "hard")
    os.unlink("link")
    os.unlink("way")


def dots_out(to: Targets) -> None:
    secret = to["home"] + "/.ssh/id"
    for start in (".", "/scratch", "/source", "/tmp"):
        _each(_show, f"{start}/" + "../" * 20 + secret.lstrip("/"))
        _each(_walk_out, start + "/" + "../" * 20 + to["home"].lstrip("/"))
    _each(lambda: Path("/scratch/" + "../" * 20 + to["outside"].lstrip("/") + "/with-dots").write_text("here I was"))


def other_namespaces(_: Targets) -> None:
    """A user namespace of its own would make it root over mounts and networks."""
    for flag in (0x1000_0000, 0x0002_0000):  # CLONE_NEWUSER, CLONE_NEWNS
        if LIBC.unshare(flag) == 0:
            print("namespace: made")


def keyring(_: Targets) -> None:
    number = {"x86_64": 250, "aarch64": 219}[os.uname().machine]
    if LIBC.syscall(number, 0, -3, 1) > 0:  # KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING
        print("keyring: seen")


def fork_bomb(to: Targets) -> None:
    """Every process starts others, as fast as it can; unbounded unless ``bound`` is given."""
    bound, started = to["bound"], 0
    while not bound or started < bound:
        try:
            if os.fork() == 0:
                if bound:
                    time.sleep(3)
                    os._exit(0)
                continue
        except OSError:
            if bound:
                raise
            continue
        started += 1
    print("processes:", started)


def memory_bomb(to: Targets) -> None:
    """One process that asks for more and more and uses it."""
    kept = []
    for _ in range(to["bound"] or sys.maxsize):
        kept.append(b"x" * MIB)
    print("memory:", len(kept))


def memory_of_many(to: Targets) -> None:
    """Each process stays below the limit, all of them together do not."""
    for _ in range(8):
        if os.fork() == 0:
            kept = [b"x" * MIB for _ in range((to["bound"] or 320) // 8)]
            time.sleep(3 if to["bound"] else 60)
            os._exit(len(kept) == 0)
    while True:
        try:
            os.wait()
        except ChildProcessError:
            break
    print("memory: of many")


def shared_memory(to: Targets) -> None:
    shared = mmap.mmap(-1, (to["bound"] or 1024) * MIB)
    for start in range(0, len(shared), MIB):
        shared[start : start + MIB] = b"x" * MIB
    time.sleep(1)
    print("memory: shared")


def memory_files(to: Targets) -> None:
    """Memory that belongs to no process: files without a name."""
    kept = []
    for number in range((to["bound"] or 1024) // 8):
        kept.append(os.memfd_create(f"bomb{number}"))
        for _ in range(8):
            os.write(kept[-1], b"x" * MIB)
    time.sleep(1)
    print("memory: files", len(kept))


def shared_memory_files(to: Targets) -> None:
    for number in range(to["bound"] or 1024):
        Path(f"/dev/shm/{to['token']}-{number}").write_bytes(b"x" * MIB)
    print("memory: /dev/shm")


def memory_of_no_process(to: Targets) -> None:
    """Segments of System V, each let go of before the next: they stay, and no process has them."""
    LIBC.shmat.restype, LIBC.shmdt.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
    kept = []
    try:
        for _ in range((to["bound"] or 1024) // 8):
            segment = LIBC.shmget(0, 8 * MIB, 0o1600)
            if segment < 0:
                raise MemoryError("no segment")
            kept.append(segment)
            place = LIBC.shmat(segment, None, 0)
            ctypes.memset(place, 1, 8 * MIB)
            LIBC.shmdt(place)
        print("memory: of no process", len(kept))
    finally:
        for segment in kept:
            LIBC.shmctl(segment, 0, None)  # IPC_RMID: the control leaves nothing behind


def memory_let_go_of(to: Targets) -> None:
    """Shared memory whose pages are said not to be needed: they stay, and are not counted as the process's own."""
    kept = []
    for _ in range((to["bound"] or 1024) // 8):
        kept.append(mmap.mmap(-1, 8 * MIB))
        kept[-1][:] = b"x" * (8 * MIB)
        kept[-1].madvise(mmap.MADV_DONTNEED)
    time.sleep(1)
    print("memory: let go of", sum(one[0] for one in kept))


def disk_fill(to: Targets) -> None:
    with open("big", "wb", buffering=0) as file:
        for _ in range(to["bound"] or 4096):
            file.write(b"x" * MIB)
    print("disk: one file")


def disk_fill_with_many(to: Targets) -> None:
    for number in range(to["bound"] or 4096):
        Path(f"part{number}").write_bytes(b"x" * MIB)
    time.sleep(1)
    print("disk: many files")


def disk_fill_unseen(to: Targets) -> None:
    """Files that nobody sees: removed, and still open."""
    kept = []
    for number in range((to["bound"] or 4096) // 8):
        kept.append(open(f"gone{number}", "wb", buffering=0))
        os.unlink(f"gone{number}")
        for _ in range(8):
            kept[-1].write(b"x" * MIB)
    time.sleep(1)
    print("disk: removed files")


def disk_fill_in_tmp(to: Targets) -> None:
    place = Path(os.environ.get("TMPDIR", "/tmp"))
    for number in range(to["bound"] or 4096):
        (place / f"{to['token']}-{number}").write_bytes(b"x" * MIB)
    time.sleep(1)
    print("disk: /tmp")


def many_files(_: Targets) -> None:
    print("files:", len([open(os.devnull) for _ in range(256)]))


def runaway(to: Targets) -> None:
    """Leave the session, the parent and the environment behind, ignore signals, and stay."""
    stay = "import signal, time; [signal.signal(n, signal.SIG_IGN) for n in (1, 2, 15)]; time.sleep(600)"
    for _ in range(2):
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                argv = [sys.executable, "-c", stay, to["token"]]
                subprocess.Popen(argv, start_new_session=True, env={}, stdin=-3, stdout=-3, stderr=-3)
            os._exit(0)
    time.sleep(0.5)
    print("runaway: started")


def flood(to: Targets) -> None:
    bound = to["bound"]
    while bound is None or bound > 0:
        os.write(1, b"x" * 65536)
        os.write(2, b"y" * 65536)
        if bound is not None:
            bound -= 1


def sleeper(to: Targets) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    time.sleep(to["bound"] or 600)
    print("time: slept")


def burner(to: Targets) -> None:
    ends = time.process_time() + (to["bound"] or 600)
    for _ in range(2):
        os.fork()
    while time.process_time() < ends:
        pass
    print("cpu: burnt")


def _each(attempt: Callable[..., object], *arguments: str) -> None:
    calls = [partial(attempt, one) for one in arguments] or [partial(attempt)]
    for call in calls:
        try:
            call()
        except OSError as error:
            print("refused:", error, file=sys.stderr)


def _walk_out(path: str) -> None:
    os.chdir(path)
    _show(".ssh/id")


def _show(path: str) -> None:
    print(Path(path).read_bytes()[:4096])


def _send(path: str, text: bytes) -> None:
    with socket.socket(socket.AF_UNIX) as there:
        there.settimeout(2)
        there.connect(path)
        there.sendall(text)


if __name__ == "__main__":
    targets = json.loads(sys.argv[1])
    for name in sys.argv[2:]:
        print("#", name, flush=True)
        try:
            globals()[name](targets)
        except (OSError, MemoryError, StopIteration) as refusal:
            print("refused:", name, refusal, file=sys.stderr)
        sys.stdout.flush()
