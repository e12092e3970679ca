"""Fetching from the web: what may be reached, and what is made of the answer. Real sockets on loopback."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
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


async def refusal_of(address: str) -> str | None:
    try:
        await EgressPolicy().addresses(address, 443)
    except EgressRefused as refused:
        return str(refused)
    return None


# The first and the last address of each, after IANA's registries of special-purpose addresses.
@pytest.mark.parametrize(
    ("first", "last"),
    [
        ("0.0.0.0", "0.255.255.255"),
        ("10.0.0.0", "10.255.255.255"),
        ("100.64.0.0", "100.127.255.255"),
        ("127.0.0.0", "127.255.255.255"),
        ("169.254.0.0", "169.254.255.255"),
        ("172.16.0.0", "172.31.255.255"),
        ("192.0.0.0", "192.0.0.255"),
        ("192.0.2.0", "192.0.2.255"),
        ("192.88.99.0", "192.88.99.255"),
        ("192.168.0.0", "192.168.255.255"),
        ("198.18.0.0", "198.19.255.255"),
        ("198.51.100.0", "198.51.100.255"),
        ("203.0.113.0", "203.0.113.255"),
        ("224.0.0.0", "239.255.255.255"),
        ("240.0.0.0", "255.255.255.255"),
        ("::", "::1"),
        ("::127.0.0.1", "::10.0.0.1"),
        ("64:ff9b:1::", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff"),
        ("100::", "100::1:ffff:ffff:ffff:ffff"),
        ("2001:2::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff"),
        ("2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"),
        ("3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff"),
        ("5f00::", "5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
        ("fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
        ("fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
        ("fec0::", "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
        ("ff00::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
        ("::ffff:192.168.0.1", "::ffff:100.64.0.1"),
        ("64:ff9b::192.168.0.1", "64:ff9b::198.18.0.1"),
        ("2002:c0a8:1::", "2002:7f00:1::1"),
        ("2001:0:0808:0808::3f57:fffe", "2001:0:7f00:1::f7f7:f7f7"),  # a private client, then a private server
    ],
)
async def test_special_addresses_are_refused_to_their_ends(first: str, last: str) -> None:
    for address in (first, last):
        assert await refusal_of(address) is not None, address


@pytest.mark.parametrize(
    "address",
    [
        "1.0.0.0", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "172.15.255.255", "172.32.0.0",
        "191.255.255.255", "192.0.1.0", "198.17.255.255", "198.20.0.0", "223.255.255.255", "8.8.8.8",
        "2001:200::1", "2001:4860:4860::8888", "2606:4700::1111", "3ffe:ffff::1",
        "::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2002:808:808::1", "2001:0:808:808::f7f7:f7f7",
    ],
)  # fmt: skip
async def test_public_addresses_beside_them_are_not(address: str) -> None:
    assert await refusal_of(address) is None


async def test_the_limit_is_for_all_of_it_however_slowly_it_comes(fetch: Fetch) -> None:
    begun = asyncio.get_running_loop().time()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n")
        with suppress(ConnectionError):
            while asyncio.get_running_loop().time() - begun < 20:
                writer.write(b"x")
                await writer.drain()
                await asyncio.sleep(0.1)  # the server is slow, which is what this is about
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(ToolFailure, match=r"could not be fetched within 0\.5 seconds"):
            await fetch(f"http://127.0.0.1:{port}/", timeout_seconds=0.5)
        assert asyncio.get_running_loop().time() - begun < 10


@pytest.mark.parametrize("charset", ["idna", "punycode", "undefined", "unicode_escape", "base64", "nobody-knows-it"])
async def test_a_charset_that_is_none_is_read_as_utf_8(fetch: Fetch, charset: str) -> None:
    body = "Grüße \\u0041 xn--a..b-".encode()
    async with answering(page(body, f"text/plain; charset={charset}")) as (address, _):
        assert (await fetch(address)).text == body.decode()


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
