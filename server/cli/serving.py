"""``wrenchai up``, ``serve`` and ``worker``: the processes of the platform."""

from __future__ import annotations

from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("up")(up)
    app.command("serve")(serve)
    app.command("worker")(worker)


def up(
    first_audit: Annotated[
        bool,
        typer.Option(help="Audit the sample repository, then the folder this was started in, unless that was done."),
    ] = False,
) -> None:
    """Start everything in one process: database, migrations, worker and API. Ctrl-C stops it cleanly."""
    from server.cli.serve_until_stopped import run

    run(api=True, with_worker=True, migrate=True, first_audit=first_audit)


def serve() -> None:
    """Start the API alone, on a migrated database; workers are started with `wrenchai worker`."""
    from server.cli.serve_until_stopped import run

    run(api=True, with_worker=False, migrate=False)


def worker() -> None:
    """Start one more worker, on a migrated database. Any number of them may run."""
    from server.cli.serve_until_stopped import run

    run(api=False, with_worker=True, migrate=False)
