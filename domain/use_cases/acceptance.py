"""Acceptance: what the platform checks itself before it calls an execution a success."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta

from domain.acceptance import (
    AcceptanceCheck,
    AcceptanceResult,
    CheckKind,
    CommandCheck,
    FileCheck,
    FindingThreshold,
    QueryCheck,
)
from domain.errors import Invalid
from domain.finding import Finding, FindingState
from domain.text import check_document, check_text, is_storable

MOST_CHECKS = 20
MOST_ARGUMENTS = 100
LONGEST_TEXT = 20_000
PATH = ("input", "acceptanceChecks")

OPEN = frozenset({FindingState.NEW, FindingState.PERSISTING})


def check_acceptance(checks: tuple[AcceptanceCheck, ...]) -> None:
    """Check what is given as acceptance checks of a task.

    Raises:
        Invalid: too many, or one that could never be evaluated; ``path`` says which.
    """
    if len(checks) > MOST_CHECKS:
        raise Invalid(f"A task may have at most {MOST_CHECKS} acceptance checks.", path=PATH)
    for position, check in enumerate(checks):
        try:
            _check_one(check)
        except Invalid as error:
            error.path = (*PATH, str(position))
            raise


def _check_one(check: AcceptanceCheck) -> None:
    check_text(check.name, "acceptanceChecks", most=200, required=True)
    match check:
        case FindingThreshold():
            if not 0 <= check.maximum <= 1_000_000:
                raise Invalid("acceptanceChecks.maximum must be from 0 to 1,000,000.")
        case CommandCheck():
            _check_command(check)
        case FileCheck():
            _check_file(check)
        case QueryCheck():
            _check_query(check)


def _check_command(check: CommandCheck) -> None:
    if not 1 <= len(check.command) <= MOST_ARGUMENTS or not check.command[0].strip():
        raise Invalid(f"The command of {check.name!r} needs a program and at most 99 arguments.")
    if sum(map(len, check.command)) > LONGEST_TEXT or not all(map(is_storable, check.command)):
        raise Invalid(
            f"The command of {check.name!r} is too long (at most {LONGEST_TEXT:,} characters), or holds a character "
            "that no program can be given."
        )
    if not 0 <= check.exit_code <= 255:
        raise Invalid(f"The exit code of {check.name!r} must be from 0 to 255.")
    if not timedelta(seconds=1) <= check.timeout <= timedelta(hours=1):
        raise Invalid(f"The timeout of {check.name!r} must be from 1 second to 1 hour.")


def _check_file(check: FileCheck) -> None:
    if (check.path is None) is (check.artifact is None):
        raise Invalid(f"The file of {check.name!r} is named by either path or artifact.")
    check_text(check.artifact or check.path or "", "acceptanceChecks", most=1_000, required=True)
    parts = (check.path or "").split("/")
    if check.path is not None and (check.path.startswith("/") or ".." in parts or "" in parts):
        raise Invalid(
            f"The path of {check.name!r} must be relative to the root of the source, without .. and empty parts."
        )


def _check_query(check: QueryCheck) -> None:
    check_text(check.document, "acceptanceChecks", most=LONGEST_TEXT, required=True)
    check_text(check.pointer, "acceptanceChecks", most=1_000)
    if check.pointer and not check.pointer.startswith("/"):
        raise Invalid(f"The pointer of {check.name!r} must be empty or begin with a slash.")
    check_document({"expected": check.expected}, "acceptanceChecks")


def results_of(
    checks: Sequence[AcceptanceCheck],
    ran: Iterable[AcceptanceResult],
    seen: Sequence[tuple[Finding, FindingState]],
) -> tuple[AcceptanceResult, ...]:
    """How all checks came out: findings are counted here, the others ``ran``. One that did not run is not passed."""
    known = {result.position: result for result in ran}
    results = []
    for position, check in enumerate(checks):
        if isinstance(check, FindingThreshold):
            results.append(_counted(position, check, seen))
        elif position in known:
            results.append(known[position])
        else:
            message = "it was not run"
            results.append(
                AcceptanceResult(position=position, name=check.name, kind=check.kind, passed=False, message=message)
            )
    return tuple(results)


def unmet(results: Iterable[AcceptanceResult]) -> list[str]:
    """The checks that are not passed, each as a sentence."""
    return [f"{result.name}: {result.message}" for result in results if not result.passed]


def _counted(position: int, check: FindingThreshold, seen: Sequence[tuple[Finding, FindingState]]) -> AcceptanceResult:
    counted = {FindingState.NEW} if check.only_new else OPEN
    found = sum(state in counted and finding.severity.rank <= check.severity.rank for finding, state in seen)
    kind = "new findings" if check.only_new else "findings"
    return AcceptanceResult(
        position=position,
        name=check.name,
        kind=CheckKind.FINDINGS,
        passed=found <= check.maximum,
        message=f"{found} {kind} of {check.severity} or worse, at most {check.maximum} allowed",
        details={"found": found, "maximum": check.maximum},
    )
