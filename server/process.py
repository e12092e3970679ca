"""The processes of the platform: API and worker, together or apart, from start to clean stop."""

from __future__ import annotations

import asyncio
import gc
import signal
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any

import uvicorn
from sqlalchemy import text
from starlette.types import ASGIApp

from agents.runtime.worker import Worker
from persistence import data_folder
from server import __version__
from server.http.application import Application, build_application, build_metrics_page
from server.http.health import Checks
from server.platform.database import database, migrate_database, require_current
from server.platform.wiring import Platform, open_platform
from server.settings import Settings
from server.telemetry.exporting import telemetry_of

Say = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Running:
    """A process that is up. ``address`` is where its API listens, ``None`` when it has none."""

    platform: Platform
    address: str | None = None
    application: Application | None = None

    def sign_in_link(self) -> str | None:
        """A fresh link that signs a browser in, once."""
        if self.application is None or self.address is None:
            return None
        return self.application.sign_in.link(self.address)


@asynccontextmanager
async def running(
    settings: Settings, *, api: bool, worker: bool, migrate: bool, say: Say = lambda _: None
) -> AsyncIterator[Running]:
    """Bring the process up, and down again when the context is left: first what takes work, the database last.

    Raises:
        DatabaseUnavailable: the data folder or the database cannot be used.
        OSError: the port is taken.
    """
    async with AsyncExitStack() as stack:
        listener = stack.enter_context(listening(settings)) if api else None
        page = stack.enter_context(listening(settings, settings.metrics_port)) if _own_page(settings, api) else None
        telemetry = await stack.enter_async_context(telemetry_of(settings))
        say("preparing the data folder")
        data_folder.prepare(settings.data_dir, version=__version__)
        addresses = await stack.enter_async_context(database(settings, say))
        if migrate:
            say("applying migrations")
            await migrate_database(addresses)
        else:
            await require_current(addresses)
        platform = await stack.enter_async_context(open_platform(settings, addresses, telemetry))
        at_work: Worker | None = None
        if worker:
            say("starting the worker")
            at_work = platform.worker()
            await at_work.start()
            stack.push_async_callback(at_work.stop)
        if page is not None:
            await stack.enter_async_context(_serving(build_metrics_page(platform, port=_port_of(page)), page))
        if listener is None:
            yield Running(platform=platform)
            return
        say("starting the API")
        port = _port_of(listener)
        application = build_application(platform, port=port, health_checks=_checks(platform, at_work))
        serving = _serving(application.asgi, listener, application.graphql.close, **application.limits.socket_options)
        await stack.enter_async_context(serving)
        _tame_the_collector()
        yield Running(platform=platform, address=f"http://{_shown(settings.host)}:{port}", application=application)


def _tame_the_collector() -> None:
    """Let the garbage collector leave alone what stays for good, and run less often than once in 700 objects.

    A page of tasks makes some 20,000 objects and no cycles: at the usual threshold a fifth of its time was collecting.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


@asynccontextmanager
async def stop_signals() -> AsyncIterator[asyncio.Event]:
    """An event that is set by Ctrl-C and SIGTERM. A second Ctrl-C takes its usual way."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def ask() -> None:
        stop.set()
        loop.remove_signal_handler(signal.SIGINT)

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ask)
    try:
        yield stop
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)


class _Server(uvicorn.Server):
    """uvicorn without handlers of its own (signals are dealt with in one place), which says when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listens = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to listen."""
        await super().startup(sockets)
        self.listens.set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone."""
        yield


@asynccontextmanager
async def _serving(
    asgi: ASGIApp, listener: socket.socket, close: Callable[[], None] = lambda: None, **options: Any
) -> AsyncIterator[None]:
    config = uvicorn.Config(
        asgi,
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="off",
        timeout_graceful_shutdown=3,
        **options,
    )
    server = _Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]), name="api")
    listens = asyncio.create_task(server.listens.wait())
    await asyncio.wait({serving, listens}, return_when=asyncio.FIRST_COMPLETED)
    listens.cancel()
    try:
        yield
    finally:
        close()
        server.should_exit = True
        await serving


@contextmanager
def listening(settings: Settings, port: int | None = None) -> Iterator[socket.socket]:
    """The listening socket, of the API unless a port is given. It is taken first: a taken port is told before anything
    is started."""
    host, port = settings.host, settings.port if port is None else port
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Named as TCP: only then does asyncio switch Nagle's algorithm off, which would cost 40 ms a response.
    with socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
        except OSError as error:
            raise OSError(error.errno, error.strerror, f"{host}:{port}") from error
        yield listener


def _own_page(settings: Settings, api: bool) -> bool:
    """Whether the process has no API on which its metrics could be read, and is to show them all the same."""
    return settings.metrics and settings.metrics_port is not None and not api


def _port_of(listener: socket.socket) -> int:
    port: int = listener.getsockname()[1]
    return port


def _checks(platform: Platform, worker: Worker | None) -> Checks:
    async def reach_database() -> None:
        async with platform.engine.connect() as connection:
            await connection.execute(text("SELECT 1"))

    async def migrations() -> None:
        await require_current(platform.addresses)

    async def engine() -> None:
        await platform.client.check_connection_async()
        if worker is not None and not worker.healthy:
            raise RuntimeError("the worker's loops have stopped")

    async def wakeups() -> None:
        if not platform.wakeups.healthy:
            raise RuntimeError("not listening")

    async def disk() -> None:
        await asyncio.to_thread(platform.disk_space.require)

    return {"disk": disk, "database": reach_database, "migrations": migrations, "engine": engine, "wakeups": wakeups}


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host else host
