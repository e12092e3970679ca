"""The verdict on each execution that has ended, how its acceptance checks came out, and its receipt."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Integer, Interval, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from domain.acceptance import CheckKind
from domain.evidence import Verdict
from persistence.tables.columns import metadata, moment, one_of

evidence = Table(
    "evidence",
    metadata,
    Column("execution_id", Uuid, ForeignKey("executions.id", ondelete="CASCADE"), primary_key=True),
    Column("verdict", Text, nullable=False),
    Column("reasons", ARRAY(Text), nullable=False),
    Column("claims", JSONB, nullable=False),
    one_of(Verdict, "verdict"),
)


acceptance_results = Table(
    "acceptance_results",
    metadata,
    Column("execution_id", Uuid, ForeignKey("executions.id", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("passed", Boolean, nullable=False),
    Column("message", Text, nullable=False),
    Column("sandbox", Text),
    Column("details", JSONB, nullable=False),
    Column("duration", Interval, nullable=False),
    one_of(CheckKind, "kind"),
)


receipts = Table(
    "receipts",
    metadata,
    Column("execution_id", Uuid, ForeignKey("executions.id", ondelete="CASCADE"), primary_key=True),
    Column("payload", Text, nullable=False),
    Column("key_id", Text, nullable=False),
    Column("public_key", Text, nullable=False),
    Column("signature", Text, nullable=False),
    moment("issued_at"),
)
"""``payload`` is text, not JSON: exactly these bytes were signed."""
