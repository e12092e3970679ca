import re
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from playwright.async_api import Page, expect

TypeOperation = Callable[..., Awaitable[None]]

WATCH = "subscription Watch($after: Cursor) { ticks(after: $after) { cursor sequence } }"


def response(page: Page) -> Any:
    return page.get_by_label("Result Window")


async def watch(page: Page, backend: Any, type_operation: TypeOperation) -> None:
    await type_operation(WATCH)
    await page.keyboard.press("ControlOrMeta+Enter")
    await backend.wait_for_subscribers(1)


async def test_page_renders_from_its_own_origin_without_a_complaint(page: Page, origin: str, witness: Any) -> None:
    await expect(page.get_by_text("WrenchAI", exact=True)).to_be_visible()
    await expect(page.get_by_role("heading", name="Examples")).to_be_visible()
    await expect(page.get_by_label("Operation Editor").locator(".view-line").first).to_contain_text("Who am I")
    await page.get_by_label("Show Documentation Explorer").click()
    await expect(page.get_by_role("link", name="Subscription")).to_be_visible()
    await page.get_by_label("Show GraphiQL Explorer").click()
    await expect(page.locator(".docExplorerWrap")).to_contain_text("greeting")

    await page.wait_for_load_state("networkidle")
    if not any("graphql.worker" in worker.url for worker in page.workers):
        await page.wait_for_event("worker", predicate=lambda worker: "graphql.worker" in worker.url)
    assert witness.complaints == []
    assert [url for url in witness.requests if not url.startswith((f"{origin}/", "data:"))] == []
    assert f"{origin}/graphql" in witness.requests


async def test_query_runs_by_keyboard(page: Page, backend: Any, witness: Any, type_operation: TypeOperation) -> None:
    await type_operation("query Greet($name: String!) { greeting(name: $name) }", {"name": "Ada"})
    await page.keyboard.press("ControlOrMeta+Enter")
    await expect(response(page)).to_contain_text('"greeting": "Hello, Ada"')
    headers = backend.posts[-1]
    assert headers["x-wrenchai-client"] == "console"
    assert headers["content-type"] == "application/json"
    assert headers["accept"] == "application/graphql-response+json, application/json;q=0.9"
    assert witness.complaints == []


async def test_subscription_shows_each_value_and_stops(
    page: Page, origin: str, backend: Any, witness: Any, type_operation: TypeOperation
) -> None:
    await watch(page, backend, type_operation)
    for sequence in (1, 2, 3):
        await backend.publish()
        await expect(response(page)).to_contain_text(f'"sequence": {sequence}')
    await expect(page.locator(".live-status")).to_have_text("Live · 3 values received")
    await page.keyboard.press("ControlOrMeta+Enter")
    await expect(page.locator(".live-status")).to_have_text("Ended · 3 values received")
    assert f"{origin.replace('http', 'ws')}/graphql" in witness.requests
    assert witness.complaints == []


async def test_lost_connection_resumes_behind_the_last_value(
    page: Page, backend: Any, type_operation: TypeOperation
) -> None:
    await watch(page, backend, type_operation)
    await backend.publish()
    await backend.publish()
    await expect(response(page)).to_contain_text('"sequence": 2')
    await backend.close(4900)
    await backend.publish()
    await expect(response(page)).to_contain_text('"sequence": 3')
    await expect(page.locator(".live-status")).to_have_text("Live · 3 values received")
    assert backend.subscribed_after == [None, "c2"]


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        (4400, "Live updates stopped: the connection was closed with code 4400."),
        (4401, "Sign in again: use the link that wrenchai up printed."),
        (4403, "Sign in again: use the link that wrenchai up printed."),
        (4500, "Live updates stopped: the connection was closed with code 4500."),
    ],
)
async def test_fatal_close_says_what_to_do_and_reconnects(
    page: Page, backend: Any, type_operation: TypeOperation, code: int, sentence: str
) -> None:
    await watch(page, backend, type_operation)
    await backend.publish()
    await expect(response(page)).to_contain_text('"sequence": 1')
    await backend.close(code)
    banner = page.locator(".banner")
    await expect(banner).to_contain_text(sentence)
    await backend.publish()
    await banner.get_by_role("button", name="Reconnect").click()
    await expect(response(page)).to_contain_text('"sequence": 2')
    await expect(banner).to_have_count(0)
    assert backend.subscribed_after == [None, "c1"]


async def test_expired_sign_in_is_said_and_healed(page: Page, backend: Any, type_operation: TypeOperation) -> None:
    backend.signed_in = False
    await type_operation("{ greeting }")
    await page.keyboard.press("ControlOrMeta+Enter")
    await expect(page.locator(".banner")).to_contain_text("Sign in again")
    await expect(response(page)).to_contain_text("UNAUTHENTICATED")
    backend.signed_in = True
    await page.get_by_label("Operation Editor").locator(".view-lines").click()
    await page.keyboard.press("ControlOrMeta+Enter")
    await expect(response(page)).to_contain_text("Hello, world")
    await expect(page.locator(".banner")).to_have_count(0)


async def test_picked_example_opens_in_a_tab_with_its_variables(page: Page, witness: Any) -> None:
    await page.get_by_role("button", name=re.compile("^Watch an execution")).click()
    await expect(page.get_by_role("tab")).to_have_count(2)
    await expect(page.get_by_label("Operation Editor")).to_contain_text("subscription WatchExecution")
    await expect(page.get_by_label("Variables", exact=True)).to_contain_text('"executionId"')
    assert witness.complaints == []


async def test_editors_follow_the_theme_of_the_system(page: Page) -> None:
    editor = page.get_by_label("Operation Editor").locator(".monaco-editor").first
    await page.emulate_media(color_scheme="light")
    await expect(editor).to_have_class(re.compile(r"(?<!hc-)\bvs\b(?!-dark)"))
    await page.emulate_media(color_scheme="dark")
    await expect(editor).to_have_class(re.compile(r"\bvs-dark\b"))
    await page.emulate_media(color_scheme="light")
    await expect(editor).not_to_have_class(re.compile(r"\bvs-dark\b"))
