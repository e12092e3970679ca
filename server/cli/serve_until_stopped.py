"""What ``wrenchai up``, ``serve`` and ``worker`` do: come up, say so, and serve until they are told to stop."""

from __future__ import annotations

import asyncio

import uvloop

from server.cli.console import errors
from server.cli.first_audit import first_audits
from server.logging import configure_logging
from server.process import Running, running, stop_signals
from server.settings import Settings, load_settings


def run(*, api: bool, with_worker: bool, migrate: bool, first_audit: bool = False) -> None:
    """Serve until Ctrl-C or SIGTERM."""
    settings = load_settings()
    configure_logging(settings.log_format, _level(settings))
    uvloop.run(_serve(settings, api=api, with_worker=with_worker, migrate=migrate, first_audit=first_audit))


def _level(settings: Settings) -> str:
    """At a terminal the lines about each operation would bury what a person wants to see."""
    unasked = "log_level" not in settings.model_fields_set
    return "warning" if unasked and errors.is_terminal else settings.log_level


async def _serve(settings: Settings, *, api: bool, with_worker: bool, migrate: bool, first_audit: bool) -> None:
    async with stop_signals() as stop:
        async with running(settings, api=api, worker=with_worker, migrate=migrate, say=_say) as up_now:
            _greet(up_now)
            audits = asyncio.create_task(first_audits(up_now)) if first_audit else None
            await _until(stop, audits)
            errors.print("stopping: running work goes back to the queue …")
        errors.print("stopped")


async def _until(stop: asyncio.Event, audits: asyncio.Task[None] | None) -> None:
    stopped = asyncio.create_task(stop.wait())
    if audits is not None:
        await asyncio.wait({stopped, audits}, return_when=asyncio.FIRST_COMPLETED)
        if stopped.done():
            audits.cancel()
        await asyncio.gather(audits, return_exceptions=stopped.done())
    await stopped


def _say(stage: str) -> None:
    errors.print(f"[dim]·[/] {stage}")


def _greet(up_now: Running) -> None:
    if up_now.address is None:
        errors.print("[bold]The worker is running.[/] Ctrl-C stops it.")
        return
    errors.print(f"[bold]WrenchAI is up[/] on {up_now.address}")
    errors.print(f"Sign in (once): {up_now.sign_in_link()}")
    errors.print("Ctrl-C stops it.")
