"""Makes the virtual environment of this checkout, or brings it up to date; one line for each stage. Run by `make`.

Needs nothing but Python. What is current is left alone, and an installation that was interrupted starts over: a mark in
the environment says what it was made from, and is there only after a stage that came to its end.
"""

import fcntl
import hashlib
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
VENV: Final = ROOT / ".venv"
PACKAGES: Final = VENV / ".packages"
INSTALLED: Final = VENV / ".installed"
LOCK_FILE: Final = ROOT / "build" / "set-up.lock"


class SetUpError(Exception):
    """A stage failed; the message is one sentence."""


def main() -> int:
    """Bring everything up to date; returns the exit code."""
    try:
        with alone():
            bring_up_to_date()
    except SetUpError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("\nThe set-up was interrupted: it starts over the next time.\n")
        return 130
    return 0


def bring_up_to_date() -> None:
    """Make what is missing or stale: the environment, its packages, the installation of this checkout."""
    packages, installed = fingerprint("requirements.lock"), fingerprint("pyproject.toml", "hatch_build.py")
    if read(PACKAGES) != packages:
        if not belongs_here():
            with stage(f"making the virtual environment with Python {sys.version.split()[0]}"):
                make_environment()
        PACKAGES.unlink(missing_ok=True)
        with stage("installing the pinned packages (a few minutes the first time)"):
            pip("--require-hashes", "-r", "requirements.lock")
        PACKAGES.write_text(packages)
        INSTALLED.unlink(missing_ok=True)
    if read(INSTALLED) != installed:
        with stage("installing WrenchAI and building its web pages"):
            pip("--no-deps", "--no-build-isolation", "-e", ".")
        INSTALLED.write_text(installed)


def belongs_here() -> bool:
    """Whether there is an environment that was finished once, for a checkout that lay where this one lies."""
    known = read(PACKAGES)
    return known is not None and known.startswith(f"{ROOT}\n") and (VENV / "bin/python").exists()


def make_environment() -> None:
    """Make an empty environment in the place of whatever is there."""
    shutil.rmtree(VENV, ignore_errors=True)
    made = subprocess.run([sys.executable, "-m", "venv", VENV], capture_output=True, text=True, check=False)
    if made.returncode:
        shutil.rmtree(VENV, ignore_errors=True)
        sys.stderr.write(made.stdout + made.stderr)
        raise SetUpError("The virtual environment could not be made: on Debian and Ubuntu, install python3.11-venv.")


def pip(*arguments: str) -> None:
    """Run `pip install`; its output is shown only when it fails."""
    options = ["--quiet", "--no-input", "--disable-pip-version-check"]
    command = [str(VENV / "bin/python"), "-m", "pip", "install", *options, *arguments]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode:
        sys.stderr.write(f"\n{done.stdout}")
        raise SetUpError("pip failed: see above; mend it (is the package index reachable?) and try again.")


def fingerprint(*names: str) -> str:
    """Return what says where this checkout lies and what is in these files of it."""
    digest = hashlib.sha256(b"\0".join((ROOT / name).read_bytes() for name in names)).hexdigest()
    return f"{ROOT}\n{digest}\n"


def read(mark: Path) -> str | None:
    """Return the text of a mark, or None when it is not there."""
    try:
        return mark.read_text()
    except (FileNotFoundError, NotADirectoryError):
        return None


@contextmanager
def stage(title: str) -> Iterator[None]:
    """Say what is being done, and how long it took."""
    print(f"· {title} … ", end="", flush=True)
    began = time.monotonic()
    try:
        yield
    except BaseException:
        print("failed", flush=True)
        raise
    print(f"{time.monotonic() - began:.0f} s", flush=True)


@contextmanager
def alone() -> Iterator[None]:
    """Wait for another set-up of this checkout; the end of its process lets go of the lock in any case."""
    LOCK_FILE.parent.mkdir(exist_ok=True)
    with LOCK_FILE.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            print("· waiting for another set-up of this checkout", flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


if __name__ == "__main__":
    sys.exit(main())
