"""Fetch a text from the web: public addresses only, each hop checked, and connected to what was checked."""

from __future__ import annotations

import asyncio
import codecs
import hashlib
import ssl
from collections.abc import Mapping
from datetime import timedelta

import httpx
from pydantic import BaseModel, Field

from agents.contract import SideEffect, Tool, ToolFailure, ToolLimits, ToolScope
from agents.contract.egress import EgressRefused
from agents.recovery import classify
from agents.tools.web_services import DEFAULT_PORTS, USER_AGENT, service_client

MOST_HOPS = 5
REDIRECTS = frozenset({301, 302, 303, 307, 308})
TEXTS = ("text/", "application/json", "application/xml", "application/xhtml+xml", "application/javascript")
SUFFIXES = ("+json", "+xml")
HEADERS = {
    "accept": "text/*, application/json;q=0.9, */*;q=0.1",
    "accept-encoding": "identity",  # what is unpacked could be a thousand times what was sent
    "user-agent": USER_AGENT,
}
SHOWN = ("content-type", "content-language", "last-modified", "etag", "date", "server", "cache-control")
"""Headers that are answered; others may hold cookies."""


NO_CHARSETS = frozenset({"idna", "punycode", "undefined", "unicode-escape", "raw-unicode-escape"})
"""Codecs of Python that no page is written in; some fail on most texts, and one takes hours for a long one."""


class FetchArguments(BaseModel):
    """What to fetch."""

    url: str = Field(max_length=8_000, description="An http or https URL without a user and a password in it.")
    timeout_seconds: float = Field(30, gt=0, le=120, description="How long all of it may take.")
    max_bytes: int = Field(2 * 2**20, gt=0, le=16 * 2**20, description="What is longer is cut there.")


class Fetched(BaseModel):
    """What was there."""

    url: str = Field(description="Where it was found, after redirects.")
    status: int
    headers: dict[str, str] = Field(description="Some of the headers, in lower case.")
    text: str
    sha256: str = Field(description="Of the bytes that were read, in hex.")
    size: int = Field(description="Bytes that were read.")
    truncated: bool
    hops: list[str] = Field(description="The URLs that led there, the first one asked for included.")


class WebFetch(Tool[FetchArguments, Fetched]):
    """Reads only, so it may be repeated."""

    name = "web_fetch"
    version = "1.0"
    purpose = "Fetches a text from the web, from public addresses only."
    licence = "Apache-2.0"
    side_effects = (SideEffect.NETWORK,)
    limits = ToolLimits(timeout=timedelta(seconds=130), max_output=48 * 2**20)
    example = FetchArguments(url="https://example.org/")
    arguments_model = FetchArguments
    result_model = Fetched

    async def run(self, scope: ToolScope, arguments: FetchArguments) -> Fetched:
        """Follow redirects by hand, so that each place is checked before anything is sent to it.

        Raises:
            EgressRefused: a place on the way must not be reached.
            ToolFailure: it does not answer, not in time, or with something that is no text.
        """
        seconds = arguments.timeout_seconds
        try:
            # One limit for all of it: httpx's are for each read, so a server that sends a byte now and then is in time.
            async with (
                asyncio.timeout(seconds),
                service_client(scope.egress, headers=HEADERS) as client,
            ):
                return await _follow(client, arguments)
        except TimeoutError as error:
            raise ToolFailure(
                f"{arguments.url[:200]} could not be fetched within {seconds:g} seconds.", error_class=classify(error)
            ) from error
        except (httpx.HTTPError, httpx.InvalidURL, ssl.SSLError, OSError) as error:
            said = str(error) or type(error).__name__
            raise ToolFailure(
                f"{arguments.url[:200]} could not be fetched: {said}.", error_class=classify(error)
            ) from error


async def _follow(client: httpx.AsyncClient, arguments: FetchArguments) -> Fetched:
    url, hops = _checked(httpx.URL(arguments.url)), [arguments.url]
    while True:
        response = await client.send(client.build_request("GET", url), stream=True)
        try:
            location = response.headers.get("location")
            if response.status_code in REDIRECTS and location:
                if len(hops) > MOST_HOPS:
                    raise ToolFailure(f"{arguments.url[:200]} redirects more than {MOST_HOPS} times.")
                url = _checked(url.join(location))
                hops.append(str(url))
                continue
            return await _read(response, url, hops, arguments.max_bytes)
        finally:
            await response.aclose()


async def _read(response: httpx.Response, url: httpx.URL, hops: list[str], most: int) -> Fetched:
    kind = response.headers.get("content-type", "text/plain").partition(";")[0].strip().lower()
    if not kind.startswith(TEXTS) and not kind.endswith(SUFFIXES):
        raise ToolFailure(f"{str(url)[:200]} is {kind[:100] or 'of no type'}, and not a text.")
    encoding = response.headers.get("content-encoding", "identity")
    if encoding != "identity":
        raise ToolFailure(f"{str(url)[:200]} came packed as {encoding[:40]} although it was asked for as it is.")
    content = bytearray()
    async for chunk in response.aiter_raw():
        content += chunk[: most + 1 - len(content)]
        if len(content) > most:
            break
    kept = bytes(content[:most])
    return Fetched(
        url=str(url),
        status=response.status_code,
        headers=_shown(response.headers),
        text=_text(kept, response.charset_encoding),
        sha256=hashlib.sha256(kept).hexdigest(),
        size=len(kept),
        truncated=len(content) > most,
        hops=hops,
    )


def _checked(url: httpx.URL) -> httpx.URL:
    if url.scheme not in DEFAULT_PORTS or not url.host:
        raise EgressRefused(f"{str(url)[:200]!r} is not an http or https URL with a host.")
    if url.userinfo:
        raise EgressRefused("The URL has a user or a password in it, which would be sent in the open: leave them out.")
    return url.copy_with(fragment=None)


def _shown(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: headers[name][:1_000] for name in SHOWN if name in headers}


def _text(content: bytes, charset: str | None) -> str:
    try:
        known = codecs.lookup(charset or "utf-8").name.replace("_", "-")
        return content.decode("utf-8" if known in NO_CHARSETS else known, errors="replace")
    except (LookupError, ValueError):  # a charset that nobody knows, or none for texts
        return content.decode("utf-8", errors="replace")
