"""``pg_dump`` and ``pg_restore``: which ones fit a server, and how they are run with a pipe to or from us."""

from __future__ import annotations

import errno
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from urllib.parse import unquote, urlsplit

from persistence.addresses import DatabaseUnavailable
from persistence.backup.facts import major
from persistence.embedded import programs

SETS_TRANSACTION_TIMEOUT = 17
"""Since this major pg_restore sets a parameter that older servers do not know, and they refuse it."""


@dataclass(frozen=True, slots=True)
class Client:
    """A folder of PostgreSQL's client programs, and their version such as ``18.6``."""

    folder: Path
    version: str

    @property
    def major(self) -> int:
        """Their major."""
        return major(self.version)


class ProgramFailed(Exception):
    """A program ended badly; the message is what it said."""


def dumping(server: str) -> Client:
    """The programs to dump a server of this version with: of the same major if there are any, else newer ones.

    Raises:
        DatabaseUnavailable: there are only older ones, which refuse it.
    """
    fitting = [client for client in clients() if client.major >= major(server)]
    if not fitting:
        raise DatabaseUnavailable(
            f"The database is PostgreSQL {server} and no pg_dump here is new enough for it: "
            f"install postgresql-client-{major(server)}, so that pg_dump is on the PATH."
        )
    return min(fitting, key=lambda client: client.major)


def restoring(server: str, dumped_by: str) -> Client:
    """The programs to load a dump into a server of this version with: not older than those that made it.

    Raises:
        DatabaseUnavailable: none here can.
    """

    def fits(client: Client) -> bool:
        loads = client.major < SETS_TRANSACTION_TIMEOUT or major(server) >= SETS_TRANSACTION_TIMEOUT
        return client.major >= major(dumped_by) and loads

    fitting = [client for client in clients() if fits(client)]
    if not fitting:
        wanted = max(major(server), major(dumped_by), SETS_TRANSACTION_TIMEOUT)
        raise DatabaseUnavailable(
            f"A dump made with pg_dump {dumped_by} cannot be loaded into PostgreSQL {server}: "
            f"restore into PostgreSQL {wanted} or newer."
        )
    return min(fitting, key=lambda client: abs(client.major - major(server)))


def clients() -> list[Client]:
    """The programs of the PATH, and those that came with the embedded server."""
    folders = []
    found = shutil.which("pg_dump")
    if found is not None:
        folders.append(Path(found).parent)
    folders.append(programs.installation() / "pginstall" / "bin")
    return [Client(folder, version) for folder in folders if (version := _version(folder))]


@contextmanager
def output_of(client: Client, name: str, arguments: list[str], dsn: str) -> Iterator[IO[bytes]]:
    """Run a program on a database and read what it writes. Leaving the context early ends it.

    Raises:
        ProgramFailed: at the end, when it did not succeed.
    """
    with _running(client, name, arguments, dsn, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as process:
        yield _pipe(process.stdout)


@contextmanager
def input_of(client: Client, name: str, arguments: list[str], dsn: str) -> Iterator[IO[bytes]]:
    """Run a program on a database and write what it reads. Leaving the context by an error kills it.

    Raises:
        ProgramFailed: at the end, when it did not succeed.
    """
    with (
        _running(client, name, arguments, dsn, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as process,
        suppress(BrokenPipeError),  # when it ends before it has read all, what it said is told at the end
    ):
        yield _pipe(process.stdin)
        _pipe(process.stdin).close()


@contextmanager
def _running(
    client: Client, name: str, arguments: list[str], dsn: str, *, stdin: int, stdout: int
) -> Iterator[subprocess.Popen[bytes]]:
    place, environment = _without_password(dsn)
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            [client.folder / name, "--no-password", f"--dbname={place}", *arguments],
            stdin=stdin,
            stdout=stdout,
            stderr=said,
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC", **environment},
            cwd="/",
        )
        try:
            yield process
        except BaseException:
            process.kill()
            raise
        finally:
            for pipe in (process.stdin, process.stdout):
                if pipe is not None and not pipe.closed:
                    _close(pipe)
            process.wait()
        if process.returncode:
            said.seek(0)
            raise _failure(name, said.read().decode(errors="replace"))


def _close(pipe: IO[bytes]) -> None:
    with suppress(BrokenPipeError):
        pipe.close()


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    if pipe is None:
        raise RuntimeError("it was started without a pipe")
    return pipe


def _failure(name: str, said: str) -> Exception:
    if "No space left" in said or "Disk quota exceeded" in said:
        return OSError(errno.ENOSPC, "No space left on device", "the disk of the database")
    lines = [line for line in said.splitlines() if "error:" in line or "ERROR:" in line] or said.splitlines()
    why = re.sub(r"^pg_\w+: (error: )?", "", lines[0].strip()) if lines else "it said nothing"
    return ProgramFailed(f"{name} failed: {why.rstrip('.')}.")


def _without_password(dsn: str) -> tuple[str, dict[str, str]]:
    """The address without its password, which others could read on the command line, and the environment with it."""
    parts = urlsplit(dsn)
    if parts.password is None:
        return dsn, {}
    user, _, place = parts.netloc.rpartition("@")
    return parts._replace(netloc=f"{user.partition(':')[0]}@{place}").geturl(), {"PGPASSWORD": unquote(parts.password)}


def _version(folder: Path) -> str | None:
    try:
        answer = subprocess.run(
            [folder / "pg_dump", "--version"], capture_output=True, text=True, check=True, timeout=30
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    found = re.search(r"\d+(\.\d+)*", answer)
    return found.group() if found else None
