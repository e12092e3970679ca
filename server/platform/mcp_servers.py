"""``wrenchai mcp tools --look``: asking a server what it has, outside of any execution."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from agents.egress import EgressPolicy
from domain.errors import NotFound
from domain.mcp_server import McpServer, McpSetting
from domain.redaction import Redactor
from domain.use_cases.mcp_servers import NAMED, NOUN, record_mcp_tools
from domain.use_cases.secrets import reveal_secret
from persistence import data_folder
from server import __version__
from server.platform.database import database, require_current
from server.platform.wiring import Platform, open_platform
from server.security.authentication import OWNER
from server.settings import Settings


async def look(settings: Settings, name: str) -> McpServer:
    """Start the server on this machine, or connect to it, and keep which tools it has.

    Raises:
        NotFound: there is no such server, or a secret that it needs is not there.
        ToolFailure: it cannot be used, or is switched off. The message has none of the secrets that it was given.
    """
    from agents.contract import ToolFailure
    from agents.mcp.connection import Connection

    redactor = Redactor()
    async with _opened(settings) as platform:
        workspace_id = platform.owner(OWNER).workspace_id
        server = await platform.transactor.run(lambda uow: uow.mcp_servers.get(workspace_id, name))
        if server is None:
            raise NotFound(NOUN, name, named=NAMED)
        if not server.enabled:
            raise ToolFailure(
                f"The MCP server {name} is switched off and is not started: register it anew without --disabled."
            )
        values = {one.name: await _value(platform, one, redactor) for one in server.settings}
        with tempfile.TemporaryDirectory(prefix="wrenchai-mcp-", ignore_cleanup_errors=True) as folder:
            try:
                connection = await Connection.open(
                    server, values, cwd=Path(folder), egress=EgressPolicy(settings.egress_allow)
                )
            except ToolFailure as error:
                raise ToolFailure(redactor.text(str(error)), error_class=error.error_class) from None
            seen = list(connection.tools.values())
            await connection.close()
        found = server
        return await platform.transactor.run(
            lambda uow: record_mcp_tools(uow, workspace_id, found.id, found.name, seen)
        )


async def _value(platform: Platform, setting: McpSetting, redactor: Redactor) -> str:
    secret = setting.secret
    if secret is None:
        return setting.value or ""
    workspace_id = platform.owner(OWNER).workspace_id
    value = await platform.transactor.run(lambda uow: reveal_secret(uow, workspace_id, secret))
    redactor.learn(value)
    return value


@asynccontextmanager
async def _opened(settings: Settings) -> AsyncIterator[Platform]:
    data_folder.prepare(settings.data_dir, version=__version__)
    async with database(settings) as addresses:
        await require_current(addresses)
        async with open_platform(settings, addresses) as platform:
            yield platform
