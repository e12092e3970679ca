"""``/receipts/<execution>`` and ``/receipts/<execution>/events``: a receipt, and the events it is checked against."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from uuid import UUID

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from domain.actor import Actor, Permission
from server.platform.wiring import Platform
from server.security.authentication import Authenticator

AT_ONCE = 500
MEDIA_TYPE = "application/vnd.dsse.envelope.v1+json"


def routes(platform: Platform, authenticate: Authenticator[Actor]) -> list[Route]:
    """The downloads, for whoever may read the workspace. An execution is named by its UUID."""

    async def receipt(request: Request) -> Response:
        actor = await _reader(request, authenticate)
        return _sign_in() if actor is None else await _receipt(platform, actor, _wanted(request))

    async def events(request: Request) -> Response:
        actor = await _reader(request, authenticate)
        return _sign_in() if actor is None else await _events(platform, actor, _wanted(request))

    return [Route("/receipts/{execution_id}", receipt), Route("/receipts/{execution_id}/events", events)]


async def _reader(request: Request, authenticate: Authenticator[Actor]) -> Actor | None:
    # As with artifacts: a link in a page cannot carry the header that the API wants of a browser.
    actor = await authenticate(request, None)
    if actor is None and authenticate.sign_in.has_session(request):
        actor = authenticate.principal_of("local-owner")
    return actor if actor is not None and actor.may(Permission.READ) else None


async def _receipt(platform: Platform, actor: Actor, wanted: list[UUID]) -> Response:
    found = await platform.context(actor).read.receipts_of(actor.workspace_id, wanted)
    if not found or found[0] is None:
        return _missing("There is no such receipt: an execution has one when it has ended.")
    document = json.dumps(found[0].envelope, indent=2) + "\n"
    headers = _attached(f"receipt-{found[0].execution_id}.json")
    return Response(document, media_type=MEDIA_TYPE, headers=headers)


async def _events(platform: Platform, actor: Actor, wanted: list[UUID]) -> Response:
    read = platform.context(actor).read
    found = await read.executions_by_id(actor.workspace_id, wanted)
    if not found or found[0] is None:
        return _missing("There is no such execution.")
    execution = found[0]

    async def lines() -> AsyncIterator[bytes]:
        last = 0
        while chunk := await read.chained_events(actor.workspace_id, execution.id, last, AT_ONCE):
            for event in chunk:
                yield json.dumps(event.plain(), ensure_ascii=False).encode() + b"\n"
            last = chunk[-1].sequence

    headers = _attached(f"events-{execution.id}.jsonl")
    return StreamingResponse(lines(), media_type="application/jsonl", headers=headers)


def _missing(sentence: str) -> Response:
    return PlainTextResponse(f"{sentence}\n", status_code=404)


def _sign_in() -> Response:
    return PlainTextResponse("Sign in first: use the link that `wrenchai up` printed.\n", status_code=401)


def _attached(name: str) -> dict[str, str]:
    return {
        "content-disposition": f'attachment; filename="{name}"',
        "content-security-policy": "sandbox; default-src 'none'",
        "x-content-type-options": "nosniff",
    }


def _wanted(request: Request) -> list[UUID]:
    try:
        return [UUID(request.path_params["execution_id"])]
    except ValueError:
        return []
