"""Calls of the tools of MCP servers: permitted, checked, recorded like those of typed tools, and asked for.

The servers of a segment are started when they are first needed, and are gone before the segment is over.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from pydantic import RootModel

from agents.contract import SideEffect, Tool, ToolFailure, ToolLimits
from agents.contract.egress import Egress
from agents.contract.mcp import MCP_PREFIX, McpAnswer
from agents.contract.tool import ToolScope
from agents.mcp.arguments import check_arguments
from agents.mcp.question import question
from agents.runtime.approvals import ApprovalDesk
from agents.runtime.call_ledger import Called, Course, Ending, Ledger
from agents.runtime.typed_calls import CallScope, Reveal, call
from agents.runtime.waiting_room import WaitingRoom
from domain.lease import Lease
from domain.mcp_server import CallPolicy, McpServer, McpTransport, ToolDefinition
from domain.ports import Transactor
from domain.recovery import ErrorClass
from domain.redaction import Redactor
from domain.states import ToolCallState
from domain.text import storable
from domain.use_cases.mcp_servers import record_mcp_tools

if TYPE_CHECKING:
    from agents.mcp.connection import Connection

MOST_OUTPUT = 4 * 2**20
"""Bytes of an answer."""


class McpArguments(RootModel[dict[str, Any]]):
    """The arguments of a tool, checked against its own schema."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """The step that calls: where its calls are recorded, and how it gets at secrets."""

    name: str
    ledger: Ledger
    reveal: Reveal
    scope: Callable[[str], CallScope]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Open:
    """A server that answers. ``server`` is what counts for its tools, ``secrets`` are those it was given."""

    server: McpServer
    connection: Connection
    secrets: tuple[str, ...]


class McpDesk:
    """The MCP servers of one segment."""

    def __init__(
        self,
        lease: Lease,
        *,
        transactor: Transactor,
        redactor: Redactor,
        egress: Egress,
        desk: ApprovalDesk,
        room: WaitingRoom,
        scratch: Path,
    ) -> None:
        self._lease = lease
        self._transactor = transactor
        self._redactor = redactor
        self._egress = egress
        self._desk = desk
        self._room = room
        self._scratch = scratch
        self._open: dict[str, _Open] = {}
        self._left: list[_Open] = []
        self._opening: dict[str, asyncio.Lock] = {}

    async def call(self, caller: Caller, counted: Counter[str], name: str, arguments: Mapping[str, Any]) -> McpAnswer:
        """Call ``server/tool``, as soon as it may be called.

        ``counted`` counts the calls of this run of the step, which tells the questions about them apart.
        """
        server_name, tool = _parted(name)
        counted[name] += 1
        number = counted[name]
        with self._room.working():
            opened = await self._opened(caller, server_name, tool)
            definition = opened.connection.tools.get(tool)
            if definition is None:
                has = ", ".join(sorted(opened.connection.tools)[:50]) or "none"
                said = f"{server_name} has no tool {tool!r}; it has {has}."
                raise ToolFailure(said, error_class=ErrorClass.BAD_INPUT)
            await asyncio.to_thread(check_arguments, name, definition.input_schema, arguments)
        await self._permitted(caller, opened.server, definition, arguments, number)
        with self._room.working():
            return await self._made(caller, opened, definition, arguments)

    async def close(self) -> None:
        """End every server; none of their processes is there any more when this returns."""
        opened, self._open, self._left = [*self._open.values(), *self._left], {}, []
        await asyncio.gather(*(one.connection.close() for one in opened))

    async def _opened(self, caller: Caller, name: str, tool: str) -> _Open:
        async with self._opening.setdefault(name, asyncio.Lock()):
            workspace_id = self._lease.subject.workspace_id
            server = await self._transactor.run(lambda uow: uow.mcp_servers.get(workspace_id, name))
            if server is None:
                raise ToolFailure(
                    f"There is no MCP server {name!r} in this workspace: add it with `wrenchai mcp add {name}`.",
                    error_class=ErrorClass.BAD_INPUT,
                )
            if not server.enabled:
                raise ToolFailure(f"The MCP server {name} is switched off.", error_class=ErrorClass.REFUSED)
            _refuse_denied(server, tool)
            known = self._open.get(name)
            if known is not None and known.server.same_connection(server):
                return _Open(server=server, connection=known.connection, secrets=known.secrets)
            if known is not None:  # it was changed meanwhile; calls of it that are under way are not cut
                self._left.append(self._open.pop(name))
            opened = await self._start(caller, server)
            self._open[name] = opened
            return opened

    async def _start(self, caller: Caller, server: McpServer) -> _Open:
        """Start the server or connect to it. That is on record too: it is something done outside."""
        settings, secrets = await self._settings(caller, server)
        stdio = server.transport is McpTransport.STDIO
        shown = (server.command or "", *server.arguments) if stdio else (server.url or "",)
        called = Called(
            tool=f"{MCP_PREFIX}{server.name}",
            version=None,
            shown=shown,
            canonical=json.dumps(shown),
            repeatable=True,
            replayed=False,  # what was started has gone with the segment
        )
        begun = (await caller.ledger.begin(caller.ledger.intent(called))).call
        try:
            # The SDK takes a second to load: who calls no server does not need it.
            module = await asyncio.to_thread(import_module, "agents.mcp.connection")
            connection: Connection = await module.Connection.open(
                server, settings, cwd=self._scratch, egress=self._egress
            )
        except ToolFailure as error:
            said = self._redactor.text(str(error))
            ending = Ending(state=ToolCallState.FAILED, error=said, secrets=secrets, course=Course.NEVER_BEGAN)
            await caller.ledger.end(begun, ending)
            raise ToolFailure(said, error_class=error.error_class) from None
        except asyncio.CancelledError:
            said = "ended because the execution was stopped"
            ending = Ending(state=ToolCallState.FAILED, error=said, secrets=secrets, course=Course.CUT_SHORT)
            await caller.ledger.end(begun, ending)
            raise
        self._open[server.name] = _Open(server=server, connection=connection, secrets=secrets)
        await caller.ledger.end(begun, Ending(state=ToolCallState.SUCCEEDED, secrets=secrets))
        seen = list(connection.tools.values())
        workspace_id = self._lease.subject.workspace_id
        known = await self._transactor.run(
            lambda uow: record_mcp_tools(uow, workspace_id, server.id, server.name, seen)
        )
        return _Open(server=known, connection=connection, secrets=secrets)

    async def _settings(self, caller: Caller, server: McpServer) -> tuple[dict[str, str], tuple[str, ...]]:
        """The values of its variables or headers, and which secrets are among them."""
        values: dict[str, str] = {}
        for one in server.settings:
            if one.secret is None:
                values[one.name] = one.value or ""
            else:
                values[one.name] = await caller.reveal(one.secret)
                self._redactor.learn(values[one.name])
        return values, tuple(one.secret for one in server.settings if one.secret is not None)

    async def _permitted(
        self, caller: Caller, server: McpServer, tool: ToolDefinition, arguments: Mapping[str, Any], number: int
    ) -> None:
        """Return when the call may be made; a person is asked where the policy says so."""
        known = server.tool(tool.name)
        policy = CallPolicy.ASK if known is None or known.definition.digest != tool.digest else known.in_force
        if policy is not CallPolicy.ALLOW:
            shown = self._redactor.arguments(storable(dict(arguments)))
            await self._desk.ask(question(caller.name, server, tool, arguments, shown, number))

    async def _made(
        self, caller: Caller, opened: _Open, definition: ToolDefinition, arguments: Mapping[str, Any]
    ) -> McpAnswer:
        kind = _tool_of(opened, definition, self._forget)
        return await call(
            kind(),
            McpArguments(dict(arguments)),
            ledger=caller.ledger,
            redactor=self._redactor,
            scope=caller.scope,
        )

    async def _forget(self, opened: _Open) -> None:
        """The connection is broken: the next call opens another one."""
        known = self._open.get(opened.server.name)
        if known is not None and known.connection is opened.connection:
            del self._open[opened.server.name]
        await opened.connection.close()


class _McpTool(Tool[McpArguments, McpAnswer]):
    """A tool of a server, as the ledger sees it."""

    licence = "NOASSERTION"
    side_effects = (SideEffect.NETWORK,)
    arguments_model = McpArguments
    result_model = McpAnswer
    opened: _Open
    definition: ToolDefinition
    forget: Callable[[_Open], Awaitable[None]]

    async def run(self, scope: ToolScope, arguments: McpArguments) -> McpAnswer:
        """Let the server do it.

        Raises:
            ToolFailure: the server says that it was not done, or does not take such a call.
            ConnectionResetError: it has gone, and nobody knows what it did.
        """
        for secret in self.opened.secrets:
            await scope.secret(secret)  # that this call could use it is on record
        try:
            return await self.opened.connection.call(self.definition.name, arguments.root)
        except ConnectionResetError:
            await type(self).forget(self.opened)
            raise


def _tool_of(opened: _Open, definition: ToolDefinition, forget: Callable[[_Open], Awaitable[None]]) -> type[_McpTool]:
    """The class of one tool: what the ledger asks of a tool stands at its class."""
    declared: dict[str, Any] = {
        "name": f"{MCP_PREFIX}{opened.server.name}/{definition.name}"[:200],
        "version": (opened.connection.version or "")[:100] or "unknown",
        "purpose": definition.description[:500],
        "repeatable": definition.repeatable,
        "limits": ToolLimits(timeout=opened.server.timeout, max_output=MOST_OUTPUT),
        "opened": opened,
        "definition": definition,
        "forget": staticmethod(forget),
    }
    return cast("type[_McpTool]", type("McpTool", (_McpTool,), declared))


def _parted(name: str) -> tuple[str, str]:
    server, slash, tool = name.removeprefix(MCP_PREFIX).partition("/")
    if not slash or not server or not tool:
        raise ToolFailure(
            f"{name[:200]!r} names no tool of an MCP server: write it like files/read_file.",
            error_class=ErrorClass.BAD_INPUT,
        )
    return server, tool


def _refuse_denied(server: McpServer, tool: str) -> None:
    known = server.tool(tool)
    if known is not None and known.in_force is CallPolicy.DENY:
        raise ToolFailure(f"{server.name}/{tool} may not be called here.", error_class=ErrorClass.REFUSED)
