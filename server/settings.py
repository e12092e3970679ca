"""The settings: environment variables that begin with ``WRENCHAI_``, each with a default that works.

Only the environment is read. A ``.env`` file is not: the folder one starts in may be a repository of a stranger.
"""

from __future__ import annotations

import ipaddress
import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from persistence.addresses import libpq_url
from server.service_addresses import DockerAddress, WebAddress

PREFIX = "WRENCHAI_"
GIT_SCHEMES = frozenset({"https", "http", "ssh", "git", "file"})
MEBIBYTE = 2**20


class SettingsError(Exception):
    """Some settings cannot be used: one sentence for each, which names its variable."""

    def __init__(self, sentences: list[str]) -> None:
        super().__init__("\n".join(sentences))
        self.sentences = sentences


class LogFormat(StrEnum):
    """How log lines are written; ``auto`` is ``console`` at a terminal and ``json`` elsewhere."""

    AUTO = "auto"
    JSON = "json"
    CONSOLE = "console"


class SandboxChoice(StrEnum):
    """What runs the user's code; ``auto`` takes the first that works, ``none`` refuses to run any."""

    AUTO = "auto"
    BUBBLEWRAP = "bubblewrap"
    SANDLOCK = "sandlock"
    NONE = "none"


def default_data_dir() -> Path:
    """``$XDG_DATA_HOME/wrenchai``, which is ``~/.local/share/wrenchai`` unless the variable says otherwise."""
    home = os.environ.get("XDG_DATA_HOME", "")
    base = Path(home) if home.startswith("/") else Path.home() / ".local" / "share"
    return base / "wrenchai"


Names = Annotated[tuple[str, ...], NoDecode]


