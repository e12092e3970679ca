"""What is in a table of the checkout: its columns, what is missing, how its numbers are spread and hang together."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from enum import StrEnum
from pathlib import PurePosixPath
from typing import Annotated, Any

from pydantic import BaseModel, Field

from agents.contract import Extra, SourceUse, Tool, ToolFailure, ToolLimits, ToolScope
from agents.tools.bounded import bounded
from agents.tools.paths import PathBelow, file_below

LARGEST_FILE = 256 * 2**20
MEMORY = 3 * 2**30
PROFILER = "agents.tools.data.table_profiler"
MOST_COLUMNS = 500
PANDAS = Extra("data", module="pandas")


class TableFormat(StrEnum):
    """How a table is written."""

    CSV = "csv"
    JSON = "json"
    JSONL = "jsonl"


FORMATS = {
    ".csv": TableFormat.CSV,
    ".tsv": TableFormat.CSV,
    ".json": TableFormat.JSON,
    ".jsonl": TableFormat.JSONL,
    ".ndjson": TableFormat.JSONL,
}


class Aggregate(StrEnum):
    """What is made of the values of a group."""

    COUNT = "count"
    DISTINCT = "nunique"
    SUM = "sum"
    MEAN = "mean"
    MEDIAN = "median"
    MINIMUM = "min"
    MAXIMUM = "max"
    DEVIATION = "std"


class DataArguments(BaseModel):
    """Which table, and what to look at."""

    path: PathBelow = Field(description="The file, below the checkout.")
    format: TableFormat | None = Field(
        None, description="CSV, JSON (a list of objects) or one object a line; by the end of the name if left out."
    )
    separator: str | None = Field(
        None, min_length=1, max_length=1, description="Between the cells of CSV: a comma, a tab for .tsv, if left out."
    )
    columns: list[str] = Field(
        default_factory=list, max_length=MOST_COLUMNS, description="Columns to describe; all if left out."
    )
    group_by: list[str] = Field(default_factory=list, max_length=5, description="Columns whose values make groups.")
    aggregate: dict[str, list[Aggregate]] = Field(
        default_factory=dict, max_length=20, description="For each group, what is made of which columns."
    )
    quantiles: list[Annotated[float, Field(ge=0, le=1)]] = Field(
        default_factory=lambda: [0.05, 0.25, 0.5, 0.75, 0.95], max_length=20, description="Shares, each from 0 to 1."
    )
    correlations: bool = Field(True, description="Whether to correlate the columns with numbers, at most 50.")
    top: int = Field(5, ge=0, le=100, description="How many of the most frequent values of a column to show.")
    sample: int = Field(5, ge=0, le=100, description="How many of the first rows to show.")
    max_rows: int = Field(1_000_000, ge=1, le=5_000_000, description="Rows that are read; the rest is left out.")
    timeout_seconds: float = Field(120, gt=0, le=600, description="How long it may take.")


class Frequent(BaseModel):
    """A value and how often it is there."""

    value: str | None
    count: int


class ColumnProfile(BaseModel):
    """What is in a column. The numbers are null for one without numbers."""

    name: str
    kind: str = Field(description="number, boolean, time or text.")
    missing: int
    distinct: int
    top: list[Frequent] = Field(description="The most frequent values, as texts.")
    mean: float | None = None
    deviation: float | None = Field(None, description="Standard deviation of a sample.")
    minimum: float | None = None
    maximum: float | None = None
    quantiles: dict[str, float | None] = Field(default_factory=dict, description="By share, between neighbours linear.")


class Correlation(BaseModel):
    """How two columns hang together."""

    first: str
    second: str
    pearson: float


class Group(BaseModel):
    """The rows that have the same values in the columns of group_by."""

    by: dict[str, Any]
    rows: int
    values: dict[str, Any] = Field(description="What was made of them, by column and aggregate: price.mean.")


class DataResult(BaseModel):
    """What is in the table."""

    rows: int = Field(description="How many were read.")
    truncated: bool = Field(description="There are more than max_rows.")
    memory_bytes: int
    duplicates: int = Field(description="Rows that are equal to an earlier one.")
    columns: list[ColumnProfile]
    correlations: list[Correlation] = Field(description="The strongest first.")
    groups: list[Group] = Field(description="At most 1,000, by their values.")
    sample: list[dict[str, Any]]


class DataAnalysis(Tool[DataArguments, DataResult]):
    """Reads only, in a process with a limit on time and one on memory."""

    name = "data_analysis"
    version = "1.0"
    purpose = "Profiles a CSV or JSON table: missing values, quantiles, correlations, groups."
    licence = "Apache-2.0"
    limits = ToolLimits(timeout=timedelta(minutes=11), max_output=32 * 2**20, max_memory=MEMORY)
    source_use = SourceUse.NEEDED
    example = DataArguments(path="data/orders.csv", group_by=["country"], aggregate={"price": [Aggregate.MEAN]})
    arguments_model = DataArguments
    result_model = DataResult

    @classmethod
    def missing(cls) -> str | None:
        """The command that installs pandas, where it is not installed."""
        return None if PANDAS.installed else PANDAS.install_hint

    async def run(self, scope: ToolScope, arguments: DataArguments) -> DataResult:
        """Profile it.

        Raises:
            ToolMissing: pandas is not installed.
            ToolFailure: there is no such file, it is no table, or too much.
        """
        PANDAS.require(self.name)
        suffix = PurePosixPath(arguments.path).suffix.lower()
        written = arguments.format or FORMATS.get(suffix)
        if written is None:
            raise ToolFailure(f"{arguments.path!r} does not say how it is written: give csv, json or jsonl as format.")
        path = await asyncio.to_thread(file_below, scope.checkout, arguments.path, most=LARGEST_FILE)
        request = arguments.model_dump(mode="json") | {
            "path": str(path),
            "format": written.value,
            "separator": arguments.separator or ("\t" if suffix == ".tsv" else ","),
            "max_columns": MOST_COLUMNS,
        }
        timeout = timedelta(seconds=arguments.timeout_seconds)
        found = await bounded(scope, PROFILER, request, timeout=timeout, max_memory=MEMORY)
        return DataResult.model_validate(found)
