"""What an execution reported, in the type of its kind of report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError

from domain.execution import Execution, StoredReport
from domain.reports.inspector import InspectorReport
from domain.reports.playbook import PlaybookReport
from domain.reports.toolcall import ToolCallReport
from resolvers.context import Context


@dataclass(frozen=True, slots=True)
class CustomReport:
    """A report of a kind that the platform has no type for. ``schema_url`` is what its own ``$schema`` says."""

    kind: str
    data: Mapping[str, Any]

    @property
    def schema_url(self) -> str | None:
        """Where the schema of ``data`` is described, if the report says so."""
        url = self.data.get("$schema")
        return url if isinstance(url, str) else None


MODELS: Mapping[str, type[BaseModel]] = {
    model.__name__: model for model in (InspectorReport, PlaybookReport, ToolCallReport)
}
"""The built-in reports by kind, which is the name of their model."""


async def of_executions(
    context: Context, executions: Sequence[Execution], _args: tuple[Any, ...]
) -> list[BaseModel | CustomReport | None]:
    """What each execution reported, or ``None`` while there is nothing."""
    stored = await context.read.reports_of(context.workspace_id, [execution.id for execution in executions])
    return [None if report is None else _typed(report) for report in stored]


def _typed(report: StoredReport) -> BaseModel | CustomReport:
    """One that an older version of the platform wrote and that no longer fits its model is shown as it is stored."""
    model = MODELS.get(report.kind)
    if model is not None:
        try:
            return model.model_validate(dict(report.data))
        except ValidationError:
            pass
    return CustomReport(report.kind, report.data)
