"""The scalars: times, durations, JSON, cursors and addresses, as they travel."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, NewType

import strawberry
from graphql import GraphQLError
from strawberry.types.scalar import ScalarDefinition

JSON = NewType("JSON", object)
Cursor = NewType("Cursor", str)
URL = NewType("URL", str)

_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,6})?\d*([Zz]|[+-]\d\d:\d\d)")
_DECIMAL = re.compile(r"[+-]?\d{1,40}(\.\d{1,40})?", re.ASCII)
_DURATION = re.compile(
    r"P(?!$)(?:(?P<weeks>\d+)W|(?:(?P<days>\d+)D)?"
    r"(?:T(?=\d)(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+(?:[.,]\d{1,6})?)S)?)?)"
)


def write_time(moment: datetime) -> str:
    """RFC 3339 in UTC, for example ``2026-11-22T13:04:05.678Z``; no fraction where there is none."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def read_time(value: Any) -> datetime:
    """The moment, in UTC.

    Raises:
        GraphQLError: not RFC 3339, or without an offset.
    """
    if isinstance(value, str) and _TIME.fullmatch(value):
        try:
            return datetime.fromisoformat(value.upper()).astimezone(UTC)
        except (ValueError, OverflowError):
            pass
    raise GraphQLError(f"{value!r} is not a DateTime: write it like 2026-11-22T13:04:05Z, with Z or an offset.")


def write_duration(span: timedelta) -> str:
    """ISO 8601 with days, hours, minutes and seconds, for example ``PT1M30S`` or ``P1DT2H``."""
    minutes, seconds = divmod(span.seconds, 60)
    hours, minutes = divmod(minutes, 60)
    fraction = f".{span.microseconds:06}".rstrip("0") if span.microseconds else ""
    parts = ((hours, "H", f"{hours}"), (minutes, "M", f"{minutes}"), (seconds or fraction, "S", f"{seconds}{fraction}"))
    time = "".join(text + unit for amount, unit, text in parts if amount)
    days = f"{span.days}D" if span.days else ""
    return f"P{days}T{time}" if time else f"P{days}" if days else "PT0S"


def read_duration(value: Any) -> timedelta:
    """The span of time.

    Raises:
        GraphQLError: not ISO 8601, negative, with years or months, or longer than 10,000 years.
    """
    match = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if match is not None:
        amounts = {unit: float(text.replace(",", ".")) for unit, text in match.groupdict().items() if text}
        try:
            return timedelta(**amounts)
        except OverflowError:
            pass
    raise GraphQLError(f"{value!r} is not a Duration: write it like PT30S, PT5M, PT1H30M or P1D.")


def _read_text(value: Any) -> str:
    if isinstance(value, str):
        return value
    raise GraphQLError(f"A text is needed here, not {value!r}.")


def _same(value: Any) -> Any:
    return value


def write_decimal(number: Decimal) -> str:
    """All digits, without an exponent."""
    return f"{number:f}"


def read_decimal(value: Any) -> Decimal:
    """The exact number.

    Raises:
        GraphQLError: no number, not finite, or a float, which may have lost digits on its way.
    """
    if isinstance(value, str) and _DECIMAL.fullmatch(value):
        return Decimal(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return Decimal(value)
    raise GraphQLError(f'{str(value)[:80]!r} is not a Decimal: write it as text, like "12.50", or as a whole number.')


SCALARS: Mapping[object, ScalarDefinition] = {
    datetime: strawberry.scalar(
        name="DateTime",
        description="A moment: RFC 3339, always in UTC when the server writes it; any offset is read.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc3339#section-5.6",
        serialize=write_time,
        parse_value=read_time,
    ),
    timedelta: strawberry.scalar(
        name="Duration",
        description=(
            "A span of time: ISO 8601 with weeks, days, hours, minutes and seconds, for example PT30S or P1DT2H. "
            "Years and months, which have no fixed length, are not read."
        ),
        specified_by_url="https://www.rfc-editor.org/rfc/rfc3339#appendix-A",
        serialize=write_duration,
        parse_value=read_duration,
    ),
    Decimal: strawberry.scalar(
        name="Decimal",
        description=(
            'An exact decimal number, as text: "12.50". Whole numbers are read without quotes, too; others are not, '
            "since they would lose digits on the way."
        ),
        specified_by_url="https://www.w3.org/TR/xmlschema-2/#decimal",
        serialize=write_decimal,
        parse_value=read_decimal,
    ),
    JSON: strawberry.scalar(
        name="JSON",
        description=(
            "Any JSON value. It is used only for what agents define: their inputs, their schemas, custom reports."
        ),
        specified_by_url="https://www.rfc-editor.org/rfc/rfc8259",
        serialize=_same,
        parse_value=_same,
    ),
    Cursor: strawberry.scalar(
        name="Cursor",
        description=(
            "A place in one list: opaque, in the alphabet of base64url. It is good only for the list, the filter and "
            "the order it came from."
        ),
        specified_by_url="https://www.rfc-editor.org/rfc/rfc4648#section-5",
        serialize=str,
        parse_value=_read_text,
    ),
    URL: strawberry.scalar(
        name="URL",
        description="An address: absolute, or relative to this server.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc3986#section-4.1",
        serialize=str,
        parse_value=_read_text,
    ),
}
"""Which Python type travels as which scalar."""
