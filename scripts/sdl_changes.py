"""Compares `schema/schema.graphql` with the one of an earlier commit: `python scripts/sdl_changes.py [REVISION]`.

A breaking change fails, unless the newest section of `CHANGELOG.md` has a heading `### Breaking` that tells of it.
"""

import re
import subprocess
import sys
from pathlib import Path
from typing import Final

from graphql import build_schema
from graphql.utilities import find_breaking_changes, find_dangerous_changes

ROOT: Final = Path(__file__).resolve().parents[1]
SDL: Final = "schema/schema.graphql"


def earlier_sdl(revision: str) -> str | None:
    """Return the SDL as it was at a revision, or None when the revision or the file did not exist."""
    shown = subprocess.run(["git", "show", f"{revision}:{SDL}"], cwd=ROOT, capture_output=True, text=True, check=False)
    return shown.stdout if shown.returncode == 0 else None


def tells_of_breaking(changelog: str) -> bool:
    """Whether the newest section of a changelog has a heading for breaking changes."""
    newest = re.split(r"^## ", changelog, flags=re.MULTILINE)[1:2]
    return bool(newest) and re.search(r"^### Breaking\b", newest[0], re.MULTILINE) is not None


def main(arguments: list[str]) -> int:
    """Print what changed for clients; returns 1 for a breaking change that the changelog does not tell of."""
    revision = arguments[0] if arguments else "HEAD~1"
    before = earlier_sdl(revision)
    if before is None:
        print(f"There is no {SDL} at {revision}: nothing to compare with.")
        return 0
    old, new = build_schema(before), build_schema((ROOT / SDL).read_text(encoding="utf-8"))
    breaking, dangerous = find_breaking_changes(old, new), find_dangerous_changes(old, new)
    for kind, changes in (("breaking", breaking), ("dangerous", dangerous)):
        for description in (change.description for change in changes):
            print(f"{kind}: {description}")
    print(f"Since {revision}: {len(breaking)} breaking and {len(dangerous)} dangerous changes of the SDL.")
    if breaking and not tells_of_breaking((ROOT / "CHANGELOG.md").read_text(encoding="utf-8")):
        print("Take the breaking changes back, or tell of them in CHANGELOG.md: '### Breaking' in its newest section.")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
