"""What all tests share: real servers, started once, and an agent whose behaviour a test decides."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, async_playwright

ROOT = Path(__file__).parents[1]
PLUGINS = Path(__file__).parent / "plugins"
sys.path.insert(0, str(PLUGINS))  # before the agents are looked for: entry points are found along the path

from domain.actor import Actor  # noqa: E402
from server import web_assets  # noqa: E402
from server.client.graphql_client import GraphQLClient  # noqa: E402
from server.platform.database import database, migrate_database  # noqa: E402
from server.platform.wiring import Platform, open_platform  # noqa: E402
from server.process import Running, running  # noqa: E402
from server.security.local_token import LocalToken  # noqa: E402
from server.settings import Settings, load_settings  # noqa: E402
from tests.spread import pytest_collection_modifyitems, pytest_xdist_make_scheduler  # noqa: E402, F401
from tests.warden import watch  # noqa: E402

CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
]


@pytest.fixture(scope="session", autouse=True)
def interruptible() -> None:
    """What tests start can be interrupted, also when the tests themselves run in a shell's background."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session", autouse=True)
def warden(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Tests that are killed leave no database server running."""
    watch(tmp_path_factory.getbasetemp(), remove=False)


@pytest.fixture(scope="session")
def data_dir() -> Iterator[Path]:
    """The data folder of the session's platform. Its parents can be traversed by the account of the server."""
    with tempfile.TemporaryDirectory(prefix="wrenchai-tests-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        watch(Path(folder), remove=True)
        yield Path(folder) / "data"


@pytest.fixture(scope="session")
def settings(data_dir: Path) -> Settings:
    """Settings of the session's platform: a free port, and sources anywhere below the temporary folder."""
    return load_settings(
        data_dir=data_dir,
        port=0,
        source_roots=(Path(tempfile.gettempdir()),),
        git_url_schemes=frozenset({"https", "ssh", "file"}),
        worker_slots=8,
        agent_concurrency=8,
        lease_seconds=5,
        drain_seconds=1,
    )


@pytest.fixture(scope="session")
async def live(settings: Settings) -> AsyncIterator[Running]:
    """The whole platform in this process: database, worker, API on a free port."""
    async with running(settings, api=True, worker=True, migrate=True) as here:
        yield here


@pytest.fixture(scope="session")
def platform(live: Running) -> Platform:
    """Its parts."""
    return live.platform


@pytest.fixture(scope="session")
async def idle(data_dir: Path) -> AsyncIterator[Platform]:
    """Another platform, with a database of its own and without a worker: what is dispatched there stays queued."""
    here = load_settings(data_dir=data_dir.with_name("idle"), source_roots=(Path(tempfile.gettempdir()),))
    async with database(here) as addresses:
        await migrate_database(addresses)
        async with open_platform(here, addresses) as opened:
            yield opened


@pytest.fixture(scope="session")
def actor(platform: Platform) -> Actor:
    """The owner, who may do everything."""
    return platform.owner("tests")


@pytest.fixture(scope="session")
async def client(live: Running, settings: Settings) -> AsyncIterator[GraphQLClient]:
    """A client of the API, signed in as the owner."""
    assert live.address is not None
    async with GraphQLClient(live.address, LocalToken.read(settings.data_dir).value) as client:
        yield client


@pytest.fixture(scope="session")
def web() -> Path:
    built = subprocess.run([sys.executable, "hatch_build.py"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    return web_assets.WEB


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.fail("The tests of the console need Chromium: run `apt-get install chromium`.")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_FLAGS)
        yield browser
        await browser.close()
