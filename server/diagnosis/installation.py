"""Python and what is installed in it."""

from __future__ import annotations

import platform
import sys
import time
from importlib import metadata
from pathlib import Path

from server.diagnosis.check import Check, failure, ok, warning
from server.effective_settings import unknown_variables

OLDEST_PYTHON = (3, 11)
OUR_PACKAGES = ("domain", "persistence", "agents", "resolvers", "schema", "server")
OURS = "wrenchai"


def check_python() -> Check:
    """The version of Python."""
    version = platform.python_version()
    if sys.version_info[:2] < OLDEST_PYTHON:
        return failure("Python", f"{version} is too old", "install Python 3.11 or newer and make a new venv with it")
    return ok("Python", f"{version} at {sys.executable}")


def check_clashing_modules() -> Check:
    """Whether another installed distribution ships a package with the name of one of ours."""
    owners = metadata.packages_distributions()
    clashes = {name: sorted(set(owners.get(name, ())) - {OURS}) for name in OUR_PACKAGES}
    found = [f"{name} (from {', '.join(theirs)})" for name, theirs in clashes.items() if theirs]
    if found:
        strangers = sorted({owner for theirs in clashes.values() for owner in theirs})
        return failure("modules", f"clash with ours: {', '.join(found)}", f"pip uninstall {' '.join(strangers)}")
    return ok("modules", "nothing installed clashes with ours")


def check_web_console() -> Check:
    """Whether the pages of the console have been built."""
    page = Path(__file__).parent.parent / "web" / "console.html"
    if page.exists():
        return ok("web console", "built")
    return warning("web console", "not built: /console answers with a hint", "make frontend")


def check_clock() -> Check:
    """Whether the clock is plausible: not before our own files were written."""
    written = Path(__file__).stat().st_mtime
    if time.time() < written - 86400:
        return warning("clock", "it is behind: our own files are from its future", "timedatectl set-ntp true")
    return ok("clock", time.strftime("%Y-%m-%d %H:%M:%S %Z"))


def check_variables() -> Check:
    """Whether a variable begins like a setting and is none."""
    strange = unknown_variables()
    if not strange:
        return ok("settings", "every WRENCHAI_ variable is known")
    hints = [f"{name} (did you mean {meant}?)" if meant else name for name, meant in strange.items()]
    return warning("settings", f"unknown: {', '.join(hints)}", f"unset {' '.join(strange)}, or see `wrenchai config`")
