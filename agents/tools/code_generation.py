"""Files made of templates, those that come with the platform or one's own, or written by a language model."""

from __future__ import annotations

import asyncio
import difflib
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path, PurePosixPath
from typing import Any

from pydantic import BaseModel, Field, model_validator

from agents.contract import SideEffect, SourceUse, Tool, ToolFailure, ToolLimits, ToolScope
from agents.tools.bounded import bounded
from agents.tools.code_by_model import MOST_CONTEXT_FILES, MOST_FILES, MOST_INSTRUCTIONS, written_by_model
from agents.tools.paths import PathBelow, file_below
from agents.tools.templates.shipped import shipped

WRITER = "agents.tools.templates.code_writer"
MEMORY = 512 * 2**20
LARGEST_TEMPLATE = 200_000
LARGEST_OLD = 2**20
"""Bytes of a file of the checkout that a patch is made against."""


class CodeArguments(BaseModel):
    """What to make."""

    template: str | None = Field(None, max_length=100, description="Name of a template that comes with the platform.")
    files: dict[PathBelow, str] = Field(
        default_factory=dict,
        max_length=MOST_FILES,
        description="Templates of your own instead, in Jinja, by the path of what they make, which is one too.",
    )
    instructions: str | None = Field(
        None,
        min_length=1,
        max_length=MOST_INSTRUCTIONS,
        description="What the agent's language model is to write, instead of a template.",
    )
    context_files: list[PathBelow] = Field(
        default_factory=list,
        max_length=MOST_CONTEXT_FILES,
        description="Files of the checkout that the model is shown.",
    )
    variables: dict[str, Any] = Field(default_factory=dict, description="What the templates are filled with.")
    folder: PathBelow | None = Field(None, description="Folder below the checkout that the files belong into.")

    @model_validator(mode="after")
    def _one_kind(self) -> CodeArguments:
        if [self.template is not None, bool(self.files), self.instructions is not None].count(True) != 1:
            raise ValueError("give one of template, files and instructions")
        if self.instructions is not None and self.variables:
            raise ValueError("variables are for templates: write them into the instructions")
        if self.instructions is None and self.context_files:
            raise ValueError("context_files are for instructions: a template is shown no files")
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
    """The files are in its answer, and nowhere else. Only for instructions is anything sent out: to the model."""

    name = "code_generation"
    version = "1.1"
    purpose = (
        "Makes files of code from templates, or has a language model write them, checks that they can be read, and "
        "answers them as files and a patch."
    )
    licence = "Apache-2.0"
    side_effects = (SideEffect.NETWORK,)
    limits = ToolLimits(timeout=timedelta(minutes=20), max_output=32 * 2**20, max_memory=MEMORY)
    source_use = SourceUse.WHERE_THERE
    example = CodeArguments(
        template="python-module",
        variables={"module": "water_level", "function": "level_of", "summary": "Say how high the water stands."},
    )
    arguments_model = CodeArguments
    result_model = CodeResult

    @classmethod
    def effects_of(cls, arguments: CodeArguments) -> tuple[SideEffect, ...]:
        """Nothing leaves the machine for a template."""
        return (SideEffect.NONE,) if arguments.instructions is None else cls.side_effects

    async def run(self, scope: ToolScope, arguments: CodeArguments) -> CodeResult:
        """Make them.

        Raises:
            ToolFailure: a template is wrong, takes too long, or makes what cannot be read; there is no model for
                instructions, or no such file to show it.
            AgentFailure: the model gave no answer that can be used (``MODEL_FAILED``).
            BudgetExceeded: a budget does not allow to ask it.
        """
        request = await _request(scope, arguments)
        made: dict[str, dict[str, Any]] = await bounded(
            scope, WRITER, request, timeout=timedelta(seconds=30), max_memory=MEMORY
        )
        return await asyncio.to_thread(_answer, scope.checkout, arguments.folder, made)


async def _request(scope: ToolScope, arguments: CodeArguments) -> dict[str, Any]:
    """What the writer is given: templates with what they are filled with, or files that are written already."""
    if arguments.instructions is not None:
        shown, folder = arguments.context_files, arguments.folder
        return {"files": await written_by_model(scope, arguments.instructions, shown, folder)}
    if arguments.template is None:
        return {"files": arguments.files, "variables": arguments.variables}
    template = shipped()[arguments.template]
    variables = template.filled({name: str(value) for name, value in arguments.variables.items()})
    return {"files": dict(template.files), "variables": variables}


def _answer(checkout: Path, folder: str | None, made: Mapping[str, Mapping[str, Any]]) -> CodeResult:
    files, patch = [], []
    for name, one in made.items():
        content = str(one["content"])
        path = _place(folder, name)
        old = _old(checkout, path)
        files.append(GeneratedFile(path=path, content=content, replaces=old is not None, checked=one["checked"]))
        patch.append(_patch(path, old, content))
    return CodeResult(files=files, patch="".join(patch))


def _place(folder: str | None, name: str) -> str:
    path = PurePosixPath(folder or ".") / name
    if path.is_absolute() or ".." in path.parts or "\0" in name or not path.name or "\n" in name:
        raise ToolFailure(f"What is made is called {name!r:.200}, which is no path below the checkout.")
    return path.as_posix()


def _old(checkout: Path, path: str) -> str | None:
    if not (checkout / path).exists():
        return None
    try:
        return file_below(checkout, path, most=LARGEST_OLD).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise ToolFailure(f"{path!r} is there already, and is not text: choose another folder.") from None


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
