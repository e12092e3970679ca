"""The command line: one module per command, each with a ``register`` that adds it.

A command imports what it does when it is run: `wrenchai --help` need not load the whole platform.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from typing import NoReturn

import typer

from domain.artifacts import ArtifactNotStored
from persistence.addresses import DatabaseUnavailable
from server import __version__
from server.cli import (
    agents,
    approvals,
    audit,
    config,
    db,
    doctor,
    graphql,
    mcp,
    memory,
    messages,
    models,
    playbooks,
    receipt,
    secrets,
    serving,
    spending,
    tasks,
    tools,
    watch,
)
from server.cli.console import complain, errors, output
from server.cli.exit_codes import ExitCode
from server.settings import SettingsError

COMMANDS = (
    serving,
    audit,
    graphql,
    watch,
    tasks,
    approvals,
    messages,
    playbooks,
    receipt,
    spending,
    agents,
    models,
    tools,
    mcp,
    memory,
    secrets,
    db,
    config,
    doctor,
)
"""The modules of the commands, in the order of the help."""

app = typer.Typer(
    name="wrenchai",
    help="A self-hosted, GraphQL-first platform for software-engineering agents.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
for command in COMMANDS:
    command.register(app)


def _show_version(wanted: bool) -> None:
    if wanted:
        output.print(__version__)
        raise typer.Exit


@app.callback()
def _common(
    version: bool = typer.Option(False, "--version", callback=_show_version, is_eager=True, help="Show the version."),
) -> None:
    """A self-hosted, GraphQL-first platform for software-engineering agents."""


def main() -> NoReturn:
    """Run the command line. Every failure ends in one clear sentence and a documented exit code."""
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(ExitCode.INTERRUPTED)
    except Exception as error:  # noqa: BLE001 - the last place where an error can become a sentence
        sys.exit(_explain(error))
    sys.exit(ExitCode.OK)


def _explain(error: Exception) -> ExitCode:
    if isinstance(error, SettingsError):
        for sentence in error.sentences:
            complain(sentence)
        return ExitCode.CONFIGURATION
    for kinds, code in _expected():
        if isinstance(error, kinds):
            complain(str(error))
            return code
    if _database_went_away(error):
        complain("The database went away: see that it runs, then try again.")
        return ExitCode.UNAVAILABLE
    if isinstance(error, OSError):
        return _explain_system(error)
    if _database_refused(error):
        complain("The database refused a statement, which is a mistake of WrenchAI: please report it.")
    else:
        complain(f"WrenchAI made a mistake ({type(error).__name__}: {error}): please report it.")
    if os.environ.get("WRENCHAI_LOG_LEVEL") == "debug":
        errors.print_exception(show_locals=False)
    else:
        errors.print("Set WRENCHAI_LOG_LEVEL=debug to see where.")
    return ExitCode.INTERNAL


def _database_went_away(error: Exception) -> bool:
    from domain.errors import StoreLost
    from persistence.outage import is_outage

    return isinstance(error, StoreLost) or is_outage(error)


def _database_refused(error: Exception) -> bool:
    from sqlalchemy.exc import StatementError

    from domain.errors import StoreRefused

    return isinstance(error, StoreRefused | StatementError)


def _expected() -> Iterator[tuple[tuple[type[Exception], ...], ExitCode]]:
    """Errors whose message is a sentence for a person, with the exit codes they lead to."""
    from agents.toolbox.own_venvs import NotInstalled
    from domain.errors import Rejection
    from persistence.backup.facts import BackupRefused, TargetRefused
    from persistence.backup.programs import ProgramFailed
    from persistence.retention.policy import HouseBusy
    from server.client.graphql_client import GraphQLErrors, NobodyTakes, Refused, ServerUnreachable
    from server.security.master_keys import UnusableKey
    from server.security.private_file import ExposedSecret

    yield (DatabaseUnavailable, ServerUnreachable, ProgramFailed, NotInstalled), ExitCode.UNAVAILABLE
    yield (Refused, GraphQLErrors, Rejection), ExitCode.EXECUTION
    yield (NobodyTakes, HouseBusy), ExitCode.TEMPORARY
    yield (ExposedSecret,), ExitCode.PERMISSION
    yield (BackupRefused, ArtifactNotStored), ExitCode.INPUT_OUTPUT
    yield (TargetRefused, UnusableKey), ExitCode.CONFIGURATION


def _explain_system(error: OSError) -> ExitCode:
    where = f" ({error.filename})" if error.filename else ""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        complain(f"The disk is full{where}: free some space.")
        return ExitCode.INPUT_OUTPUT
    if isinstance(error, PermissionError):
        complain(f"This user may not do that{where}: change the permissions, or become another user.")
        return ExitCode.PERMISSION
    if error.errno == errno.EADDRINUSE:
        complain(
            f"{error.filename or 'The port'} is taken, perhaps by a WrenchAI that is running already: "
            "use that one, or set WRENCHAI_PORT to another port; `wrenchai doctor` says who has it."
        )
        return ExitCode.UNAVAILABLE
    complain(f"The system refused{where}: {error.strerror or error}.")
    return ExitCode.INPUT_OUTPUT
