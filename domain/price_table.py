"""The prices that come with WrenchAI."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from domain.prices import Price, PriceTable

LOCAL_PROGRAMS: Final = (
    "complexipy",
    "deptry",
    "git",
    "mypy",
    "oxlint",
    "python",
    "radon",
    "ruff",
    "shellcheck",
    "vulture",
)

PRICE_TABLE: Final = PriceTable(
    as_of=datetime(2026, 11, 25, tzinfo=UTC),
    source="free programs on your own machine: what they take is CPU time, which is measured",
    prices={name: Price() for name in LOCAL_PROGRAMS},
)
"""A tool that is neither here nor declares a price of its own nor has one in the workspace is *unpriced*."""
