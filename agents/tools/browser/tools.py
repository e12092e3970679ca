"""The browser tools: each call has a browser of its own, in a process that dies with the call."""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
import sys
import tempfile
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar
from urllib.parse import urlsplit

from pydantic import ValidationError

from agents.contract import SideEffect, Tool, ToolFailure, ToolLimits, ToolMissing, ToolScope, ToolTimedOut
from agents.processes import ProcessNotStarted, ProcessResult, ProcessTimedOut, run
from agents.tools.browser.actions import Fill, Navigate, Picture
from agents.tools.browser.models import Blocked, BrowserAnswer, BrowserArguments, Download, Job, Outcome
from agents.tools.browser.places import place_of
from agents.tools.browser.proxy import EgressProxy
from domain.recovery import ErrorClass

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PACKAGE = f"{sys.executable} -m pip install 'wrenchai[browser]'"
CHROMIUM = "apt-get install chromium"
GRACE = 50.0
"""Seconds more than the call's time that the program has to start the browser, for a last look, and to answer."""
MOST_ANSWER = 24 * 2**20
LARGEST_PICTURE = 32 * 2**20


class BrowserLost(Exception):
    """The browser was doing something that may change something, and has gone without an answer."""


class Browser(Tool[BrowserArguments, BrowserAnswer]):
    """It sends nothing but requests that ask (GET, HEAD, OPTIONS), so it may be repeated."""

    name = "browser"
    version = "1.0"
    purpose = "Drives a Chromium: navigates, clicks, fills, extracts, takes pictures. It sends only what reads."
    licence = "Apache-2.0"
    side_effects: ClassVar[tuple[SideEffect, ...]] = (SideEffect.NETWORK,)
    limits = ToolLimits(timeout=timedelta(seconds=360), max_output=32 * 2**20)
    arguments_model = BrowserArguments
    result_model = BrowserAnswer
    writes: ClassVar[bool] = False

    @classmethod
    def missing(cls) -> str | None:
        """The command that installs Playwright, or Chromium. One that the owner has named counts only in a call."""
        if find_spec("playwright") is None:
            return PACKAGE
        return None if any(shutil.which(program) for program in PROGRAMS) else CHROMIUM

    async def run(self, scope: ToolScope, arguments: BrowserArguments) -> BrowserAnswer:
        """Do the actions until one fails or the time is over, and answer what came of them.

        Raises:
            ToolMissing: Playwright or Chromium is not installed.
            EgressRefused: an address that is navigated to must not be reached; nothing was done.
            ToolFailure: the browser cannot be started, or has gone without an answer.
            BrowserLost: the same of browser_write, once it was started.
        """
        executable = _executable(scope)
        for action in arguments.actions:
            if isinstance(action, Navigate):
                await _require_place(scope, action.url)
        job = await self._job(scope, arguments, executable)
        folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="browser-", dir=scope.scratch))
        try:
            async with EgressProxy(
                scope.egress, most_bytes=arguments.max_traffic_bytes, reads_only=not self.writes
            ) as proxy:
                answer, asked = await self._driven(scope, job.model_copy(update={"proxy": proxy.url}), folder)
                # Chromium asks for things of its own, too: they are refused like the others, and nobody's concern.
                refused = [
                    Blocked(method=method, url=target, reason=reason)
                    for method, target, reason in proxy.refused
                    if place_of(method, target) in asked
                ]
            return await _with_files(scope, answer.model_copy(update={"blocked": [*answer.blocked, *refused]}), folder)
        finally:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    async def _job(self, scope: ToolScope, arguments: BrowserArguments, executable: str) -> Job:
        names = {one.credential for one in arguments.actions if isinstance(one, Fill) and one.credential is not None}
        if names and not self.writes:
            raise ToolFailure("Secrets are filled in by browser_write alone.", error_class=ErrorClass.BAD_INPUT)
        return Job(
            arguments=arguments,
            executable=executable,
            proxy="",
            writes=self.writes,
            secrets={name: await scope.secret(name) for name in sorted(names)},
            secret_origins=[_origin(one.url) for one in arguments.actions if isinstance(one, Navigate)],
        )

    async def _driven(self, scope: ToolScope, job: Job, folder: Path) -> tuple[BrowserAnswer, set[str]]:
        """What the program answers, and the places that pages have asked for.

        The program and all that it starts are gone when this returns, and when we are killed.
        """
        try:
            done = await run(
                Path(sys.executable),
                ["-P", "-m", "agents.tools.browser.program"],
                cwd=folder,
                # It imports what we import, whatever its home is.
                env={"PYTHONPATH": os.pathsep.join(place for place in sys.path if place)},
                stdin=job.model_dump_json().encode(),
                timeout=timedelta(seconds=job.arguments.timeout_seconds + GRACE),
                max_output=MOST_ANSWER,
            )
        except ProcessNotStarted as error:
            raise ToolFailure(str(error)) from error
        except ProcessTimedOut as error:
            if self.writes:
                raise BrowserLost("The browser did not answer when its time was over.") from error
            raise ToolTimedOut("The browser did not answer when its time was over.") from error
        scope.measured(exit_code=done.exit_code, cpu_seconds=done.cpu_seconds)
        outcome = _outcome(done)
        if outcome.answer is not None:
            return outcome.answer, set(outcome.asked)
        if outcome.problem is not None:  # it says so itself: nothing was begun
            raise ToolFailure(outcome.problem)
        said = (done.stderr.strip() or "it said nothing").splitlines()[-1][:300].rstrip(".")
        lost = f"The browser has gone without an answer: {said}."
        if done.truncated:
            lost = f"The browser answered more than {MOST_ANSWER:,} bytes: ask for less."
        raise (BrowserLost if self.writes else ToolFailure)(lost)


