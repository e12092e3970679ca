"""A server that speaks the part of the Docker Engine API that docs.docker.com documents and the tools use.

No daemon is on the machine of the tests: the package ``docker`` on our side is the real one, and the edge is here.
"""

from __future__ import annotations

import asyncio
import json
import struct
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

WEB: dict[str, Any] = {
    "Id": "3f1c" * 16,
    "Name": "/shop-web",
    "Path": "nginx",
    "Args": ["-g", "daemon off;"],
    "Created": "2026-11-01T00:00:00Z",
    "RestartCount": 2,
    "Image": "sha256:abc",
    "State": {
        "Status": "running",
        "OOMKilled": False,
        "ExitCode": 0,
        "Error": "",
        "StartedAt": "2026-11-01T00:00:01Z",
        "FinishedAt": "0001-01-01T00:00:00Z",
        "Health": {"Status": "healthy"},
    },
    "Config": {"Image": "nginx:1.29", "Env": ["PASSWORD=sesame", "PATH=/bin"], "User": "www", "Tty": False},
    "HostConfig": {"Memory": 2**28, "NanoCpus": 500_000_000, "PidsLimit": 100, "RestartPolicy": {"Name": "always"}},
    "Mounts": [{"Type": "bind", "Source": "/srv", "Destination": "/data", "RW": False}],
    "NetworkSettings": {
        "Networks": {"bridge": {"IPAddress": "172.17.0.2"}},
        "Ports": {"80/tcp": [{"HostIp": "127.0.0.1", "HostPort": "8080"}], "443/tcp": None},
    },
}


