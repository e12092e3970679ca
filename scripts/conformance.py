"""Writes `docs/reference/conformance.md` from what the last run of the conformance tests has stored.

Run `pytest tests/conformance` first, then `python -m scripts.conformance`; `--check` says whether the page is current.
"""

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
STORED: Final = ROOT / ".pytest_cache" / "v" / "conformance"
PAGE: Final = ROOT / "docs" / "reference" / "conformance.md"
COLUMNS: Final = ("tool", "version", "query", "mutation", "error", "subscription", "reconnect", "result", "command")

INTRODUCTION: Final = """\
<!-- Written by `python -m scripts.conformance` from a run of the tests; do not edit. -->

# Conformance

Clients and tools of others against the whole platform, as their registries have them. *Error* is a coded error as the
client shows it to an application; *subscription* follows an execution to its end; *reconnect* resets the connection
twice on the way, while the execution goes on, and finds neither a gap nor a duplicate after resuming behind the last
cursor. A dash stands for what a tool does not do.

`make verify` runs all of it; each line names the command that shows it.
"""


def rows() -> list[Mapping[str, str]]:
    """What is stored: first the clients, then the other tools, each by name."""
    stored: list[Mapping[str, str]] = [json.loads(path.read_text(encoding="utf-8")) for path in STORED.iterdir()]
    return sorted(stored, key=lambda row: ("query" not in row, row["tool"].lower()))


def page() -> str:
    """The page; raises `FileNotFoundError` when the tests have not run."""
    lines = [" | ".join(COLUMNS), " | ".join("---" for _ in COLUMNS)]
    for row in rows():
        cells = {**row, "command": f"`{row['command']}`"}
        lines.append(" | ".join(cells.get(column, "–") for column in COLUMNS))
    table = "\n".join(f"| {line} |" for line in lines)
    return f"{INTRODUCTION}\n{table}\n"


def main(arguments: list[str]) -> int:
    """Write the page, or check it; returns the exit code, 1 when the page is stale or a row fails."""
    parser = argparse.ArgumentParser(description="Write docs/reference/conformance.md from the last run of the tests.")
    parser.add_argument("--check", action="store_true", help="write nothing, and fail if the page is stale")
    checking = parser.parse_args(arguments).check
    if not STORED.is_dir():
        sys.stderr.write("There are no results: run `pytest tests/conformance` first.\n")
        return 1
    if checking:
        current = PAGE.is_file() and PAGE.read_text(encoding="utf-8") == page()
        if not current:
            sys.stderr.write("docs/reference/conformance.md is stale: run `python -m scripts.conformance`.\n")
        return not current
    PAGE.write_text(page(), encoding="utf-8")
    failing = [row["tool"] for row in rows() if row["result"] == "fails"]
    if failing:
        sys.stderr.write(f"These fail: {', '.join(failing)}.\n")
    return bool(failing)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
