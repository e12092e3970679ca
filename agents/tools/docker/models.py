"""What the tools for Docker take, and what they answer."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

MEBIBYTE = 2**20
NAME = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$"
IMAGE = r"^[A-Za-z0-9][A-Za-z0-9_./:@-]{0,254}$"

ContainerName = Annotated[str, Field(pattern=NAME, description="Its name, or its id or the beginning of it.")]


class ListContainers(BaseModel):
    """Which containers there are."""

    kind: Literal["list_containers"] = "list_containers"
    all: bool = Field(False, description="Those that do not run as well.")
    label: str | None = Field(None, max_length=300, description="Only with this label: NAME or NAME=VALUE.")


class ListImages(BaseModel):
    """Which images there are."""

    kind: Literal["list_images"] = "list_images"


class ReadLogs(BaseModel):
    """What a container has written."""

    kind: Literal["logs"] = "logs"
    container: ContainerName
    tail: int = Field(200, ge=1, le=10_000, description="Lines from the end.")
    timestamps: bool = Field(False, description="With the time before each line.")
    max_bytes: int = Field(256 * 1024, ge=1, le=4 * MEBIBYTE, description="What is longer is cut there.")


class Inspect(BaseModel):
    """How a container was made, and how it is."""

    kind: Literal["inspect"] = "inspect"
    container: ContainerName


class DockerArguments(BaseModel):
    """What to ask."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"question": {"kind": "list_containers", "all": True}},
                {"question": {"kind": "logs", "container": "shop-web", "tail": 50}},
            ]
        }
    )

    question: ListContainers | ListImages | ReadLogs | Inspect = Field(discriminator="kind", description="What to ask.")
    timeout_seconds: float = Field(20, gt=0, le=120, description="How long it may take.")


class Container(BaseModel):
    """A container in a list."""

    id: str
    names: list[str]
    image: str
    state: str = Field(description="Such as `running` or `exited`.")
    status: str = Field(description="The same for people, such as `Up 2 hours`.")
    created_at: int = Field(description="Seconds since 1970.")
    ports: list[str] = Field(description="Such as `127.0.0.1:8080->80/tcp`.")


class Image(BaseModel):
    """An image that is there."""

    id: str
    tags: list[str]
    size: int
    created_at: int = Field(description="Seconds since 1970.")


class Logs(BaseModel):
    """What a container has written to both streams, as it came."""

    text: str
    truncated: bool


class Mount(BaseModel):
    """A place that a container has from outside."""

    kind: str
    source: str
    destination: str
    writable: bool


class ContainerDetails(BaseModel):
    """A container. Of its environment there are the names alone: the values hold secrets more often than not."""

    id: str
    name: str
    image: str
    command: list[str]
    state: str
    exit_code: int | None
    out_of_memory: bool
    error: str
    started_at: str
    finished_at: str
    restarts: int
    health: str | None
    environment: list[str] = Field(description="The names of its variables, without their values.")
    mounts: list[Mount]
    networks: dict[str, str] = Field(description="Its address in each network.")
    ports: list[str]
    memory_limit: int = Field(description="In bytes; 0 is none.")
    cpus: float = Field(description="Processors it may use; 0 is all.")
    pids_limit: int | None
    restart_policy: str
    user: str
    privileged: bool


class DockerAnswer(BaseModel):
    """What the daemon answered: one of the four, as was asked."""

    daemon_version: str
    containers: list[Container] | None = None
    images: list[Image] | None = None
    logs: Logs | None = None
    container: ContainerDetails | None = None


class RunArguments(BaseModel):
    """Which image to run, and what it may take."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"image": "alpine:3.22", "command": ["sh", "-c", "cat /etc/os-release"], "timeout_seconds": 30}
            ]
        }
    )

    image: str = Field(pattern=IMAGE, description="The image, such as `alpine:3.22` or one with a digest.")
    command: list[str] = Field(default_factory=list, max_length=1_000, description="Instead of the image's own.")
    environment: dict[str, str] = Field(default_factory=dict, description="Variables for it.")
    working_directory: str | None = Field(None, max_length=1_000, description="Where it starts.")
    user: str | None = Field(None, max_length=100, description="Instead of the image's own, such as `1000:1000`.")
    network: bool = Field(
        False,
        description="Whether it has the network of the daemon's bridge, otherwise none. The egress policy does not "
        "apply there: it reaches private networks and the metadata of clouds as the daemon's machine does.",
    )
    pull: bool = Field(False, description="Fetch the image when it is not there.")
    cpus: float = Field(1, gt=0, le=64, description="Processors it may use.")
    max_memory: int = Field(512 * MEBIBYTE, ge=8 * MEBIBYTE, le=64 * 1024 * MEBIBYTE, description="Bytes of memory.")
    max_processes: int = Field(256, ge=1, le=10_000, description="Processes and threads it may have.")
    timeout_seconds: float = Field(60, gt=0, le=1_800, description="How long it may run; pulling counts as well.")
    max_output: int = Field(MEBIBYTE, ge=1, le=8 * MEBIBYTE, description="Bytes of each stream that are answered.")


class RunResult(BaseModel):
    """What became of it. The container is gone."""

    exit_code: int | None = Field(description="`None` when it was ended because its time was over.")
    stdout: str
    stderr: str
    truncated: bool = Field(description="It wrote more than is answered.")
    exceeded: str | None = Field(description="The limit that ended it: `time` or `memory`.")
    image_id: str
    duration_seconds: float