@dataclass
class DockerEngine:
    """Give ``app`` to a server. ``containers`` are by name; ``images`` are those that are there.

    A container whose command is ``sleep`` runs until it is killed; ``oom`` is killed for its memory; others end with
    the number that their command names, else with 0. Nothing is ever said of the image ``silent`` while it is pulled;
    of ``slow`` there are lines. ``gave_up`` is set when the client goes away meanwhile.
    """

    containers: dict[str, dict[str, Any]] = field(default_factory=lambda: {"shop-web": dict(WEB)})
    images: set[str] = field(default_factory=lambda: {"alpine:3.22"})
    asked: list[str] = field(default_factory=list)
    created: list[dict[str, Any]] = field(default_factory=list)
    ended: dict[str, asyncio.Event] = field(default_factory=dict)
    running: asyncio.Event = field(default_factory=asyncio.Event)
    pulling: asyncio.Event = field(default_factory=asyncio.Event)
    gave_up: asyncio.Event = field(default_factory=asyncio.Event)
    lose: bool = False

    @property
    def app(self) -> Starlette:
        """The application."""
        base = "/v{version}"
        return Starlette(
            routes=[
                Route("/version", self._version),
                Route(f"{base}/version", self._version),
                Route(f"{base}/containers/json", self._list),
                Route(f"{base}/containers/create", self._create, methods=["POST"]),
                Route(f"{base}/containers/{{name}}/json", self._inspect),
                Route(f"{base}/containers/{{name}}/logs", self._logs),
                Route(f"{base}/containers/{{name}}/start", self._start, methods=["POST"]),
                Route(f"{base}/containers/{{name}}/wait", self._wait, methods=["POST"]),
                Route(f"{base}/containers/{{name}}/kill", self._kill, methods=["POST"]),
                Route(f"{base}/containers/{{name}}", self._remove, methods=["DELETE"]),
                Route(f"{base}/images/json", self._images),
                Route(f"{base}/images/create", self._pull, methods=["POST"]),
                Route(f"{base}/images/{{name:path}}/json", self._image),
            ]
        )

    async def _version(self, request: Request) -> Response:
        return JSONResponse({"Version": "29.1.0", "ApiVersion": "1.44", "MinAPIVersion": "1.24", "Os": "linux"})

    def _found(self, request: Request) -> dict[str, Any] | None:
        self.asked.append(f"{request.method} {request.url.path.partition('/containers/')[2]}")
        name = request.path_params["name"]
        return next((one for key, one in self.containers.items() if key == name or one["Id"].startswith(name)), None)

    async def _list(self, request: Request) -> Response:
        wanted = json.loads(request.query_params.get("filters", "{}")).get("label", [])
        found = [
            {
                "Id": one["Id"],
                "Names": [one["Name"]],
                "Image": one["Config"]["Image"],
                "State": one["State"]["Status"],
                "Status": "Up 2 hours",
                "Created": 1_790_000_000,
                "Ports": [{"IP": "127.0.0.1", "PrivatePort": 80, "PublicPort": 8080, "Type": "tcp"}],
                "Labels": one["Config"].get("Labels") or {},
            }
            for one in self.containers.values()
            if set(wanted) <= set(one["Config"].get("Labels") or {})
        ]
        return JSONResponse(found)

    async def _images(self, request: Request) -> Response:
        return JSONResponse(
            [{"Id": "sha256:0123456789abcdef", "RepoTags": ["alpine:3.22"], "Size": 8_000_000, "Created": 1}]
        )

    async def _image(self, request: Request) -> Response:
        name = request.path_params["name"]
        return JSONResponse({"Id": "sha256:1"}) if name in self.images else _none(f"No such image: {name}")

    async def _pull(self, request: Request) -> Response:
        name = f"{request.query_params['fromImage']}:{request.query_params['tag']}"
        if "nothing" in name:
            return JSONResponse({"error": f"manifest for {name} not found", "errorDetail": {}})
        if "private" in name:
            return JSONResponse({"message": f"pull access denied for {name}"}, 404)
        if "slow" in name:
            return StreamingResponse(self._progress(), media_type="application/json")
        if "silent" in name:
            self.pulling.set()
            while not await request.is_disconnected():
                await request.receive()
            self.gave_up.set()
        self.images.add(name)
        return JSONResponse({"status": "Pull complete"})

    async def _progress(self) -> AsyncIterator[str]:
        try:
            while True:
                yield json.dumps({"status": "Downloading"}) + "\r\n"
                self.pulling.set()
                await asyncio.sleep(0.01)
        finally:
            self.gave_up.set()

    async def _create(self, request: Request) -> Response:
        body = await request.json()
        name = request.query_params["name"]
        self.created.append(body)
        state = {"Status": "created", "ExitCode": 0, "OOMKilled": False}
        container = {"Id": f"{len(self.created):064x}", "Name": f"/{name}", "Image": "sha256:1", "State": state}
        self.containers[name] = {**container, "Config": body}
        self.ended[name] = asyncio.Event()
        return JSONResponse({"Id": container["Id"], "Warnings": []}, 201)

    async def _start(self, request: Request) -> Response:
        container = self._found(request)
        assert container is not None
        command = container["Config"].get("Cmd") or [""]
        if command[0] == "oom":
            container["State"] |= {"OOMKilled": True, "ExitCode": 137}
        elif command[0].isdecimal():
            container["State"]["ExitCode"] = int(command[0])
        if command[0] != "sleep":
            self.ended[request.path_params["name"]].set()
        self.running.set()
        return Response(status_code=204)

    async def _wait(self, request: Request) -> Response:
        if self.lose:
            return Response("gone", 502)
        container = self._found(request)
        await self.ended[request.path_params["name"]].wait()
        return JSONResponse({"StatusCode": container["State"]["ExitCode"] if container else 137})

    async def _kill(self, request: Request) -> Response:
        self._found(request)
        self.ended[request.path_params["name"]].set()
        return Response(status_code=204)

    async def _remove(self, request: Request) -> Response:
        container = self._found(request)
        if container is None:
            return _none("No such container")
        name = next(key for key, one in self.containers.items() if one is container)
        del self.containers[name]
        if name in self.ended:
            self.ended[name].set()
        return Response(status_code=204)

    async def _inspect(self, request: Request) -> Response:
        container = self._found(request)
        if container is None:
            return _none(f"No such container: {request.path_params['name']}")
        return JSONResponse(container)

    async def _logs(self, request: Request) -> Response:
        if self._found(request) is None:
            return _none(f"No such container: {request.path_params['name']}")
        lines = [(1, b"out one\n"), (2, b"err one\n"), (1, b"out two\n")]
        shown = [one for one in lines if request.query_params["stdout" if one[0] == 1 else "stderr"] == "1"]

        async def frames() -> Any:
            for stream, line in shown:
                yield struct.pack(">BxxxL", stream, len(line)) + line

        return StreamingResponse(frames(), media_type="application/vnd.docker.multiplexed-stream")


def _none(message: str) -> Response:
    return JSONResponse({"message": message}, 404)
