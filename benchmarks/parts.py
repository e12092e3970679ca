"""The parts of the server that a request spends its time in, known by the files of their frames."""

from __future__ import annotations

from types import FrameType

CLIENT = "the client"
ELSEWHERE = "event loop, sockets"

PARTS = {
    "benchmarks/": CLIENT,
    "/asyncpg/": "SQL driver",
    "persistence/readers/pool.py": "SQL driver",
    "persistence/readers/session.py": "SQL driver",
    "/sqlalchemy/": "building SQL",
    "persistence/readers/compiled.py": "building SQL",
    "persistence/mappers": "rows to domain objects",
    "persistence/": "readers",
    "/graphql/language/": "parsing, validation",
    "/graphql/validation/": "parsing, validation",
    "server/transport/document.py": "parsing, validation",
    "server/transport/weight.py": "parsing, validation",
    "/graphql/": "execution",
    "server/transport/execut": "execution",
    "server/transport/breadth_first/": "execution",
    "schema/direct.py": "execution",
    "schema/together.py": "execution",
    "/strawberry/": "execution",
    "/aiodataloader/": "resolvers, loaders",
    "resolvers/": "resolvers, loaders",
    "schema/": "resolvers, loaders",
    "domain/": "resolvers, loaders",
    "/json/": "JSON",
    "server/transport/reply.py": "JSON",
    "server/transport/body.py": "JSON",
    "/uvicorn/": "HTTP, ASGI",
    "/starlette/": "HTTP, ASGI",
    "server/": "HTTP, ASGI",
}
"""What a path contains, in the order in which it is asked."""


def part_of(frame: FrameType | None, root: str) -> str:
    """The part of the innermost frame that belongs to any: what the standard library does, its caller does.

    Paths below ``root``, the folder of our packages, are taken from there; those of libraries are whole.
    """
    while frame is not None:
        path = frame.f_code.co_filename
        inside = path.startswith(root) and "site-packages" not in path
        place = path[len(root) :].lstrip("/") if inside else path
        for mark, part in PARTS.items():
            if mark in place if mark.startswith("/") else inside and place.startswith(mark):
                return part
        frame = frame.f_back
    return ELSEWHERE
