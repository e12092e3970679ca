"""Fetching from the web: what may be reached, and what is made of the answer. Real sockets on loopback."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from agents.contract import Step, ToolFailure
from agents.contract.egress import EgressRefused
from agents.egress import EgressPolicy
from agents.testing import KitContext
from agents.tools.web_fetch import FetchArguments, Fetched, WebFetch
from domain.quality_gate import QualityGate

Fetch = Callable[..., Awaitable[Fetched]]


@pytest.fixture
def fetch(tmp_path: Path) -> Fetch:
    async def fetch(url: str, *, allow: tuple[str, ...] = ("127.0.0.1",), **arguments: float) -> Fetched:
        context = KitContext(tmp_path, "kit", (), QualityGate(), frozenset(), egress=EgressPolicy(allow))

        async def work(step: Step) -> Fetched:
            return await step.call(WebFetch, FetchArguments.model_validate({"url": url, **arguments}))

        return await context.step("fetch", work, returns=Fetched)

    return fetch


@asynccontextmanager
async def answering(*answers: bytes) -> AsyncIterator[tuple[str, list[bytes]]]:
    """A server that gives these answers in turn, and keeps what it was asked."""
    asked: list[bytes] = []
    left = list(answers)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(left.pop(0))
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        host, port = server.sockets[0].getsockname()
        yield f"http://{host}:{port}", asked


def page(body: bytes, kind: str = "text/html; charset=utf-8", *headers: str) -> bytes:
    lines = ["HTTP/1.1 200 OK", f"Content-Type: {kind}", f"Content-Length: {len(body)}", "Connection: close", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


def moved(where: str) -> bytes:
    return f"HTTP/1.1 302 Found\r\nLocation: {where}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()


async def test_a_text_comes_with_its_hash_and_few_headers(fetch: Fetch) -> None:
    body = "Grüße".encode()
    async with answering(page(body, "text/plain; charset=utf-8", "Set-Cookie: a=b", "ETag: x")) as (address, asked):
        found = await fetch(f"{address}/a#part")
    assert (found.text, found.status, found.size, found.truncated) == ("Grüße", 200, len(body), False)
    assert found.sha256 == hashlib.sha256(body).hexdigest()
    assert found.headers.keys() == {"content-type", "etag"}
    assert asked[0].startswith(b"GET /a HTTP/1.1\r\n")
    assert b"accept-encoding: identity" in asked[0].lower()


async def test_what_is_too_long_is_cut(fetch: Fetch) -> None:
    async with answering(page(b"x" * 100_000)) as (address, _):
        found = await fetch(address, max_bytes=1_000)
    assert (found.text, found.truncated, found.size) == ("x" * 1_000, True, 1_000)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://localhost/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[64:ff9b::7f00:1]/",
        "http://169.254.169.254/latest/meta-data/",
        "http://[fe80::1]/",
        "http://10.0.0.1/",
        "http://192.168.1.1/",
        "http://100.64.0.1/",
        "http://[fd00:ec2::254]/",
        "http://224.0.0.1/",
        "http://0.0.0.0/",
        "http://0x7f.1/",
        "http://2130706433/",
        "file:///etc/passwd",
        "ftp://example.org/",
        "gopher://127.0.0.1/",
        "http://user:password@127.0.0.1/",
        "http:///nowhere",
        "nonsense",
    ],
)
async def test_what_is_not_public_is_refused(url: str, fetch: Fetch) -> None:
    with pytest.raises(ToolFailure):
        await fetch(url, allow=())


async def test_a_redirect_to_a_private_place_is_refused_before_it_is_asked(fetch: Fetch) -> None:
    async with answering(page(b"secret")) as (inner, inner_asked), answering(moved(f"{inner}/x")) as (outer, asked):
        with pytest.raises(ToolFailure, match="this machine itself"):
            await fetch(outer, allow=(outer.removeprefix("http://"),))
    assert (len(asked), inner_asked) == (1, [])


async def test_redirects_are_followed_and_told_but_not_for_ever(fetch: Fetch) -> None:
    async with answering(moved("/b"), page(b"there")) as (address, _):
        found = await fetch(f"{address}/a")
    assert (found.url, found.hops) == (f"{address}/b", [f"{address}/a", f"{address}/b"])
    async with answering(*[moved("/again")] * 10) as (address, asked):
        with pytest.raises(ToolFailure, match="redirects more than 5 times"):
            await fetch(address)
    assert len(asked) == 6


async def test_the_name_is_resolved_once_and_its_address_used(
    fetch: Fetch, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A name whose second answer is another address does not lead there: there is no second question."""
    looked_up: list[str] = []
    policy = EgressPolicy(("127.0.0.1",))

    class Counting:
        async def addresses(self, host: str, port: int) -> list[str]:
            looked_up.append(host)
            return await policy.addresses("127.0.0.1", port)

    context = KitContext(tmp_path, "kit", (), QualityGate(), frozenset(), egress=Counting())
    async with answering(page(b"here")) as (address, asked):
        port = address.rpartition(":")[2]

        async def work(step: Step) -> Fetched:
            return await step.call(WebFetch, FetchArguments(url=f"http://no-such-name.invalid:{port}/"))

        found = await context.step("fetch", work, returns=Fetched)
    assert (found.text, looked_up) == ("here", ["no-such-name.invalid"])
    assert f"host: no-such-name.invalid:{port}".encode() in asked[0].lower()


async def test_what_is_no_text_or_packed_is_refused(fetch: Fetch) -> None:
    async with answering(page(b"\x89PNG", "image/png")) as (address, _):
        with pytest.raises(ToolFailure, match="is image/png, and not a text"):
            await fetch(address)
    async with answering(page(b"\x1f\x8b", "text/plain", "Content-Encoding: gzip")) as (address, _):
        with pytest.raises(ToolFailure, match="came packed as gzip"):
            await fetch(address)


async def test_a_server_that_hangs_or_talks_nonsense_is_a_failure(fetch: Fetch) -> None:
    async with answering(b"nonsense\r\n\r\n") as (address, _):
        with pytest.raises(ToolFailure, match="could not be fetched"):
            await fetch(address)
    async with answering(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nab") as (address, _):
        with pytest.raises(ToolFailure, match="could not be fetched"):
            await fetch(address)


@pytest.mark.parametrize(
    ("entry", "host", "port", "allowed"),
    [
        ("127.0.0.0/8", "127.0.0.1", 80, True),
        ("127.0.0.1:8080", "127.0.0.1", 8080, True),
        ("127.0.0.1:8080", "127.0.0.1", 80, False),
        ("localhost:8080", "localhost", 8080, True),
        ("LOCALHOST", "localhost.", 80, True),
        ("[::1]:443", "::1", 443, True),
        ("::1", "::1", 443, True),
        ("10.0.0.0/8", "127.0.0.1", 80, False),
    ],
)
async def test_the_owner_allows_hosts_addresses_and_networks(entry: str, host: str, port: int, allowed: bool) -> None:
    policy = EgressPolicy((entry,))
    if allowed:
        assert await policy.addresses(host, port)
    else:
        with pytest.raises(EgressRefused, match="WRENCHAI_EGRESS_ALLOW"):
            await policy.addresses(host, port)
