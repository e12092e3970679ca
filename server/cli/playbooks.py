"""``wrenchai playbook``: recurring work as one YAML file."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from server.cli.console import errors, foreign, output, say_json
from server.cli.exit_codes import ExitCode

commands = typer.Typer(name="playbook", help="Check, save, look at and run playbooks.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for a program to read.")]
Name = Annotated[str, typer.Argument(help="Name of the playbook.")]
File = Annotated[Path, typer.Argument(metavar="FILE", help="The YAML file.", exists=True, dir_okay=False)]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(commands)


@commands.command()
def validate(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="YAML files.", exists=True, dir_okay=False)],
) -> None:
    """Check playbooks, without a server: each problem as FILE:LINE:COLUMN: REASON. Agents are those installed here.

    Ends with 0 when there is no problem, else with 1.
    """
    from agents.catalogue import InstalledAgents
    from domain.playbooks import problems_of

    agents = InstalledAgents(concurrency=1)
    sound = True
    for file in files:
        for problem in problems_of(text_of(file), agents):
            sound = False
            output.out(f"{file}:{problem}", highlight=False)
    if not sound:
        raise typer.Exit(ExitCode.FAILED)
    output.print(f"{len(files)} playbook{'s' if len(files) > 1 else ''} without a problem")


@commands.command("list")
def list_(as_json: AsJson = False) -> None:
    """Show the playbooks of the workspace, and those that come with WrenchAI."""
    from server.client.playbooks import list_playbooks

    found = asyncio.run(_connected(list_playbooks))
    if as_json:
        say_json(found)
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("name", "version", "by", "what for"):
        table.add_column(heading, overflow="fold")
    for one in found:
        by = "WrenchAI" if one["shipped"] else one["savedBy"]
        table.add_row(*map(foreign, (one["name"], str(one["version"]), by, one["title"])))
    output.print(table)


@commands.command()
def show(name: Name, as_json: AsJson = False) -> None:
    """Show a playbook: its inputs and its document."""
    from server.client.playbooks import playbook_named

    found = asyncio.run(_connected(lambda client: playbook_named(client, name)))
    if as_json:
        say_json(found)
        return
    output.out(found["document"].rstrip("\n"), highlight=False)


@commands.command()
def save(file: File, as_json: AsJson = False) -> None:
    """Save a playbook under the name that it says; another document is its next version.

    Ends with 1 when the document has problems, with 3 when it is refused for another reason.
    """
    from server.client.graphql_client import Refused
    from server.client.playbooks import save_playbook

    document = text_of(file)
    payload = asyncio.run(_connected(lambda client: save_playbook(client, document)))
    if as_json:
        say_json(payload)
    problems = [one for refused in payload["errors"] for one in refused.get("problems") or ()]
    for one in problems:
        errors.out(f"{file}:{one['line']}:{one['column']}: {one['reason']}", highlight=False)
    if problems:
        raise typer.Exit(ExitCode.FAILED)
    if payload["errors"]:
        raise Refused(" ".join(refused["message"] for refused in payload["errors"]))
    if not as_json:
        output.print(f"saved {foreign(payload['playbook']['name'])}, version {payload['playbook']['version']}")


@commands.command()
def delete(name: Name) -> None:
    """Delete a playbook with its versions; what ran it stays."""
    from server.client.playbooks import delete_playbook

    asyncio.run(_connected(lambda client: delete_playbook(client, name)))
    errors.print(f"deleted {foreign(name)}")


@commands.command()
def run(
    name: Annotated[str, typer.Argument(metavar="NAME|FILE", help="A playbook's name, or a YAML file that has one.")],
    target: Annotated[str, typer.Argument(help="A local folder or a git URL to run it on.", metavar="PATH|URL")] = ".",
    revision: Annotated[str | None, typer.Option(help="Branch, tag or commit, for a git URL.")] = None,
    given: Annotated[
        list[str], typer.Option("--input", "-i", metavar="NAME=VALUE", help="An input; may be given several times.")
    ] = [],  # noqa: B006 - typer reads it and never changes it
    as_json: AsJson = False,
) -> None:
    """Run a playbook, follow it to its end, and show what came of each step. Starts WrenchAI when it is not running.

    Ends with 0 when it passed, 1 when a step did not complete that has to, 3 when it could not be done.
    """
    from server.cli.playbook_run import run_playbook

    raise typer.Exit(run_playbook(name, target, revision, given, as_json=as_json))


async def _connected(work: Any) -> Any:
    from server.client.local_server import connected
    from server.settings import load_settings

    async with connected(load_settings()) as client:
        return await work(client)


def text_of(file: Path) -> str:
    """What is in a file of a playbook.

    Raises:
        typer.BadParameter: it is no text in UTF-8.
    """
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise typer.BadParameter(f"{file} does not hold UTF-8 text.", param_hint="FILE") from None
