"""What an execution reported, in the type of its kind of report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError

from domain.execution import Execution
from domain.reports.inspector import InspectorReport


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


MODELS: Mapping[str, type[BaseModel]] = {model.__name__: model for model in (InspectorReport,)}
"""The built-in reports by kind, which is the name of their model."""


def result_of(execution: Execution) -> BaseModel | CustomReport | None:
    """The report, or ``None`` while there is none.

    One that an older version of the platform wrote and that no longer fits its model is shown as it is stored.
    """
    if execution.result is None or execution.result_kind is None:
        return None
    model = MODELS.get(execution.result_kind)
    if model is not None:
        try:
            return model.model_validate(dict(execution.result))
        except ValidationError:
            pass
    return CustomReport(execution.result_kind, execution.result)
