"""Findings."""

from __future__ import annotations

from typing import Annotated, Literal

from mcp.server.mcpserver import Context, MCPServer
from pydantic import Field

from server.mcp.api import api_of
from server.mcp.documents import FINDINGS
from server.mcp.naming import After, Most, ProjectName, project_named
from server.mcp.offering import READS, offer
from server.mcp.results import Finding, Findings
from server.mcp.showing import cursor_behind

Severity = Literal["CRITICAL", "HIGH", "MEDIUM", "LOW", "INFO"]
State = Literal["NEW", "PERSISTING", "FIXED", "WAIVED"]


def register(server: MCPServer) -> None:
    """Add the tool."""
    offer(server, list_findings, "List findings", READS)


async def list_findings(
    context: Context,
    project: ProjectName | None = None,
    state: Annotated[list[State] | None, Field(description="Only findings in one of these states.")] = None,
    severity: Annotated[list[Severity] | None, Field(description="Only findings of one of these severities.")] = None,
    rule: Annotated[str | None, Field(description="Only findings of this rule.")] = None,
    first: Most = 50,
    after: After = None,
) -> Findings:
    """List what was found in the sources of projects: rule, severity, place, and a patch where there is one."""
    api = api_of(context)
    where = {
        "projectId": None if project is None else (await project_named(api, project))["id"],
        "state": state,
        "severity": severity,
        "rule": rule,
    }
    given = {name: value for name, value in where.items() if value is not None}
    found = (await api.query(FINDINGS, {"filter": given, "first": first, "after": after}))["findings"]
    return Findings(findings=[Finding.model_validate(one) for one in found["nodes"]], next_cursor=cursor_behind(found))
