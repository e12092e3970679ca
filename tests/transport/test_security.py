"""The local token, sign-in links, sessions, and the guard at the edge."""

from __future__ import annotations

import json
import socket
import stat
from collections.abc import AsyncGenerator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Route, WebSocketRoute
from websockets.exceptions import ConnectionClosed, InvalidStatus

from server.security.authentication import CLIENT_HEADER, Authenticator
from server.security.edge import EdgeGuard
from server.security.local_token import LocalToken
from server.security.private_file import ExposedSecret
from server.security.secret_book import FileBook, MemoryBook, SecretBook
from server.security.sign_in import COOKIE, SECURE_COOKIE, SignIn
from server.transport.app import graphql_app
from tests.transport.board import SCHEMA, Board, BoardContext
from tests.transport.clients import open_socket
from tests.transport.conftest import LIMITS, uvicorn_on_free_port

HELLO = {"query": "{ hello }"}


@dataclass
class Clock:
    now: datetime = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


def test_the_token_is_made_once_and_readable_by_its_owner_only(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        tokens = set(pool.map(LocalToken.ensure, [tmp_path / "data"] * 32))
    assert len(tokens) == 1
    (token,) = tokens
    assert token == LocalToken.read(tmp_path / "data")
    path = tmp_path / "data" / "local-token"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path]
    assert token.value not in repr(token)
    assert token != LocalToken.ensure(tmp_path / "other")


def test_the_token_matches_only_itself(tmp_path: Path) -> None:
    token = LocalToken.ensure(tmp_path)
    assert token.matches(token.value)
    for other in ("", token.value[:-1], token.value + "x", token.value.upper(), "é", "\udcff"):
        assert not token.matches(other)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o666])
def test_a_token_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    LocalToken.ensure(tmp_path)
    (tmp_path / "local-token").chmod(mode)
    for read in (LocalToken.ensure, LocalToken.read):
        with pytest.raises(ExposedSecret, match=r"local-token can be read by other users: delete it"):
            read(tmp_path)


@pytest.mark.parametrize("content", ["", "short", "wr_local_" + "x" * 42, "\n\n"])
def test_a_file_that_holds_no_token_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "local-token"
    path.touch(mode=0o600)
    path.write_text(content)
    with pytest.raises(ExposedSecret, match="does not hold a token"):
        LocalToken.ensure(tmp_path)


def test_a_token_behind_a_link_is_not_followed(tmp_path: Path) -> None:
    LocalToken.ensure(tmp_path / "a")
    (tmp_path / "local-token").symlink_to(tmp_path / "a" / "local-token")
    with pytest.raises(OSError, match="symbolic link"):
        LocalToken.ensure(tmp_path)


@pytest.fixture(params=["memory", "file"])
def book(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> SecretBook:
    return MemoryBook(clock=clock) if request.param == "memory" else FileBook(tmp_path / "b", b"k", clock=clock)


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_a_secret_is_known_until_it_expires(book: SecretBook, clock: Clock) -> None:
    secret = book.issue(timedelta(hours=1))
    assert book.knows(secret)
    assert not book.knows(secret + "x")
    assert not book.knows("")
    clock.now += timedelta(minutes=59)
    assert book.knows(secret)
    clock.now += timedelta(minutes=1)
    assert not book.knows(secret)
    assert not book.strike(secret)


def test_a_secret_is_struck_out_by_exactly_one(book: SecretBook) -> None:
    secret, other = book.issue(timedelta(hours=1)), book.issue(timedelta(hours=1))
    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(book.strike, [secret] * 32)) == 1
    assert not book.knows(secret)
    assert book.knows(other)


def test_a_file_of_secrets_is_shared_survives_and_tells_nothing(tmp_path: Path, clock: Clock) -> None:
    path = tmp_path / "sessions"
    first, second = FileBook(path, b"k", clock=clock), FileBook(path, b"k", clock=clock)
    secret = first.issue(timedelta(hours=1))
    assert second.knows(secret)
    with ThreadPoolExecutor(8) as pool:
        issued = list(pool.map(lambda each: each.issue(timedelta(hours=2)), [first, second] * 8))
    assert all(FileBook(path, b"k", clock=clock).knows(each) for each in issued)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not any(each in path.read_text() for each in [secret, *issued])
    assert not FileBook(path, b"another key", clock=clock).knows(secret)
    clock.now += timedelta(hours=1)
    second.issue(timedelta(hours=1))
    assert len(json.loads(path.read_text())) == len(issued) + 1


