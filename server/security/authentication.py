"""Who is asking: the bearer of the local token, or a browser with a session."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from starlette.requests import HTTPConnection

from server.security.local_token import LocalToken
from server.security.sign_in import SignIn

Principal = TypeVar("Principal")

OWNER: Final = "local-owner"
CLIENT_HEADER: Final = "x-wrenchai-client"
"""Browsers send a cookie along with forms and images of any page, but never this header without being allowed to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Authenticator(Generic[Principal]):
    """Callable that the transports take as ``authenticate``. ``principal_of`` turns ``"local-owner"`` into an actor."""

    token: LocalToken
    sign_in: SignIn
    principal_of: Callable[[str], Principal]

    async def __call__(self, connection: HTTPConnection, init: Mapping[str, object] | None) -> Principal | None:
        """``init`` is the payload of ``connection_init`` on a socket. A wrong token is nobody, whatever the cookie."""
        offered = connection.headers.get("authorization") or _from_init(init)
        if offered is not None:
            scheme, _, value = offered.partition(" ")
            authentic = scheme.lower() == "bearer" and self.token.matches(value.strip())
        else:
            authentic = self.sign_in.has_session(connection) and _was_meant(connection)
        return self.principal_of(OWNER) if authentic else None


def _from_init(init: Mapping[str, object] | None) -> str | None:
    value = (init or {}).get("authorization")
    return value if isinstance(value, str) else None


def _was_meant(connection: HTTPConnection) -> bool:
    """A browser's socket cannot carry the header, but says its origin, which was checked before it was accepted."""
    return ("origin" if connection.scope["type"] == "websocket" else CLIENT_HEADER) in connection.headers
