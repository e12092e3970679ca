"""A tool that is missing or has failed for good, and those that may stand in for it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from agents.contract import Alternative, ToolFailure, ToolResult
from agents.recovery.classify import classify
from agents.recovery.decision import Decision
from domain.recovery import POLICIES, RecoveryAction

Call = Callable[[str, Sequence[str], frozenset[int]], Awaitable[ToolResult]]
"""Runs a tool by its name, arguments, and the exit codes that are no failure."""


async def with_alternatives(
    call: Call,
    first: tuple[str, Sequence[str], frozenset[int]],
    alternatives: Sequence[Alternative],
    note: Callable[[Decision], Awaitable[None]],
) -> ToolResult:
    """Call the tool, and one alternative after the other for as long as the class of the failure says to fall back.

    ``note`` is called before each alternative.

    Raises:
        ToolFailure: that of the last one that was tried.
    """
    name, arguments, accept = first
    tried = [first] + [
        (
            one.name,
            arguments if one.arguments is None else one.arguments,
            accept if one.accept is None else one.accept,
        )
        for one in alternatives
    ]
    for attempt, (name, its_arguments, its_accept) in enumerate(tried, 1):
        try:
            return replace(await call(name, its_arguments, its_accept), tool=name)
        except ToolFailure as failure:
            found = classify(failure)
            if attempt == len(tried) or POLICIES[found].action is not RecoveryAction.FALL_BACK:
                raise
            await note(_fall_back(failure, attempt, name, tried[attempt][0]))
    raise AssertionError("unreachable")  # pragma: no cover


def _fall_back(failure: ToolFailure, attempt: int, failed: str, following: str) -> Decision:
    found = classify(failure)
    policy = POLICIES[found]
    return Decision(
        error_class=found,
        severity=policy.severity,
        action=RecoveryAction.FALL_BACK,
        attempt=attempt,
        pause=policy.base * 0,
        message=f"{following} is tried instead of {failed}: {failure}",
    )
