"""Evidence: what the platform itself recorded of an execution, and what it makes of the execution's claims."""

from __future__ import annotations

import json
from datetime import datetime

import strawberry
from strawberry import Parent

from domain.evidence import Verdict
from domain.receipt import ALGORITHM, SignedReceipt
from resolvers.evidence import Proof
from schema.node import Info


@strawberry.type(description="Something an execution's report claims, held against what is recorded.")
class Claim:
    """See the description."""

    kind: str = strawberry.field(description="What kind of claim it is, for example ToolRan. New kinds may be added.")
    text: str = strawberry.field(description="The claim as a sentence.")
    verified: bool = strawberry.field(description="Whether the records bear it out.")
    reason: str | None = strawberry.field(description="Why they do not.")


@strawberry.type(description="The number of tool calls that are recorded.")
class RecordedCalls:
    """Counts."""

    count: int = strawberry.field(description="All of them.")
    failed: int = strawberry.field(description="Those without exit code 0: a tool that found something is among them.")
    distinct_tools: int = strawberry.field(description="How many different tools were called.")


def _bytes(root: Parent[Proof]) -> float:
    return float(root.artifact_bytes)


@strawberry.type(description="What is on record of an execution, and the verdict on its claims.")
class Evidence:
    """See the description."""

    verdict: Verdict = strawberry.field(
        description="What the records say to the execution's claims. NOT_JUDGED until it has ended."
    )
    reasons: list[str] = strawberry.field(
        description="Why it is UNVERIFIED, each reason naming the claim or the check."
    )
    claims: list[Claim] = strawberry.field(description="What its report claims.")
    tool_calls: RecordedCalls = strawberry.field(description="Its tool calls; Execution.toolCalls has each of them.")
    artifact_count: int = strawberry.field(description="How many artifacts it stored.")
    artifact_bytes = strawberry.field(_bytes, description="Size of them all in bytes, a whole number.")
    sandboxes: list[str] = strawberry.field(description="The sandboxes that something was run in.")
    event_count: int = strawberry.field(description="How many events it had.")
    event_head: str | None = strawberry.field(
        description="The hash that the chain of its events has come to, in hex; null for one from before there were "
        "chains."
    )


def _document(root: Parent[SignedReceipt]) -> str:
    return json.dumps(root.envelope, indent=2) + "\n"


@strawberry.type(description="A public key that receipts are verified with.")
class ReceiptKey:
    """See the description."""

    algorithm: str = strawberry.field(description="Ed25519.")
    key_id: str = strawberry.field(description="What signatures call it: the SHA-256 of its 32 bytes, in hex.")
    public_key: str = strawberry.field(description="The key: 64 hex digits.")


def receipt_key(info: Info) -> ReceiptKey:
    """The key of this installation."""
    notary = info.context.notary
    return ReceiptKey(algorithm=ALGORITHM, key_id=notary.key_id, public_key=notary.public_key)


@strawberry.type(description="The signed statement of what is on record of an execution that has ended.")
class Receipt:
    """See the description."""

    document = strawberry.field(
        _document,
        description="The receipt: a DSSE envelope as JSON. Keep it as it is; `wrenchai receipt verify` checks it.",
    )
    key_id: str = strawberry.field(description="The key that signed it.")
    public_key: str = strawberry.field(description="That key: 64 hex digits.")
    issued_at: datetime = strawberry.field(description="When it was signed.")
