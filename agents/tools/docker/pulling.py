"""Fetching an image. It may take long and say nothing meanwhile, so it blocks no thread, and ends when cancelled."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx

from agents.contract import ToolFailure
from agents.tools.docker.daemon import refused
from domain.recovery import ErrorClass

if TYPE_CHECKING:
    from docker import APIClient

CONNECT_SECONDS = 20.0
UNIX = "unix://"


@dataclass(frozen=True, slots=True)
class Pull:
    """What to fetch, and how the daemon is asked for it. ``login`` is for the registry, in the form of a header."""

    image: str
    address: str
    api_version: str
    login: str | None

    @classmethod
    def by(cls, client: APIClient, image: str, address: str) -> Pull:
        """With what the client knows of the daemon, and the login that this account has at the registry. Blocks.

        Raises:
            ToolFailure: the name of the image is none.
        """
        from docker import auth, errors

        try:
            registry, _ = auth.resolve_repository_name(_reference(image)[0])
        except errors.InvalidRepository as error:
            raise ToolFailure(f"{image} names no image: {error}", error_class=ErrorClass.BAD_INPUT) from None
        return cls(image, address, str(client.api_version), auth.get_config_header(client, registry))

    async def run(self, seconds: float) -> None:
        """Fetch it. The daemon stops when this ends before.

        Raises:
            TimeoutError: it took longer than ``seconds``.
            ToolFailure: the daemon refuses, cannot fetch it, or has gone.
        """
        repository, tag = _reference(self.image)
        headers = {} if self.login is None else {"X-Registry-Auth": self.login}
        try:
            async with (
                asyncio.timeout(seconds),
                self._daemon() as http,
                http.stream(
                    "POST",
                    f"/v{self.api_version}/images/create",
                    params={"fromImage": repository, "tag": tag},
                    headers=headers,
                ) as response,
            ):
                if response.is_error:
                    raise refused(response.status_code, _message(await response.aread()))
                async for line in response.aiter_lines():
                    self._look_at(line)
        except httpx.HTTPError as error:
            said = str(error) or type(error).__name__
            raise ToolFailure(
                f"The Docker daemon stopped answering: {said[:200].rstrip('.')}.",
                error_class=ErrorClass.CONNECTION_LOST,
            ) from None

    def _daemon(self) -> httpx.AsyncClient:
        timeout = httpx.Timeout(None, connect=CONNECT_SECONDS)
        if self.address.startswith(UNIX):
            transport = httpx.AsyncHTTPTransport(uds=self.address.removeprefix(UNIX))
            return httpx.AsyncClient(base_url="http://docker", transport=transport, timeout=timeout, trust_env=False)
        base = f"http://{self.address.removeprefix('tcp://')}"
        return httpx.AsyncClient(base_url=base, timeout=timeout, trust_env=False)

    def _look_at(self, line: str) -> None:
        """A line says how far it is, or what went wrong."""
        try:
            said = json.loads(line) if line.strip() else {}
        except ValueError:
            return
        if isinstance(said, dict) and "error" in said:
            raise ToolFailure(
                f"The image {self.image} cannot be fetched: {str(said['error'])[:300].rstrip('.')}.",
                error_class=ErrorClass.BAD_INPUT,
            )


def _reference(image: str) -> tuple[str, str]:
    """The repository, and the tag or digest. Without one it is ``latest``: all tags would be fetched otherwise."""
    if "@" in image:
        repository, _, digest = image.partition("@")
        return repository, digest
    before, colon, tag = image.rpartition(":")
    return (before, tag) if colon and "/" not in tag else (image, "latest")


def _message(content: bytes) -> str:
    try:
        said = json.loads(content)
    except ValueError:
        said = None
    text = said.get("message") if isinstance(said, dict) else None
    return str(text or content.decode("utf-8", "replace"))
