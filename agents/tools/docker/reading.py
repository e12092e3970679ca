"""Ask a Docker daemon about containers and images."""

from __future__ import annotations

import asyncio
from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from agents.contract import Services, SideEffect, Tool, ToolLimits, ToolScope
from agents.tools.docker.daemon import cut, daemon, missing
from agents.tools.docker.models import (
    Container,
    ContainerDetails,
    DockerAnswer,
    DockerArguments,
    Image,
    Inspect,
    ListContainers,
    ListImages,
    Logs,
    Mount,
    ReadLogs,
)

if TYPE_CHECKING:
    from docker import APIClient


class Docker(Tool[DockerArguments, DockerAnswer]):
    """Reads only, so it may be repeated."""

    name = "docker"
    version = "1.0"
    purpose = "Asks a Docker daemon: which containers and images there are, what one has written, how one was made."
    licence = "Apache-2.0"
    side_effects = (SideEffect.NETWORK,)
    limits = ToolLimits(timeout=timedelta(seconds=150), max_output=16 * 2**20)
    arguments_model = DockerArguments
    result_model = DockerAnswer

    @classmethod
    def missing(cls) -> str | None:
        """The command that installs the package docker."""
        return missing()

    async def run(self, scope: ToolScope, arguments: DockerArguments) -> DockerAnswer:
        """Ask once.

        Raises:
            ToolMissing: the package is not installed.
            ToolFailure: there is no daemon, or it refuses.
        """
        return await asyncio.to_thread(_ask, scope.services, arguments)


def _ask(services: Services, arguments: DockerArguments) -> DockerAnswer:
    with daemon(services, arguments.timeout_seconds) as client:
        answer = DockerAnswer(daemon_version=str(client.version().get("Version", "unknown")))
        match arguments.question:
            case ListContainers() as asked:
                filters = {"label": asked.label} if asked.label else None
                answer.containers = [_container(one) for one in client.containers(all=asked.all, filters=filters)]
            case ListImages():
                answer.images = [_image(one) for one in client.images()]
            case ReadLogs() as asked:
                answer.logs = _logs(client, asked)
            case Inspect() as asked:
                answer.container = _details(client.inspect_container(asked.container))
    return answer


def _logs(client: APIClient, asked: ReadLogs) -> Logs:
    stream = client.logs(asked.container, stream=True, follow=False, tail=asked.tail, timestamps=asked.timestamps)
    with closing(stream):
        text, truncated = cut(stream, asked.max_bytes)
    return Logs(text=text, truncated=truncated)


def _container(one: dict[str, Any]) -> Container:
    return Container(
        id=one["Id"][:12],
        names=[name.removeprefix("/") for name in one.get("Names") or ()],
        image=one.get("Image") or "",
        state=one.get("State") or "",
        status=one.get("Status") or "",
        created_at=one.get("Created") or 0,
        ports=sorted({_port(port) for port in one.get("Ports") or ()}),
    )


def _port(port: dict[str, Any]) -> str:
    inside = f"{port.get('PrivatePort')}/{port.get('Type')}"
    return f"{port.get('IP')}:{port['PublicPort']}->{inside}" if port.get("PublicPort") else inside


def _image(one: dict[str, Any]) -> Image:
    return Image(
        id=str(one["Id"]).removeprefix("sha256:")[:12],
        tags=[tag for tag in one.get("RepoTags") or () if tag != "<none>:<none>"],
        size=one.get("Size") or 0,
        created_at=one.get("Created") or 0,
    )


def _details(one: dict[str, Any]) -> ContainerDetails:
    config, state, host = one.get("Config") or {}, one.get("State") or {}, one.get("HostConfig") or {}
    network = one.get("NetworkSettings") or {}
    running = state.get("Status") in {"running", "paused", "restarting"}
    return ContainerDetails(
        id=one["Id"][:12],
        name=str(one.get("Name") or "").removeprefix("/"),
        image=config.get("Image") or "",
        command=[*([one["Path"]] if one.get("Path") else []), *(one.get("Args") or ())],
        state=state.get("Status") or "",
        exit_code=None if running else state.get("ExitCode"),
        out_of_memory=bool(state.get("OOMKilled")),
        error=state.get("Error") or "",
        started_at=state.get("StartedAt") or "",
        finished_at="" if running else state.get("FinishedAt") or "",
        restarts=one.get("RestartCount") or 0,
        health=(state.get("Health") or {}).get("Status"),
        environment=sorted(variable.partition("=")[0] for variable in config.get("Env") or ()),
        mounts=[_mount(mount) for mount in one.get("Mounts") or ()],
        networks={
            name: (found or {}).get("IPAddress") or "" for name, found in (network.get("Networks") or {}).items()
        },
        ports=sorted(_published(network.get("Ports") or {})),
        memory_limit=host.get("Memory") or 0,
        cpus=(host.get("NanoCpus") or 0) / 1e9,
        pids_limit=host.get("PidsLimit") or None,
        restart_policy=(host.get("RestartPolicy") or {}).get("Name") or "no",
        user=config.get("User") or "",
        privileged=bool(host.get("Privileged")),
    )


def _mount(one: dict[str, Any]) -> Mount:
    return Mount(
        kind=one.get("Type") or "",
        source=one.get("Source") or one.get("Name") or "",
        destination=one.get("Destination") or "",
        writable=bool(one.get("RW")),
    )


def _published(ports: dict[str, Any]) -> list[str]:
    return [
        f"{place.get('HostIp')}:{place.get('HostPort')}->{inside}"
        for inside, places in ports.items()
        for place in places or ()
    ] + [inside for inside, places in ports.items() if not places]
