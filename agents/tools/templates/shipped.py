"""The templates that come with the platform."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field

FOLDER = Path(__file__).parent


class Variable(BaseModel):
    """What a template is made of. One without a default has to be given."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    description: str
    default: str | None = None
    pattern: str = r"[^\0]{1,2000}"


class Template(BaseModel):
    """A template: the texts of its files by their paths, both of which are templates of Jinja."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    purpose: str
    variables: Mapping[str, Variable]
    files: Mapping[str, str] = Field(description="Names of the files beside the description, by the path they make.")

    def filled(self, given: Mapping[str, str]) -> dict[str, str]:
        """All variables, with defaults.

        Raises:
            ValueError: one is missing, unknown, or not of its form; half a sentence.
        """
        unknown = sorted(given.keys() - self.variables.keys())
        if unknown:
            raise ValueError(f"there is no variable {unknown[0]!r}; there are: {', '.join(self.variables)}")
        filled = {}
        for name, variable in self.variables.items():
            value = given.get(name, variable.default)
            if value is None:
                raise ValueError(f"the variable {name!r} is missing: {variable.description}")
            if not re.fullmatch(variable.pattern, value):
                raise ValueError(f"the variable {name!r} must match {variable.pattern}: {variable.description}")
            filled[name] = value
        return filled


@cache
def shipped() -> Mapping[str, Template]:
    """The templates by name, with the texts of their files in place."""
    found = {}
    for description in sorted(FOLDER.glob("*/template.yaml")):
        folder = description.parent
        template = Template.model_validate(yaml.safe_load(description.read_text(encoding="utf-8")))
        texts = {path: (folder / name).read_text(encoding="utf-8") for path, name in template.files.items()}
        found[folder.name] = template.model_copy(update={"files": texts})
    return found
