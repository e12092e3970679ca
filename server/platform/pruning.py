"""``wrenchai db prune``: remove at once what a worker would remove now and then."""

from __future__ import annotations

from persistence import data_folder
from persistence.retention.policy import Removed
from server import __version__
from server.platform.database import database, require_current
from server.platform.wiring import open_platform
from server.settings import Settings


async def prune_database(settings: Settings, *, dry_run: bool) -> Removed:
    """Remove what is due on the configured database and data folder, or only say what.

    Raises:
        DatabaseUnavailable: it cannot be had, or is not at the revision of this version.
        HouseBusy: another process removes just now, or a backup is being made.
    """
    data_folder.check(settings.data_dir, version=__version__)
    async with database(settings) as addresses:
        await require_current(addresses)
        async with open_platform(settings, addresses) as platform:
            keeping = platform.housekeeping()
            return await (keeping.due() if dry_run else keeping.remove())
