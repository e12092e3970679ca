"""Run an image under limits, without network unless it is asked for, and leave nothing behind."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from agents.contract import Services, SideEffect, Tool, ToolFailure, ToolLimits, ToolScope
from agents.tools.docker.daemon import address_of, cut, daemon, missing
from agents.tools.docker.models import RunArguments, RunResult
from agents.tools.docker.orphans import label, remove_orphans
from agents.tools.docker.pulling import Pull
from domain.recovery import ErrorClass

if TYPE_CHECKING:
    from docker import APIClient

PATIENCE = 20.0
"""Seconds for what the daemon does at once: making, starting, ending and removing a container."""
UNFILTERED = (
    "The container gets the network of the daemon's bridge, where the egress policy does not apply: it can reach what "
    "the daemon's machine can, private networks and the metadata of clouds included."
)
Answer = TypeVar("Answer")


class RunNotSeen(Exception):
    """It was started with a network, and it is not known what it did there."""


class DockerRun(Tool[RunArguments, RunResult]):
    """Must not be done twice: with a network an image may do anything there."""

    name = "docker_run"
    version = "1.0"
    purpose = "Runs an image on a Docker daemon under limits; with `network` it reaches what the egress policy forbids."
    licence = "Apache-2.0"
    side_effects = (SideEffect.NETWORK, SideEffect.CHANGES_OTHERS)
    repeatable = False
    limits = ToolLimits(timeout=timedelta(seconds=1_900), max_output=48 * 2**20)
    arguments_model = RunArguments
    result_model = RunResult

    @classmethod
    def missing(cls) -> str | None:
        """The command that installs the package docker."""
        return missing()

    @classmethod
    def caution_of(cls, arguments: RunArguments) -> str | None:
        """That a network is one without the egress policy."""
        return UNFILTERED if arguments.network else None

    async def run(self, scope: ToolScope, arguments: RunArguments) -> RunResult:
        """Make the container, wait for its end, read what it wrote, and remove it, whatever happens.

        Raises:
            ToolMissing: the package is not installed.
            ToolFailure: it was not run, or had no network and could not be watched to its end.
            RunNotSeen: it was run with a network, and could not be watched to its end.
        """
        course = _Course(scope.services, arguments, f"wrenchai-{scope.idempotency_key[:24]}")
        try:
            pull = await _to_its_end(course.look)
            if pull is not None:
                await course.fetch(pull)
            await _to_its_end(course.make)
            try:
                result = await asyncio.to_thread(course.watch)
            except ToolFailure as failure:
                if course.started and arguments.network:
                    raise RunNotSeen(f"{failure} It had a network: nobody knows what it has done there.") from None
                raise
        finally:
            # Removing it ends it, and with it whatever thread still waits for it.
            await _to_its_end(course.remove)
        scope.measured(exit_code=result.exit_code)
        return result


@dataclass(slots=True)
class _Course:
    """One container from its making to its removal. Every method but ``fetch`` blocks."""

    services: Services
    arguments: RunArguments
    name: str
    made: bool = False
    started: bool = False
    begun: float = 0.0

    def look(self) -> Pull | None:
        """Remove what killed workers have left, and answer what has to be fetched, if anything.

        Raises:
            ToolFailure: the image is not there, and must not be fetched.
        """
        import docker

        self.begun = time.monotonic()
        with daemon(self.services, PATIENCE) as client:
            remove_orphans(client)
            with suppress(docker.errors.NotFound):  # of the same call, made before its worker was killed
                client.remove_container(self.name, force=True, v=True)
            try:
                client.inspect_image(self.arguments.image)
            except docker.errors.ImageNotFound:
                if self.arguments.pull:
                    return Pull.by(client, self.arguments.image, address_of(self.services))
                raise ToolFailure(
                    f"There is no image {self.arguments.image}: ask with pull, or run `docker pull "
                    f"{self.arguments.image}`.",
                    error_class=ErrorClass.BAD_INPUT,
                ) from None
        return None

    async def fetch(self, pull: Pull) -> None:
        """Fetch the image within the time that is left.

        Raises:
            ToolFailure: it took too long, or cannot be fetched.
        """
        try:
            await pull.run(self._left())
        except TimeoutError:
            raise self._too_late() from None

    def make(self) -> None:
        """Make the container."""
        with daemon(self.services, PATIENCE) as client:
            self.made = True
            client.create_container(**self._container(client))

    def watch(self) -> RunResult:
        """Start it and wait for its end or that of its time."""
        import requests

        with daemon(self.services, PATIENCE) as client:
            client.start(self.name)
            self.started = True
            left = self._left()
            exceeded = None
            try:
                client.wait(self.name, timeout=left)
            except (requests.exceptions.Timeout, requests.exceptions.ConnectionError):
                if time.monotonic() - self.begun < self.arguments.timeout_seconds - 0.5:
                    raise  # it was not its time that was over: the daemon has gone
                client.kill(self.name)
                exceeded = "time"
            state = client.inspect_container(self.name)
            stdout, more_out = self._written(client, "stdout")
            stderr, more_err = self._written(client, "stderr")
            killed = bool(state["State"].get("OOMKilled"))
            return RunResult(
                exit_code=None if exceeded else state["State"].get("ExitCode"),
                stdout=stdout,
                stderr=stderr,
                truncated=more_out or more_err,
                exceeded=exceeded or ("memory" if killed else None),
                image_id=state.get("Image") or "",
                duration_seconds=time.monotonic() - self.begun,
            )

    def remove(self) -> None:
        """Remove it, running or not. What cannot be removed now is removed when its worker has gone."""
        import docker

        if self.made:
            with suppress(ToolFailure), daemon(self.services, PATIENCE) as client, suppress(docker.errors.NotFound):
                client.remove_container(self.name, force=True, v=True)

    def _left(self) -> float:
        """Seconds of its time that are left.

        Raises:
            ToolFailure: none are.
        """
        left = self.begun + self.arguments.timeout_seconds - time.monotonic()
        if left <= 0:
            raise self._too_late()
        return left

    def _too_late(self) -> ToolFailure:
        return ToolFailure(
            f"The image {self.arguments.image} was not started within {self.arguments.timeout_seconds:g} seconds.",
            error_class=ErrorClass.TIMEOUT,
        )

    def _written(self, client: APIClient, stream: str) -> tuple[str, bool]:
        wanted = {"stdout": stream == "stdout", "stderr": stream == "stderr"}
        chunks = client.logs(self.name, stream=True, follow=False, **wanted)
        with closing(chunks):
            return cut(chunks, self.arguments.max_output)

    def _container(self, client: APIClient) -> dict[str, Any]:
        asked = self.arguments
        return {
            "image": asked.image,
            "command": asked.command or None,
            "name": self.name,
            "environment": dict(asked.environment),
            "working_dir": asked.working_directory,
            "user": asked.user,
            "labels": label(),
            "network_disabled": not asked.network,
            "host_config": client.create_host_config(
                network_mode="bridge" if asked.network else "none",
                mem_limit=asked.max_memory,
                memswap_limit=asked.max_memory,  # the same: no swap beside it
                nano_cpus=round(asked.cpus * 1e9),
                pids_limit=asked.max_processes,
                cap_drop=["ALL"],
                security_opt=["no-new-privileges:true"],
                log_config={"type": "json-file", "config": {"max-size": "32m", "max-file": "1"}},
            ),
        }


async def _to_its_end(work: Callable[[], Answer]) -> Answer:
    """Wait for the thread even when we are cancelled meanwhile: what it makes has to be removed afterwards."""
    task = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise
