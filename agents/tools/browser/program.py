"""The program that drives a browser: reads a job from its standard input, and writes the outcome to its output.

It is a process of its own so that the browser is gone when the call is over, or the worker killed: the kernel ends this
process with the worker, its driver ends when our end of its pipe is closed, and Chromium when the driver's is.
"""

from __future__ import annotations

import asyncio
import os
import resource
import sys
import time
from contextlib import suppress

from playwright.async_api import Browser, Error, async_playwright

from agents.tools.browser.actions import ActionResult, Failed
from agents.tools.browser.doing import OutOfTime, do
from agents.tools.browser.models import BrowserAnswer, Job, Outcome
from agents.tools.browser.watching import Watch

LARGEST_FILE = 512 * 2**20
"""Bytes of one file that anything here may write: a page can make a file of any size without the network."""
FLAGS = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-domain-reliability",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--dns-prefetch-disable",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    # No name is resolved here: the proxy does it, after it has asked the egress policy.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--js-flags=--max-old-space-size=512",
    "--no-first-run",
    "--no-pings",
)
LAUNCH_SECONDS = 30.0
LAST_LOOK = 3.0
"""Seconds for a last look at the page when the time is over."""
SHOWN = 4_000
"""Characters of the page's text that are answered at the end."""


async def main() -> None:
    """Do the job."""
    # The driver gets another standard output than we write the outcome to.
    output = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    job = Job.model_validate_json(sys.stdin.buffer.read())
    resource.setrlimit(resource.RLIMIT_FSIZE, (LARGEST_FILE, LARGEST_FILE))
    outcome = await _outcome(job)
    output.write(outcome.model_dump_json())
    output.flush()
    output.close()


async def _outcome(job: Job) -> Outcome:
    async with async_playwright() as playwright:
        try:
            browser = await playwright.chromium.launch(
                executable_path=job.executable,
                args=list(FLAGS),
                chromium_sandbox=os.geteuid() != 0,  # Chromium refuses to have one as root
                proxy={"server": job.proxy, "bypass": "<-loopback>"},
                timeout=LAUNCH_SECONDS * 1000,
                handle_sigint=False,
                handle_sigterm=False,
                handle_sighup=False,
            )
        except Error as error:
            return Outcome(problem=f"The browser cannot be started: {_first_line(error)}.")
        deadline = time.monotonic() + job.arguments.timeout_seconds
        try:
            return await _done(browser, job, deadline)
        finally:
            with suppress(Error):
                await browser.close()


async def _done(browser: Browser, job: Job, deadline: float) -> Outcome:
    arguments = job.arguments
    context = await browser.new_context(
        viewport={"width": arguments.width, "height": arguments.height},
        accept_downloads=arguments.max_download_bytes > 0,
        service_workers="block",
    )
    page = await context.new_page()
    watch = Watch(job, page)
    await watch.begin(context)
    results: list[ActionResult] = []
    timed_out = False
    for action in arguments.actions:
        try:
            async with asyncio.timeout(max(deadline - time.monotonic(), 0)):
                results.append(await do(page, action, job, deadline))
        except (TimeoutError, OutOfTime):
            timed_out = True
            results.append(Failed(action=action.kind, error="the time of the call was over"))
            break
        except Error as error:
            timed_out = time.monotonic() > deadline - 0.1
            results.append(Failed(action=action.kind, error=_first_line(error)))
            break
    completed = not any(isinstance(one, Failed) for one in results)
    downloads = await watch.downloads(max(deadline - time.monotonic(), 0.5))
    answer = BrowserAnswer(
        completed=completed,
        timed_out=timed_out,
        results=results,
        page=await watch.last_look(LAST_LOOK, SHOWN),
        dialogs=watch.dialogs,
        downloads=downloads,
        popups=watch.popups,
        blocked=watch.blocked,
        console=watch.console,
        browser_version=browser.version,
    )
    return Outcome(answer=answer, asked=sorted(watch.asked))


def _first_line(error: Error) -> str:
    return error.message.strip().partition("\n")[0][:500].rstrip(".")


if __name__ == "__main__":
    asyncio.run(main())
