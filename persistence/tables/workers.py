"""The beats of the workers."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Integer,
    Table,
    Text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from persistence.tables.columns import metadata, moment, own_id

workers = Table(
    "workers",
    metadata,
    own_id(),
    Column("hostname", Text, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("version", Text, nullable=False),
    Column("slots", Integer, nullable=False),
    Column("agents", ARRAY(Text), nullable=False),
    moment("started_at"),
    moment("beat_at"),
    Column("short_of_room", Boolean, nullable=False, server_default="false"),
)
