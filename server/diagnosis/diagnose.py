"""Look at everything, and never stop at the first problem."""

from __future__ import annotations

import asyncio

from server.diagnosis import installation, machine, memory, storage, telemetry
from server.diagnosis.check import Check
from server.settings import Settings


async def diagnose(settings: Settings) -> list[Check]:
    """Every check, in the order it is shown. Nothing is changed, started or created; it takes a few seconds at most."""
    postgresql, redis, exporting, tools, sandbox, remembering = await asyncio.gather(
        storage.check_postgresql(settings),
        storage.check_redis(settings),
        telemetry.check_exporting(),
        machine.check_tools(),
        machine.check_sandbox(settings),
        memory.check_memory(settings),
    )
    return [
        installation.check_python(),
        installation.check_variables(),
        storage.check_data_folder(settings),
        postgresql,
        redis,
        exporting,
        await asyncio.to_thread(machine.check_port, settings),
        storage.check_source_roots(settings),
        *tools,
        sandbox,
        remembering,
        installation.check_clashing_modules(),
        installation.check_web_console(),
        installation.check_clock(),
    ]
