"""``/artifacts/<id>``: the bytes of an artifact."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from urllib.parse import quote
from uuid import UUID

import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from domain.actor import Actor, Permission
from domain.artifacts import ArtifactAltered, ArtifactMissing, StoredArtifact
from domain.error_codes import ErrorCode
from server.platform.wiring import Platform
from server.security.authentication import Authenticator

log = structlog.get_logger(__name__)


def routes(platform: Platform, authenticate: Authenticator[Actor]) -> list[Route]:
    """The download of artifacts, for whoever may read the workspace.

    What is sent has the size and the SHA-256 that were stored, or it is not sent, or cut off before its end.
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
        try:
            await platform.artifacts.check(StoredArtifact(artifact.sha256, artifact.size))
        except (ArtifactMissing, ArtifactAltered, OSError) as error:
            log.error("artifact_damaged", artifact_id=str(artifact.id), sha256=artifact.sha256, reason=str(error))
            code = ErrorCode.ARTIFACT_DAMAGED.value
            return JSONResponse({"error": {"code": code, "message": _sentence(error)}}, status_code=500)
        return StreamingResponse(
            _unaltered(platform.artifacts.stream(artifact.sha256), artifact.sha256),
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


async def _unaltered(chunks: AsyncIterator[bytes], sha256: str) -> AsyncIterator[bytes]:
    """The chunks, the last one only when all of them are what was stored: a download may take long, and what is read
    changes meanwhile. Without its last chunk it is cut off, which every client notices."""
    content, held = hashlib.sha256(), b""
    async for chunk in chunks:
        content.update(chunk)
        if held:
            yield held
        held = chunk
    if content.hexdigest() != sha256:
        log.error("artifact_damaged", sha256=sha256, reason="it was changed while it was sent")
        raise ArtifactAltered(sha256, "it was changed while it was sent")
    if held:
        yield held


def _sentence(error: Exception) -> str:
    return f"The artifact cannot be read: {error.strerror}." if isinstance(error, OSError) else str(error)


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
