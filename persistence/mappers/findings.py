"""Rows of findings."""

from __future__ import annotations

from typing import Any

from domain.finding import Finding, FindingState, Location
from domain.severity import Severity
from persistence.mappers.rows import AnyRow


def to_finding(row: AnyRow) -> Finding:
    """A row of ``findings``."""
    return Finding(
        id=row["id"],
        workspace_id=row["workspace_id"],
        project_id=row["project_id"],
        source_id=row["source_id"],
        agent=row["agent"],
        engine=row["engine"],
        rule=row["rule"],
        severity=Severity(row["severity"]),
        message=row["message"],
        location=Location(
            path=row["path"],
            start_line=row["start_line"],
            end_line=row["end_line"],
            start_column=row["start_column"],
            end_column=row["end_column"],
        ),
        fingerprint=row["fingerprint"],
        state=FindingState(row["state"]),
        help_url=row["help_url"],
        fix=row["fix"],
        waiver_reason=row["waiver_reason"],
        waiver_expires_at=row["waiver_expires_at"],
        first_execution_id=row["first_execution_id"],
        last_execution_id=row["last_execution_id"],
        version=row["version"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )


def from_finding(finding: Finding) -> dict[str, Any]:
    """The values of a row of ``findings``."""
    return {
        "id": finding.id,
        "workspace_id": finding.workspace_id,
        "project_id": finding.project_id,
        "source_id": finding.source_id,
        "agent": finding.agent,
        "engine": finding.engine,
        "rule": finding.rule,
        "severity": finding.severity.value,
        "severity_rank": finding.severity.rank,
        "message": finding.message,
        "path": finding.location.path,
        "start_line": finding.location.start_line,
        "end_line": finding.location.end_line,
        "start_column": finding.location.start_column,
        "end_column": finding.location.end_column,
        "fingerprint": finding.fingerprint,
        "state": finding.state.value,
        "help_url": finding.help_url,
        "fix": finding.fix,
        "waiver_reason": finding.waiver_reason,
        "waiver_expires_at": finding.waiver_expires_at,
        "first_execution_id": finding.first_execution_id,
        "last_execution_id": finding.last_execution_id,
        "version": finding.version,
        "created_at": finding.created_at,
        "updated_at": finding.updated_at,
    }
