"""What a direct call of a tool reports."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class ToolCallReport(BaseModel):
    """What a tool answered."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    tool: str
    tool_version: str | None = Field(description="Its version; null for a tool of an MCP server.")
    answer: Any = Field(description="What it answered; null when that is in the artifact.")
    answer_bytes: int = Field(description="Size of the answer as JSON.")
    artifact: str | None = Field(description="The artifact with a large answer, as JSON.")
