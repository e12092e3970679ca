"""Rows of verdicts, results of acceptance checks, and receipts."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from uuid import UUID

from domain.acceptance import AcceptanceResult, CheckKind
from domain.evidence import Evidence, JudgedClaim, Verdict
from domain.receipt import SignedReceipt
from persistence.mappers.rows import AnyRow


def to_evidence(row: AnyRow) -> Evidence:
    """A row of ``evidence``."""
    return Evidence(
        verdict=Verdict(row["verdict"]),
        reasons=tuple(row["reasons"]),
        claims=tuple(JudgedClaim(**claim) for claim in row["claims"]),
    )


def from_evidence(execution_id: UUID, evidence: Evidence) -> dict[str, Any]:
    """The values of a row of ``evidence``."""
    return {
        "execution_id": execution_id,
        "verdict": evidence.verdict.value,
        "reasons": list(evidence.reasons),
        "claims": [asdict(claim) for claim in evidence.claims],
    }


def to_result(row: AnyRow) -> AcceptanceResult:
    """A row of ``acceptance_results``."""
    return AcceptanceResult(
        position=row["position"],
        name=row["name"],
        kind=CheckKind(row["kind"]),
        passed=row["passed"],
        message=row["message"],
        sandbox=row["sandbox"],
        details=row["details"],
        duration=row["duration"],
    )


def from_result(execution_id: UUID, result: AcceptanceResult) -> dict[str, Any]:
    """The values of a row of ``acceptance_results``."""
    return {
        "execution_id": execution_id,
        "position": result.position,
        "name": result.name,
        "kind": result.kind.value,
        "passed": result.passed,
        "message": result.message,
        "sandbox": result.sandbox,
        "details": dict(result.details),
        "duration": result.duration,
    }


def to_receipt(row: AnyRow) -> SignedReceipt:
    """A row of ``receipts``."""
    return SignedReceipt(
        execution_id=row["execution_id"],
        payload=row["payload"],
        key_id=row["key_id"],
        public_key=row["public_key"],
        signature=row["signature"],
        issued_at=row["issued_at"],
    )


def from_receipt(receipt: SignedReceipt) -> dict[str, Any]:
    """The values of a row of ``receipts``."""
    return {
        "execution_id": receipt.execution_id,
        "payload": receipt.payload,
        "key_id": receipt.key_id,
        "public_key": receipt.public_key,
        "signature": receipt.signature,
        "issued_at": receipt.issued_at,
    }
