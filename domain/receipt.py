"""The receipt of an execution: a statement of what is on record, signed in the form of a DSSE envelope.

DSSE (Dead Simple Signing Envelope, https://github.com/secure-systems-lab/dsse) signs the type of a payload together
with its bytes: who has the key need parse nothing that is not signed. The payload is canonical JSON.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.acceptance import AcceptanceResult
from domain.canonical import digest
from domain.event_chain import EventHead, moment
from domain.evidence import Evidence, Records
from domain.execution import Execution, StoredReport, ToolCall
from domain.task import Task
from domain.units import Unit, written

PAYLOAD_TYPE = "application/vnd.wrenchai.receipt+json"
FORMAT = "wrenchai-receipt/1"
ALGORITHM = "Ed25519"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedReceipt:
    """A receipt: the canonical JSON that was signed, and the signature in base64."""

    execution_id: UUID
    payload: str
    key_id: str
    public_key: str
    signature: str
    issued_at: datetime

    @property
    def envelope(self) -> dict[str, Any]:
        """The receipt as it is handed out."""
        return {
            "payloadType": PAYLOAD_TYPE,
            "payload": b64encode(self.payload.encode()).decode(),
            "signatures": [{"keyid": self.key_id, "sig": self.signature}],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """An execution that has ended, with all that its receipt states. ``spent`` is in the units' smallest part."""

    task: Task
    execution: Execution
    agent_version: str | None
    report: StoredReport | None
    records: Records
    evidence: Evidence
    results: Sequence[AcceptanceResult]
    spent: Mapping[Unit, int]
    events: EventHead
    issued_at: datetime


def signed_bytes(payload: bytes, payload_type: str = PAYLOAD_TYPE) -> bytes:
    """What DSSE signs: the pre-authentication encoding of a payload and its type."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)


def statement(closed: Closed, *, platform: str, public_key: str, key_id: str) -> dict[str, Any]:
    """What a receipt says, as JSON."""
    execution, task, report = closed.execution, closed.task, closed.report
    return {
        "format": FORMAT,
        "platform": {"name": "WrenchAI", "version": platform},
        "signer": {"algorithm": ALGORITHM, "publicKey": public_key, "keyId": key_id},
        "workspaceId": str(execution.workspace_id),
        "projectId": str(execution.project_id),
        "task": {"id": str(task.id), "key": task.key, "title": task.title},
        "execution": {
            "id": str(execution.id),
            "number": execution.number,
            "status": execution.status.value,
            "errorCode": execution.error.code if execution.error else None,
            "errorMessage": execution.error.message if execution.error else None,
            "crashes": execution.crashes,
            "createdAt": moment(execution.created_at),
            "startedAt": _maybe(execution.started_at),
            "finishedAt": _maybe(execution.finished_at),
        },
        "agent": {"kind": execution.agent, "version": closed.agent_version},
        "inputs": dict(execution.inputs),
        "inputsSha256": digest(execution.inputs),
        "sourceState": execution.source_state,
        "report": None if report is None else {"kind": report.kind, "sha256": digest(report.data)},
        "steps": [
            {"name": step.name, "status": step.status.value, "attempt": step.attempt} for step in closed.records.steps
        ],
        "toolCalls": [_tool_call(call) for call in closed.records.tool_calls],
        "artifacts": [
            {"name": one.name, "mediaType": one.media_type, "sha256": one.sha256, "size": one.size}
            for one in closed.records.artifacts
        ],
        "acceptance": [_result(result) for result in closed.results],
        "evidence": _evidence(closed.evidence),
        "sandboxes": sorted({result.sandbox for result in closed.results if result.sandbox is not None}),
        "usage": {unit.value: f"{written(unit, closed.spent.get(unit, 0)):f}" for unit in Unit},
        "events": {"count": closed.events.count, "head": closed.events.head},
        "issuedAt": moment(closed.issued_at),
    }


def _tool_call(call: ToolCall) -> Mapping[str, Any]:
    return {
        "step": call.step_name,
        "tool": call.tool,
        "version": call.version,
        "argumentsSha256": call.arguments_hash,
        "exitCode": call.exit_code,
        "error": call.error,
        "outputSha256": call.output_sha256,
        "outputBytes": call.output_bytes,
        "testsPassed": call.tests.passed if call.tests else None,
        "testsFailed": call.tests.failed if call.tests else None,
        "startedAt": moment(call.started_at),
        "finishedAt": None if call.finished_at is None else moment(call.finished_at),
    }


def _result(result: AcceptanceResult) -> Mapping[str, Any]:
    return {
        "name": result.name,
        "kind": result.kind.value,
        "passed": result.passed,
        "message": result.message,
        "sandbox": result.sandbox,
    }


def _evidence(evidence: Evidence) -> Mapping[str, Any]:
    return {
        "verdict": evidence.verdict.value,
        "reasons": list(evidence.reasons),
        "claims": [
            {"kind": one.kind, "text": one.text, "verified": one.verified, "reason": one.reason}
            for one in evidence.claims
        ],
    }


def _maybe(at: datetime | None) -> str | None:
    return None if at is None else moment(at)
