"""Runs acceptance checks one after the other, each to its own result: one that cannot be run is not passed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from threading import Event
from time import monotonic

from agents.acceptance.command import Recorded, run_command
from agents.acceptance.files import first_match
from agents.acceptance.pointer import NothingThere, at_pointer
from agents.contract import Checkout
from agents.contract.sandbox import Sandbox
from domain.acceptance import (
    AcceptanceCheck,
    AcceptanceResult,
    CommandCheck,
    FileCheck,
    FindingThreshold,
    QueryCheck,
    QuerySubject,
)
from domain.canonical import canonical
from domain.ports import QueryFailed, QueryRunner

MOST_SHOWN = 200
"""Characters of a value that a message shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checker:
    """What checks are run with.

    ``artifacts`` are the names of those that the execution stored; ``recorded`` puts each command on record.
    """

    checkout: Checkout
    artifacts: Collection[str]
    subject: QuerySubject
    sandbox: Sandbox
    queries: QueryRunner
    recorded: Recorded

    async def run(self, checks: Sequence[AcceptanceCheck]) -> list[AcceptanceResult]:
        """How the checks came out, but for those that count findings. ``position`` is that among all checks.

        Raises:
            BudgetExceeded: a budget does not allow a command; it and those after it were not run.
        """
        results = []
        for position, check in enumerate(checks):
            if not isinstance(check, FindingThreshold):
                began = monotonic()
                result = await self._result(position, check)
                results.append(replace(result, duration=timedelta(seconds=monotonic() - began)))
        return results

    async def _result(self, position: int, check: CommandCheck | FileCheck | QueryCheck) -> AcceptanceResult:
        blank = AcceptanceResult(position=position, name=check.name, kind=check.kind, passed=False, message="")
        match check:
            case CommandCheck():
                return await self._command(check, blank)
            case FileCheck():
                return await self._file(check, blank)
            case QueryCheck():
                return await self._query(check, blank)

    async def _command(self, check: CommandCheck, blank: AcceptanceResult) -> AcceptanceResult:
        ran = await run_command(check, self.sandbox, self.checkout, self.recorded)
        details = {"exitCode": ran.exit_code, "expected": check.exit_code, "stdout": ran.stdout, "stderr": ran.stderr}
        passed = ran.error is None and ran.exit_code == check.exit_code
        message = ran.error or f"the command ended with exit code {ran.exit_code}, {check.exit_code} expected"
        return replace(blank, passed=passed, message=message, sandbox=ran.sandbox, details=details)

    async def _file(self, check: FileCheck, blank: AcceptanceResult) -> AcceptanceResult:
        if check.artifact is not None:
            found = check.artifact in self.artifacts
            message = f"there is {'an' if found else 'no'} artifact {check.artifact!r}"
            return replace(blank, passed=found, message=message)
        stop = Event()
        try:
            path = await asyncio.to_thread(first_match, self.checkout.path, check.path or "", stop)
        finally:
            stop.set()  # a thread cannot be cancelled
        if path is None:
            return replace(blank, message=f"no file fits {check.path!r}")
        return replace(blank, passed=True, message=f"{path!r} fits {check.path!r}", details={"path": path})

    async def _query(self, check: QueryCheck, blank: AcceptanceResult) -> AcceptanceResult:
        try:
            found = at_pointer(await self.queries.answer(self.subject, check.document), check.pointer)
        except QueryFailed as failure:
            return replace(blank, message=f"the query failed: {failure}")
        except NothingThere as nothing:
            return replace(blank, message=f"the answer has nothing at {check.pointer!r}: {nothing}")
        # Compared as JSON: to Python, true is 1.
        passed = canonical(found) == canonical(check.expected)
        message = f"the answer at {check.pointer or 'its top'!r} is {_shown(found)}, {_shown(check.expected)} expected"
        return replace(blank, passed=passed, message=message)


def _shown(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]}…"
