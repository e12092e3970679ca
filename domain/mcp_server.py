"""MCP servers of a workspace: how each is reached, and which of its tools agents may call."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from domain.canonical import digest
from domain.errors import Invalid
from domain.service_url import check_service_url
from domain.text import check_text, storable

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")
HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
MOST_ARGUMENTS = 100
MOST_SETTINGS = 50
MOST_TEXT = 4_000
LONGEST_TIMEOUT = timedelta(hours=1)
MOST_TOOLS = 500
"""Tools of one server that are known; a server with more is no server of tools."""


class McpTransport(StrEnum):
    """How a server is reached."""

    STDIO = "STDIO"
    HTTP = "HTTP"


class CallPolicy(StrEnum):
    """Whether agents may call a tool."""

    ALLOW = "ALLOW"
    ASK = "ASK"
    DENY = "DENY"


@dataclass(frozen=True, slots=True, kw_only=True)
class McpSetting:
    """A variable of the environment of a server, or a header: its ``value``, or the name of the ``secret`` with it."""

    name: str
    value: str | None = None
    secret: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolDefinition:
    """A tool as its server describes it. ``digest`` stands for all of the description."""

    name: str
    description: str
    input_schema: Mapping[str, Any]
    read_only: bool
    repeatable: bool
    digest: str

    @classmethod
    def of(cls, described: Mapping[str, Any]) -> ToolDefinition:
        """The tool as ``tools/list`` describes it, in the names of the protocol.

        What a database cannot hold is replaced; the digest is that of what the server says.
        """
        annotations = described.get("annotations") or {}
        read_only = annotations.get("readOnlyHint") is True
        return cls(
            name=storable(described["name"]),
            description=storable(described.get("description") or ""),
            input_schema=storable(described["inputSchema"]),
            read_only=read_only,
            repeatable=read_only or annotations.get("idempotentHint") is True,
            digest=digest(described),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class McpTool:
    """A tool that a server was seen to have.

    ``accepted`` is the digest of the definition that the policy counts for: the one that the server was first seen
    with, or the one for which somebody has set the policy; it is empty where the server came up with the tool later.
    ``policy`` is ``None`` where nobody has said anything. ``listed``: the server had it when it was last looked at.
    """

    definition: ToolDefinition
    accepted: str
    policy: CallPolicy | None = None
    listed: bool = True
    seen_at: datetime

    @property
    def new(self) -> bool:
        """Whether its server came up with it after it was first seen, and nobody has accepted it yet."""
        return not self.accepted

    @property
    def changed(self) -> bool:
        """Whether it is no longer what it was when it was accepted."""
        return not self.new and self.definition.digest != self.accepted

    @property
    def in_force(self) -> CallPolicy:
        """What counts: a tool that only reads may be called, another one is asked for, as is what nobody has accepted.

        That a tool only reads is what its server says; whoever does not believe it sets ``ASK``.
        """
        if self.policy is CallPolicy.DENY:
            return CallPolicy.DENY
        allowed = self.policy is CallPolicy.ALLOW or (self.policy is None and self.definition.read_only)
        return CallPolicy.ALLOW if allowed and self.definition.digest == self.accepted else CallPolicy.ASK


@dataclass(frozen=True, slots=True, kw_only=True)
class McpServer:
    """A server. One over stdio is a ``command``, one over HTTP a ``url``; ``settings`` are variables or headers."""

    id: UUID
    workspace_id: UUID
    name: str
    transport: McpTransport
    command: str | None = None
    arguments: tuple[str, ...] = ()
    url: str | None = None
    settings: tuple[McpSetting, ...] = ()
    enabled: bool = True
    timeout: timedelta = timedelta(seconds=60)
    start_timeout: timedelta = timedelta(seconds=30)
    tools: tuple[McpTool, ...] = field(default=())
    updated_by: str
    version: int = 1
    created_at: datetime
    updated_at: datetime

    def tool(self, name: str) -> McpTool | None:
        """A tool that it was seen to have."""
        return next((one for one in self.tools if one.definition.name == name), None)

    def same_program(self, other: McpServer) -> bool:
        """Whether both are the same thing at the same place, so that what was said of its tools still counts.

        What a program does depends on its environment as much as on its arguments; headers only say who asks.
        """
        mine = (self.transport, self.command, self.arguments, self.url)
        same = mine == (other.transport, other.command, other.arguments, other.url)
        return same and (self.transport is McpTransport.HTTP or self._settings == other._settings)

    def same_connection(self, other: McpServer) -> bool:
        """Whether what is connected to one of them would be connected to the other in just the same way."""
        silence = (self.timeout, other.timeout) if self.transport is McpTransport.HTTP else (None, None)
        return self.same_program(other) and self._settings == other._settings and silence[0] == silence[1]

    @property
    def _settings(self) -> frozenset[McpSetting]:
        return frozenset(self.settings)

    def with_seen(self, definitions: tuple[ToolDefinition, ...], at: datetime) -> McpServer:
        """The server with the tools that it has now. What it has when it is first seen is accepted, and nothing later.

        Tools that it has no longer are remembered: one that comes back is what it was, or has changed.
        """
        known = {one.definition.name: one for one in self.tools}
        here = tuple(_seen(known.get(one.name), one, at, first=not known) for one in definitions[:MOST_TOOLS])
        names = {one.definition.name for one in here}
        gone = [replace(one, listed=False) for name, one in known.items() if name not in names]
        forgotten = [one.definition.name for one in gone if one.policy is None][MOST_TOOLS:]
        kept = (one for one in gone if one.definition.name not in forgotten)
        return replace(self, tools=(*here, *kept))


def _seen(known: McpTool | None, definition: ToolDefinition, at: datetime, *, first: bool) -> McpTool:
    if known is None:
        return McpTool(definition=definition, accepted=definition.digest if first else "", seen_at=at)
    return replace(known, definition=definition, listed=True, seen_at=at)


def check_name(name: str) -> str:
    """The name of a server.

    Raises:
        Invalid: it is not one.
    """
    if not NAME.fullmatch(name):
        raise Invalid(
            "A server's name has 1 to 40 small letters, digits, dashes and underscores, the first a letter or digit.",
            path=("input", "name"),
        )
    return name


def check_url(url: str, settings: tuple[McpSetting, ...]) -> str:
    """The address of a server over HTTP that gets these headers.

    Raises:
        Invalid: it is no http or https URL, has a credential in it, or a secret would be sent to it in the open.
    """
    wanted = url.strip()
    sends = next((f"the secret of the header {one.name}" for one in settings if one.secret is not None), None)
    check_service_url(wanted, "url", sends=sends)
    return wanted


def check_arguments(arguments: tuple[str, ...]) -> tuple[str, ...]:
    """The arguments of a command, just as they were given.

    Raises:
        Invalid: too many, too long, or with a character that no program can be given.
    """
    if len(arguments) > MOST_ARGUMENTS:
        raise Invalid(f"arguments may be at most {MOST_ARGUMENTS}.", path=("input", "arguments"))
    for one in arguments:
        check_text(one, "arguments", most=MOST_TEXT)
    return arguments


def check_settings(settings: tuple[McpSetting, ...], transport: McpTransport) -> tuple[McpSetting, ...]:
    """The variables or headers.

    Raises:
        Invalid: one has no possible name, comes twice, or has not exactly one of value and secret.
    """
    path = ("input", "settings")
    form = VARIABLE if transport is McpTransport.STDIO else HEADER
    if len(settings) > MOST_SETTINGS:
        raise Invalid(f"settings may be at most {MOST_SETTINGS}.", path=path)
    seen: set[str] = set()
    for one in settings:
        if not form.fullmatch(one.name):
            what = "variable of the environment" if form is VARIABLE else "header"
            raise Invalid(f"{one.name[:100]!r} is no name of a {what}.", path=path)
        if one.name in seen:
            raise Invalid(f"{one.name!r} is set twice.", path=path)
        if (one.value is None) == (one.secret is None):
            raise Invalid(f"{one.name!r} needs a value or the name of a secret, and not both.", path=path)
        check_text(one.value or one.secret or "", "settings", most=MOST_TEXT)
        seen.add(one.name)
    return settings


def check_timeout(value: timedelta, name: str) -> timedelta:
    """A limit of time.

    Raises:
        Invalid: it is nothing, or longer than an hour.
    """
    if not timedelta() < value <= LONGEST_TIMEOUT:
        raise Invalid(f"{name} must be more than nothing and at most an hour.", path=("input", name))
    return value
