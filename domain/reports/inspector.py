"""What an audit of the Inspector reports."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SeverityCounts(_Frozen):
    """How many findings there are of each severity."""

    critical: int = 0
    high: int = 0
    medium: int = 0
    low: int = 0
    info: int = 0


class EngineRun(_Frozen):
    """One engine's part of an audit."""

    engine: str
    tool: str
    version: str | None = Field(description="Version of the tool, null when it is not installed.")
    files: int = Field(description="How many files it analysed.")
    findings: int
    duration_ms: int
    skipped_reason: str | None = Field(default=None, description="Why it did not run, null when it did.")


class LanguageSeen(_Frozen):
    """A language of the source."""

    language: str
    files: int = Field(description="How many files of it there are that can be read.")
    engines: list[str] = Field(description="The engines that analysed some of them; none: nothing of it was analysed.")


class NotAnalysed(_Frozen):
    """Something that was not analysed, and why."""

    path: str
    engine: str | None = Field(default=None, description="The engine that left it out; null: all of them.")
    reason: str


class FunctionMetrics(_Frozen):
    """How hard one function is to understand."""

    path: str
    name: str
    line: int
    cyclomatic: int
    cognitive: int | None
    lines: int


class GateResult(_Frozen):
    """One line of the verdict of the quality gate: a severity over its limit."""

    severity: str
    limit: int
    found: int


class InspectorReport(_Frozen):
    """The summary of one audit. The findings themselves live in the graph."""

    source_state: str = Field(
        description="Exactly what was audited: git:<commit>, git:<commit>+<digest> or sha256:<digest>."
    )
    files_analysed: int
    lines_of_code: int
    first_audit: bool = Field(description="Whether nothing was known of this source before.")
    gate_passed: bool
    gate_breaches: list[GateResult]
    new: SeverityCounts
    persisting: SeverityCounts
    fixed: SeverityCounts
    waived: SeverityCounts
    engines: list[EngineRun]
    languages: list[LanguageSeen] = []
    not_analysed: list[NotAnalysed]
    duplicated_lines: int
    most_complex: list[FunctionMetrics] = Field(description="At most ten, the hardest first.")
    autofixable: int = Field(description="How many findings the autofix patch mends.")
