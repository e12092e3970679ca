"""``wrenchai db backup``: from the configured database and data folder into one file."""

from __future__ import annotations

import sys
from pathlib import Path
from uuid import uuid4

from persistence import data_folder
from persistence.addresses import DatabaseAddresses, DatabaseUnavailable
from persistence.backup import programs
from persistence.backup.database import Moment, moment
from persistence.backup.facts import BackupFacts, TargetRefused
from persistence.backup.pack import STDOUT, pack
from server import __version__
from server.platform.blocking import Entered, entered
from server.platform.database import Say, database
from server.settings import Settings


def back_up(settings: Settings, target: str, say: Say) -> BackupFacts:
    """Write a backup to a file, or to standard output for ``-``; the platform may be running.

    Raises:
        DatabaseUnavailable: there is nothing to back up, or no pg_dump that fits.
        TargetRefused: standard output is a terminal.
        ProgramFailed: pg_dump did not succeed.
        OSError: the file cannot be written.
    """
    if target == STDOUT and sys.stdout.isatty():
        raise TargetRefused("A backup is not written to a terminal: name a file, or give - with a pipe behind it.")
    data_dir = data_folder.check(settings.data_dir, version=__version__)
    if settings.database_url is None and not (data_dir / "postgres").is_dir():
        raise DatabaseUnavailable(
            f"There is nothing to back up in {data_dir}: set WRENCHAI_DATA_DIR to the data folder of a platform."
        )
    with entered() as enter:
        addresses = enter(database(settings, say))
        return _write(enter, addresses, data_dir, target, say)


def _write(enter: Entered, addresses: DatabaseAddresses, data_dir: Path, target: str, say: Say) -> BackupFacts:
    held: Moment = enter(moment(addresses.owner_dsn))
    client = programs.dumping(held.server)
    facts = BackupFacts(
        id=uuid4().hex,
        made_at=held.taken_at,
        wrenchai=__version__,
        revision=held.revision,
        postgresql=held.server,
        dumped_by=client.version,
    )
    say(f"backing up revision {facts.revision} as of {facts.made_at}, with pg_dump {client.version}")
    size = pack(
        target,
        facts,
        client=client,
        dsn=addresses.owner_dsn,
        snapshot=held.snapshot,
        data_dir=data_dir,
        say=say,
    )
    say(f"written to {target}, {size / 2**20:.1f} MiB" if target != STDOUT else "written to standard output")
    return facts
