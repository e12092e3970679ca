"""``/artifacts/<id>``: the bytes of an artifact."""

from __future__ import annotations

from urllib.parse import quote
from uuid import UUID

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from domain.actor import Actor, Permission
from server.platform.wiring import Platform
from server.security.authentication import Authenticator


def routes(platform: Platform, authenticate: Authenticator[Actor]) -> list[Route]:
    """The download of artifacts, for whoever may read the workspace.

    They are sent as attachments of a type that no browser runs: a report is made from somebody's repository.
    """

    async def download(request: Request) -> Response:
        # A link in a page cannot carry the header that the API wants of a browser; reading a file changes nothing.
        actor = await authenticate(request, None)
        if actor is None and authenticate.sign_in.has_session(request):
            actor = authenticate.principal_of("local-owner")
        if actor is None or not actor.may(Permission.READ):
            return PlainTextResponse("Sign in first: use the link that `wrenchai up` printed.\n", status_code=401)
        artifact_id = _id(request.path_params["artifact_id"])
        found = await platform.context(actor).read.artifacts_by_id(
            actor.workspace_id, [artifact_id] if artifact_id else []
        )
        if not found or found[0] is None:
            return PlainTextResponse("There is no such artifact.\n", status_code=404)
        artifact = found[0]
        return StreamingResponse(
            platform.artifacts.stream(artifact.sha256),
            media_type=artifact.media_type,
            headers={
                "content-length": str(artifact.size),
                "content-disposition": f"attachment; filename*=UTF-8''{quote(artifact.name)}",
                "content-security-policy": "sandbox; default-src 'none'",
                "x-content-type-options": "nosniff",
                "etag": f'"{artifact.sha256}"',
            },
        )

    return [Route("/artifacts/{artifact_id}", download)]


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
