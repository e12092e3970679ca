"""``wrenchai mcp``: the platform for MCP clients, and MCP servers for agents."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Annotated, Any

import typer
from rich.table import Table

from server.cli.console import errors, foreign, output, say_json, visible

commands = typer.Typer(
    name="mcp", help="Serve MCP clients, and register MCP servers whose tools agents may call.", no_args_is_help=True
)

Name = Annotated[str, typer.Argument(help="The name of the server.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for a program to read.")]
STYLES = {"ALLOW": "green", "ASK": "yellow", "DENY": "red"}


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(commands)


@commands.command()
def serve() -> None:
    """Speak MCP over standard input and output, for an assistant that starts this command.

    It uses the WrenchAI that the settings name, and runs one for as long as it is needed where none is running. Clients
    over HTTP need no command: a running WrenchAI answers them at /mcp, with the bearer token of its data folder.
    """
    from server.logging import configure_logging
    from server.settings import load_settings

    settings = load_settings()
    level = settings.log_level if "log_level" in settings.model_fields_set else "warning"
    configure_logging(settings.log_format, level)
    asyncio.run(_serve())


@commands.command()
def add(
    name: Name,
    command: Annotated[
        list[str] | None, typer.Argument(help="The program of the server and its arguments, behind `--`.")
    ] = None,
    url: Annotated[str | None, typer.Option(help="The address of a server over streamable HTTP, instead.")] = None,
    value: Annotated[
        list[str] | None, typer.Option("--set", help="NAME=VALUE: a variable of the program, or a header.")
    ] = None,
    secret: Annotated[list[str] | None, typer.Option(help="NAME=SECRET: one that gets the value of a secret.")] = None,
    timeout: Annotated[int, typer.Option(min=1, max=3600, help="Seconds that a call may take.")] = 60,
    start_timeout: Annotated[int, typer.Option(min=1, max=3600, help="Seconds until it has to answer.")] = 30,
    disabled: Annotated[bool, typer.Option("--disabled", help="Register it, but let no agent use it.")] = False,
    as_json: AsJson = False,
) -> None:
    """Register an MCP server, or the one of this name anew: its program runs on the workers' machines.

    wrenchai mcp add files -- npx -y @modelcontextprotocol/server-filesystem /srv/files
    """
    words = command or []
    asked = {
        "name": name,
        "command": words[0] if words else None,
        "arguments": words[1:],
        "url": url,
        "settings": [*_settings(value, "value"), *_settings(secret, "secret")],
        "enabled": not disabled,
        "timeout": f"PT{timeout}S",
        "startTimeout": f"PT{start_timeout}S",
    }
    saved = asyncio.run(_add(asked))
    if as_json:
        say_json(saved)
    else:
        errors.print(
            f"registered {foreign(saved['name'])}; `wrenchai mcp tools {foreign(name)} --look` shows its tools"
        )


@commands.command("list")
def list_(as_json: AsJson = False) -> None:
    """List the MCP servers that are registered."""
    found = asyncio.run(_list())
    if as_json:
        say_json(found)
    elif not found:
        output.print("No MCP server is registered: `wrenchai mcp add` does that.")
    else:
        output.print(_servers(found))


@commands.command()
def remove(name: Name) -> None:
    """Forget an MCP server and what was said of its tools."""
    asyncio.run(_remove(name))
    errors.print(f"forgot {foreign(name)}")


@commands.command()
def tools(
    name: Name,
    look: Annotated[bool, typer.Option("--look", help="Start it here, or connect to it, and see what it has.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show the tools that an MCP server was seen to have, and what counts for each."""
    found = asyncio.run(_tools(name, look=look))
    if as_json:
        say_json(found)
    elif not found:
        output.print(f"It was not seen yet: `wrenchai mcp tools {foreign(name)} --look` looks.")
    else:
        output.print(_table(found))


@commands.command()
def policy(
    name: Name,
    tool: Annotated[str, typer.Argument(help="The name of the tool.")],
    policy: Annotated[str, typer.Argument(help="allow, ask, deny, or default.")],
    digest: Annotated[
        str | None, typer.Option(help="That of the definition you have read; with another one it is refused.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Accept a tool that is new or has changed unasked.")] = False,
) -> None:
    """Say whether agents may call a tool as it is defined now; once it changes, they have to ask again.

    A tool that is new or has changed is shown with all that its server says of it, and accepted only when you say so.
    """
    if policy not in {"allow", "ask", "deny", "default"}:
        raise typer.BadParameter("it is one of allow, ask, deny and default", param_hint="POLICY")
    saved = asyncio.run(_policy(name, tool, None if policy == "default" else policy.upper(), digest, yes=yes))
    (known,) = [one for one in saved["tools"] if one["name"] == tool]
    errors.print(f"{foreign(name)}/{foreign(tool)}: {known['inForce']}")


