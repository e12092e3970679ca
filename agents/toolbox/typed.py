"""The typed tools that are installed here, by name."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.metadata import entry_points
from typing import Any

import structlog

from agents.contract.tool import Tool

GROUP = "wrenchai.tools"

AnyTool = Tool[Any, Any]

log = structlog.get_logger(__name__)


@cache
def typed_tools() -> Mapping[str, type[AnyTool]]:
    """Every typed tool that can be loaded, by name; looked for once in the life of a process."""
    found: dict[str, type[AnyTool]] = {}
    for point in sorted(entry_points(group=GROUP), key=lambda one: one.name):
        try:
            tool = point.load()
            name = tool.name
        except Exception as error:  # noqa: BLE001 - a plugin may fail in any way, and must not take the others along
            log.warning("tool_not_loaded", tool=point.name, error=f"{type(error).__name__}: {error}")
            continue
        found.setdefault(name, tool)
    return found


def example_of(tool: type[AnyTool]) -> Mapping[str, Any] | None:
    """Arguments that the tool can be called with: its own example, else the first one of its arguments' schema."""
    if tool.example is not None:
        shown: Mapping[str, Any] = tool.example.model_dump(mode="json", exclude_unset=True)
        return shown
    examples = tool.arguments_model.model_json_schema().get("examples", ())
    return examples[0] if examples else None
