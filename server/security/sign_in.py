"""Signing in without a password: a link that works once becomes a cookie of the browser that opened it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from starlette.requests import HTTPConnection, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from server.security.local_token import LocalToken
from server.security.secret_book import FileBook, SecretBook

PATH: Final = "/sign-in"
COOKIE: Final = "wrenchai_session"
SECURE_COOKIE: Final = f"__Host-{COOKIE}"
"""Browsers accept this prefix only with TLS; a neighbouring host cannot set such a cookie."""
LINK_LIFETIME: Final = timedelta(hours=12)
SESSION_LIFETIME: Final = timedelta(days=30)

_HEADERS: Final = {"cache-control": "no-store", "referrer-policy": "no-referrer"}
_REFUSED: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Sign-in link not valid</title></head>
<body>
<p>This sign-in link was used already or is not valid: start <code>wrenchai up</code> again for a new one.</p>
</body></html>
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """Sign-in links and the sessions they become."""

    links: SecretBook
    sessions: SecretBook
    landing: str = "/console"

    @classmethod
    def stored(cls, data_dir: Path, token: LocalToken, *, landing: str = "/console") -> SignIn:
        """Links and sessions in the data folder: a restart signs nobody out, and a new local token everybody."""
        return cls(
            links=FileBook(data_dir / "sign-in-links", token.key),
            sessions=FileBook(data_dir / "sessions", token.key),
            landing=landing,
        )

    def link(self, base_url: str) -> str:
        """A new link for ``base_url``, such as ``http://127.0.0.1:8000``. It works once, within 12 hours."""
        return f"{base_url.rstrip('/')}{PATH}?token={self.links.issue(LINK_LIFETIME)}"

    def has_session(self, connection: HTTPConnection) -> bool:
        """Whether the connection carries the cookie of a live session."""
        session = connection.cookies.get(_cookie_name(connection))
        return bool(session) and self.sessions.knows(str(session))

    def routes(self) -> list[Route]:
        """The page that links lead to. A HEAD request, as previews of links send, does not use the link up."""
        return [Route(PATH, self._enter, methods=["GET"])]

    async def _enter(self, request: Request) -> Response:
        token = request.query_params.get("token", "")
        # A file lock may have to be waited for.
        known = self.links.knows if request.method == "HEAD" else self.links.strike
        if not await asyncio.to_thread(known, token):
            return HTMLResponse(_REFUSED, status_code=403, headers=_HEADERS)
        response = RedirectResponse(self.landing, status_code=303, headers=_HEADERS)
        if request.method != "HEAD":
            session = await asyncio.to_thread(self.sessions.issue, SESSION_LIFETIME)
            response.set_cookie(
                _cookie_name(request),
                session,
                max_age=int(SESSION_LIFETIME.total_seconds()),
                path="/",
                secure=_has_tls(request),
                httponly=True,
                samesite="lax",
            )
        return response


def _has_tls(connection: HTTPConnection) -> bool:
    return connection.url.scheme in ("https", "wss")


def _cookie_name(connection: HTTPConnection) -> str:
    return SECURE_COOKIE if _has_tls(connection) else COOKIE
