"""The ledger, its accounts with their budgets, and the prices of a workspace."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Identity,
    Index,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from domain.ledger import PostingKind, Scope
from domain.units import MEASURED, Unit
from persistence.tables.columns import belongs, metadata, moment, one_of

accounts = Table(
    "accounts",
    metadata,
    Column("id", Uuid, primary_key=True, server_default=text("gen_random_uuid()")),
    belongs("workspace_id", "workspaces"),
    Column("scope", Text, nullable=False),
    Column("scope_id", Uuid, nullable=False),
    Column("unit", Text, nullable=False),
    Column("reserved", BigInteger, nullable=False, server_default="0"),
    Column("spent", BigInteger, nullable=False, server_default="0"),
    Column("most", BigInteger),
    moment("most_set_at", nullable=True),
    UniqueConstraint("scope_id", "unit"),
    one_of(Scope, "scope"),
    one_of(Unit, "unit"),
    CheckConstraint("reserved >= 0", name="reserved"),
    CheckConstraint("spent >= 0", name="spent"),
    CheckConstraint("most >= 0", name="most"),
    CheckConstraint("(most IS NULL) = (most_set_at IS NULL)", name="budget"),
    Index("ix_accounts_with_budget", "workspace_id", "most_set_at", "id", postgresql_where=text("most IS NOT NULL")),
    # Its rows are written again and again, and none of these columns is in an index: room for new versions in the page.
    postgresql_with={"fillfactor": "70"},
)


ledger_entries = Table(
    "ledger_entries",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    belongs("workspace_id", "workspaces"),
    # No foreign keys: what was spent stays spent when the task is deleted.
    Column("execution_id", Uuid, nullable=False),
    Column("scopes", ARRAY(Uuid), nullable=False),
    Column("reference", Uuid, nullable=False),
    Column("kind", Text, nullable=False),
    Column("unit", Text, nullable=False),
    Column("amount", BigInteger, nullable=False),
    moment("at"),
    UniqueConstraint("reference", "unit", "kind"),
    one_of(PostingKind, "kind"),
    one_of(Unit, "unit"),
    CheckConstraint("amount > 0", name="amount"),
    Index("ix_ledger_entries_by_execution", "execution_id", "id"),
)


prices = Table(
    "prices",
    metadata,
    Column("workspace_id", Uuid, ForeignKey("workspaces.id", ondelete="CASCADE"), primary_key=True),
    Column("tool", Text, primary_key=True),
    Column("per_call", BigInteger, nullable=False),
    Column("rate_unit", Text),
    Column("rate_amount", BigInteger),
    Column("rate_per", BigInteger),
    Column("rate_maximum", BigInteger),
    Column("set_by", Text, nullable=False),
    moment("set_at"),
    CheckConstraint("per_call >= 0", name="per_call"),
    CheckConstraint("rate_unit IN ('" + "', '".join(sorted(MEASURED)) + "')", name="rate_unit"),
    CheckConstraint("num_nulls(rate_unit, rate_amount, rate_per, rate_maximum) IN (0, 4)", name="rate"),
)
