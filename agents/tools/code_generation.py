"""Files made of templates: those that come with the platform, or templates of one's own."""

from __future__ import annotations

import ast
import asyncio
import difflib
import json
import tomllib
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path, PurePosixPath
from typing import Any

import yaml
from pydantic import BaseModel, Field, model_validator

from agents.contract import SourceUse, Tool, ToolFailure, ToolLimits, ToolScope
from agents.tools.bounded import bounded
from agents.tools.paths import PathBelow, file_below
from agents.tools.templates.shipped import shipped

WRITER = "agents.tools.templates.code_writer"
MEMORY = 512 * 2**20
LARGEST_TEMPLATE = 200_000
MOST_FILES = 50
LARGEST_OLD = 2**20
"""Bytes of a file of the checkout that a patch is made against."""

CHECKS: Mapping[str, Callable[[str], Any]] = {
    ".json": json.loads,
    ".py": ast.parse,
    ".toml": tomllib.loads,
    ".yaml": yaml.safe_load,
    ".yml": yaml.safe_load,
}
"""What must be able to read a file with that ending."""


class CodeArguments(BaseModel):
    """What to make."""

    template: str | None = Field(None, max_length=100, description="Name of a template that comes with the platform.")
    files: dict[PathBelow, str] = Field(
        default_factory=dict,
        max_length=MOST_FILES,
        description="Templates of your own instead, in Jinja, by the path of what they make, which is one too.",
    )
    variables: dict[str, Any] = Field(default_factory=dict, description="What the templates are filled with.")
    folder: PathBelow | None = Field(None, description="Folder below the checkout that the files belong into.")

    @model_validator(mode="after")
    def _one_kind(self) -> CodeArguments:
        if (self.template is None) == (not self.files):
            raise ValueError("give either a template or files")
        if any(len(text) > LARGEST_TEMPLATE for text in self.files.values()):
            raise ValueError(f"a template of your own may have {LARGEST_TEMPLATE:,} characters at most")
        if self.template is not None:
            known = shipped().get(self.template)
            if known is None:
                raise ValueError(f"there is no template {self.template!r}; there are: {', '.join(shipped())}")
            known.filled({name: str(value) for name, value in self.variables.items()})
        return self


class GeneratedFile(BaseModel):
    """A file that was made."""

    path: str
    content: str
    replaces: bool = Field(description="The checkout has a file of this path.")
    checked: bool = Field(description="It was read by what reads such files: Python, JSON, TOML and YAML are.")


class CodeResult(BaseModel):
    """What was made. Nothing of it is written into the source."""

    files: list[GeneratedFile]
    patch: str = Field(description="The same as a patch of the checkout, for `git apply`.")


class CodeGeneration(Tool[CodeArguments, CodeResult]):
    """Computes only: the files are in its answer."""

    name = "code_generation"
    version = "1.0"
    purpose = "Makes files of code from templates, checks that they can be read, and answers them as files and a patch."
    licence = "Apache-2.0"
    limits = ToolLimits(timeout=timedelta(minutes=2), max_output=32 * 2**20, max_memory=MEMORY)
    source_use = SourceUse.WHERE_THERE
    example = CodeArguments(
        template="python-module",
        variables={"module": "water_level", "function": "level_of", "summary": "Say how high the water stands."},
    )
    arguments_model = CodeArguments
    result_model = CodeResult

    async def run(self, scope: ToolScope, arguments: CodeArguments) -> CodeResult:
        """Make them.

        Raises:
            ToolFailure: a template is wrong, takes too long, or makes what cannot be read.
        """
        files, variables = arguments.files, arguments.variables
        if arguments.template is not None:
            template = shipped()[arguments.template]
            files = dict(template.files)
            variables = template.filled({name: str(value) for name, value in variables.items()})
        request = {"files": files, "variables": variables}
        made: dict[str, str] = await bounded(scope, WRITER, request, timeout=timedelta(seconds=30), max_memory=MEMORY)
        return await asyncio.to_thread(_answer, scope.checkout, arguments.folder, made)


def _answer(checkout: Path, folder: str | None, made: Mapping[str, str]) -> CodeResult:
    files, patch = [], []
    for name, content in made.items():
        path = _place(folder, name)
        old = _old(checkout, path)
        checked = _checked(path, content)
        files.append(GeneratedFile(path=path, content=content, replaces=old is not None, checked=checked))
        patch.append(_patch(path, old, content))
    return CodeResult(files=files, patch="".join(patch))


def _place(folder: str | None, name: str) -> str:
    path = PurePosixPath(folder or ".") / name
    if path.is_absolute() or ".." in path.parts or "\0" in name or not path.name or "\n" in name:
        raise ToolFailure(f"A template makes the file {name!r:.200}, which is no path below the checkout.")
    return path.as_posix()


def _old(checkout: Path, path: str) -> str | None:
    if not (checkout / path).exists():
        return None
    try:
        return file_below(checkout, path, most=LARGEST_OLD).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise ToolFailure(f"{path!r} is there already, and is not text: choose another folder.") from None


def _checked(path: str, content: str) -> bool:
    check = CHECKS.get(PurePosixPath(path).suffix)
    if check is None:
        return False
    try:
        check(content)
    except (SyntaxError, ValueError, RecursionError, MemoryError, yaml.YAMLError) as error:
        said = " ".join(str(error).split())[:300]
        raise ToolFailure(f"What the template makes for {path!r} cannot be read: {said}.") from None
    return True


def _patch(path: str, old: str | None, new: str) -> str:
    if old == new:
        return ""
    before = "/dev/null" if old is None else f"a/{path}"
    lines = difflib.unified_diff(
        (old or "").splitlines(keepends=True), new.splitlines(keepends=True), before, f"b/{path}", n=3
    )
    header = f"diff --git a/{path} b/{path}\n" + ("new file mode 100644\n" if old is None else "")
    ended = (line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)
    return header + "".join(ended)
