"""Frames are counted for the innermost part they belong to."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import CodeType, FrameType

from benchmarks.parts import ELSEWHERE, part_of

ROOT = "/checkout"


def frame_in(*paths: str) -> FrameType:
    """The innermost frame of functions that call each other, each in the file of that name, the outermost first."""

    def innermost() -> FrameType:
        return sys._getframe(1)

    call: Callable[[], FrameType] = innermost
    for path in reversed(paths):
        code: CodeType = compile("def step(call):\n    return call()\n", path, "exec")
        names: dict[str, Callable[[Callable[[], FrameType]], FrameType]] = {}
        exec(code, names)
        call = (lambda step, inner: lambda: step(inner))(names["step"], call)
    return call()


def test_the_innermost_part_counts() -> None:
    libraries = f"{ROOT}/.venv/lib/site-packages"
    assert part_of(frame_in(f"{libraries}/graphql/execution/execute.py"), ROOT) == "execution"
    inner = frame_in(f"{libraries}/graphql/execution/execute.py", f"{ROOT}/resolvers/tasks.py")
    assert part_of(inner, ROOT) == "resolvers, loaders"
    assert part_of(frame_in(f"{ROOT}/persistence/mappers/executions.py"), ROOT) == "rows to domain objects"
    assert part_of(frame_in(f"{ROOT}/persistence/readers/tasks.py"), ROOT) == "readers"


def test_what_the_standard_library_does_its_caller_does() -> None:
    frame = frame_in(f"{ROOT}/server/transport/reply.py", "/usr/lib/python3/functools.py")
    assert part_of(frame, ROOT) == "JSON"
    assert part_of(frame_in(str(Path(json.__file__).with_name("encoder.py"))), ROOT) == "JSON"


def test_no_part_is_the_event_loop() -> None:
    assert part_of(None, ROOT) == ELSEWHERE