@pytest.mark.parametrize("content", ["", "[]", "{", '{"a": "b"}'])
def test_a_damaged_file_of_secrets_is_named(tmp_path: Path, content: str) -> None:
    path = tmp_path / "sessions"
    path.touch(mode=0o600)
    path.write_text(content)
    with pytest.raises(ExposedSecret, match="sessions is damaged: delete it"):
        FileBook(path, b"k").knows("x")


@dataclass
class Secured:
    base: str
    token: LocalToken
    sign_in: SignIn


@pytest.fixture
async def secured(tmp_path: Path) -> AsyncGenerator[Secured, None]:
    token = LocalToken.ensure(tmp_path)
    sign_in = SignIn.stored(tmp_path, token)
    board = Board()
    graphql = graphql_app(
        SCHEMA,
        context_factory=lambda scope: BoardContext(board, scope),
        authenticate=Authenticator(token=token, sign_in=sign_in, principal_of=str),
        limits=LIMITS,
    )
    app = Starlette(routes=[*sign_in.routes(), Route("/graphql", graphql), WebSocketRoute("/graphql", graphql)])
    listener = socket.create_server(("127.0.0.1", 0))
    guarded = EdgeGuard(
        app,
        port=listener.getsockname()[1],
        allowed_hosts=["wrench.example.com"],
        allowed_origins=["https://ui.example.com"],
    )
    async with uvicorn_on_free_port(guarded, LIMITS, listener) as (base, _):
        yield Secured(base, token, sign_in)
        graphql.close()


@pytest.fixture
async def browser(secured: Secured) -> AsyncGenerator[httpx.AsyncClient, None]:
    async with httpx.AsyncClient(base_url=secured.base) as client:
        yield client


async def signed_in(secured: Secured, browser: httpx.AsyncClient) -> httpx.Response:
    return await browser.get(secured.sign_in.link(secured.base))


async def test_a_link_becomes_a_cookie_once(secured: Secured, browser: httpx.AsyncClient) -> None:
    link = secured.sign_in.link(secured.base)
    preview = await browser.head(link)
    assert (preview.status_code, preview.headers.get("set-cookie")) == (303, None)
    entered = await browser.get(link)
    assert (entered.status_code, entered.headers["location"]) == (303, "/console")
    assert (entered.headers["cache-control"], entered.headers["referrer-policy"]) == ("no-store", "no-referrer")
    cookie = entered.headers["set-cookie"]
    assert cookie.startswith(f"{COOKIE}=")
    attributes = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert {"httponly", "samesite=lax", "path=/"} <= attributes
    assert "secure" not in attributes
    again = await browser.get(link)
    assert again.status_code == 403
    assert "set-cookie" not in again.headers
    assert "used already or is not valid" in again.text


@pytest.mark.parametrize("query", ["", "?token=", "?token=wrong", "?token=%00", "?token=%ed%a0%80", "?token=a&token=b"])
async def test_a_wrong_link_is_refused(browser: httpx.AsyncClient, query: str) -> None:
    answer = await browser.get(f"/sign-in{query}")
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


async def test_a_cookie_counts_only_with_our_header(secured: Secured, browser: httpx.AsyncClient) -> None:
    await signed_in(secured, browser)
    for request in (
        browser.build_request("POST", "/graphql", json=HELLO),
        browser.build_request("GET", "/graphql", params=HELLO),
        browser.build_request("GET", "/graphql", params=HELLO, headers={"accept": "text/event-stream"}),
    ):
        assert (await browser.send(request)).status_code == 401
        request.headers[CLIENT_HEADER] = "console"
        assert (await browser.send(request)).status_code == 200


async def test_a_restart_signs_nobody_out(secured: Secured, browser: httpx.AsyncClient, tmp_path: Path) -> None:
    await signed_in(secured, browser)
    session = browser.cookies[COOKIE]
    assert SignIn.stored(tmp_path, LocalToken.read(tmp_path)).sessions.knows(session)
    assert session not in (tmp_path / "sessions").read_text()


async def test_over_tls_the_cookie_is_bound_to_the_host(secured: Secured) -> None:
    app = Starlette(routes=[*secured.sign_in.routes()])
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="https://testserver") as client:
        cookie = (await client.get(secured.sign_in.link("https://testserver"))).headers["set-cookie"]
    assert cookie.startswith(f"{SECURE_COOKIE}=")
    assert {"secure", "path=/"} <= {part.strip().lower() for part in cookie.split(";")}
    assert "domain" not in cookie.lower()


async def test_the_token_of_the_command_line(secured: Secured, browser: httpx.AsyncClient) -> None:
    for scheme in ("Bearer", "bearer"):
        headers = {"authorization": f"{scheme} {secured.token.value}"}
        assert (await browser.post("/graphql", json=HELLO, headers=headers)).status_code == 200


