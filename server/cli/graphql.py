"""``wrenchai graphql``: one operation, from the shell."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from server.cli.console import output, say_json, visible
from server.cli.exit_codes import ExitCode


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("graphql")(graphql)


def graphql(
    document: Annotated[
        str, typer.Argument(help="The document; `-` reads it from standard input, `@FILE` from a file.")
    ],
    variables: Annotated[
        str, typer.Option(help="The variables as a JSON object; `@FILE` reads them from a file.")
    ] = "{}",
) -> None:
    """Run a query, mutation or subscription on the running server and print the response as JSON.

    A subscription prints one line for each event. Ends with 1 when the response has errors; a mutation that was refused
    has none, and says why in its payload.
    """
    text, values = _text(document, "DOCUMENT"), _variables(_text(variables, "--variables"))
    raise typer.Exit(asyncio.run(_run(text, values)))


async def _run(document: str, variables: dict[str, Any]) -> int:
    from server.client.graphql_client import GraphQLErrors
    from server.client.local_server import connected
    from server.settings import load_settings

    async with connected(load_settings()) as client:
        if _is_subscription(document):
            try:
                async for data in client.subscribe(document, variables):
                    output.out(json.dumps(data, ensure_ascii=False), highlight=False)
            except GraphQLErrors as refused:
                output.out(json.dumps({"errors": refused.errors}, ensure_ascii=False), highlight=False)
                return ExitCode.FAILED
            return ExitCode.OK
        response = await client.respond(document, variables)
        say_json(response)
        return ExitCode.FAILED if response.get("errors") else ExitCode.OK


def _text(argument: str, option: str) -> str:
    where = "standard input" if argument == "-" else argument[1:]
    try:
        if argument == "-":
            return sys.stdin.read()
        if argument.startswith("@"):
            return Path(where).read_text(encoding="utf-8")
    except OSError as error:
        reason = error.strerror or str(error)
        raise typer.BadParameter(f"{visible(where)} cannot be read: {reason}.", param_hint=option) from error
    except ValueError as error:
        raise typer.BadParameter(f"{visible(where)} does not hold UTF-8 text.", param_hint=option) from error
    return argument


def _variables(text: str) -> dict[str, Any]:
    try:
        values = json.loads(text)
    except ValueError as error:
        raise typer.BadParameter(f"not JSON: {error}", param_hint="--variables") from error
    if not isinstance(values, dict):
        raise typer.BadParameter("must be a JSON object", param_hint="--variables")
    return values


def _is_subscription(document: str) -> bool:
    from graphql import GraphQLError, OperationDefinitionNode, OperationType, parse

    try:
        definitions = parse(document).definitions
    except GraphQLError:
        return False  # the server says better what is wrong with it
    return any(
        isinstance(one, OperationDefinitionNode) and one.operation is OperationType.SUBSCRIPTION for one in definitions
    )
