"""What ``wrenchai playbook run`` does: dispatch, follow, show, and say by the exit code how it went."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import typer
from rich.table import Table

from server.cli.audit_view import AuditView
from server.cli.auditing import check_folder, follow_to_end
from server.cli.console import errors, foreign, output, say_json
from server.cli.exit_codes import ExitCode
from server.cli.playbooks import text_of
from server.client import playbooks
from server.client.audit import Started, kind_of, project_on
from server.client.graphql_client import GraphQLClient
from server.client.started_server import connected_or_started
from server.logging import configure_logging
from server.platform.source_roots import SourceRoots
from server.settings import Settings, load_settings

STYLES = {"COMPLETED": "green", "FAILED": "red", "SKIPPED": "dim"}


class PlaybookView(AuditView):
    """A run, live. What came of a step is in the log: that it was recorded says nothing."""

    def _on_step_succeeded(self, event: dict[str, Any]) -> None:
        pass

    def _on_log_written(self, event: dict[str, Any]) -> None:
        for line in event["lines"]:
            step, _, rest = line.partition(": ")
            status = rest.partition(",")[0]
            style = STYLES.get(status, "yellow")
            self._say(f"  [{style}]{foreign(status)}[/] {foreign(step)}{foreign(rest.removeprefix(status))}")


def run_playbook(name: str, target: str, revision: str | None, given: Sequence[str], *, as_json: bool) -> int:
    """Run a playbook on a source, show it, and return the exit code."""
    settings = load_settings()
    configure_logging(settings.log_format, "warning" if settings.log_level == "info" else settings.log_level)
    return asyncio.run(_run(settings, name, target, revision, given, as_json=as_json))


async def _run(
    settings: Settings, name: str, target: str, revision: str | None, given: Sequence[str], *, as_json: bool
) -> int:
    document = _document(name)
    kind, location = kind_of(target)
    if kind == "LOCAL":
        check_folder(location, revision)
        SourceRoots(settings).add(Path(location))
    async with connected_or_started(settings, lambda stage: errors.print(f"[dim]·[/] {stage}")) as client:
        project = await project_on(client, target, revision)
        started = await _start(client, project["id"], name, document, given)
        await follow_to_end(client, started, errors if as_json else output, PlaybookView)
        execution = await playbooks.result_of(client, started.execution_id)
    report: dict[str, Any] | None = execution["result"]
    if as_json:
        say_json(execution)
    elif report is not None:
        show_report(report)
    if report is None:
        if execution["error"] is not None and not as_json:
            errors.print(foreign(execution["error"]["message"]))
        return ExitCode.EXECUTION
    return ExitCode.OK if report["passed"] else ExitCode.FAILED


async def _start(
    client: GraphQLClient, project_id: str, name: str, document: str | None, given: Sequence[str]
) -> Started:
    if document is None:
        known = await playbooks.playbook_named(client, name)
        inputs = _inputs(given, {one["name"]: one["type"] for one in known["inputs"]})
        return await playbooks.run_saved(client, project_id, name, inputs)
    from domain.playbooks import read_playbook

    playbook = read_playbook(document)
    inputs = _inputs(given, {one.name: one.type.name for one in playbook.inputs})
    return await playbooks.run_document(client, project_id, document, playbook.title, inputs)


def _document(name: str) -> str | None:
    """The text of a file; ``None`` for the name of a playbook.

    Raises:
        typer.BadParameter: the file is not there, or is no text in UTF-8.
        typer.Exit: it has problems, which have been told.
    """
    file = Path(name)
    if file.suffix not in {".yaml", ".yml"}:
        return None
    if not file.is_file():
        raise typer.BadParameter(f"{name} is not there.", param_hint="NAME|FILE")
    from agents.catalogue import InstalledAgents
    from domain.playbooks import problems_of

    text = text_of(file)
    problems = problems_of(text, InstalledAgents(concurrency=1))
    for problem in problems:
        errors.out(f"{name}:{problem}", highlight=False)
    if problems:
        raise typer.Exit(ExitCode.FAILED)
    return text


def _inputs(given: Sequence[str], types: Mapping[str, str]) -> dict[str, Any]:
    try:
        return playbooks.parsed_inputs(given, types)
    except ValueError as error:
        raise typer.BadParameter(f"{error}.", param_hint="--input") from None


def show_report(report: dict[str, Any]) -> None:
    """Show what came of each step, and the outputs."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("step", "how", "tasks", "why"):
        table.add_column(heading, overflow="fold")
    for step in report["steps"]:
        status = step["status"]
        keys = [task["key"] or "?" for task in step["tasks"]]
        shown = ", ".join(keys) if len(keys) <= 3 else f"{keys[0]} … {keys[-1]} ({len(keys)})"
        style = STYLES.get(status, "yellow")
        table.add_row(foreign(step["step"]), f"[{style}]{status}[/]", foreign(shown), foreign(step["reason"] or ""))
    output.print(table)
    for name, value in report["outputs"].items():
        written = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        output.print(f"[bold]{foreign(name)}[/] {foreign(written)}", soft_wrap=True)
    for problem in report["problems"]:
        output.print(f"[yellow]{foreign(problem)}[/]")
    passed = "[green]passed[/]" if report["passed"] else "[red]did not pass[/]"
    output.print(f"{foreign(report['playbook'])} {passed}")
