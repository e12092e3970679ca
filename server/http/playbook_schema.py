"""``/playbook.schema.json``: the JSON Schema of playbooks, for editors."""

from __future__ import annotations

import json
from functools import cache

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from domain.playbooks.json_schema import json_schema

MEDIA_TYPE = "application/schema+json"


def routes() -> list[Route]:
    """The page of the schema. It is public on purpose."""
    return [Route("/playbook.schema.json", _page)]


async def _page(_: Request) -> Response:
    return Response(_text(), media_type=MEDIA_TYPE)


@cache
def _text() -> str:
    return json.dumps(json_schema(), indent=2) + "\n"
