"""The embedded PostgreSQL, on real servers and through real deaths."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import psutil
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from persistence.addresses import DatabaseAddresses, DatabaseUnavailable
from persistence.embedded import EmbeddedPostgres
from persistence.embedded.socket_folder import LONGEST_SOCKET_PATH

ROOT = Path(__file__).parents[2]
HOLDER = """
import asyncio, sys
from pathlib import Path
from persistence.embedded import EmbeddedPostgres

async def hold():
    server = EmbeddedPostgres()
    await server.start(Path(sys.argv[1]))
    print("started", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    await server.stop()

asyncio.run(hold())
"""


@asynccontextmanager
async def running(data_dir: Path) -> AsyncIterator[DatabaseAddresses]:
    server = EmbeddedPostgres()
    addresses = await server.start(data_dir)
    try:
        yield addresses
    finally:
        await server.stop()


async def value(dsn: str, query: str) -> object:
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


def postmaster(data_dir: Path) -> psutil.Process | None:
    try:
        return psutil.Process(int((data_dir / "postgres" / "postmaster.pid").read_text().splitlines()[0]))
    except (FileNotFoundError, psutil.NoSuchProcess):
        return None


def holder(data_dir: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(data_dir)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "started\n"
    return process


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("embedded") / "data"
    yield folder
    assert postmaster(folder) is None, "a test left its server running"


async def test_first_start_makes_a_database_and_a_weak_role_for_the_application(data_dir: Path) -> None:
    async with running(data_dir) as addresses:
        engine = create_async_engine(addresses.app_url)
        async with engine.connect() as connection:
            role = (
                await connection.execute(
                    text(
                        "SELECT rolname, rolsuper, rolbypassrls, rolcanlogin FROM pg_roles WHERE rolname = current_user"
                    )
                )
            ).one()
            owner = await connection.scalar(
                text("SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database()")
            )
        await engine.dispose()
        assert tuple(role) == ("wrenchai_app", False, False, True)
        assert owner == "wrenchai_owner"
        assert await value(addresses.owner_dsn, "SELECT current_user") == "wrenchai_owner"
        assert await value(addresses.app_dsn, "SELECT count(*) > 0 FROM pg_stat_statements")
        assert await value(addresses.app_dsn, "SHOW listen_addresses") == ""
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await value(addresses.app_dsn, "CREATE TABLE mine (id int)")
    assert postmaster(data_dir) is None


async def test_socket_can_be_reached_by_its_owner_only(data_dir: Path) -> None:
    async with running(data_dir):
        folders = [data_dir / "run", data_dir / "postgres"]
        assert [folder.stat().st_mode & 0o777 for folder in folders] == [0o700, 0o700]


async def test_two_processes_share_one_server_and_the_last_one_stops_it(data_dir: Path) -> None:
    other = holder(data_dir)
    async with running(data_dir):
        first = postmaster(data_dir)
    assert postmaster(data_dir) == first, "the other process still uses it"
    other.communicate("\n", timeout=60)
    assert other.returncode == 0
    assert postmaster(data_dir) is None


async def test_a_killed_process_is_no_user_any_more(data_dir: Path) -> None:
    other = holder(data_dir)
    other.kill()
    other.wait()
    assert postmaster(data_dir) is not None, "nobody was left to stop it"
    begun = time.monotonic()
    async with running(data_dir) as addresses:
        assert time.monotonic() - begun < 2
        assert await value(addresses.app_dsn, "SELECT 1") == 1
    assert postmaster(data_dir) is None


async def test_a_killed_server_recovers_at_the_next_start(data_dir: Path) -> None:
    server = EmbeddedPostgres()
    addresses = await server.start(data_dir)
    connection = await asyncpg.connect(addresses.owner_dsn)
    await connection.execute("CREATE TABLE IF NOT EXISTS kept (id int); INSERT INTO kept VALUES (7)")
    victim = postmaster(data_dir)
    assert victim is not None
    victim.send_signal(signal.SIGKILL)
    connection.terminate()
    victim.wait(10)
    async with running(data_dir) as addresses:
        assert await value(addresses.owner_dsn, "SELECT id FROM kept") == 7
        await server.stop()
        assert postmaster(data_dir) is not None, "the newer handle still uses it"


async def test_a_pid_file_that_names_somebody_else_is_no_obstacle(data_dir: Path) -> None:
    stale = data_dir / "postgres" / "postmaster.pid"
    stale.write_text(f"{os.getpid()}\n{data_dir}/postgres\n1\n5432\n{data_dir}/run\n\n  1 1\nready\n")
    async with running(data_dir) as addresses:
        assert await value(addresses.app_dsn, "SELECT 1") == 1


async def test_half_made_cluster_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / "postgres.new" / "base").mkdir(parents=True)
    (tmp_path / "postgres").mkdir()
    async with running(tmp_path) as addresses:
        assert await value(addresses.app_dsn, "SELECT 1") == 1
    assert not (tmp_path / "postgres.new").exists()


async def test_start_in_a_deep_folder_with_an_odd_name_by_two_at_once(tmp_path: Path) -> None:
    deep = tmp_path / ("a folder's name with blanks " * 3) / ("x" * 60)
    assert len(str(deep / "run" / ".s.PGSQL.5432")) > LONGEST_SOCKET_PATH
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            await asyncio.sleep(0.01)
            ticks += 1

    ticking = asyncio.create_task(tick())
    servers = [EmbeddedPostgres(), EmbeddedPostgres()]
    addresses = await asyncio.gather(*(server.start(deep) for server in servers))
    ticking.cancel()
    assert ticks > 20, "starting blocked the loop"
    assert addresses[0] == addresses[1]
    engine = create_async_engine(addresses[0].app_url)
    async with engine.connect() as connection:
        assert await connection.scalar(text("SELECT 1")) == 1
    await engine.dispose()
    await servers[0].stop()
    assert postmaster(deep) is not None
    await servers[1].stop()
    await servers[1].stop()
    assert postmaster(deep) is None


async def test_abandoned_start_lets_go_of_the_server(data_dir: Path) -> None:
    starting = asyncio.create_task(EmbeddedPostgres().start(data_dir))
    await asyncio.sleep(0)
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    assert postmaster(data_dir) is None


@pytest.mark.parametrize(("version", "age"), [("99", "a newer PostgreSQL (99"), ("9.6", "an older PostgreSQL (9.6")])
async def test_folder_of_another_postgresql_is_refused(tmp_path: Path, version: str, age: str) -> None:
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "PG_VERSION").write_text(version + "\n")
    with pytest.raises(DatabaseUnavailable) as refused:
        await EmbeddedPostgres().start(tmp_path)
    assert age in refused.value.message
    assert "WRENCHAI_DATA_DIR" in refused.value.message


async def test_file_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    with pytest.raises(DatabaseUnavailable, match="is a file where a folder is needed"):
        await EmbeddedPostgres().start(tmp_path / "data")


async def test_broken_configuration_says_why(tmp_path: Path) -> None:
    async with running(tmp_path):
        pass
    with (tmp_path / "postgres" / "postgresql.conf").open("a") as configuration:
        configuration.write("\nshared_buffers = 'a lot'\n")
    with pytest.raises(DatabaseUnavailable) as refused:
        await EmbeddedPostgres().start(tmp_path)
    assert "could not be started" in refused.value.message
    assert "\n" not in refused.value.message
    assert "shared_buffers" in refused.value.message or "configuration file" in refused.value.message