async def _serve() -> None:
    from server.client.started_server import connected_or_started
    from server.mcp.build import build_server
    from server.settings import load_settings

    async with connected_or_started(load_settings(), lambda stage: errors.print(f"[dim]·[/] {stage}")) as client:
        await build_server(lambda _: client).run_stdio_async()


async def _add(server: dict[str, Any]) -> dict[str, Any]:
    from server.client.local_server import connected
    from server.client.mcp_servers import save
    from server.settings import load_settings

    async with connected(load_settings()) as client:
        return await save(client, server)


async def _list() -> list[dict[str, Any]]:
    from server.client.local_server import connected
    from server.client.mcp_servers import mcp_servers
    from server.settings import load_settings

    async with connected(load_settings()) as client:
        return await mcp_servers(client)


async def _remove(name: str) -> None:
    from server.client.local_server import connected
    from server.client.mcp_servers import remove
    from server.settings import load_settings

    async with connected(load_settings()) as client:
        await remove(client, name)


async def _tools(name: str, *, look: bool) -> list[dict[str, Any]]:
    from agents.contract import ToolFailure
    from server.client.graphql_client import Refused
    from server.client.local_server import connected
    from server.client.mcp_servers import mcp_server_named
    from server.platform.mcp_servers import look as see
    from server.settings import load_settings

    settings = load_settings()
    if look:
        try:
            await see(settings, name)
        except ToolFailure as error:
            raise Refused(str(error)) from None
    async with connected(settings) as client:
        found: list[dict[str, Any]] = (await mcp_server_named(client, name))["tools"]
    return found


async def _policy(name: str, tool: str, policy: str | None, digest: str | None, *, yes: bool) -> dict[str, Any]:
    from server.client.local_server import connected
    from server.client.mcp_servers import mcp_server_named, set_policy
    from server.settings import load_settings

    async with connected(load_settings()) as client:
        tools = (await mcp_server_named(client, name))["tools"]
        known = next((one for one in tools if one["name"] == tool), None)
        if known is not None and digest is None:
            digest = known["digest"]
            if policy != "DENY" and (known["new"] or known["changed"]):
                output.print(_described(known))
                if not yes:
                    await asyncio.to_thread(_ask, known)
        return await set_policy(client, name, tool, policy, digest)


def _ask(tool: dict[str, Any]) -> None:
    if not sys.stdin.isatty():
        said = f"{tool['name']} {_state(tool)}, and there is nobody to ask: read what is shown and give its digest"
        raise typer.BadParameter(visible(said), param_hint="--digest")
    typer.confirm("Accept it as it is shown?", abort=True)


def _described(tool: dict[str, Any]) -> str:
    """All that its server says of a tool."""
    said = [*tool["description"].splitlines(), *json.dumps(tool["inputSchema"], indent=2).splitlines()]
    says = [what for what, true in (("reads only", tool["readOnly"]), ("repeatable", tool["repeatable"])) if true]
    return "\n".join(
        [
            f"[bold]{foreign(tool['name'])}[/] {_state(tool)}; of itself it says: {', '.join(says) or 'no hint'}",
            *(f"  {foreign(line)}" for line in said),
            f"  digest [dim]{foreign(tool['digest'])}[/]",
        ]
    )


def _state(tool: dict[str, Any]) -> str:
    return "is new" if tool["new"] else "has changed"


def _settings(given: list[str] | None, kind: str) -> list[dict[str, str]]:
    found = []
    for one in given or []:
        name, equals, value = one.partition("=")
        if not equals:
            raise typer.BadParameter("write it like NAME=VALUE", param_hint="--set" if kind == "value" else "--secret")
        found.append({"name": name, kind: value})
    return found


def _servers(found: list[dict[str, Any]]) -> Table:
    table = Table(box=None)
    for column in ("name", "what", "tools", "state"):
        table.add_column(column, overflow="fold")
    for one in found:
        what = one["url"] or " ".join([one["command"], *one["arguments"]])
        state = "on" if one["enabled"] else "off"
        table.add_row(*map(foreign, (one["name"], what, str(len(one["tools"])), state)))
    return table


def _table(found: list[dict[str, Any]]) -> Table:
    table = Table(box=None)
    for column in ("tool", "in force", "set", "what it says of itself"):
        table.add_column(column, overflow="fold")
    for one in found:
        said = ("reads only; " if one["readOnly"] else "") + one["description"].partition("\n")[0][:200]
        marks = "".join(f" ({what})" for what in ("new", "changed") if one[what]) + ("" if one["listed"] else " (gone)")
        row = (one["name"], one["inForce"] + marks, one["policy"] or "-", said)
        table.add_row(*map(foreign, row), style=STYLES[one["inForce"]])
    return table
