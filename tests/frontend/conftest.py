"""A real Chromium on a real server that the tests steer: they publish live values, and close sockets with any code."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NewType

import pytest
import strawberry
import uvicorn
from playwright.async_api import Browser, BrowserContext, Page, Request
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route, WebSocketRoute
from starlette.types import Message, Receive, Scope, Send
from strawberry.asgi import GraphQL
from strawberry.schema.config import StrawberryConfig
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL

from server import web_assets

Cursor = NewType("Cursor", str)


@strawberry.type
class Tick:
    cursor: Cursor
    sequence: int


@dataclass
class Backend:
    """`/graphql` with the subscription `ticks(after)`, and what the tests want to do to it and to know of it."""

    signed_in: bool = True
    published: int = 0
    subscribed_after: list[str | None] = field(default_factory=list)
    posts: list[dict[str, str]] = field(default_factory=list)
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    _closers: set[Callable[[int], Any]] = field(default_factory=set)

    def __post_init__(self) -> None:
        backend = self

        @strawberry.type
        class Query:
            @strawberry.field
            def greeting(self, name: str = "world") -> str:
                return f"Hello, {name}"

        @strawberry.type
        class Subscription:
            @strawberry.subscription
            async def ticks(self, after: Cursor | None = None) -> AsyncIterator[Tick]:
                async for tick in backend._ticks(after):
                    yield tick

        schema = strawberry.Schema(
            Query,
            subscription=Subscription,
            config=StrawberryConfig(scalar_map={Cursor: strawberry.scalar(name="Cursor")}),
        )
        self._graphql = GraphQL[None, None](
            schema, graphql_ide=None, subscription_protocols=[GRAPHQL_TRANSPORT_WS_PROTOCOL]
        )

    async def publish(self) -> None:
        async with self._changed:
            self.published += 1
            self._changed.notify_all()

    async def close(self, code: int) -> None:
        """Close every open socket with `code`."""
        assert self._closers, "no socket is open"
        for close in list(self._closers):
            await close(code)

    async def wait_for_subscribers(self, count: int) -> None:
        async with self._changed:
            await asyncio.wait_for(self._changed.wait_for(lambda: len(self.subscribed_after) >= count), 20)

    async def _ticks(self, after: str | None) -> AsyncIterator[Tick]:
        async with self._changed:
            self.subscribed_after.append(after)
            self._changed.notify_all()
        sequence = int(after.removeprefix("c")) if after else 0
        while True:
            async with self._changed:
                while self.published <= sequence:
                    await self._changed.wait()
            sequence += 1
            yield Tick(cursor=Cursor(f"c{sequence}"), sequence=sequence)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await self._serve_socket(scope, receive, send)
            return
        self.posts.append({name.decode(): value.decode() for name, value in scope["headers"]})
        if self.signed_in:
            await self._graphql(scope, receive, send)
        else:
            refusal = {"errors": [{"message": "Sign in.", "extensions": {"code": "UNAUTHENTICATED"}}]}
            await JSONResponse(refusal, 401)(scope, receive, send)

    async def _serve_socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        closed = False

        async def guarded(message: Message) -> None:
            if not closed:
                await send(message)

        async def close(code: int) -> None:
            nonlocal closed
            closed = True
            self._closers.discard(close)
            await send({"type": "websocket.close", "code": code})

        self._closers.add(close)
        try:
            await self._graphql(scope, receive, guarded)
        finally:
            self._closers.discard(close)


@pytest.fixture
def backend() -> Backend:
    return Backend()


@pytest.fixture
async def origin(web: Path, backend: Backend) -> AsyncIterator[str]:
    graphql = [Route("/graphql", backend), WebSocketRoute("/graphql", backend)]
    app = Starlette(routes=[*web_assets.routes(web), *graphql])
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(app, log_level="warning", lifespan="off", timeout_graceful_shutdown=1)
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve([listener]))
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        await serving


@dataclass
class Witness:
    """What a page did beyond what it shows: where its requests went, and what it complained about."""

    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    async def watch(self, context: BrowserContext, page: Page) -> None:
        async def violated(_: Any, directive: str, blocked: str) -> None:
            self.complaints.append(f"policy: {directive} refused {blocked}")

        await context.expose_binding("policyViolated", violated)
        await context.add_init_script(
            "addEventListener('securitypolicyviolation', (event) =>"
            " window.policyViolated(event.violatedDirective, event.blockedURI))"
        )
        page.on("request", self._on_request)
        page.on("websocket", lambda opened: self.requests.append(opened.url))
        page.on("pageerror", lambda error: self.complaints.append(f"exception: {error}"))
        page.on("console", lambda said: self._on_console(said.type, said.text))

    def _on_request(self, request: Request) -> None:
        self.requests.append(request.url)

    def _on_console(self, kind: str, text: str) -> None:
        if kind in {"error", "warning"}:
            self.complaints.append(f"{kind}: {text}")


@pytest.fixture
def witness() -> Witness:
    return Witness()


@pytest.fixture
async def page(browser: Browser, origin: str, witness: Witness) -> AsyncIterator[Page]:
    context = await browser.new_context(viewport={"width": 1280, "height": 800})
    context.set_default_timeout(20_000)
    page = await context.new_page()
    await witness.watch(context, page)
    await page.goto(f"{origin}/console")
    yield page
    await context.close()


@pytest.fixture
def type_operation(page: Page) -> Callable[..., Any]:
    """Replace what is in the operation editor (and in the variables editor), by keyboard."""

    async def type_into(region: str, text: str) -> None:
        await page.get_by_label(region, exact=True).locator(".view-lines:visible").click()
        await page.keyboard.press("ControlOrMeta+a")
        await page.keyboard.press("Delete")
        await page.keyboard.insert_text(text)

    async def type_operation(document: str, variables: dict[str, object] | None = None) -> None:
        if variables is not None:
            await type_into("Variables", json.dumps(variables))
        await type_into("Operation Editor", document)

    return type_operation
