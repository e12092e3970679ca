"""The Docker daemon: how it is reached, and what its refusals mean.

The package ``docker`` is an extra. It blocks, so whatever uses a client of it does so in a thread.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from agents.contract import Services, ToolFailure, ToolMissing
from domain.recovery import ErrorClass

if TYPE_CHECKING:
    from docker import APIClient

DEFAULT = "unix:///var/run/docker.sock"
INSTALL = f"{sys.executable} -m pip install 'wrenchai[docker]'"


def missing() -> str | None:
    """The command that installs what is needed to speak to a daemon; ``None`` when it is there."""
    return None if find_spec("docker") is not None else INSTALL


def address_of(services: Services) -> str:
    """Where the daemon is: ``unix://`` or ``tcp://``."""
    return services.docker_url or DEFAULT


@contextmanager
def daemon(services: Services, seconds: float) -> Iterator[APIClient]:
    """A client of the daemon that the owner has named, else of the one of this machine. Blocks.

    Raises:
        ToolMissing: the package is not installed.
        ToolFailure: there is no daemon, or it refuses what is asked within the context.
    """
    if missing() is not None:
        raise ToolMissing(f"The package docker is not installed. To install it: {INSTALL}")
    import docker
    import requests

    url = address_of(services)
    try:
        client = docker.APIClient(base_url=url, version="auto", timeout=seconds)
    except (docker.errors.DockerException, requests.exceptions.RequestException) as error:
        raise ToolFailure(
            f"No Docker daemon answers at {url} ({_innermost(error)}): start it, let this account use its socket, or "
            "set WRENCHAI_DOCKER_URL.",
            error_class=ErrorClass.UNREACHABLE,
        ) from None
    try:
        yield client
    except docker.errors.APIError as error:
        raise refused(error.status_code or 0, str(error.explanation or error)) from None
    except (docker.errors.DockerException, requests.exceptions.RequestException) as error:
        found = ErrorClass.TIMEOUT if _is_timeout(error) else ErrorClass.CONNECTION_LOST
        raise ToolFailure(f"The Docker daemon stopped answering: {_innermost(error)}.", error_class=found) from None
    finally:
        client.close()


def refused(status: int, said: str) -> ToolFailure:
    """The failure that says what the daemon said, which answered with the status of HTTP."""
    found = ErrorClass.CONNECTION_LOST if status >= 500 else ErrorClass.BAD_INPUT
    text = said.strip()[:600].rstrip(".")
    return ToolFailure(f"The Docker daemon refuses it (status {status}): {text}.", error_class=found)


def cut(chunks: Iterable[bytes], most: int) -> tuple[str, bool]:
    """As much of what comes as may be kept, as text, and whether there was more."""
    content = bytearray()
    for chunk in chunks:
        content += chunk[: most + 1 - len(content)]
        if len(content) > most:
            return content[:most].decode("utf-8", "replace"), True
    return content.decode("utf-8", "replace"), False


def _innermost(error: BaseException) -> str:
    """What is at the bottom of the wrapped errors of requests and urllib3."""
    while True:
        inner = error.__cause__ or error.__context__ or next((one for one in error.args if _is_error(one)), None)
        if inner is None or inner is error:
            text = getattr(error, "strerror", None) or str(error) or type(error).__name__
            return str(text)[:200].rstrip(".")
        error = inner


def _is_error(value: Any) -> bool:
    return isinstance(value, BaseException)


def _is_timeout(error: BaseException) -> bool:
    import requests

    return isinstance(error, requests.exceptions.Timeout) or "timed out" in str(error).lower()
