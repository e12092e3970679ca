"""How many tests a test runner says it ran, read in its output by the platform: what an agent says does not count."""

from __future__ import annotations

import re

from domain.execution import TestCounts

RUNNERS = frozenset({"pytest"})
_SUMMARY = re.compile(r"^=* ?((?:\d+ [a-z]+(?:, )?)+) in [\d.]+s(?: \([\d:]+\))? ?=*$", re.MULTILINE)
_COUNT = re.compile(r"(\d+) ([a-z]+)")
FAILED = frozenset({"failed", "error", "errors"})


def counted_tests(tool: str, output: str) -> TestCounts | None:
    """What the last summary in the output counts; ``None`` for another tool, or where there is no summary."""
    if tool not in RUNNERS:
        return None
    summaries = _SUMMARY.findall(output[-4_000:])
    if not summaries:
        return TestCounts(passed=0, failed=0) if re.search(r"^=* ?no tests ran in ", output, re.MULTILINE) else None
    counts = [(int(count), what) for count, what in _COUNT.findall(summaries[-1])]
    return TestCounts(
        passed=sum(count for count, what in counts if what == "passed"),
        failed=sum(count for count, what in counts if what in FAILED),
    )
