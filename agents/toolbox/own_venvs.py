"""Tools that pin versions live in virtual environments of their own, below the data folder and never in ours."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from agents.toolbox.known import OwnVenv

COMPLETE = "installed.json"
LONGEST = 900
"""Seconds that an installation may take."""
PASSED_ON = ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_CERT", "PIP_CONFIG_FILE", "SSL_CERT_FILE")
"""Where packages come from is the owner's to say; nothing else of the environment reaches pip."""


class NotInstalled(Exception):
    """The tool could not be installed. The message is one sentence with what pip said last."""


class OwnVenvs:
    """One folder for each tool: ``<name>/bin/<program>`` and, once all of it is there, ``<name>/installed.json``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def program(self, name: str) -> Path | None:
        """The installed program, or ``None``; one whose installation was cut off does not count."""
        place = self._folder / name
        program = place / "bin" / name
        return program if (place / COMPLETE).exists() and program.exists() else None

    def is_current(self, name: str, venv: OwnVenv) -> bool:
        """Whether exactly this version is installed."""
        if self.program(name) is None:
            return False
        try:
            installed = json.loads((self._folder / name / COMPLETE).read_text())["requirement"]
        except (OSError, ValueError, KeyError, TypeError):
            return False
        return bool(installed == venv.requirement)

    def install(self, name: str, venv: OwnVenv) -> Path:
        """Make the tool's environment, or leave the one of this version; whoever is second waits. Blocks for minutes.

        Only wheels are installed, so nothing of the package is executed.

        Raises:
            NotInstalled: pip refused, or the package has no program of that name.
        """
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self._alone(name):
            if not self.is_current(name, venv):
                self._make(name, venv)
        program = self.program(name)
        if program is None:
            raise NotInstalled(f"{venv.requirement} is installed, but has no program {name}.")
        return program

    def _make(self, name: str, venv: OwnVenv) -> None:
        place = self._folder / name
        shutil.rmtree(place, ignore_errors=True)
        _run([sys.executable, "-m", "venv", "--without-pip", str(place)], name)
        wanted = place / "requirements.txt"
        hashes = "".join(f" --hash={one}" for one in venv.hashes)
        wanted.write_text(f"{venv.requirement}{hashes}\n")
        checked = ["--require-hashes"] if venv.hashes else []
        target = ["--python", str(place / "bin" / "python")]
        quiet = ["--quiet", "--no-input", "--disable-pip-version-check", "--no-cache-dir"]
        install = ["install", "--only-binary", ":all:", *checked, "--requirement", str(wanted)]
        _run([sys.executable, "-m", "pip", *target, *quiet, *install], name)
        (place / COMPLETE).write_text(json.dumps({"requirement": venv.requirement, "hashes": list(venv.hashes)}))

    @contextmanager
    def _alone(self, name: str) -> Iterator[None]:
        with (self._folder / f".{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _run(command: list[str], name: str) -> None:
    kept = {one: os.environ[one] for one in (*PASSED_ON, "PATH", "HOME", "LANG") if one in os.environ}
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=LONGEST, check=False, env=kept
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotInstalled(f"{name} could not be installed: {error}.") from error
    if done.returncode != 0:
        said = [line for line in done.stderr.strip().splitlines() if line.startswith("ERROR")] or ["it did not say why"]
        raise NotInstalled(f"{name} could not be installed: {said[0]}")
