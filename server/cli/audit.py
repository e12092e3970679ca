"""``wrenchai audit``: audit a repository and see what comes of it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("audit")(audit)


def audit(
    target: Annotated[str, typer.Argument(help="A local folder or a git URL.", metavar="PATH|URL")] = ".",
    revision: Annotated[str | None, typer.Option(help="Branch, tag or commit, for a git URL.")] = None,
    sarif: Annotated[Path | None, typer.Option(help="Write the findings as SARIF 2.1.0 to this file.")] = None,
    output_format: Annotated[str, typer.Option("--format", help="table for people, json for programs.")] = "table",
) -> None:
    """Audit a repository with the Inspector. Starts WrenchAI for this command when it is not running.

    Ends with 0 when the quality gate passed, 1 when it failed, 3 when the audit could not be done.
    """
    if output_format not in {"table", "json"}:
        raise typer.BadParameter("use table or json", param_hint="--format")
    from server.cli.auditing import run_audit

    raise typer.Exit(run_audit(target, revision, sarif, as_json=output_format == "json"))
