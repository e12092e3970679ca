"""Files that a language model writes: what it is asked, what it is shown of the checkout, and what it may answer."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel, Field, model_validator

from agents.contract import ToolFailure, ToolScope
from agents.prompts import load_prompt
from agents.tools.paths import PathBelow, file_below
from agents.tools.templates.code_writer import LARGEST_FILE
from domain.recovery import ErrorClass

MOST_FILES = 50
MOST_INSTRUCTIONS = 20_000
"""Characters."""
MOST_CONTEXT_FILES = 20
MOST_CONTEXT = 200_000
"""Bytes of the files that the model is shown, all together: each of them is reserved as a token."""
NO_MODEL = (
    "There is no language model here that could write what the instructions say. Connect one with `wrenchai models set "
    "NAME --provider … --model …` and choose it with `wrenchai models use NAME`; or use a template."
)


class WrittenFile(BaseModel):
    """A file, whole."""

    path: PathBelow = Field(description="Its path, relative to the folder that was named.")
    content: str = Field(max_length=LARGEST_FILE, description="All of its text.")


class WrittenFiles(BaseModel):
    """What the model has written."""

    files: list[WrittenFile] = Field(min_length=1, max_length=MOST_FILES, description="The files, each path once.")

    @model_validator(mode="after")
    def _each_once(self) -> WrittenFiles:
        paths = [one.path for one in self.files]
        twice = next((path for path in paths if paths.count(path) > 1), None)
        if twice is not None:
            raise ValueError(f"the file {twice!r} is there twice")
        return self


async def written_by_model(
    scope: ToolScope, instructions: str, context_files: Sequence[str], folder: str | None
) -> dict[str, str]:
    """The text of each file by its path below ``folder``, as the model of the calling agent has written it.

    Raises:
        ToolFailure: the agent has no model; or a file to show is not there, is no text, or all are too large.
        AgentFailure: the model gave no answer that can be used (``MODEL_FAILED``).
        BudgetExceeded: a budget does not allow to ask it.
    """
    if scope.model is None:
        raise ToolFailure(NO_MODEL, error_class=ErrorClass.BAD_INPUT)
    shown = await asyncio.to_thread(_shown, scope.checkout, context_files)
    prompt = load_prompt("write-files").render(instructions=instructions, folder=folder or "", files=shown)
    written = await scope.model.ask(prompt, returns=WrittenFiles)
    return {one.path: one.content for one in written.files}


def _shown(checkout: Path, names: Sequence[str]) -> list[dict[str, str]]:
    """The files with their texts. Blocks."""
    found, left = [], MOST_CONTEXT
    for name in names:
        content = file_below(checkout, name, most=MOST_CONTEXT).read_bytes()
        left -= len(content)
        if left < 0:
            raise ToolFailure(
                f"The context_files have more than {MOST_CONTEXT:,} bytes together: name fewer of them.",
                error_class=ErrorClass.BAD_INPUT,
            )
        try:
            found.append({"path": name, "text": content.decode()})
        except UnicodeDecodeError:
            raise ToolFailure(f"{name!r} is not text in UTF-8.", error_class=ErrorClass.BAD_INPUT) from None
    return found
