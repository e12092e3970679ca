"""What lies outside the sandbox while an intruder is in it: secrets, listeners, a process, and eyes on all of them.

Permissions are wide open on purpose: what an intruder does not reach, the sandbox has kept from it and not a file mode.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import psutil

ETC = ("passwd", "hosts", "hostname", "machine-id", "shadow", "resolv.conf", "ssh/sshd_config")
MIB = 2**20
SETTLED = b"(settled)"


@dataclass
class Watcher:
    """Looks at an intruder's processes from outside, by the token in their command lines."""

    token: str
    processes: int = 0
    memory: int = 0
    _over: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        if self._thread:
            self._thread.join()

    def alive(self) -> list[psutil.Process]:
        """The intruder's processes; a keeper or a supervisor of ours has a folder of ours in its command line only."""
        found = []
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                if self.token in " ".join(process.cmdline()) and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
        return found

    def _look(self) -> None:
        while not self._over.wait(0.1):
            seen = self.alive()
            self.processes = max(self.processes, len(seen))
            total = 0
            for process in seen:
                with suppress(psutil.Error):
                    total += process.memory_info().rss
            self.memory = max(self.memory, total)


class Outside:
    """The host as the intruder would like to reach it. ``token`` is the secret that must not be found."""

    def __init__(self, token: str) -> None:
        self.token = token
        self.heard: list[bytes] = []
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        base = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="siege-", ignore_cleanup_errors=True)))
        base.chmod(0o755)
        for name in ("source", "scratch", "read_only", "home", "outside"):
            (base / name).mkdir()
            (base / name).chmod(0o777)
        self.base, self.source, self.scratch = base, base / "source", base / "scratch"
        self.read_only, self.home, self.outside = base / "read_only", base / "home", base / "outside"
        self.secret = self.home / ".ssh" / "id"
        self.secret.parent.mkdir()
        self.secret.write_text(f"a secret: {self.token}\n")
        (self.source / "link").symlink_to(self.secret)
        self.code = _wide_open(self.source / "code.py", "print('code')\n")
        self.mine = _wide_open(self.outside / "mine", "mine\n")
        self.old = _wide_open(self.outside / "old", "old\n")
        self.kept = _wide_open(self.source / "kept.py", "print('kept')\n")
        self.shown = _wide_open(self.read_only / "shown", "shown\n")
        files = (self.code, self.mine, self.old, self.kept, self.shown)
        self._was = {path: path.stat().st_mtime_ns for path in files}
        self._listen()
        self.opened = os.open(self.secret, os.O_RDONLY)
        os.set_inheritable(self.opened, True)
        self.victim = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        self._stack.callback(self._end_victim)
        self._victim_was = self._victims_terms()
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self.opened)
        self._stack.close()

    def targets(self, bound: float | None) -> str:
        """What the intruder is told."""
        facts: dict[str, Any] = {
            "bound": bound, "token": f"intruder-{os.getpid()}", "siege": os.getpid(), "victim": self.victim.pid,
            "tcp": self._tcp, "udp": self._udp, "abstract": self._abstract, "opened": self.opened,
            "socket_elsewhere": str(self.outside / "host.sock"),
        }  # fmt: skip
        for name in ("source", "scratch", "read_only", "home", "outside"):
            facts[name] = str(self.base / name)
        return json.dumps(facts)

    def changed(self, path: Path) -> bool:
        """Whether a file is not as it was."""
        if not path.exists():
            return True
        facts = path.stat()
        return (
            facts.st_mtime_ns != self._was[path]
            or facts.st_mode & 0o777 != 0o666
            or facts.st_size == 0
            or bool(os.listxattr(path))
        )

    def written(self, name: str) -> bool:
        """Whether a file of that name has come into being anywhere outside the scratch folder."""
        return any((place / name).exists() for place in (self.source, self.read_only, self.outside, self.home))

    def etc_in(self, said: str) -> bool:
        """Whether something of the machine's own settings is in what the intruder printed."""
        for name in ETC:
            with suppress(OSError):
                content = Path("/etc", name).read_bytes()[:4096]
                if len(content) > 3 and repr(content) in said:
                    return True
        return False

    def has_heard(self, text: bytes) -> bool:
        """Whether a listener has got ``text``; all that was sent before :meth:`settle` has arrived."""
        return any(text in one for one in self.heard)

    def settle(self) -> None:
        """Wait until every listener has heard everything: each is sent a last word, and takes things in their order."""
        sent = 0
        for family, kind, address in self._ears:
            with socket.socket(family, kind) as there, suppress(FileNotFoundError):  # a sandbox clears its scratch
                there.connect(address)
                there.sendall(SETTLED)
                sent += 1
        os.write(self._pipe, SETTLED)
        if not _within(lambda: sum(one.count(SETTLED) for one in self.heard) > sent, 10):
            raise TimeoutError("The listeners do not listen any more.")

    def victim_dies(self, seconds: float) -> bool:
        """Whether the process that minds its own business is gone by then."""
        return _within(lambda: self.victim.poll() is not None, seconds)

    def victim_changed(self) -> bool:
        """Whether its limits or its priority are not as they were."""
        return self._victims_terms() != self._victim_was

    def _victims_terms(self) -> tuple[object, ...]:
        process = psutil.Process(self.victim.pid)
        return process.nice(), process.rlimit(psutil.RLIMIT_NOFILE)

    def _listen(self) -> None:
        tcp = self._stack.enter_context(socket.socket())
        tcp.bind(("127.0.0.1", 0))
        udp = self._stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        udp.bind(("127.0.0.1", 0))
        self._tcp, self._udp = tcp.getsockname()[1], udp.getsockname()[1]
        self._abstract = self.base.name
        self._ears: list[tuple[int, int, Any]] = [(socket.AF_INET, socket.SOCK_DGRAM, udp.getsockname())]
        listeners = [tcp, self._bound("\0" + self._abstract)]
        for folder in (self.source, self.scratch, self.read_only, self.outside):
            listeners.append(self._bound(str(folder / "host.sock")))
            (folder / "host.sock").chmod(0o777)
        for listener in listeners:
            listener.listen()
            self._ears.append((listener.family, listener.type, listener.getsockname()))
            self._stack.callback(listener.shutdown, socket.SHUT_RDWR)  # wakes the thread that waits in accept
            threading.Thread(target=self._accept, args=(listener,), daemon=True).start()
        threading.Thread(target=self._hear, args=(lambda: udp.recv(64),), daemon=True).start()
        os.mkfifo(self.source / "host.pipe", 0o666)
        (self.source / "host.pipe").chmod(0o666)
        self._pipe = os.open(self.source / "host.pipe", os.O_RDWR)
        threading.Thread(target=self._hear, args=(lambda: os.read(self._pipe, 64),), daemon=True).start()

    def _bound(self, address: str) -> socket.socket:
        there = self._stack.enter_context(socket.socket(socket.AF_UNIX))
        there.bind(address)
        return there

    def _hear(self, receive: Callable[[], bytes]) -> None:
        """Take down what is said, the last word included, and stop there."""
        while SETTLED not in (said := receive()):
            self.heard.append(said)
        self.heard.append(said)

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                self.heard.append(connection.recv(64))
                connection.close()

    def _end_victim(self) -> None:
        self.victim.kill()
        self.victim.wait()


def _wide_open(path: Path, text: str) -> Path:
    path.write_text(text)
    path.chmod(0o666)
    return path


def _within(condition: Callable[[], bool], seconds: float) -> bool:
    ends = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > ends:
            return False
        time.sleep(0.02)
    return True
