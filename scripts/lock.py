"""Writes `requirements.lock` and `constraints.txt` from the dependencies in `pyproject.toml`, with uv.

`requirements.lock` pins every package, of the platform and of its development, with the hashes of all its files,
so that one lock serves every machine. `constraints.txt` has the same versions without hashes, for `pip install -c`.
Neither names a registry: whoever installs decides where the packages come from.
"""

import argparse
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
LOCK: Final = "requirements.lock"
CONSTRAINTS: Final = "constraints.txt"
LOCK_HEADER: Final = (
    "# Written by `make lock`; do not edit. Install with: pip install --require-hashes -r requirements.lock\n"
)
CONSTRAINTS_HEADER: Final = (
    "# Written by `make lock`; do not edit. The versions of requirements.lock, for pip install -c\n"
)

COMPILE: Final = (
    "pip", "compile", "pyproject.toml", "--group", "dev",
    "--universal", "--python-version", "3.11", "--generate-hashes",
    "--only-binary", ":all:", "--emit-build-options",
    "--no-emit-index-url", "--no-emit-find-links", "--no-header", "--no-config", "--quiet",
)  # fmt: skip


def find_uv() -> str | None:
    """Return the program uv of this virtual environment, else the one on PATH, else None."""
    return shutil.which("uv", path=str(Path(sys.executable).parent)) or shutil.which("uv")


def pins(lock: str) -> list[str]:
    """Return the `name==version` of each package in a lock, with its marker where it has one."""
    return [found.group(1).strip() for found in re.finditer(r"^([\w.-]+==[^\\\n]+)", lock, re.MULTILINE)]


def main(arguments: list[str]) -> int:
    """Write both files anew; a pin that still fits is kept unless `--upgrade` asks for the newest versions."""
    parser = argparse.ArgumentParser(description="Write requirements.lock and constraints.txt from pyproject.toml.")
    parser.add_argument("--upgrade", action="store_true", help="take the newest versions that fit")
    upgrade = parser.parse_args(arguments).upgrade
    uv = find_uv()
    if uv is None:
        sys.stderr.write("uv is needed to resolve the lock: run `python -m pip install uv`.\n")
        return 1
    command = [uv, *COMPILE, "--output-file", LOCK, *(["--upgrade"] if upgrade else [])]
    if code := subprocess.run(command, cwd=ROOT, check=False).returncode:
        return code
    lock = (ROOT / LOCK).read_text(encoding="utf-8")
    (ROOT / LOCK).write_text(LOCK_HEADER + lock, encoding="utf-8")
    pinned = pins(lock)
    (ROOT / CONSTRAINTS).write_text(CONSTRAINTS_HEADER + "".join(f"{pin}\n" for pin in pinned), encoding="utf-8")
    sys.stderr.write(f"{len(pinned)} packages are pinned in {LOCK} and {CONSTRAINTS}.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
