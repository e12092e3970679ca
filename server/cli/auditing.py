"""What ``wrenchai audit`` does: dispatch, follow, show, and say by the exit code how it went."""

from __future__ import annotations

import asyncio
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import typer
from rich.console import Console

from server.cli.audit_view import AuditView, summary, verdict
from server.cli.console import errors, output, say_json
from server.cli.exit_codes import ExitCode
from server.client.audit import Started, follow, kind_of, result_of, start_audit, until_taken
from server.client.graphql_client import GraphQLClient, NobodyTakes
from server.client.started_server import connected_or_started
from server.logging import configure_logging
from server.platform.source_roots import SourceRoots
from server.settings import Settings, load_settings


def run_audit(target: str, revision: str | None, sarif: Path | None, *, as_json: bool) -> int:
    """Audit a source, show it, and return the exit code."""
    if sarif is not None and not sarif.absolute().parent.is_dir():
        raise typer.BadParameter(f"{sarif.parent} is not a folder: create it first.", param_hint="--sarif")
    settings = load_settings()
    configure_logging(settings.log_format, "warning" if settings.log_level == "info" else settings.log_level)
    return asyncio.run(_audit(settings, target, revision, sarif, as_json=as_json))


async def _audit(settings: Settings, target: str, revision: str | None, sarif: Path | None, *, as_json: bool) -> int:
    kind, location = kind_of(target)
    if kind == "LOCAL":
        check_folder(location, revision)
        SourceRoots(settings).add(Path(location))
    console = errors if as_json else output
    async with connected_or_started(settings, lambda stage: errors.print(f"[dim]·[/] {stage}")) as client:
        started = await start_audit(client, target, revision, {})
        execution = await watch_audit(client, started, console)
        if sarif is not None:
            await _write_artifact(client, execution, "audit.sarif", sarif)
        report: dict[str, Any] | None = execution["result"]
        if as_json:
            say_json(execution)
        elif report is not None:
            output.print(summary(execution))
            output.print(verdict(report))
    if report is None:
        return ExitCode.EXECUTION
    return ExitCode.OK if report["gatePassed"] else ExitCode.FAILED


def check_folder(location: str, revision: str | None) -> None:
    """Refuse a local source that is no folder, or one with a revision.

    Raises:
        typer.BadParameter: says what to do.
    """
    if revision is not None:
        raise typer.BadParameter(
            "a local folder is audited as it is: check the revision out, or give a git URL.", param_hint="--revision"
        )
    if not Path(location).is_dir():
        missing = "is a file" if Path(location).exists() else "does not exist"
        raise typer.BadParameter(f"{location} {missing}: name the folder with your code.", param_hint="PATH")


async def watch_audit(client: GraphQLClient, started: Started, console: Console) -> dict[str, Any]:
    """Follow an audit to its end and return its execution."""
    await follow_to_end(client, started, console)
    return await result_of(client, started.execution_id)


async def follow_to_end(
    client: GraphQLClient, started: Started, console: Console, kind: type[AuditView] = AuditView
) -> None:
    """Show what an execution does, until it has ended.

    Raises:
        NobodyTakes: no worker is there that could take it.
    """
    console.print(f"[bold]{started.task_key}[/] execution {started.execution_id}")
    with kind(console, started.task_key) if console.is_terminal else nullcontext(kind(console, "")) as view:
        following = asyncio.create_task(follow(client, started.execution_id, view.show))
        taken = asyncio.create_task(until_taken(client, started.execution_id, console.print))
        try:
            await asyncio.wait({following, taken}, return_when=asyncio.FIRST_COMPLETED)
            if taken.done() and isinstance(taken.exception(), NobodyTakes):
                await taken
            await following  # which outlives a server that is away for a while, unlike the question who took it
        finally:
            following.cancel()
            taken.cancel()
            await asyncio.gather(following, taken, return_exceptions=True)


async def _write_artifact(client: GraphQLClient, execution: dict[str, Any], name: str, path: Path) -> None:
    for artifact in execution["artifacts"]["nodes"]:
        if artifact["name"] == name:
            content = await client.download(artifact["url"])
            await asyncio.to_thread(path.write_bytes, content)
            errors.print(f"wrote {path}")
            return
