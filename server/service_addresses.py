"""Addresses of services that the owner sets up for tools, as types of settings."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator


def web_address(value: str) -> str:
    """The address of a web service, without a slash at its end.

    Raises:
        ValueError: it is none, or holds a user or parameters.
    """
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username or parts.query:
        raise ValueError("it is not the address of a web service: write it like https://search.example")
    return value.rstrip("/")


def docker_address(value: str) -> str:
    """The address of a Docker daemon.

    Raises:
        ValueError: it is none.
    """
    parts = urlsplit(value)
    named = parts.path.startswith("/") if parts.scheme == "unix" else parts.scheme == "tcp" and parts.port
    if not named or parts.username:
        raise ValueError("it is not the address of a Docker daemon: write unix:///run/docker.sock or tcp://host:2375")
    return value


WebAddress = Annotated[str, AfterValidator(web_address)]
DockerAddress = Annotated[str, AfterValidator(docker_address)]
