"""Values that have broken servers before, for each scalar of the schema. ``None`` is planted everywhere anyway."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from schema.node_ids import encode

NOBODY: Final = UUID("01890000-0000-7000-8000-000000000000")

TEXTS: Final = (
    "",
    " ",
    "\0",
    "a\ud800b",
    "\udfff",
    "‮\u200b\ufeff",
    "🙈" * 200,
    "%s%n%00{0}${x}",
    "'; DROP TABLE tasks; --",
    "../../../../etc/passwd",
    "\x1b[2J\r\n\x7f",
    "x" * 100_000,
    7,
    ["x"],
    {"x": 1},
)
IDS: Final = (
    *("", "nonsense", "\0", "é", "====", "x" * 50_000, -1, 2**64, 1.5, []),
    *(encode(kind, NOBODY) for kind in ("Task", "Project", "Execution", "Nothing", "")),
)
INTEGERS: Final[tuple[Any, ...]] = (
    0,
    -1,
    2**31 - 1,
    -(2**31),
    2**31,
    2**63,
    -(2**63) - 1,
    10**300,
    1.0,
    1.5,
    1e300,
    "1",
    True,
    [],
)
DECIMALS: Final[tuple[Any, ...]] = (
    *("", " ", "x", "\0", "\ud800", "NaN", "sNaN", "Infinity", "-Infinity", "1e999999999", "-1e-999999999", "0x10"),
    *("1_000", "\u0661", "1,5", "-1", "-0", "9" * 100_000, "0." + "0" * 50_000 + "1", 10**300, 1e300, -1, True, [], {}),
)
TIMES: Final = (
    "0001-01-01T00:00:00Z",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59.999999Z",
    "9999-12-31T23:59:59-14:00",
    "9999-12-31T23:59:59.9999999Z",
    "2016-12-31T23:59:60Z",
    "2026-02-30T00:00:00Z",
    "2026-11-22T24:00:00Z",
    "2026-11-22T13:04:05",
    "2026-11-22T13:04:05+99:99",
    "٢٠٢٦-11-22T13:04:05Z",
    "2026-11-22",
    "",
    "\0",
    0,
    1e18,
)
DURATIONS: Final = (
    *("PT0S", "PT0.000001S", "PT0.0000001S", "P1Y", "-PT1S", "P", "PT", "", "\0", "P1W2D", "PT٣S", 5),
    *("P999999999D", "P1000000000D", "P99999999999999999999W", f"PT{'9' * 5_000}S", "P3650000D", "P20000D"),
)
CURSORS: Final[tuple[Any, ...]] = ("", "nonsense", "%%%", "AAAA", "x" * 50_000, "\0", "é", "MTIz", "e30", 0, {})
ANYTHING: Final[tuple[Any, ...]] = (
    {"\0": 1},
    {"a": "\ud800"},
    {"\udfff": "a"},
    10**400,
    2**64,
    -0.0,
    1e308,
    [[]] * 1_000,
    {str(number): number for number in range(2_000)},
    "text",
    True,
    [],
)


def nested(depth: int) -> Any:
    """Lists in lists."""
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


HOSTILE: Final[Mapping[str, tuple[Any, ...]]] = {
    "String": TEXTS,
    "ID": IDS,
    "Int": INTEGERS,
    "DateTime": TIMES,
    "Decimal": DECIMALS,
    "Duration": DURATIONS,
    "Cursor": CURSORS,
    "JSON": (*ANYTHING, nested(50), nested(500)),
    "Boolean": ("true", 1, [], "\0"),
}
OF_ENUMS: Final[tuple[Any, ...]] = ("", "NOPE", "new", "__typename", "\0", "\ud800", 0, [], {})
"""For every enum."""
