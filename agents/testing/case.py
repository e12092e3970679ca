"""A case: what an agent is given, and what is expected of it, as a YAML file.

::

    inputs: {header: "SPDX-License-Identifier: MIT"}
    files:
      with.py: "# SPDX-License-Identifier: MIT"
      without.py: "print()"
    expect:
      findings: [{rule: missing-header, path: without.py, line: 1}]
      report: {files: 2, missing: 1}
      tools: []

``files`` is the source; ``source`` names a folder instead, from where the case's file is. Several cases stand in one
file as several YAML documents.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from domain.severity import Severity

SUFFIXES = (".yaml", ".yml")
MOST_BYTES = 1 << 20


class CaseUnusable(ValueError):
    """A case cannot be run as it is written. The message names its file, line and field."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ExpectedFinding(_Part):
    """A finding; what is left out may be anything."""

    rule: str
    path: str
    line: int | None = None
    severity: Severity | None = None
    engine: str | None = None


class ExpectedCall(_Part):
    """A call of a tool; without ``exit_code`` it may have ended in any way. ``times``: how often, at least once."""

    tool: str
    exit_code: int | None = None
    times: int | None = Field(None, ge=0)


class Ending(StrEnum):
    """How an execution ends, as far as it is the agent's doing."""

    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    CLAIMED_UNVERIFIED = "CLAIMED_UNVERIFIED"


class Expectation(_Part):
    """What must be seen afterwards. A part that is left out is not looked at.

    ``findings`` are all the agent has, unless ``more_findings``. ``report`` has some of the report's fields, at any
    depth. ``tools`` names calls that were made; an empty list says that none was. ``actions`` are the names of all that
    was asked permission for.
    """

    ends: Ending = Ending.SUCCEEDED
    error: str | None = None
    findings: tuple[ExpectedFinding, ...] | None = None
    more_findings: bool = False
    report: Mapping[str, Any] | None = None
    artifacts: tuple[str, ...] | None = None
    tools: tuple[ExpectedCall, ...] | None = None
    log: tuple[str, ...] | None = None
    actions: tuple[str, ...] | None = None


class Case(_Part):
    """See the module. ``origin`` is the file, ``name`` tells it from the other cases of the file; ``approvals`` says
    which of the actions that the agent asks are approved. ``model`` is what a language model answers, one request after
    the other: a text, or the fields of an answer; without it the agent has no model."""

    name: str = ""
    origin: Path = Field(exclude=True)
    inputs: Mapping[str, Any] = Field(default_factory=dict)
    files: Mapping[str, str] | None = None
    source: str | None = None
    missing_tools: tuple[str, ...] = ()
    approvals: Mapping[str, bool] = Field(default_factory=dict)
    model: tuple[str | Mapping[str, Any], ...] | None = None
    expect: Expectation

    @model_validator(mode="after")
    def _one_source(self) -> Case:
        if (self.files is None) == (self.source is None):
            raise ValueError("give either `files` or `source`")
        for name in self.files or ():
            if Path(name).is_absolute() or ".." in Path(name).parts or not name:
                raise ValueError(f"the file {name!r} does not lie inside the source")
        return self

    @property
    def title(self) -> str:
        """Its name for people, unique among the cases of a folder."""
        return f"{self.origin.stem}: {self.name}" if self.name else self.origin.stem

    def lay(self, folder: Path) -> Path:
        """The folder that the agent works on; files of the case are written into ``folder``. Blocks."""
        if self.source is not None:
            return (self.origin.parent / self.source).resolve()
        for name, content in (self.files or {}).items():
            file = folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content, encoding="utf-8")
        return folder


def load_cases(place: Path) -> list[Case]:
    """The cases of a file, or of every YAML file in a folder and below, in the order of their names. Blocks.

    Raises:
        CaseUnusable: there is none, or one is not written as a case.
    """
    files = [place] if place.is_file() else sorted(one for one in place.rglob("*") if one.suffix in SUFFIXES)
    cases = [case for file in files for case in _cases_of(file)]
    if not cases:
        raise CaseUnusable(f"{place} has no case: write one as a YAML file, see `wrenchai agents test --help`.")
    titles = [case.title for case in cases]
    twice = next((title for title in titles if titles.count(title) > 1), None)
    if twice is not None:
        raise CaseUnusable(f"{place} has two cases called {twice!r}: give each a `name` of its own.")
    return cases


def _cases_of(file: Path) -> Iterator[Case]:
    try:
        if file.stat().st_size > MOST_BYTES:
            raise CaseUnusable(f"{file} has more than {MOST_BYTES} bytes: let `source` name a folder instead.")
        documents = list(yaml.safe_load_all(file.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError) as error:
        raise CaseUnusable(f"{file} cannot be read: {error}.") from error
    except yaml.YAMLError as error:
        raise CaseUnusable(f"{file} is no YAML: {' '.join(str(error).split())}.") from error
    for number, document in enumerate(documents, start=1):
        if not isinstance(document, dict):
            raise CaseUnusable(f"{file}: document {number} is no mapping: write `inputs`, `files` and `expect`.")
        try:
            yield Case.model_validate({**document, "origin": file})
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            at = f", {where}" if where else ""
            raise CaseUnusable(f"{file}: document {number}{at}: {first['msg']}.") from error
