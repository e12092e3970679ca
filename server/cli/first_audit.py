"""The first audits of a new installation: the sample repository, then the folder it was started in. Each once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from server.cli.audit_view import summary, verdict
from server.cli.auditing import watch_audit
from server.cli.console import complain, errors, output
from server.client.audit import Started, find_project, kind_of, start_audit
from server.client.graphql_client import GraphQLClient
from server.process import Running
from server.security.local_token import LocalToken

SAMPLE = Path(__file__).parents[1] / "samples" / "bookshop"
"""A small repository with planted defects."""


async def first_audits(up_now: Running) -> None:
    """Audit what has never been audited, and show it as it goes."""
    if up_now.address is None:
        return
    settings = up_now.platform.settings
    token = LocalToken.read(settings.data_dir).value
    async with GraphQLClient(up_now.address, token) as client:
        for folder in (SAMPLE, Path.cwd()):
            try:
                await _audit_once(client, up_now, folder)
            except Exception as error:  # noqa: BLE001 - whatever became of the audit, the platform goes on serving
                complain(f"{folder} was not audited: {error}")
        errors.print(f"\nLook at it all on {up_now.address}/console, signed in with the link above.")
        errors.print("Serving until Ctrl-C.")


async def _audit_once(client: GraphQLClient, up_now: Running, folder: Path) -> None:
    known = await find_project(client, *kind_of(str(folder)), None)
    latest = _latest_execution(known)
    if known is not None and latest is not None and latest["status"] == "SUCCEEDED":
        errors.print(f"[dim]{folder} has been audited before (project {known['key']}).[/]")
        return
    if known is not None and latest is not None and latest["finishedAt"] is None:
        started = Started(latest["id"], known["tasks"]["nodes"][0]["key"], known["key"])
    else:
        up_now.platform.roots.add(folder)
        started = await start_audit(client, str(folder), None, {})
    execution = await watch_audit(client, started, output)
    if execution["result"] is not None:
        output.print(summary(execution))
        output.print(verdict(execution["result"]))


def _latest_execution(project: dict[str, Any] | None) -> dict[str, Any] | None:
    """That of the project's newest task: an audit that was interrupted is gone on with, one that failed done again."""
    tasks = project["tasks"]["nodes"] if project is not None else []
    execution: dict[str, Any] | None = tasks[0]["latestExecution"] if tasks else None
    return execution
