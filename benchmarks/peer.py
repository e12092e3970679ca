"""The limit, as a process: Starlette on uvicorn, which answers and broadcasts bytes that it has already."""

from __future__ import annotations

import asyncio
import sys

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from server.transport.limits import TransportLimits


class Peer:
    """Keeps the last body that was put, and the sockets that are open."""

    def __init__(self) -> None:
        self._body = b""
        self._open: set[WebSocket] = set()

    async def put(self, request: Request) -> Response:
        """Keep a body."""
        self._body = await request.body()
        return Response(status_code=204)

    async def get(self, _: Request) -> Response:
        """Answer the body."""
        return Response(self._body, media_type="application/json")

    async def post(self, request: Request) -> Response:
        """Send the request's text to every open socket."""
        message = (await request.body()).decode()
        await asyncio.gather(*(one.send_text(message) for one in self._open))
        return Response(status_code=204)

    async def accept(self, client: WebSocket) -> None:
        """Keep a socket until its client goes."""
        await client.accept()
        self._open.add(client)
        try:
            async for _ in client.iter_text():
                pass
        finally:
            self._open.discard(client)


def main() -> None:
    """Serve on the port that is the only argument, with the socket options of the platform."""
    peer = Peer()
    routes = [
        Route("/", peer.get),
        Route("/", peer.put, methods=["PUT"]),
        Route("/", peer.post, methods=["POST"]),
        WebSocketRoute("/", peer.accept),
    ]
    options = TransportLimits().socket_options
    app = Starlette(routes=routes)
    uvicorn.run(app, port=int(sys.argv[1]), log_level="error", lifespan="off", **options)


if __name__ == "__main__":
    main()
