"""What a task may tell the Inspector; the JSON Schema of this model is the form in the user interface."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field


class EngineName(StrEnum):
    """The engines of an audit; the value is the ``engine`` of their findings."""

    RUFF = "ruff"
    COMPLEXITY = "complexity"
    DUPLICATION = "duplication"
    DEAD_CODE = "dead-code"
    DEPENDENCIES = "dependencies"
    IMPORT_CYCLES = "import-cycles"
    JAVASCRIPT = "javascript"
    SHELL = "shell"
    YAML = "yaml"
    TYPES = "types"


BY_DEFAULT = tuple(name for name in EngineName if name is not EngineName.TYPES)
"""Types are checked on request: see the decision record 0013."""


class InspectorInputs(BaseModel):
    """How to audit. Every default is a published threshold, see the field it belongs to."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    engines: tuple[EngineName, ...] = Field(
        default=BY_DEFAULT,
        min_length=1,
        description="The engines to run; by default all but types, which says little that is true of code whose "
        "dependencies are not installed.",
    )
    max_cyclomatic: int = Field(
        default=10,
        ge=1,
        le=200,
        description="Cyclomatic complexity a function may have. 10 is McCabe's limit (NIST SP 500-235, section 2.5).",
    )
    max_cognitive: int = Field(
        default=15,
        ge=1,
        le=500,
        description="Cognitive complexity a function may have. 15 is the limit of SonarSource's rule S3776.",
    )
    min_duplicate_lines: int = Field(
        default=10,
        ge=4,
        le=500,
        description="Lines of code that must be equal, token by token, to count as duplicated (SonarQube: 10 lines "
        "and 100 tokens; the tokens asked for are ten for each line).",
    )
    include_tests: bool = Field(
        default=False, description="Judge the complexity, duplication and dead code of tests like that of other code."
    )
    honour_noqa: bool = Field(
        default=True,
        description="Leave out what a comment in Python code (noqa) suppresses; false shows it all the same.",
    )
    exclude: tuple[str, ...] = Field(
        default=(),
        max_length=200,
        description="Paths that are not audited, as globs relative to the source's root; * also matches /. "
        "Example: docs/*",
    )
