"""How an audit looks in a terminal: progress while it runs, a table at its end."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from server.cli.console import foreign
from server.client.pauses import awaited

SEVERITY_STYLE = {"CRITICAL": "bold red", "HIGH": "red", "MEDIUM": "yellow", "LOW": "cyan", "INFO": "dim"}
STATE_STYLE = {"NEW": "bold", "FIXED": "green", "WAIVED": "dim", "PERSISTING": ""}
_DONE = {"APPROVE": "approved", "REJECT": "rejected"}
_IN_ITS_PLACE = {"FALL_BACK": "falls back", "ASK": "asks"}
"""What is done where an error neither ends the step nor repeats it; that it ends is said by ``StepFailed``."""
MOST_ROWS = 40
MOST_STREAMED = 5
"""Findings of one step that are shown as they come; the table at the end has them all."""
MOST_NOT_ANALYSED = 10


class AuditView:
    """Shows the events of one execution as they come. Enter it for as long as the execution runs."""

    def __init__(self, console: Console, title: str) -> None:
        self._console = console
        columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(bar_width=30), TimeElapsedColumn())
        self._progress = Progress(*columns, console=console, transient=True)
        self._title = foreign(title)
        self._bar: TaskID | None = None

    def __enter__(self) -> Self:
        self._progress.start()
        self._bar = self._progress.add_task(f"{self._title}: waiting for a worker", total=None)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def show(self, event: dict[str, Any]) -> None:
        """Show one event of the subscription."""
        handler = getattr(self, f"_on_{_snake(event['__typename'])}", None)
        if handler is not None:
            handler(event)

    def _say(self, text: str) -> None:
        self._progress.console.print(text)

    def _status(self, text: str, done: int | None = None, total: int | None = None) -> None:
        if self._bar is not None:
            self._progress.update(self._bar, description=f"{self._title}: {foreign(text)}", completed=done, total=total)

    def _on_execution_started(self, event: dict[str, Any]) -> None:
        self._status("preparing the source" if event["epoch"] == 1 else "going on")

    def _on_execution_requeued(self, event: dict[str, Any]) -> None:
        self._say(f"  [yellow]back in the queue[/]: {foreign(event['reason'])}")

    def _on_approval_requested(self, event: dict[str, Any]) -> None:
        approval = event["approval"]
        self._say(f"  [yellow]?[/] {foreign(event['summary'])}")
        if approval is not None:
            self._say(f"    [dim]to decide it: wrenchai approvals approve {foreign(approval['id'])} (or reject)[/]")

    def _on_approval_decided(self, event: dict[str, Any]) -> None:
        style = "green" if event["decision"] == "APPROVE" else "red"
        said = f": {foreign(event['comment'])}" if event["comment"] else ""
        more = ", and more have to" if event["approvalStatus"] == "PENDING" else ""
        by = f"{foreign(event['name'])} by {foreign(event['actor'])}"
        self._say(f"  [{style}]{_DONE[event['decision']]}[/] {by}{more}{said}")

    def _on_approval_expired(self, event: dict[str, Any]) -> None:
        self._say(f"  [yellow]nobody decided[/] {foreign(event['name'])} in time: {foreign(event['fallback'])}")

    def _on_approval_voided(self, event: dict[str, Any]) -> None:
        self._say(f"  [yellow]void[/]: {foreign(event['name'])} has changed and is asked anew")

    def _on_execution_paused(self, event: dict[str, Any]) -> None:
        self._status(f"waits for {awaited(event)}")

    def _on_message_sent(self, event: dict[str, Any]) -> None:
        self._say(f"  [cyan]→[/] {foreign(event['receiver'])} [dim]{foreign(event['type'])}[/]")

    def _on_message_undeliverable(self, event: dict[str, Any]) -> None:
        self._say(f"  [red]undeliverable[/]: {foreign(event['reason'])}")

    def _on_message_wait_ended(self, event: dict[str, Any]) -> None:
        self._say(f"  [yellow]waits no more[/] for {foreign(event['name'])}: {foreign(event['reason'])}")

    def _on_source_prepared(self, event: dict[str, Any]) -> None:
        self._say(f"  [dim]source[/] {foreign(event['sourceState'])}")

    def _on_step_started(self, event: dict[str, Any]) -> None:
        self._status(event["step"])

    def _on_step_succeeded(self, event: dict[str, Any]) -> None:
        self._say(f"  [green]✓[/] {foreign(event['step'])} [dim]{event['durationMs']} ms[/]")

    def _on_step_failed(self, event: dict[str, Any]) -> None:
        again = ", trying again" if event["willRetry"] else ""
        self._say(f"  [red]✗[/] {foreign(event['step'])}: {foreign(event['message'])}{again}")

    def _on_recovery_attempted(self, event: dict[str, Any]) -> None:
        step, why = foreign(event["step"]), f"{event['errorClass']}, attempt {event['attempt']}"
        if event["action"] == "RETRY":
            self._say(f"    [dim]again in {event['pauseMs'] / 1000:.1f} s ({why})[/]")
        elif event["action"] in _IN_ITS_PLACE:
            self._say(f"  [yellow]{_IN_ITS_PLACE[event['action']]}[/] {step}: {foreign(event['message'])} ({why})")

    def _on_progress_changed(self, event: dict[str, Any]) -> None:
        self._status(event["message"], event["done"], event["total"])

    def _on_findings_recorded(self, event: dict[str, Any]) -> None:
        fresh = [finding for finding in event["findings"] if finding["state"] == "NEW"]
        for finding in fresh[:MOST_STREAMED]:
            self._say(f"    {_severity(finding['severity'])} {foreign(_place(finding))} {foreign(_line(finding))}")
        if len(fresh) > MOST_STREAMED:
            self._say(f"    [dim]… and {len(fresh) - MOST_STREAMED} more[/]")

    def _on_cancel_requested(self, event: dict[str, Any]) -> None:
        self._status(f"cancelling, asked by {event['by']}")

    def _on_execution_finished(self, event: dict[str, Any]) -> None:
        style = "green" if event["outcome"] == "SUCCEEDED" else "red"
        reason = f": {foreign(event['errorMessage'])}" if event["errorMessage"] else ""
        self._say(f"  [{style}]{event['outcome']}[/]{reason}")


def summary(execution: dict[str, Any]) -> Table:
    """The findings of an execution, the worst first; at most 40 rows, with what is left out in the caption."""
    edges = execution["findings"]["edges"]
    table = Table(
        title=f"{foreign(execution['task']['title'])} ({foreign(execution['task']['key'])})",
        title_justify="left",
        box=None,
    )
    table.add_column("severity", no_wrap=True)
    table.add_column("state", no_wrap=True)
    table.add_column("where", overflow="fold")
    table.add_column("rule", no_wrap=True)
    table.add_column("what", overflow="fold")
    for edge in edges[:MOST_ROWS]:
        finding, state = edge["node"], edge["state"]
        table.add_row(
            _severity(finding["severity"]),
            f"[{STATE_STYLE[state]}]{state}[/]" if STATE_STYLE[state] else state,
            foreign(_place(finding)),
            foreign(finding["rule"]),
            foreign(finding["message"]),
        )
    if len(edges) > MOST_ROWS:
        table.caption = f"… and {len(edges) - MOST_ROWS} more: see the artifact audit.md or the query `findings`."
    return table


def verdict(report: dict[str, Any]) -> str:
    """The last lines: what was left out and why, what was compared with what, and the quality gate."""
    counts = {state: sum(report[state].values()) for state in ("new", "persisting", "fixed", "waived")}
    counted = ", ".join(f"{number} {state}" for state, number in counts.items())
    first = " (the first audit of this source: everything is new)" if report["firstAudit"] else ""
    looked = (
        f"{report['filesAnalysed']} files, {report['linesOfCode']} lines; {len(report['notAnalysed'])} not analysed"
    )
    gate = "[bold green]passed[/]"
    if not report["gatePassed"]:
        over = ", ".join(f"{one['found']} {one['severity']} (limit {one['limit']})" for one in report["gateBreaches"])
        gate = f"[bold red]failed[/]: new findings {over}"
    return "\n".join([*_left_out(report), looked, f"{counted}{first}", f"quality gate {gate}"])


def _left_out(report: dict[str, Any]) -> list[str]:
    left_out = report["notAnalysed"]
    lines = [
        f"[dim]not analysed:[/] {foreign(one['path'])} ({foreign(one['engine'] or 'all')}): {foreign(one['reason'])}"
        for one in left_out[:MOST_NOT_ANALYSED]
    ]
    if len(left_out) > MOST_NOT_ANALYSED:
        lines.append(f"[dim]… and {len(left_out) - MOST_NOT_ANALYSED} more not analysed[/]")
    if report["filesAnalysed"] == 0:
        lines.append(f"[yellow]Nothing was analysed: {_why_nothing(report)}.[/]")
    return lines


def _why_nothing(report: dict[str, Any]) -> str:
    skipped = dict.fromkeys(engine["skippedReason"] for engine in report["engines"] if engine["skippedReason"])
    return foreign("; ".join(skipped)) or "the source holds no file that an engine reads"


def _severity(severity: str) -> str:
    return f"[{SEVERITY_STYLE[severity]}]{severity:<8}[/]"


def _place(finding: dict[str, Any]) -> str:
    line = finding["location"]["startLine"]
    return f"{finding['location']['path']}:{line}" if line else str(finding["location"]["path"])


def _line(finding: dict[str, Any]) -> str:
    return f"{finding['rule']} {finding['message']}"


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")
