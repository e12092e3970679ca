"""What happens to a page while something is done with it: dialogs, downloads, other pages, and requests."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path

from playwright.async_api import BrowserContext, ConsoleMessage, Error, Request, Route, WebSocketRoute
from playwright.async_api import Dialog as PageDialog
from playwright.async_api import Download as PageDownload
from playwright.async_api import Page as BrowserPage

from agents.tools.browser.models import Blocked, Dialog, Download, Job, Page
from agents.tools.browser.places import place_of

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods by which nobody asks for a change (RFC 9110, 9.2.1)."""
MOST = 50
"""Dialogs, downloads, popups, refusals and lines of the console that are answered."""
MOST_OPEN = 5
MOST_PLACES = 1_000
MOST_SAID = 1_000


class Watch:
    """Sees to it that nobody has to sit in front of the page, and notes what happened."""

    def __init__(self, job: Job, page: BrowserPage) -> None:
        self.dialogs: list[Dialog] = []
        self.popups: list[str] = []
        self.blocked: list[Blocked] = []
        self.console: list[str] = []
        self.asked: set[str] = set()
        self._job = job
        self._page = page
        self._downloads: list[asyncio.Task[Download]] = []
        self._sources: list[PageDownload] = []

    async def begin(self, context: BrowserContext) -> None:
        """Watch the page and those that it opens."""
        context.on("page", self._popup)
        context.on("dialog", self._dialog)
        context.on("request", self._asked)
        self._page.on("download", self._download)
        self._page.on("console", self._said)
        if not self._job.writes:
            await context.route("**/*", self._request)
            await context.route_web_socket("**/*", self._socket)

    async def downloads(self, seconds: float) -> list[Download]:
        """Those that ended within that time, and the others with that as their problem."""
        if not self._downloads:
            return []
        await asyncio.wait(self._downloads, timeout=seconds)
        return [
            task.result() if task.done() else _not_kept(source, "it did not end in time")
            for task, source in zip(self._downloads, self._sources, strict=True)
        ]

    async def last_look(self, seconds: float, characters: int) -> Page | None:
        """The page as it is; a page that does not answer any more has neither title nor text."""
        title = text = ""
        with suppress(Error, TimeoutError):
            async with asyncio.timeout(seconds):
                title = await self._page.title()
                text = await self._page.evaluate("document.body ? document.body.innerText : ''")
        return Page(url=self._page.url, title=title[:MOST_SAID], text=str(text)[:characters])

    async def _dialog(self, dialog: PageDialog) -> None:
        accept = dialog.type in {"alert", "beforeunload"} or self._job.arguments.dialogs == "accept"
        if len(self.dialogs) < MOST:
            self.dialogs.append(Dialog(kind=dialog.type, message=dialog.message[:MOST_SAID], accepted=accept))
        with suppress(Error):  # its page may have gone
            await (dialog.accept() if accept else dialog.dismiss())

    async def _popup(self, page: BrowserPage) -> None:
        if page is self._page:
            return
        if len(self.popups) < MOST:
            self.popups.append(page.url)
        page.on("download", self._download)
        if len(self.popups) > MOST_OPEN:  # the first ones stay: a download may be about to come from them
            with suppress(Error):
                await page.close()

    def _asked(self, request: Request) -> None:
        if len(self.asked) < MOST_PLACES:
            self.asked.add(place_of(request.method, request.url))

    def _said(self, message: ConsoleMessage) -> None:
        if message.type == "error" and len(self.console) < MOST:
            self.console.append(message.text[:MOST_SAID])

    def _download(self, download: PageDownload) -> None:
        if len(self._downloads) < MOST:
            self._sources.append(download)
            self._downloads.append(asyncio.create_task(self._kept(download, len(self._downloads) + 1)))

    async def _kept(self, download: PageDownload, number: int) -> Download:
        most = self._job.arguments.max_download_bytes
        try:
            place = Path(await download.path())
            size = place.stat().st_size  # noqa: ASYNC240 - nothing else goes on here
            if size > most:
                await download.delete()
                return _not_kept(download, f"it has {size:,} bytes and {most:,} are allowed")
            name = f"download-{number}"
            await download.save_as(name)
        except (Error, OSError) as error:
            failed = error.message if isinstance(error, Error) else str(error)
            return _not_kept(download, failed.strip().partition("\n")[0][:MOST_SAID])
        return Download(
            name=download.suggested_filename[:MOST_SAID],
            url=download.url[:2_000],
            size=size,
            sha256=None,
            artifact=name,
            problem=None,
        )

    async def _request(self, route: Route, request: Request) -> None:
        with suppress(Error):  # its page may have gone
            if request.method in SAFE:
                await route.continue_()
                return
            self._block(request.method, request.url)
            if request.is_navigation_request():
                await route.fulfill(status=204)  # the page stays as it is
            else:
                await route.abort("blockedbyclient")

    async def _socket(self, socket: WebSocketRoute) -> None:
        self._block("WebSocket", socket.url)
        with suppress(Error):
            await socket.close(code=1008, reason="WrenchAI: use browser_write")

    def _block(self, method: str, url: str) -> None:
        if len(self.blocked) < MOST:
            reason = f"{method} may change something: use browser_write."
            self.blocked.append(Blocked(method=method, url=url[:2_000], reason=reason))


def _not_kept(download: PageDownload, problem: str) -> Download:
    return Download(
        name=download.suggested_filename[:MOST_SAID],
        url=download.url[:2_000],
        size=None,
        sha256=None,
        artifact=None,
        problem=problem,
    )