class Settings(BaseSettings):
    """Everything that can be set. Build it with ``load_settings``, whose errors are fit for a person."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", frozen=True, hide_input_in_errors=True)

    data_dir: Path = Field(
        default_factory=default_data_dir,
        description="The folder for the database, artifacts, checkouts and the local token.",
    )
    host: str = Field("127.0.0.1", description="The address to listen on; for now only one of this machine itself.")
    port: int = Field(8000, ge=0, le=65535, description="The port to listen on; 0 takes a free one.")
    allowed_hosts: Names = Field(
        ("127.0.0.1", "localhost", "[::1]"),
        description="Host names that requests may name, separated by commas.",
    )
    allowed_origins: Names = Field(
        (),
        description="Origins of web pages that may call, besides our own, separated by commas.",
    )
    database_url: SecretStr | None = Field(
        None,
        description="The PostgreSQL to use as the application's role; without it one is started in the data folder.",
    )
    database_owner_url: SecretStr | None = Field(
        None,
        description="The same database as its owner, for migrations; without it database_url is used for them too.",
    )
    database_pool_size: int = Field(10, ge=1, le=200, description="Connections each process keeps open.")
    database_pool_overflow: int = Field(
        10, ge=0, le=200, description="Connections it may open beyond that for a while."
    )
    database_pool_timeout_seconds: float = Field(
        10, gt=0, le=300, description="How long to wait for a free connection."
    )
    engine_pool_size: int = Field(
        5, ge=2, le=100, description="Connections the execution engine keeps in each process."
    )
    statement_timeout_seconds: float = Field(
        15, gt=0, le=3600, description="When the database gives up on a statement."
    )
    redis_url: SecretStr | None = Field(
        None, description="The Redis that carries wake-ups between replicas; without it PostgreSQL does."
    )
    secrets_key: SecretStr | None = Field(
        None,
        description="The key of the secrets: 32 bytes in base64, older ones after a comma; without it a file holds it.",
    )
    egress_allow: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="Hosts, addresses and networks that tools may reach although they are private; commas between.",
    )
    github_url: WebAddress | None = Field(
        None,
        description="The API of a GitHub Enterprise, https://host/api/v3; without it, https://api.github.com.",
    )
    search_url: WebAddress | None = Field(
        None,
        description="The SearXNG that web_search asks; it has to offer the format json. Without it, there is none.",
    )
    docker_url: DockerAddress | None = Field(
        None, description="The daemon of the Docker tools, unix:// or tcp://; else unix:///var/run/docker.sock."
    )
    browser_path: Path | None = Field(
        None, description="The Chromium of the browser tools; else the first that is found on the PATH."
    )
    source_roots: Annotated[tuple[Path, ...], NoDecode] = Field(
        default_factory=lambda: (Path.cwd(),),
        description=f"Folders below which local sources may lie, separated by {os.pathsep!r}; the folder of the start.",
    )
    git_url_schemes: Annotated[frozenset[str], NoDecode] = Field(
        frozenset({"https", "ssh"}),
        description="Kinds of git URLs that may be fetched (https, http, ssh, git, file), separated by commas.",
    )
    max_checkout_bytes: int = Field(
        2048 * MEBIBYTE, ge=MEBIBYTE, description="The largest source that is read, in bytes."
    )
    max_file_bytes: int = Field(50 * MEBIBYTE, ge=1024, description="Files of a source larger than this are left out.")
    checkout_timeout_seconds: float = Field(600, gt=0, le=86400, description="How long fetching a git URL may take.")
    max_artifact_bytes: int = Field(256 * MEBIBYTE, ge=1024, description="The largest artifact that is kept, in bytes.")
    retain_log_days: int = Field(
        30, ge=0, le=36500, description="Days after the end of an execution that its log lines are kept; 0 for ever."
    )
    retain_event_days: int = Field(
        365,
        ge=0,
        le=36500,
        description="Days after the end of an execution that its events are kept, and those of feeds; 0 for ever.",
    )
    retain_artifact_days: int = Field(
        365, ge=0, le=36500, description="Days after the end of an execution that its artifacts are kept; 0 for ever."
    )
    retain_artifact_bytes: int = Field(
        0, ge=0, description="How much the artifacts of ended executions may take up, the oldest go first; 0: no limit."
    )
    retain_key_days: int = Field(
        30, ge=0, le=36500, description="Days that the answer under an idempotency key is kept; 0 for ever."
    )
    retain_segment_days: int = Field(
        7,
        ge=0,
        le=36500,
        description="Days after the end of an execution that the engine's own rows about it are kept; 0 for ever.",
    )
    retain_memory_days: int = Field(
        0,
        ge=0,
        le=36500,
        description="Days after its last correction that a memory is kept, unless it says when it expires; 0 for ever.",
    )
    retention_interval_minutes: float = Field(
        60, gt=0, le=10080, description="How often a worker removes what is older than that."
    )
    min_free_bytes: int = Field(
        512 * MEBIBYTE,
        ge=0,
        description="With less free on the disk of the data folder, workers begin no new work; 0 never minds.",
    )
    worker_slots: int = Field(
        default_factory=lambda: max(2, os.cpu_count() or 2),
        ge=1,
        le=1024,
        description="Executions that one worker runs at the same time.",
    )
    agent_concurrency: int = Field(
        4, ge=1, le=1024, description="Executions of one agent at the same time, everywhere."
    )
    lease_seconds: float = Field(15, ge=1, le=3600, description="After how long without a heartbeat a worker is dead.")
    drain_seconds: float = Field(5, ge=0, le=3600, description="How long a clean stop waits for running steps.")
    sandbox: SandboxChoice = Field(
        SandboxChoice.AUTO, description="What runs the user's code: auto, bubblewrap, sandlock, or none to refuse it."
    )
    metrics: bool = Field(
        False, description="Whether GET /metrics answers Prometheus, which has to send the local token; off or on."
    )
    metrics_port: int | None = Field(
        None,
        ge=1,
        le=65535,
        description="The port of this machine on which a worker without API has that page; without it, it has none.",
    )
    log_format: LogFormat = Field(LogFormat.AUTO, description="How log lines are written: auto, json or console.")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="The least severe log lines that are written: debug, info, warning or error."
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments first, then the environment, and nothing else."""
        return init_settings, env_settings

    @field_validator("data_dir", mode="before")
    @classmethod
    def _empty_is_default(cls, value: Any) -> Any:
        return default_data_dir() if value == "" else value

    @field_validator("data_dir", mode="after")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().absolute()

    @field_validator("host")
    @classmethod
    def _loopback(cls, value: str) -> str:
        name = value.strip("[]")
        try:
            is_loopback = name == "localhost" or ipaddress.ip_address(name).is_loopback
        except ValueError:
            is_loopback = False
        if not is_loopback:
            raise ValueError(
                f"{value!r} is not an address of this machine alone: use 127.0.0.1, ::1 or localhost for now"
            )
        return name

    @field_validator("allowed_hosts", "allowed_origins", "egress_allow", mode="before")
    @classmethod
    def _names(cls, value: Any) -> Any:
        return _split(value, ",")

    @field_validator("allowed_origins")
    @classmethod
    def _origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for origin in value:
            parts = urlsplit(origin)
            if parts.scheme not in {"http", "https"} or not parts.netloc or parts.path.strip("/"):
                raise ValueError(f"{origin!r} is not an origin: write it like https://console.example:8443")
        return tuple(origin.rstrip("/") for origin in value)

    @field_validator("source_roots", mode="before")
    @classmethod
    def _paths(cls, value: Any) -> Any:
        return _split(value, os.pathsep)

    @field_validator("source_roots")
    @classmethod
    def _folders(cls, value: tuple[Path, ...]) -> tuple[Path, ...]:
        folders = tuple(path.expanduser().absolute() for path in value)
        for folder in folders:
            if not folder.is_dir():
                raise ValueError(f"{str(folder)!r} is not a folder: create it, or leave it out")
        return folders

    @field_validator("git_url_schemes", mode="before")
    @classmethod
    def _schemes(cls, value: Any) -> Any:
        schemes = _split(value, ",")
        unknown = sorted(set(schemes) - GIT_SCHEMES)
        if unknown:
            raise ValueError(f"{unknown[0]!r} is not supported: use some of {', '.join(sorted(GIT_SCHEMES))}")
        return schemes

    @field_validator(
        "database_url",
        "database_owner_url",
        "redis_url",
        "secrets_key",
        "metrics_port",
        "github_url",
        "search_url",
        "docker_url",
        "browser_path",
        mode="before",
    )
    @classmethod
    def _empty_is_unset(cls, value: Any) -> Any:
        return None if value == "" else value

    @field_validator("database_url", "database_owner_url")
    @classmethod
    def _postgres(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            libpq_url(value.get_secret_value())
        return value

    @field_validator("redis_url")
    @classmethod
    def _redis(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and urlsplit(value.get_secret_value()).scheme not in {"redis", "rediss", "unix"}:
            raise ValueError("it is not the URL of a Redis: write redis://host:6379/0")
        return value

    @model_validator(mode="after")
    def _owner_needs_database(self) -> Settings:
        if self.database_owner_url is not None and self.database_url is None:
            raise ValueError(f"{PREFIX}DATABASE_OWNER_URL is set without {PREFIX}DATABASE_URL: set both, or neither")
        return self


def load_settings(**overrides: Any) -> Settings:
    """Read the settings; ``overrides`` (by field name) win over the environment.

    Raises:
        SettingsError: one sentence for each variable that cannot be used.
    """
    try:
        return Settings(**overrides)
    except ValidationError as error:
        raise SettingsError([_sentence(dict(problem)) for problem in error.errors(include_url=False)]) from error


def variable(field_name: str) -> str:
    """The environment variable of a field."""
    return PREFIX + field_name.upper()


def _split(value: Any, separator: str) -> Any:
    if not isinstance(value, str):
        return value
    return tuple(part.strip() for part in value.split(separator) if part.strip())


def _sentence(problem: dict[str, Any]) -> str:
    reason = str(problem["msg"]).removeprefix("Value error, ").replace("Input should", "it should").rstrip(".")
    if not problem["loc"]:
        return f"{reason}."
    name = str(problem["loc"][0])
    if problem["type"] == "value_error":
        return f"{variable(name)} cannot be used: {reason}."
    given = os.environ.get(variable(name))
    shown = f" is {given!r}" if given is not None else ""
    return f"{variable(name)}{shown or ' cannot be used'}: {reason[0].lower()}{reason[1:]}."
