"""Registering MCP servers, and saying which of their tools agents may call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

from domain.actor import Actor, Permission
from domain.errors import Invalid, NotFound
from domain.mcp_server import (
    CallPolicy,
    McpServer,
    McpSetting,
    McpTransport,
    ToolDefinition,
    check_arguments,
    check_name,
    check_settings,
    check_timeout,
    check_url,
)
from domain.ports import UnitOfWork
from domain.text import check_text

NAMED = "with the name"
NOUN = "MCP server"


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveMcpServer:
    """A server to register, or to register anew under its name."""

    name: str
    command: str | None = None
    arguments: tuple[str, ...] = ()
    url: str | None = None
    settings: tuple[McpSetting, ...] = ()
    enabled: bool = True
    timeout: timedelta = timedelta(seconds=60)
    start_timeout: timedelta = timedelta(seconds=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveMcpServer:
    """A server to forget."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SetMcpToolPolicy:
    """What is to count for a tool. ``digest`` is that of the definition one has read; no ``policy``: the usual."""

    server: str
    tool: str
    policy: CallPolicy | None
    digest: str | None = None


async def save_mcp_server(uow: UnitOfWork, actor: Actor, command: SaveMcpServer) -> McpServer:
    """Register a server, or change the one of this name.

    What was said of its tools is forgotten when it becomes another program or address; another environment makes
    another program.

    Raises:
        Denied: the right to manage tools is missing, or where it decides what gets a secret, the one to manage secrets.
        Invalid: something of it cannot be accepted.
    """
    actor.require(Permission.MANAGE_TOOLS)
    wanted = _checked(uow, actor, command)
    known = await uow.mcp_servers.lock(actor.workspace_id, wanted.name)
    if _gives_secret_elsewhere(known, wanted):
        actor.require(Permission.MANAGE_SECRETS)
    if known is None:
        await uow.mcp_servers.insert(wanted)
        return wanted
    saved = replace(
        wanted,
        id=known.id,
        created_at=known.created_at,
        version=known.version + 1,
        tools=known.tools if known.same_program(wanted) else (),
    )
    await uow.mcp_servers.update(saved)
    return saved


async def remove_mcp_server(uow: UnitOfWork, actor: Actor, command: RemoveMcpServer) -> McpServer:
    """Forget a server with all that was said of its tools, and answer it as it was.

    Raises:
        Denied, NotFound: as their names say.
    """
    actor.require(Permission.MANAGE_TOOLS)
    known = await _locked(uow, actor.workspace_id, command.name, "name")
    await uow.mcp_servers.delete(known.id)
    return known


async def set_mcp_tool_policy(uow: UnitOfWork, actor: Actor, command: SetMcpToolPolicy) -> McpServer:
    """Say what counts for a tool as it is defined now; once it changes, it is asked for again.

    Who denies a tool accepts nothing: should somebody take that back, it is as new or as changed as it was.

    Raises:
        Denied, NotFound: as their names say.
        Invalid: it is defined in another way than the one who says so has read.
    """
    actor.require(Permission.MANAGE_TOOLS)
    known = await _locked(uow, actor.workspace_id, command.server, "server")
    tool = known.tool(command.tool)
    if tool is None:
        raise NotFound(f"tool of {known.name}", command.tool, named=NAMED, path=("input", "tool"))
    if command.digest is not None and command.digest != tool.definition.digest:
        raise Invalid(
            f"{command.tool} has been defined anew since you read it: read it again.", path=("input", "digest")
        )
    accepted = tool.accepted if command.policy is CallPolicy.DENY else tool.definition.digest
    said = replace(tool, policy=command.policy, accepted=accepted)
    saved = replace(
        known,
        tools=tuple(said if one is tool else one for one in known.tools),
        updated_by=actor.id,
        updated_at=uow.now,
        version=known.version + 1,
    )
    await uow.mcp_servers.update(saved)
    return saved


async def record_mcp_tools(
    uow: UnitOfWork, workspace_id: UUID, server_id: UUID, name: str, definitions: Sequence[ToolDefinition]
) -> McpServer:
    """Keep which tools a server has now, and answer what counts for each.

    Raises:
        NotFound: it was removed, or replaced by another one, meanwhile.
    """
    known = await uow.mcp_servers.lock(workspace_id, name)
    if known is None or known.id != server_id:
        raise NotFound(NOUN, name, named=NAMED)
    seen = known.with_seen(tuple(definitions), uow.now)
    if _what_is_there(seen) != _what_is_there(known):
        await uow.mcp_servers.update(seen)
    return seen


def _what_is_there(server: McpServer) -> set[tuple[str, bool]]:
    return {(one.definition.digest, one.listed) for one in server.tools}


def _checked(uow: UnitOfWork, actor: Actor, command: SaveMcpServer) -> McpServer:
    if (command.command is None) == (command.url is None):
        raise Invalid("A server needs a command or a url, and not both.", path=("input", "command"))
    transport = McpTransport.HTTP if command.command is None else McpTransport.STDIO
    if transport is McpTransport.HTTP and command.arguments:
        raise Invalid("Only a command takes arguments.", path=("input", "arguments"))
    settings = check_settings(command.settings, transport)
    program = None if command.command is None else check_text(command.command, "command", most=1_000, required=True)
    return McpServer(
        id=uow.new_id(),
        workspace_id=actor.workspace_id,
        name=check_name(command.name),
        transport=transport,
        command=program,
        arguments=check_arguments(command.arguments),
        url=None if command.url is None else check_url(command.url, settings),
        settings=settings,
        enabled=command.enabled,
        timeout=check_timeout(command.timeout, "timeout"),
        start_timeout=check_timeout(command.start_timeout, "startTimeout"),
        updated_by=actor.id,
        created_at=uow.now,
        updated_at=uow.now,
    )


def _gives_secret_elsewhere(known: McpServer | None, wanted: McpServer) -> bool:
    """Whether something gets a secret that did not get it before: other settings can lead a program elsewhere, too."""
    if all(one.secret is None for one in wanted.settings):
        return False
    return known is None or not known.same_program(wanted) or set(known.settings) != set(wanted.settings)


async def _locked(uow: UnitOfWork, workspace_id: UUID, name: str, field: str) -> McpServer:
    known = await uow.mcp_servers.lock(workspace_id, name)
    if known is None:
        raise NotFound(NOUN, name, named=NAMED, path=("input", field))
    return known
