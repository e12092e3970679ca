"""What an audit says in a terminal about a repository that somebody else wrote."""

from __future__ import annotations

import io
from typing import Any

from rich.console import Console
from rich.text import Text

from server.cli.audit_view import MOST_NOT_ANALYSED, AuditView, summary, verdict

EVIL = "\x1b]0;owned\x07[bold]\x9b31m\u202e"
SHOWN = r"\x1b]0;owned\x07[bold]\x9b31m\u202e"
COUNTS = {"critical": 0, "high": 0, "medium": 0, "low": 0, "info": 0}


def report(**changes: Any) -> dict[str, Any]:
    """A report with nothing in it but what is given."""
    empty = dict.fromkeys(("new", "persisting", "fixed", "waived"), COUNTS)
    rest = {"firstAudit": False, "filesAnalysed": 1, "linesOfCode": 9, "notAnalysed": [], "engines": []}
    return {**empty, **rest, "gatePassed": True, "gateBreaches": [], **changes}


def finding(text: str) -> dict[str, Any]:
    """A new finding whose every text is the given one."""
    place = {"path": text, "startLine": 3}
    return {"severity": "HIGH", "state": "NEW", "rule": text, "message": text, "location": place}


def test_control_characters_of_a_repository_are_shown_and_not_obeyed() -> None:
    stream = io.StringIO()
    console = Console(file=stream, width=200, highlight=False)
    view = AuditView(console, EVIL)
    for event in (
        {"__typename": "ExecutionRequeued", "reason": EVIL},
        {"__typename": "SourcePrepared", "sourceState": EVIL},
        {"__typename": "StepSucceeded", "step": EVIL, "durationMs": 1},
        {"__typename": "StepFailed", "step": EVIL, "message": EVIL, "willRetry": False},
        {"__typename": "FindingsRecorded", "findings": [finding(EVIL)]},
        {"__typename": "ExecutionFinished", "outcome": "FAILED", "errorMessage": EVIL},
    ):
        view.show(event)
    edges = [{"state": "NEW", "node": finding(EVIL)}]
    console.print(summary({"task": {"title": EVIL, "key": "A-1"}, "findings": {"edges": edges}}))
    console.print(verdict(report(notAnalysed=[{"path": EVIL, "engine": "ruff", "reason": EVIL}])))
    said = stream.getvalue()
    assert [character for character in said if not character.isprintable() and character != "\n"] == []
    assert said.count(SHOWN) == 15


def recovery(action: str, **changes: Any) -> dict[str, Any]:
    """What is told about an error of a step."""
    told = {"step": "fetch", "errorClass": "TOOL_MISSING", "attempt": 1, "pauseMs": 0, "message": EVIL}
    return {"__typename": "RecoveryAttempted", "action": action, **told, **changes}


def test_what_is_tried_after_an_error_is_said_once() -> None:
    stream = io.StringIO()
    view = AuditView(Console(file=stream, width=200, highlight=False), "A-1")
    view.show(recovery("RETRY", errorClass="RATE_LIMITED", pauseMs=1260))
    view.show(recovery("FALL_BACK"))
    view.show(recovery("GIVE_UP"))
    assert stream.getvalue().splitlines() == [
        "    again in 1.3 s (RATE_LIMITED, attempt 1)",
        f"  falls back fetch: {SHOWN} (TOOL_MISSING, attempt 1)",
    ]


def test_the_verdict_says_what_was_not_analysed_and_why() -> None:
    left_out = [{"path": f"{n}.py", "engine": "ruff", "reason": "too large"} for n in range(MOST_NOT_ANALYSED + 2)]
    said = Text.from_markup(verdict(report(notAnalysed=left_out))).plain.splitlines()
    assert said[0] == "not analysed: 0.py (ruff): too large"
    assert said[MOST_NOT_ANALYSED - 1] == "not analysed: 9.py (ruff): too large"
    assert said[MOST_NOT_ANALYSED] == "… and 2 more not analysed"
    assert said[MOST_NOT_ANALYSED + 1].endswith("; 12 not analysed")


def test_an_audit_of_nothing_says_so_above_its_verdict() -> None:
    skipped = [{"skippedReason": "there is no Python code"}, {"skippedReason": None}]
    said = verdict(report(filesAnalysed=0, engines=skipped)).splitlines()
    assert said[0] == "[yellow]Nothing was analysed: there is no Python code.[/]"
    assert "Nothing was analysed" not in verdict(report())


def test_what_no_engine_analysed_is_named_too() -> None:
    left_out = [{"path": "cover.bin", "engine": None, "reason": "binary"}]
    assert verdict(report(notAnalysed=left_out)).splitlines()[0] == "[dim]not analysed:[/] cover.bin (all): binary"
