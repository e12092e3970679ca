"""The browser tools: a real Chromium on pages of a server on loopback."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from agents.contract import Services, ToolFailure, ToolMissing
from agents.tools.browser.tools import Browser, BrowserWrite
from tests.agents.outside.conftest import Bench, serving

SHOP = """<!doctype html><title>Shop</title>
<h1>Shop</h1>
<ul><li class=item data-price=3>Screws</li><li class=item data-price=5>Nails</li><li class=item hidden>Secret</li></ul>
<form action=/search><label>Find <input name=q></label><button>Go</button></form>
<button id=ask onclick="this.textContent = confirm('Really?') + ',' + prompt('Name?')">Ask</button>
<a id=file href=/file.bin>Take it</a><a id=large href=/large.bin>Take a large one</a>
<script>alert('Welcome'); console.error('oh no')</script>"""

ATTEMPTS = """<!doctype html><title>Attempts</title>
<form id=order action=/order method=post><button>Order</button></form>
<script>
  fetch('/order', {method: 'POST'}).catch(() => {});
  navigator.sendBeacon('/beacon', 'x');
  fetch('%(private)s/fetched').catch(() => {});
  new WebSocket('ws://%(here)s/socket');
  window.open('/searched');
</script><img src='%(private)s/picture.png'><iframe src='/leads-away'></iframe><iframe src='file:///etc/passwd'></iframe>"""

LOGIN = """<!doctype html><title>Login</title>
<form action=/login method=post><input name=user><input name=password type=password><button>Log in</button></form>"""


@dataclass
class Site:
    """``address`` is allowed, ``private`` is another server that is not."""

    address: str = ""
    private: str = ""
    seen: list[str] = field(default_factory=list)
    private_seen: list[str] = field(default_factory=list)
    hold: asyncio.Event = field(default_factory=asyncio.Event)
    loading: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def app(self) -> Starlette:
        """The site that may be reached."""
        return Starlette(routes=[Route("/{page}", self._page, methods=["GET", "POST"])])

    @property
    def private_app(self) -> Starlette:
        """The one that may not."""

        async def note(request: Request) -> Response:
            self.private_seen.append(request.url.path)
            return HTMLResponse(LOGIN if request.path_params["page"] == "loginpage" else "private")

        return Starlette(routes=[Route("/{page}", note, methods=["GET", "POST"])])

    async def _page(self, request: Request) -> Response:
        page = request.path_params["page"]
        self.seen.append(f"{request.method} {request.url.path}")
        match page:
            case "attempts":
                here = self.address.partition("//")[2]
                return HTMLResponse(ATTEMPTS % {"private": self.private, "here": here})
            case "search":
                return HTMLResponse(f"<title>Found</title><p id=q>{request.query_params['q']}")
            case "leads-away":
                return RedirectResponse(f"{self.private}/redirected")
            case "file.bin" | "large.bin":
                content = b"\0\1\2" if page == "file.bin" else bytes(100_000)
                return Response(content, headers={"Content-Disposition": f'attachment; filename="{page}"'})
            case "endless":
                return StreamingResponse(self._endless(), media_type="text/html")
            case "login":
                form = await request.form()
                return HTMLResponse(f"<title>In</title><p>{form['user']} {form['password']}")
        leaves = f"<script>setTimeout(() => location = '{self.private}/loginpage', 500)</script>"
        frames = f"<iframe id=ours src=/loginpage></iframe><iframe src={self.private}/loginpage></iframe>"
        pages = {"shop": SHOP, "loginpage": LOGIN, "leaves": leaves, "frames": frames}
        return HTMLResponse(pages.get(page, f"<title>{page}</title>"))

    async def _endless(self) -> AsyncIterator[str]:
        yield "<!doctype html><title>Endless</title><p>The beginning" + " " * 2_000
        self.loading.set()
        await self.hold.wait()


@pytest.fixture
async def site(bench: Bench) -> AsyncIterator[Site]:
    site = Site()
    async with AsyncExitStack() as stack:
        site.address = await stack.enter_async_context(serving(site.app))
        site.private = await stack.enter_async_context(serving(site.private_app))
        stack.callback(site.hold.set)
        bench.allow = (site.address.partition("//")[2],)
        yield site


async def test_a_page_with_dialogs_and_downloads(bench: Bench, site: Site) -> None:
    answer = await bench.call(
        Browser,
        actions=[
            {"kind": "navigate", "url": f"{site.address}/shop"},
            {"kind": "click", "selector": "#ask"},
            {"kind": "extract", "selector": "li.item", "attributes": ["data-price", "id"], "limit": 2},
            {"kind": "extract", "selector": "#ask"},
            {"kind": "click", "selector": "#file"},
            {"kind": "click", "selector": "#large"},
            {"kind": "screenshot"},
            {"kind": "accessibility", "selector": "ul"},
            {"kind": "fill", "selector": "input[name=q]", "value": "nails & screws"},
            {"kind": "press", "selector": "input[name=q]", "key": "Enter"},
            {"kind": "wait_for", "selector": "#q"},
            {"kind": "text"},
        ],
        max_download_bytes=50_000,
    )
    assert (answer.completed, answer.timed_out, answer.blocked) == (True, False, [])
    page, _, items, asked, _, _, picture, tree, *_, text = answer.results
    assert (page.title, page.status, page.finished, page.url) == ("Shop", 200, True, f"{site.address}/shop")
    assert [(one.text, one.attributes) for one in items.elements] == [
        ("Screws", {"data-price": "3", "id": None}),
        ("Nails", {"data-price": "5", "id": None}),
    ]
    assert (items.count, asked.elements[0].text) == (3, "false,null")
    assert [(one.kind, one.message, one.accepted) for one in answer.dialogs] == [
        ("alert", "Welcome", True),
        ("confirm", "Really?", False),
        ("prompt", "Name?", False),
    ]
    small, large = answer.downloads
    assert (small.name, small.size, bench.artifacts[small.artifact]) == ("file.bin", 3, b"\0\1\2")
    assert (large.name, large.artifact) == ("large.bin", None)
    assert "100,000 bytes and 50,000 are allowed" in large.problem
    assert bench.artifacts[picture.artifact].startswith(b"\x89PNG")
    assert picture.size == len(bench.artifacts[picture.artifact])
    assert "listitem: Nails" in tree.tree
    assert "nails & screws" in text.text
    assert (answer.page.title, answer.console) == ("Found", ["oh no"])
    assert list(bench.folder.iterdir()) == []


async def test_an_endless_load_ends_with_what_was_there(bench: Bench, site: Site) -> None:
    actions: list[dict[str, Any]] = [
        {"kind": "navigate", "url": f"{site.address}/endless"},
        {"kind": "text"},
        {"kind": "wait_for", "selector": "#never"},
        {"kind": "screenshot"},
    ]
    answer = await bench.call(Browser, actions=actions, load_seconds=1)
    page, text, failed = answer.results
    assert (page.title, page.finished, text.text) == ("Endless", False, "The beginning")
    assert (failed.kind, failed.action) == ("failed", "wait_for")
    assert (answer.completed, answer.timed_out) == (False, False)
    late = await bench.call(Browser, actions=actions, timeout_seconds=4, load_seconds=100)
    assert (late.completed, late.timed_out) == (False, True)
    assert (late.page.title, late.page.text) == ("Endless", "The beginning")


async def test_nothing_is_sent_that_may_change_something_and_nowhere_that_is_not_allowed(
    bench: Bench, site: Site
) -> None:
    answer = await bench.call(
        Browser,
        actions=[
            {"kind": "navigate", "url": f"{site.address}/attempts"},
            {"kind": "click", "selector": "#order button"},
            {"kind": "navigate", "url": f"{site.address}/leads-away"},
            {"kind": "text"},
        ],
    )
    assert site.private_seen == []
    assert {one.partition(" ")[0] for one in site.seen} == {"GET"}
    blocked = {(one.method, one.url) for one in answer.blocked}
    assert {
        ("POST", f"{site.address}/order"),
        ("POST", f"{site.address}/beacon"),
        ("GET", f"{site.private}/fetched"),
        ("GET", f"{site.private}/picture.png"),
        ("GET", f"{site.private}/redirected"),
    } <= blocked
    assert any(method == "WebSocket" for method, _ in blocked)
    assert any("WRENCHAI_EGRESS_ALLOW" in one.reason for one in answer.blocked)
    assert "does not let the browser reach this" in answer.results[-1].text
    assert answer.popups


async def test_a_form_is_sent_by_browser_write_and_a_secret_goes_where_it_belongs(bench: Bench, site: Site) -> None:
    bench.secrets = {"shop-password": "correct horse"}
    fill = {"kind": "fill", "selector": "input[name=password]", "credential": "shop-password"}
    answer = await bench.call(
        BrowserWrite,
        actions=[
            {"kind": "navigate", "url": f"{site.address}/loginpage"},
            {"kind": "fill", "selector": "input[name=user]", "value": "ada"},
            fill,
            {"kind": "click", "selector": "button"},
            {"kind": "text"},
        ],
    )
    assert "POST /login" in site.seen
    assert (answer.page.title, answer.results[-1].text) == ("In", "ada ********")
    assert bench.calls[0].secrets == ("shop-password",)
    with pytest.raises(ToolFailure, match="browser_write alone"):
        await bench.call(Browser, actions=[fill])
    with pytest.raises(ValidationError, match="either value or credential"):
        await bench.call(BrowserWrite, actions=[{"kind": "fill", "selector": "a"}])


@pytest.mark.verify
@pytest.mark.parametrize("page", ["leaves", "frames"])
async def test_a_secret_is_not_filled_in_where_a_page_leads_or_in_a_frame_of_others(
    bench: Bench, site: Site, page: str
) -> None:
    bench.allow = tuple(address.partition("//")[2] for address in (site.address, site.private))
    bench.secrets = {"shop-password": "correct horse"}
    field = "input[name=password]"
    inside = " >> internal:control=enter-frame >> "
    selectors = {"leaves": [field], "frames": [f"#ours{inside}{field}", f"iframe:not(#ours){inside}{field}"]}[page]
    fills = [{"kind": "fill", "selector": selector, "credential": "shop-password"} for selector in selectors]
    answer = await bench.call(
        BrowserWrite, actions=[{"kind": "navigate", "url": f"{site.address}/{page}", "until": "commit"}, *fills]
    )
    *before, last = answer.results
    assert [one.kind for one in before] == ["navigate", "fill"][: len(before)]
    assert last.kind == "failed"
    said = f"The secret 'shop-password' is not filled in at {site.private}: no navigate of this call names it"
    assert last.error == said
    assert len(before) == len(fills)


async def test_addresses_are_looked_at_before_anything_is_started(bench: Bench, tmp_path: Path) -> None:
    for url, says in (
        ("http://127.0.0.1:1/", "WRENCHAI_EGRESS_ALLOW"),
        ("http://169.254.169.254/latest/", "where clouds keep their metadata"),
        ("http://user:pass@example.org/", "leave them out"),
        ("http://example.org:port/", "is no URL"),
    ):
        with pytest.raises(ToolFailure, match=says):
            await bench.call(Browser, actions=[{"kind": "navigate", "url": url}])
    bench.services = Services(browser=tmp_path / "none")
    with pytest.raises(ToolMissing, match="WRENCHAI_BROWSER_PATH"):
        await bench.call(Browser, actions=[{"kind": "text"}])


@pytest.mark.parametrize(
    "wrong",
    [
        {"actions": []},
        {"actions": [{"kind": "navigate", "url": "file:///etc/passwd"}]},
        {"actions": [{"kind": "navigate", "url": "javascript:alert(1)"}]},
        {"actions": [{"kind": "evaluate", "script": "1"}]},
        {"actions": [{"kind": "text"}], "timeout_seconds": 0},
    ],
)
def test_what_is_no_action_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Browser.arguments_model.model_validate(wrong)


async def test_what_is_missing_is_said_with_the_command(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as without:
        without.setattr("agents.tools.browser.tools.PROGRAMS", ())
        with pytest.raises(ToolMissing, match="apt-get install chromium"):
            await bench.call(Browser, actions=[{"kind": "text"}])
        assert Browser.missing() == "apt-get install chromium"
    monkeypatch.setattr("agents.tools.browser.tools.find_spec", lambda _: None)
    with pytest.raises(ToolMissing, match=r"pip install 'wrenchai\[browser\]'"):
        await bench.call(Browser, actions=[{"kind": "text"}])
    assert "wrenchai[browser]" in (Browser.missing() or "")
