"""The first check of every connection: is it addressed to this server, and does it come from a page of ours?"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Final
from urllib.parse import SplitResult, urlsplit

from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

REMEMBERED: Final = 64
"""Host names whose answer is kept: clients send the same ones again and again."""
LOOPBACK: Final = ("localhost", "127.0.0.1", "[::1]")
_DEFAULT_PORTS: Final = {"http": 80, "ws": 80, "https": 443, "wss": 443}

_WRONG_HOST: Final = (
    "This server does not answer to that host name: use http://127.0.0.1 with its port, or add the name to the "
    "allowed hosts in the settings.\n"
)
_WRONG_ORIGIN: Final = (
    "Pages of that origin may not talk to this server: open its own pages, or add the origin to the allowed origins in "
    "the settings.\n"
)


class EdgeGuard:
    """ASGI middleware against DNS rebinding (host names) and cross-site requests and sockets (origins).

    A request without ``Origin`` passes: it is no cross-site request of a browser's script, and has to authenticate.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        port: int,
        allowed_hosts: Iterable[str] = (),
        allowed_origins: Iterable[str] = (),
    ) -> None:
        """``port`` is where the server listens; loopback names with it are always allowed.

        ``allowed_hosts`` are further values of ``Host``, such as ``wrench.example.com`` or ``wrench.example.com:8443``;
        each is an origin of ours too, with http and https. ``allowed_origins`` are further origins.

        Raises:
            ValueError: an entry is not a host or not an origin.
        """
        self._app = app
        loopback = {(name.strip("[]"), port) for name in LOOPBACK}
        self._hosts = loopback | {_host(host) for host in allowed_hosts}
        self._origins = {_origin(origin) for origin in allowed_origins}
        self._is_ours = lru_cache(maxsize=REMEMBERED)(self._names_us)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the connection through, or refuse it before anything has read it."""
        if scope["type"] in ("http", "websocket"):
            connection = HTTPConnection(scope)
            refusal = self._refusal(connection)
            if refusal is not None:
                # On a socket this needs the server's extension for answering a handshake, which uvicorn has.
                await refusal(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _refusal(self, connection: HTTPConnection) -> Response | None:
        hosts = connection.headers.getlist("host")
        if len(hosts) != 1 or not self._is_ours(hosts[0], connection.scope.get("scheme", "http")):
            return PlainTextResponse(_WRONG_HOST, status_code=421)
        for origin in connection.headers.getlist("origin"):
            if not self._may_ask(origin):
                return PlainTextResponse(_WRONG_ORIGIN, status_code=403)
        return None

    def _names_us(self, host: str, scheme: str) -> bool:
        try:
            name, port = _host(host)
        except ValueError:
            return False
        default = _DEFAULT_PORTS.get(scheme)
        return bool({(name, port or default), (name, None if port == default else port)} & self._hosts)

    def _may_ask(self, origin: str) -> bool:
        try:
            scheme, name, port = _origin(origin)
        except ValueError:
            return False
        if (scheme, name, port) in self._origins:
            return True
        explicit = None if port == _DEFAULT_PORTS[scheme] else port
        return bool({(name, port), (name, explicit)} & self._hosts)


def _host(value: str) -> tuple[str, int | None]:
    parts = _split(f"//{value.strip()}")
    if parts.path or parts.query or parts.fragment or "@" in parts.netloc or not parts.hostname:
        raise ValueError(f"{value!r} is not a host: write it like 'wrench.example.com' or 'wrench.example.com:8443'.")
    return parts.hostname.rstrip("."), parts.port


def _origin(value: str) -> tuple[str, str, int]:
    parts = _split(value.strip())
    plain = parts.path in ("", "/") and not (parts.query or parts.fragment) and "@" not in parts.netloc
    if parts.scheme not in ("http", "https") or not parts.hostname or not plain:
        raise ValueError(f"{value!r} is not an origin: write it like 'https://wrench.example.com'.")
    return parts.scheme, parts.hostname, parts.port or _DEFAULT_PORTS[parts.scheme]


def _split(value: str) -> SplitResult:
    parts = urlsplit(value)
    _ = parts.port  # Raises ValueError for a port that is no number.
    return parts
