"""What the columns of all tables are made of."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    MetaData,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql.base import ischema_names
from sqlalchemy.types import UserDefinedType


class Xid8(UserDefinedType[int]):
    """PostgreSQL's 64-bit transaction id."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        """The type's name in DDL."""
        return "xid8"


ischema_names["xid8"] = Xid8
"""Without it a column of this type would be unknown when the database is compared with the tables."""


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def moment(name: str, *, nullable: bool = False) -> Column[Any]:
    """A point in time, in UTC."""
    return Column(name, DateTime(timezone=True), nullable=nullable)


def own_id() -> Column[Any]:
    """The row's own id."""
    return Column("id", Uuid, primary_key=True)


def belongs(name: str, target: str, *, nullable: bool = False) -> Column[Any]:
    """The id of the row that this one belongs to, and goes with."""
    return Column(name, Uuid, ForeignKey(f"{target}.id", ondelete="CASCADE"), nullable=nullable)


def one_of(kind: type[Any], name: str) -> CheckConstraint:
    """The column has one of the values of an enumeration."""
    allowed = ", ".join(f"'{value}'" for value in kind)
    return CheckConstraint(text(f"{name} IN ({allowed})"), name=name)
