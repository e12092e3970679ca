"""``python -m schema.print`` writes the committed SDL; with ``--check`` it only says whether it is current."""

from __future__ import annotations

import sys
from pathlib import Path

from schema.build import build_schema

SDL_FILE = Path(__file__).with_name("schema.graphql")


def sdl() -> str:
    """The schema in GraphQL's own language: types by name, fields in the order in which they are declared."""
    return build_schema().as_str() + "\n"


def main(arguments: list[str]) -> int:
    """Write or check the file; the exit code says whether it is current now."""
    if "--check" not in arguments:
        SDL_FILE.write_text(sdl(), encoding="utf-8")
        return 0
    if SDL_FILE.exists() and SDL_FILE.read_text(encoding="utf-8") == sdl():
        return 0
    sys.stderr.write("schema/schema.graphql is not current: run `python -m schema.print` and commit the result.\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
