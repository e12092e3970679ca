"""Language models, and which of them agents use."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Integer,
    Interval,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)

from domain.language_model import AnswerMode, ModelProvider
from persistence.tables.columns import belongs, metadata, moment, one_of, own_id

models = Table(
    "models",
    metadata,
    own_id(),
    belongs("workspace_id", "workspaces"),
    Column("name", Text, nullable=False),
    Column("provider", Text, nullable=False),
    Column("model_id", Text, nullable=False),
    Column("base_url", Text),
    # No foreign key: a secret may be set anew under the name, and a model without its secret says so when it is asked.
    Column("key_secret", Text),
    Column("max_output_tokens", Integer, nullable=False),
    Column("timeout", Interval, nullable=False),
    Column("max_requests", Integer, nullable=False),
    Column("answer_mode", Text, nullable=False),
    Column("input_price", BigInteger),
    Column("output_price", BigInteger),
    Column("fallback_id", Uuid, ForeignKey("models.id", ondelete="SET NULL"), index=True),
    Column("updated_by", Text, nullable=False),
    moment("created_at"),
    moment("updated_at"),
    UniqueConstraint("workspace_id", "name"),
    one_of(ModelProvider, "provider"),
    one_of(AnswerMode, "answer_mode"),
    CheckConstraint("num_nulls(input_price, output_price) IN (0, 2)", name="price"),
)


model_choices = Table(
    "model_choices",
    metadata,
    Column("workspace_id", Uuid, ForeignKey("workspaces.id", ondelete="CASCADE"), primary_key=True),
    Column("agent", Text, primary_key=True),
    Column("model_id", Uuid, ForeignKey("models.id", ondelete="CASCADE"), index=True),
    Column("chosen_by", Text, nullable=False),
    moment("chosen_at"),
)
