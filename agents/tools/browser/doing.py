"""Doing one action on a page."""

from __future__ import annotations

import time
from itertools import count
from pathlib import Path
from typing import Literal, assert_never
from urllib.parse import urlsplit

from playwright.async_api import Error, Locator, Page
from playwright.async_api import TimeoutError as PlaywrightTimeout

from agents.tools.browser.actions import (
    MOST_TEXT,
    Accessibility,
    Action,
    ActionResult,
    Click,
    Done,
    Element,
    Extract,
    Extracted,
    Fill,
    Navigate,
    Navigated,
    Picture,
    Press,
    ReadText,
    Screenshot,
    Select,
    Settled,
    Text,
    Tree,
    WaitFor,
)
from agents.tools.browser.models import Job

MOST_ELEMENT = 10_000
"""Characters of an element's text, and of an attribute, that are answered."""
_numbers = count(1)


class OutOfTime(Exception):
    """The time of the call is over."""


async def do(page: Page, action: Action, job: Job, deadline: float) -> ActionResult:
    """Do it, within the time that is left.

    Raises:
        Error: it cannot be done; its message says why.
        OutOfTime: the time of the call was over before.
    """
    patience = min(job.arguments.load_seconds, _left(deadline)) * 1000
    match action:
        case Navigate():
            return await _navigate(page, action, patience, deadline)
        case Extract():
            return await _extract(page.locator(action.selector), action)
        case ReadText():
            text = await page.locator("body").inner_text(timeout=patience)
            return Text(text=text[: action.limit], truncated=len(text) > action.limit)
        case Screenshot():
            return await _screenshot(page, action, patience)
        case Accessibility():
            tree = await page.locator(action.selector or "body").first.aria_snapshot(timeout=patience)
            return Tree(tree=tree[:MOST_TEXT], truncated=len(tree) > MOST_TEXT)
        case Click() | Fill() | Press() | Select() | WaitFor():
            await _handle(page, action, job, patience)
            await _settle(page, patience)
            return Done(kind=action.kind, url=page.url)
    assert_never(action)


async def _navigate(page: Page, action: Navigate, patience: float, deadline: float) -> Navigated:
    """Go there. A page that never ends to load is shown as far as it got."""
    response = await page.goto(action.url, wait_until="commit", timeout=_left(deadline) * 1000)
    finished = True
    if action.until is not Settled.COMMIT:
        try:
            state: Literal["load", "domcontentloaded"] = "load" if action.until is Settled.LOAD else "domcontentloaded"
            await page.wait_for_load_state(state, timeout=patience)
        except PlaywrightTimeout:
            finished = False
    status = response.status if response is not None else None
    return Navigated(url=page.url, status=status, title=await page.title(), finished=finished)


async def _handle(page: Page, action: Click | Fill | Press | Select | WaitFor, job: Job, patience: float) -> None:
    """Do what a person does with an element."""
    element = page.locator(action.selector)
    match action:
        case Click():
            await element.click(timeout=patience)
        case Fill() if action.credential is not None:
            await _fill_secret(element, action.credential, job, patience)
        case Fill():
            await element.fill(action.value or "", timeout=patience)
        case Press():
            await element.press(action.key, timeout=patience)
        case Select():
            await element.select_option(action.options, timeout=patience)
        case WaitFor():
            await element.wait_for(state=action.state, timeout=patience)


async def _fill_secret(element: Locator, credential: str, job: Job, patience: float) -> None:
    """Fill a secret into the element of a document whose origin was looked at, and into no other one.

    The page may go elsewhere while the element is waited for, and the element may be in a frame of somebody else: so
    the element is had first, and what is asked for its origin is the frame that it is in. Once that frame shows another
    document the element is gone, and filling it in fails.
    """
    found = await element.element_handle(timeout=patience)
    frame = await found.owner_frame()
    place = urlsplit("" if frame is None else frame.url)
    origin = f"{place.scheme}://{place.netloc}"
    if origin not in job.secret_origins:
        raise Error(f"The secret {credential!r} is not filled in at {origin}: no navigate of this call names it")
    await found.fill(job.secrets[credential], timeout=patience)


async def _settle(page: Page, patience: float) -> None:
    """Wait for the document of a page that the action has led to; one that does not come is no error of the action."""
    try:
        await page.wait_for_load_state("domcontentloaded", timeout=patience)
    except PlaywrightTimeout:
        return


async def _extract(elements: Locator, action: Extract) -> Extracted:
    found = await elements.count()
    read = await elements.evaluate_all(
        """(elements, [names, limit, most]) => elements.slice(0, limit).map(element => ({
            text: (element.innerText ?? element.textContent ?? '').slice(0, most),
            attributes: Object.fromEntries(
                names.map(name => [name, element.getAttribute(name)?.slice(0, most) ?? null]))
        }))""",
        [action.attributes, action.limit, MOST_ELEMENT],
    )
    return Extracted(elements=[Element.model_validate(one) for one in read], count=found)


async def _screenshot(page: Page, action: Screenshot, patience: float) -> Picture:
    name = f"screenshot-{next(_numbers)}.png"
    if action.selector is not None:
        content = await page.locator(action.selector).screenshot(timeout=patience)
    else:
        content = await page.screenshot(full_page=action.full_page, timeout=patience)
    Path(name).write_bytes(content)  # noqa: ASYNC240 - nothing else goes on here
    return Picture(artifact=name, sha256="", size=len(content))


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise OutOfTime
    return left