async def test_a_wrong_token_is_nobody_even_with_a_cookie(secured: Secured, browser: httpx.AsyncClient) -> None:
    await signed_in(secured, browser)
    headers = {"authorization": "Bearer wrong", CLIENT_HEADER: "console"}
    assert (await browser.post("/graphql", json=HELLO, headers=headers)).status_code == 401


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1:{port}", 200),
        ("localhost:{port}", 200),
        ("LOCALHOST:{port}", 200),
        ("[::1]:{port}", 200),
        ("wrench.example.com", 200),
        ("wrench.example.com:80", 200),
        ("127.0.0.1", 421),
        ("127.0.0.1:1", 421),
        ("evil.example.com:{port}", 421),
        ("localhost.evil.example.com:{port}", 421),
        ("127.0.0.1:{port}@evil.example.com", 421),
        ("evil.example.com", 421),
        ("wrench.example.com:x", 421),
        ("", 421),
    ],
)
async def test_only_our_own_names_are_answered(
    secured: Secured, browser: httpx.AsyncClient, host: str, expected: int
) -> None:
    port = secured.base.rpartition(":")[2]
    headers = {"authorization": f"Bearer {secured.token.value}", "host": host.format(port=port)}
    answer = await browser.post("/graphql", json=HELLO, headers=headers)
    assert answer.status_code == expected
    if expected == 421:
        assert answer.headers["content-type"].startswith("text/plain")


ORIGINS = [
    ("{base}", True),
    ("http://localhost:{port}", True),
    ("https://ui.example.com", True),
    ("https://wrench.example.com", True),
    ("https://evil.example.com", False),
    ("http://ui.example.com", False),
    ("http://127.0.0.1:1", False),
    ("http://127.0.0.1.evil.example.com:{port}", False),
    ("null", False),
    ("", False),
    ("file://", False),
]


@pytest.mark.parametrize(("origin", "allowed"), ORIGINS)
async def test_only_our_own_pages_may_send_requests(
    secured: Secured, browser: httpx.AsyncClient, origin: str, allowed: bool
) -> None:
    shown = origin.format(base=secured.base, port=secured.base.rpartition(":")[2])
    headers = {"authorization": f"Bearer {secured.token.value}", "origin": shown}
    assert (await browser.post("/graphql", json=HELLO, headers=headers)).status_code == (200 if allowed else 403)


@pytest.mark.parametrize(("origin", "allowed"), ORIGINS)
async def test_only_our_own_pages_may_open_sockets(
    secured: Secured, browser: httpx.AsyncClient, origin: str, allowed: bool
) -> None:
    await signed_in(secured, browser)
    shown = origin.format(base=secured.base, port=secured.base.rpartition(":")[2])
    headers = {"cookie": f"{COOKIE}={browser.cookies[COOKIE]}", "origin": shown}
    if not allowed:
        with pytest.raises(InvalidStatus) as refused:
            await open_socket(secured.base, additional_headers=headers)
        assert refused.value.response.status_code == 403
        return
    opened = await open_socket(secured.base, additional_headers=headers)
    await opened.send('{"type": "connection_init"}')
    assert json.loads(await opened.recv()) == {"type": "connection_ack"}
    await opened.close()


async def test_a_socket_with_a_foreign_host_is_refused(secured: Secured) -> None:
    port = secured.base.rpartition(":")[2]
    with pytest.raises(InvalidStatus) as refused:
        await open_socket(f"http://evil.example.com:{port}", host="127.0.0.1", port=int(port))
    assert refused.value.response.status_code == 421


async def test_a_cookie_without_an_origin_opens_no_socket(secured: Secured, browser: httpx.AsyncClient) -> None:
    await signed_in(secured, browser)
    headers = {"cookie": f"{COOKIE}={browser.cookies[COOKIE]}"}
    opened = await open_socket(secured.base, additional_headers=headers)
    await opened.send('{"type": "connection_init"}')
    with pytest.raises(ConnectionClosed):
        await opened.recv()
    assert opened.close_code == 4403


@pytest.mark.parametrize("host", ["", "a/b", "http://a", "a:b", "user@a", "a?b"])
def test_a_setting_that_is_no_host_is_refused(host: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the port's own message differs
        EdgeGuard(Starlette(), port=1, allowed_hosts=[host])


@pytest.mark.parametrize("origin", ["", "*", "null", "example.com", "ftp://a", "https://a/b", "https://u@a"])
def test_a_setting_that_is_no_origin_is_refused(origin: str) -> None:
    with pytest.raises(ValueError, match="is not an origin"):
        EdgeGuard(Starlette(), port=1, allowed_origins=[origin])
