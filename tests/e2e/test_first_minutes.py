"""The first minutes of a new user: the printed link, the console, a query, an execution watched live."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Browser, Page, expect

from server.client.graphql_client import GraphQLClient
from server.process import Running

CREATE = """
mutation ($project: CreateProjectInput!) { createProject(input: $project) { project { id } errors { message } } }
"""
TASK = """
mutation ($task: CreateTaskInput!) { createTask(input: $task) { task { latestExecution { id } } errors { message } } }
"""
WATCH = """
subscription Watch { executionEvents(executionId: "%s") { cursor event { __typename sequence } } }
"""


@pytest.fixture
async def page(live: Running, browser: Browser, web: Path) -> AsyncIterator[Page]:
    context = await browser.new_context(viewport={"width": 1280, "height": 800})
    context.set_default_timeout(20_000)
    page = await context.new_page()
    await page.goto(live.sign_in_link() or "")
    yield page
    await context.close()


async def test_the_link_signs_in_and_the_console_queries(page: Page) -> None:
    await expect(page).to_have_url(re.compile("/console$"))
    await run(page, "{ viewer { name } workspace { name } }")
    await expect(page.get_by_label("Result Window")).to_contain_text('"the owner"')


async def test_an_execution_is_watched_live(page: Page, client: GraphQLClient, tmp_path: Path) -> None:
    project = (await client.query(CREATE, {"project": {"name": "First minutes"}}))["createProject"]["project"]
    draft = {"title": "Watched", "agent": "probe", "inputs": {"steps": 1, "hold": str(tmp_path)}}
    request = {"projectId": project["id"], "task": draft, "dispatch": True}
    task = (await client.query(TASK, {"task": request}))["createTask"]["task"]
    await run(page, WATCH % task["latestExecution"]["id"])
    result = page.get_by_label("Result Window")
    await expect(result).to_contain_text("StepStarted")
    (tmp_path / "1").touch()
    await expect(result).to_contain_text("ExecutionFinished")


async def test_a_link_works_once(live: Running) -> None:
    link = live.sign_in_link() or ""
    async with httpx.AsyncClient(trust_env=False) as http:
        first, second = await http.get(link), await http.get(link)
    assert first.status_code == 303
    assert "HttpOnly" in first.headers["set-cookie"]
    assert second.status_code == 403


async def test_without_signing_in_the_api_refuses_and_says_what_to_do(live: Running) -> None:
    async with httpx.AsyncClient(base_url=live.address or "", trust_env=False) as http:
        response = await http.post("/graphql", json={"query": "{ viewer { name } }"})
        foreign = await http.post("/graphql", json={"query": "{ __typename }"}, headers={"host": "evil.example"})
    assert response.status_code == 401
    assert response.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    assert foreign.status_code in {403, 421}


async def test_health_contract_and_error_pages_are_public(live: Running) -> None:
    async with httpx.AsyncClient(base_url=live.address or "", trust_env=False) as http:
        ready = await http.get("/readyz")
        sdl = await http.get("/schema.graphql")
        error = await http.get("/errors/CURSOR_EXPIRED")
        missing = await http.get("/errors/NO_SUCH_CODE")
    assert ready.json() == {
        "status": "ok",
        "checks": {"disk": "ok", "database": "ok", "migrations": "ok", "engine": "ok", "wakeups": "ok"},
    }
    assert "type Subscription" in sdl.text
    assert error.status_code == 200
    assert "CURSOR_EXPIRED" in error.text
    assert missing.status_code == 404


async def run(page: Page, document: str) -> None:
    """Replace the operation in the editor, by keyboard, and run it."""
    await page.get_by_label("Operation Editor", exact=True).locator(".view-lines:visible").click()
    await page.keyboard.press("ControlOrMeta+a")
    await page.keyboard.press("Delete")
    await page.keyboard.insert_text(document)
    await page.keyboard.press("ControlOrMeta+Enter")
