"""What the tool of an MCP server answers."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

MCP_PREFIX = "mcp:"
"""Begins the name of a tool of an MCP server where typed tools have names too: ``mcp:server/tool``."""


class McpAnswer(BaseModel):
    """The blocks of content, as the protocol has them, and the structured answer where the tool gives one."""

    content: list[dict[str, Any]] = Field(description="Blocks such as {type: text, text: …}.")
    structured: Any = Field(None, description="The structured answer; null where the tool gives none.")

    @property
    def text(self) -> str:
        """All texts of the content, one after the other."""
        return "\n".join(str(block["text"]) for block in self.content if block.get("type") == "text")
