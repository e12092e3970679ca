"""What the tools that run a statement take, and what they answer."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, JsonValue

MEBIBYTE = 2**20
CONNECTION = "The name of the workspace's secret that holds the URL: postgresql://user:password@host:5432/database."


class StatementArguments(BaseModel):
    """One statement, and how much it may take."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "connection": "shop-database",
                    "sql": "SELECT id, total, paid_at FROM orders WHERE total > $1 ORDER BY id",
                    "parameters": ["99.50"],
                    "max_rows": 100,
                }
            ]
        }
    )

    connection: str = Field(min_length=1, max_length=200, description=CONNECTION)
    sql: str = Field(min_length=1, max_length=100_000, description="One statement of SQL.")
    parameters: list[JsonValue] = Field(
        default_factory=list,
        max_length=1_000,
        description="The values of $1, $2 and so on. A text stands for a value of any type, a list for an array, an "
        "object for JSON.",
    )
    timeout_seconds: float = Field(30, gt=0, le=300, description="How long all of it may take, connecting included.")
    max_rows: int = Field(1_000, ge=1, le=100_000, description="Rows that are answered; what follows is left out.")
    max_bytes: int = Field(
        4 * MEBIBYTE, ge=1, le=32 * MEBIBYTE, description="Bytes of the rows as JSON; what would exceed it is left out."
    )


class Column(BaseModel):
    """A column of the answer."""

    name: str
    type: str = Field(description="Its type as PostgreSQL names it, such as `timestamp with time zone`.")


class Rows(BaseModel):
    """What the statement answered.

    A boolean, an integer and JSON are themselves, a float is a number (``"NaN"`` and infinity are texts), an array is a
    list, ``bytea`` is base64. Everything else is the text that PostgreSQL writes for it, ``numeric`` too, which would
    lose digits as a number.
    """

    columns: list[Column]
    rows: list[list[JsonValue]] = Field(description="One list for each row, in the order of the columns.")
    truncated: bool = Field(description="There were more rows, or more bytes, than may be answered.")
    affected: int | None = Field(None, description="Rows that were inserted, updated or deleted.")
    status: str = Field("", description="What PostgreSQL says was done, such as `UPDATE 3`.")
    server_version: str
    duration_seconds: float
