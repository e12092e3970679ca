"""Findings: what agents find in a source, and how a finding lives on from one execution to the next."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from domain.severity import Severity


class FindingState(StrEnum):
    """Where a finding is in its life."""

    NEW = "NEW"
    PERSISTING = "PERSISTING"
    FIXED = "FIXED"
    WAIVED = "WAIVED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """Where a finding is: a path relative to the source's root (``/`` between parts), and 1-based, inclusive lines."""

    path: str
    start_line: int | None = None
    end_line: int | None = None
    start_column: int | None = None
    end_column: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingDraft:
    """A finding as an agent reports it, before the platform compares it with what was known.

    ``snippet`` is the text of the line (or another text that names the place when lines move, such as a function's
    qualified name); the fingerprint is made of it. ``fix`` is a unified diff against the source's root that mends it.
    """

    engine: str
    rule: str
    severity: Severity
    message: str
    location: Location
    snippet: str = ""
    help_url: str | None = None
    fix: str | None = None
    fingerprint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A finding of one source, alive across executions."""

    id: UUID
    workspace_id: UUID
    project_id: UUID
    source_id: UUID
    agent: str
    engine: str
    rule: str
    severity: Severity
    message: str
    location: Location
    fingerprint: str
    state: FindingState
    help_url: str | None = None
    fix: str | None = None
    waiver_reason: str | None = None
    waiver_expires_at: datetime | None = None
    first_execution_id: UUID | None = None
    last_execution_id: UUID | None = None
    version: int = 1
    created_at: datetime
    updated_at: datetime


def fingerprinted(drafts: Iterable[FindingDraft]) -> list[FindingDraft]:
    """Give each draft a fingerprint that survives moved lines.

    It is made of engine, rule, path, the snippet with white space folded, and the how-manieth of its like in the file
    (in line order): so inserting lines above changes nothing, and two equal lines stay two findings. Drafts of one
    file must be given together.
    """
    ordered = sorted(drafts, key=lambda d: (d.location.path, d.location.start_line or 0, d.location.start_column or 0))
    seen: Counter[tuple[str, str, str, str]] = Counter()
    result = []
    for draft in ordered:
        identity = (draft.engine, draft.rule, draft.location.path, " ".join(draft.snippet.split()))
        digest = hashlib.sha256("\0".join((*identity, str(seen[identity]))).encode("utf-8", "surrogatepass"))
        seen[identity] += 1
        result.append(replace(draft, fingerprint=digest.hexdigest()[:32]))
    return result


def state_when_found(previous: Finding | None, now: datetime) -> FindingState:
    """The state of a finding that an execution has just found, given what was known of it."""
    if previous is None or previous.state is FindingState.FIXED:
        return FindingState.NEW
    if previous.state is FindingState.WAIVED:
        expired = previous.waiver_expires_at is not None and previous.waiver_expires_at <= now
        return FindingState.PERSISTING if expired else FindingState.WAIVED
    return FindingState.PERSISTING
