"""Run a piece of code in the sandbox, and nowhere else."""

from __future__ import annotations

import asyncio
import base64
import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator, Mapping
from datetime import timedelta
from enum import StrEnum
from pathlib import Path, PurePosixPath

from pydantic import BaseModel, Field, field_validator

from agents.contract import Tool, ToolFailure, ToolLimits, ToolScope
from agents.contract.sandbox import SandboxLimits
from agents.sandbox.places import interpreter_places

MAIN = {"python": "main.py", "shell": "main.sh"}
MOST_FILES = 200
LARGEST_FILE = 2 * 2**20
MOST_BYTES = 8 * 2**20
"""Bytes of all files that were made; those that do not fit are named in ``left_out``."""


class Language(StrEnum):
    """What the code is written in."""

    PYTHON = "python"
    SHELL = "shell"


class CodeArguments(BaseModel):
    """What to run."""

    language: Language = Field(description="What the source is written in.")
    source: str = Field(max_length=1_000_000, description="The code.")
    files: dict[str, str] = Field(
        default_factory=dict, max_length=MOST_FILES, description="Text files that lie beside it, by their path."
    )
    stdin: str = Field("", max_length=10_000_000, description="What it reads from standard input.")
    timeout_seconds: float = Field(60, gt=0, le=600, description="How long it may take.")
    max_memory: int = Field(512 * 2**20, ge=32 * 2**20, le=4 * 2**30, description="Bytes of memory it may have.")

    @field_validator("files")
    @classmethod
    def _inside(cls, value: dict[str, str]) -> dict[str, str]:
        for name in value:
            path = PurePosixPath(name)
            if path.is_absolute() or ".." in path.parts or not path.name or "\0" in name:
                raise ValueError(f"{name!r} is not a path below the folder of the code")
        return value


class MadeFile(BaseModel):
    """A file that the code made or changed."""

    path: str
    size: int
    content: str = Field(description="In base64.")


class CodeResult(BaseModel):
    """What it did."""

    exit_code: int = Field(description="As a shell gives it: 128 and the number of the signal that ended it.")
    stdout: str
    stderr: str
    files: list[MadeFile] = Field(description="What it made or changed, by path.")
    left_out: dict[str, str] = Field(default_factory=dict, description="What it made and is not in files, with why.")
    sandbox: str = Field(description="The sandbox it ran in.")
    duration_seconds: float
    truncated: bool = Field(description="Output was dropped.")
    exceeded: str | None = Field(None, description="The limit that ended it: time, cpu, memory, processes or disk.")


class CodeExecution(Tool[CodeArguments, CodeResult]):
    """Nothing of it leaves the sandbox but its answer, so that it may be run twice."""

    name = "code_execution"
    version = "1.0"
    purpose = "Runs Python or shell code in the sandbox, without network, and answers what it wrote."
    licence = "Apache-2.0"
    limits = ToolLimits(timeout=timedelta(minutes=11), max_output=32 * 2**20)
    example = CodeArguments(language=Language.PYTHON, source="print(6 * 7)")
    arguments_model = CodeArguments
    result_model = CodeResult

    async def run(self, scope: ToolScope, arguments: CodeArguments) -> CodeResult:
        """Run it in an empty folder of its own.

        Raises:
            SandboxRefused: no sandbox works here.
        """
        folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="code-", dir=scope.scratch))
        try:
            return await _run(scope, arguments, folder)
        finally:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


async def _run(scope: ToolScope, arguments: CodeArguments, folder: Path) -> CodeResult:
    main = MAIN[arguments.language]
    given = {**arguments.files, main: arguments.source}
    await asyncio.to_thread(_write, folder, given)
    interpreter = [sys.executable, "-I", main] if arguments.language is Language.PYTHON else ["/bin/sh", main]
    limits = SandboxLimits(
        timeout=timedelta(seconds=arguments.timeout_seconds),
        cpu_seconds=2 * arguments.timeout_seconds,
        max_memory=arguments.max_memory,
        max_disk=64 * 2**20,
        max_output=2**20,
    )
    done = await scope.sandbox.run(
        interpreter,
        source=None,
        scratch=folder,
        read_only=interpreter_places(),
        stdin=arguments.stdin.encode("utf-8", "replace"),
        limits=limits,
    )
    scope.measured(exit_code=done.exit_code, cpu_seconds=done.cpu_seconds, sandbox=done.sandbox)
    files, left_out = await asyncio.to_thread(_made, folder, given)
    return CodeResult(
        exit_code=done.exit_code,
        stdout=done.stdout,
        stderr=done.stderr,
        files=files,
        left_out=left_out,
        sandbox=done.sandbox,
        duration_seconds=done.duration.total_seconds(),
        truncated=done.truncated,
        exceeded=done.exceeded,
    )


def _write(folder: Path, given: Mapping[str, str]) -> None:
    for name, content in given.items():
        place = folder / name
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(content, encoding="utf-8", errors="replace")
        except OSError as error:
            raise ToolFailure(f"The file {name!r} cannot be written: {error.strerror or error}.") from error


def _made(folder: Path, given: Mapping[str, str]) -> tuple[list[MadeFile], dict[str, str]]:
    """Regular files that are new or changed. Links are not followed: they could lead out of the folder."""
    made: list[MadeFile] = []
    left_out: dict[str, str] = {}
    total = 0
    for path in _regular(folder, left_out):
        name, size = path.relative_to(folder).as_posix(), path.lstat().st_size
        shown = name.encode("utf-8", "replace").decode()
        if size > LARGEST_FILE or total + size > MOST_BYTES:
            left_out[shown] = f"{size:,} bytes are too many"
            continue
        if len(made) == MOST_FILES:
            left_out[shown] = f"{MOST_FILES} files are the most"
            continue
        content = path.read_bytes()
        if name in given and content == given[name].encode("utf-8", "replace"):
            continue
        total += size
        made.append(MadeFile(path=shown, size=size, content=base64.b64encode(content).decode()))
    return made, dict(list(left_out.items())[:MOST_FILES])


def _regular(folder: Path, left_out: dict[str, str]) -> Iterator[Path]:
    for place, folders, names in os.walk(folder, followlinks=False):
        folders.sort()
        for name in sorted([*names, *(one for one in folders if (Path(place) / one).is_symlink())]):
            path = Path(place) / name
            if stat.S_ISREG(path.lstat().st_mode):
                yield path
            else:
                left_out[path.relative_to(folder).as_posix().encode("utf-8", "replace").decode()] = "not a regular file"