class BrowserWrite(Browser):
    """The same without that restriction: what is sent may change something, and must not be sent twice."""

    name = "browser_write"
    purpose = "Drives a Chromium that may send forms and log in: what it does may change what belongs to others."
    side_effects = (SideEffect.NETWORK, SideEffect.CHANGES_OTHERS)
    repeatable = False
    writes = True


def _executable(scope: ToolScope) -> str:
    if find_spec("playwright") is None:
        raise ToolMissing(f"Playwright is not installed. To install it: {PACKAGE}")
    named = scope.services.browser
    if named is not None:
        if not os.access(named, os.X_OK):
            raise ToolMissing(f"There is no program {named}: set WRENCHAI_BROWSER_PATH to that of a Chromium.")
        return str(named)
    found = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if found is None:
        raise ToolMissing(
            f"Chromium is not installed. To install it: {CHROMIUM}. One that is elsewhere: WRENCHAI_BROWSER_PATH."
        )
    return found


async def _require_place(scope: ToolScope, url: str) -> None:
    try:
        place = urlsplit(url)
        port = place.port or (443 if place.scheme.lower() == "https" else 80)
    except ValueError as error:
        raise ToolFailure(f"{url[:200]!r} is no URL: {error}.", error_class=ErrorClass.BAD_INPUT) from None
    if place.username or place.password:
        raise ToolFailure("The URL has a user or a password in it: leave them out.", error_class=ErrorClass.BAD_INPUT)
    await scope.egress.addresses(place.hostname or "", port)


def _origin(url: str) -> str:
    """As browsers write it: without the port that goes without saying."""
    place = urlsplit(url)
    scheme, host = place.scheme.lower(), (place.hostname or "").lower()
    usual = {"http": 80, "https": 443}[scheme]
    shown = f"[{host}]" if ":" in host else host
    return f"{scheme}://{shown}" if place.port in {None, usual} else f"{scheme}://{shown}:{place.port}"


def _outcome(done: ProcessResult) -> Outcome:
    try:
        return Outcome.model_validate_json(done.stdout)
    except ValidationError:
        return Outcome()


async def _with_files(scope: ToolScope, answer: BrowserAnswer, folder: Path) -> BrowserAnswer:
    """The answer with its files as artifacts."""
    results = [await _picture(scope, one, folder) if isinstance(one, Picture) else one for one in answer.results]
    downloads = [await _download(scope, one, folder) for one in answer.downloads]
    return answer.model_copy(update={"results": results, "downloads": downloads})


async def _picture(scope: ToolScope, picture: Picture, folder: Path) -> Picture:
    content = await asyncio.to_thread(_read, folder / picture.artifact, LARGEST_PICTURE)
    name = await scope.artifact(picture.artifact, "image/png", content)
    return Picture(artifact=name, sha256=hashlib.sha256(content).hexdigest(), size=len(content))


async def _download(scope: ToolScope, download: Download, folder: Path) -> Download:
    if download.artifact is None or download.size is None:
        return download
    content = await asyncio.to_thread(_read, folder / download.artifact, download.size)
    name = await scope.artifact(download.artifact, "application/octet-stream", content)
    return download.model_copy(update={"artifact": name, "sha256": hashlib.sha256(content).hexdigest()})


def _read(file: Path, most: int) -> bytes:
    """What the program has left. It is not trusted more than the pages it has shown: no link is followed."""
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        raise ToolFailure(f"{file.name} was not left where it should be: {error.strerror}.") from error
    with os.fdopen(descriptor, "rb") as opened:
        content = opened.read(most + 1)
    if len(content) > most:
        raise ToolFailure(f"{file.name} has more than {most:,} bytes: ask for a smaller picture.")
    return content
