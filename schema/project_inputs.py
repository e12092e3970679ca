"""Inputs about projects and findings."""

from __future__ import annotations

from datetime import datetime

import strawberry
from strawberry import ID, UNSET

from domain import commands
from domain.finding import FindingState
from domain.project import SourceKind
from domain.quality_gate import QualityGate
from schema.absence import given
from schema.node_ids import decode_as


@strawberry.input(description="A source to be.")
class SourceInput:
    """A source."""

    kind: SourceKind = strawberry.field(description="What it is.")
    location: str = strawberry.field(
        description="A folder under one of the server's source roots, or the URL of a git repository."
    )
    revision: str | None = strawberry.field(
        default=UNSET, description="Branch, tag or commit; the default branch if left out."
    )


@strawberry.input(description="How many new findings of each severity a source may gain. Null: any number.")
class QualityGateInput:
    """A quality gate."""

    critical: int | None = strawberry.field(default=0, description="Most new CRITICAL findings.")
    high: int | None = strawberry.field(default=0, description="Most new HIGH findings.")
    medium: int | None = strawberry.field(
        default=UNSET, description="Most new MEDIUM findings; any number if left out."
    )
    low: int | None = strawberry.field(default=UNSET, description="Most new LOW findings; any number if left out.")

    def parsed(self) -> QualityGate:
        """The same in terms of the domain."""
        limits = {"critical": self.critical, "high": self.high, "medium": self.medium, "low": self.low}
        return QualityGate(**{name: limit for name, limit in limits.items() if limit is not UNSET})


@strawberry.input(description="What createProject is given.")
class CreateProjectInput:
    """A project to be."""

    name: str = strawberry.field(description="Its name for people.")
    key: str | None = strawberry.field(
        default=UNSET, description="2 to 10 capital letters or digits; made of the name if left out."
    )
    description: str = strawberry.field(default="", description="What it is about.")
    source: SourceInput | None = strawberry.field(default=UNSET, description="What its agents work on.")
    gate: QualityGateInput | None = strawberry.field(
        default=UNSET, description="What stops a change; no new CRITICAL and HIGH findings if left out."
    )
    idempotency_key: str | None = strawberry.field(
        default=UNSET, description="Makes the request safe to send again: the same key creates once."
    )

    def command(self) -> commands.CreateProject:
        """The same in terms of the domain."""
        source = None
        if self.source:
            source = commands.SourceDraft(
                kind=self.source.kind, location=self.source.location, revision=given(self.source.revision)
            )
        return commands.CreateProject(
            name=self.name,
            key=given(self.key),
            description=self.description,
            source=source,
            gate=self.gate.parsed() if self.gate else QualityGate(),
        )


@strawberry.input(description="What setFindingState is given.")
class SetFindingStateInput:
    """A verdict on a finding."""

    finding_id: ID = strawberry.field(description="The finding.")
    expected_version: int = strawberry.field(description="The version you read.")
    state: FindingState = strawberry.field(description="WAIVED, or PERSISTING to take a waiver back.")
    reason: str | None = strawberry.field(default=UNSET, description="Why it is accepted; needed for WAIVED.")
    expires_at: datetime | None = strawberry.field(
        default=UNSET, description="Until when it is accepted; for good if left out."
    )

    def command(self) -> commands.SetFindingState:
        """The same in terms of the domain.

        Raises:
            InvalidId: the id is malformed or another thing's.
        """
        return commands.SetFindingState(
            finding_id=decode_as("Finding", self.finding_id, path=("input", "findingId")),
            expected_version=self.expected_version,
            state=self.state,
            reason=given(self.reason),
            expires_at=given(self.expires_at),
        )
