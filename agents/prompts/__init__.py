"""Prompts as versioned files: front matter that says name, version and input, and a text with places for the input.

::

    ---
    name: explain-finding
    version: "2"
    purpose: Explains a finding to whoever has to mend it.
    input: [rule, message]
    ---
    Explain the rule {{ rule }} in three sentences. It said: {{ message }}

A part before a line ``---system---`` is what the model is told before all else. Texts are rendered by Jinja in its
sandbox, and a name that is not in the input is an error, as is one that is missing. What is recorded of each request
names the prompt, its version, and the digest of its file, so a prompt that was changed without a new version is seen.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jinja2 import StrictUndefined, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from agents.contract import Prompt

FOLDER = Path(__file__).parent
PARTS = re.compile(r"\A---\n(?P<head>.*?\n)---\n(?:(?P<system>.*?)\n---system---\n)?(?P<text>.*)\Z", re.DOTALL)


class PromptUnusable(ValueError):
    """A prompt cannot be used as it is written, or not with this input. The message names its file."""


class _Head(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,99}$")
    version: str = Field(min_length=1, max_length=50)
    purpose: str
    input: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptFile:
    """A prompt before its input is put in. ``digest`` is ``sha256:`` of the file."""

    name: str
    version: str
    purpose: str
    input: tuple[str, ...]
    text: str
    system: str | None
    digest: str

    def render(self, **given: Any) -> Prompt:
        """The text with the input in its places.

        Raises:
            PromptUnusable: something of the input is missing, or is not in it.
        """
        wrong = sorted(set(self.input) ^ set(given))
        if wrong:
            wanted = ", ".join(self.input) or "nothing"
            raise PromptUnusable(f"The prompt {self.name} takes {wanted}; see to {', '.join(wrong)}.")
        system = None if self.system is None else _rendered(self.name, self.system, given)
        return Prompt(
            text=_rendered(self.name, self.text, given),
            system=system,
            name=self.name,
            version=self.version,
            digest=self.digest,
        )


def load_prompt(name: str, folder: Path = FOLDER) -> PromptFile:
    """The prompt of that name: ``<name>.md`` in the folder, by default one that comes with WrenchAI. Read once.

    Raises:
        PromptUnusable: there is none, or it is not written as a prompt.
    """
    return _load(folder / f"{name}.md")


@cache
def _load(file: Path) -> PromptFile:
    try:
        content = file.read_bytes()
        text = content.decode()
    except (OSError, UnicodeDecodeError) as error:
        raise PromptUnusable(f"{file} cannot be read: {error}.") from error
    found = PARTS.match(text)
    if found is None:
        raise PromptUnusable(f"{file} is no prompt: it must begin with front matter between two lines '---'.")
    try:
        head = _Head.model_validate(yaml.safe_load(found["head"]))
    except (yaml.YAMLError, ValidationError) as error:
        raise PromptUnusable(f"The front matter of {file} is wrong: {' '.join(str(error).split())[:500]}") from error
    if head.name != file.stem:
        raise PromptUnusable(f"{file} has the name {head.name!r}: it must be that of its file.")
    return PromptFile(
        name=head.name,
        version=head.version,
        purpose=head.purpose,
        input=head.input,
        text=found["text"].strip(),
        system=found["system"].strip() if found["system"] else None,
        digest=f"sha256:{hashlib.sha256(content).hexdigest()}",
    )


def _rendered(name: str, text: str, given: Mapping[str, Any]) -> str:
    # Not escaped: what is made is no page but a text for a model.
    environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False, keep_trailing_newline=True)
    try:
        return environment.from_string(text).render(**given)
    except TemplateError as error:
        raise PromptUnusable(f"The prompt {name} cannot be rendered: {error}.") from error
