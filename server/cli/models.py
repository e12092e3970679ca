"""``wrenchai models``: the language models that agents may use."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer
from rich.table import Table

from domain.language_model import AnswerMode, ModelProvider
from server.cli.choices import one_of, word
from server.cli.console import complain, errors, foreign, output, say_json
from server.cli.exit_codes import ExitCode

if TYPE_CHECKING:
    from server.client.graphql_client import GraphQLClient

Answer = TypeVar("Answer")

commands = typer.Typer(no_args_is_help=True, help="Connect language models, try them out, and choose who uses them.")

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="Name of the model.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for a program to read.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(commands, name="models")


@commands.command("list")
def list_(as_json: JsonOption = False) -> None:
    """Show the models, what they cost, and who uses them."""
    from server.client import models

    found = _run(models.models)
    if as_json:
        say_json(found)
        return
    if not found:
        output.print("no models: `wrenchai models set NAME --provider … --model …` connects one")
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("name", "provider", "model", "where", "key", "price a million", "falls back to", "used by"):
        table.add_column(heading, overflow="fold", no_wrap=heading == "name")
    for one in found:
        table.add_row(*(foreign(cell) for cell in _row(one)))
    output.print(table)


@commands.command("set")
def set_(
    name: NameArgument,
    provider: Annotated[ModelProvider, one_of(ModelProvider, help="Whose API it is asked by.")],
    model: Annotated[str, typer.Option(metavar="ID", help="What the provider calls it.")],
    base_url: Annotated[str | None, typer.Option(metavar="URL", help="Where its API is.")] = None,
    key_secret: Annotated[
        str | None, typer.Option(metavar="SECRET", help="Name of the secret with its key: see `wrenchai secrets`.")
    ] = None,
    max_output_tokens: Annotated[int, typer.Option(help="What one answer may have at most.")] = 4_096,
    timeout: Annotated[float, typer.Option(metavar="SECONDS", help="How long it may say nothing.")] = 120.0,
    max_requests: Annotated[int, typer.Option(help="How often one question may ask it.")] = 20,
    answer_mode: Annotated[
        AnswerMode, one_of(AnswerMode, help="How it is asked for answers of a certain form.")
    ] = AnswerMode.TOOL,
    price: Annotated[
        tuple[str, str] | None,
        typer.Option(metavar="INPUT OUTPUT", help="Your own price of a million tokens, for example 0 0."),
    ] = None,
    fallback: Annotated[
        str | None, typer.Option(metavar="NAME", help="The model that is asked when this one has failed.")
    ] = None,
) -> None:
    """Connect a model under a name; an older one is replaced. Its key is kept by `wrenchai secrets set`."""
    from server.client import models

    given: dict[str, Any] = {
        "name": name,
        "provider": provider.value,
        "modelId": model,
        "baseUrl": base_url,
        "keySecret": key_secret,
        "maxOutputTokens": max_output_tokens,
        "timeout": f"PT{timeout:.3f}S",
        "maxRequests": max_requests,
        "answerMode": answer_mode.value,
        "price": None if price is None else {"input": price[0], "output": price[1]},
        "fallback": fallback,
    }
    made = _run(lambda client: models.set_model(client, given))
    errors.print(f"connected {foreign(made['name'])}; `wrenchai models test {foreign(made['name'])}` tries it out")
    if not made["isDefault"] and not made["agents"]:
        errors.print(f"nobody uses it yet: `wrenchai models use {foreign(made['name'])}` lets all agents do")


@commands.command("test")
def try_out(name: NameArgument, as_json: JsonOption = False) -> None:
    """Ask a model something tiny, once: how long it takes, what it costs, or what is wrong. Ends with 1 then.

    It is waited for a little less than half a minute, also when its own timeout is longer.
    """
    from server.client import models

    trial = _run(lambda client: models.test_model(client, name))
    if as_json:
        say_json(trial)
    elif trial["problem"] is None:
        tokens = "it does not say how many tokens that took"
        if trial["inputTokens"] is not None:
            tokens = f"{trial['inputTokens']} tokens in, {trial['outputTokens']} out"
        cost = "its price is not known" if trial["cost"] is None else f"cost {trial['cost']}"
        output.print(f"{foreign(name)} answered {foreign(repr(trial['answer']))} in {trial['latencyMs']} ms")
        output.print(f"{tokens}; {cost}")
    else:
        complain(trial["problem"])
    if trial["problem"] is not None:
        raise typer.Exit(ExitCode.FAILED)


@commands.command()
def use(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A model, none, or default: what all agents use.")],
    agent: Annotated[
        str | None, typer.Option(metavar="KIND", help="Only this agent, rather than all without a choice of their own.")
    ] = None,
) -> None:
    """Choose the model that agents use, for executions that begin from now on."""
    from server.client import models

    used = _run(lambda client: models.choose_model(client, name, agent))
    who = "agents without a choice of their own" if agent is None else f"the agent {agent}"
    errors.print(f"{foreign(who)} now use{'s' if agent else ''} {foreign(used or 'no model')}")


@commands.command()
def delete(name: NameArgument) -> None:
    """Forget a model that nobody uses."""
    from server.client import models

    _run(lambda client: models.delete_model(client, name))
    errors.print(f"forgot {foreign(name)}")


def _run(work: Callable[[GraphQLClient], Awaitable[Answer]]) -> Answer:
    from server.client.local_server import connected
    from server.settings import load_settings

    async def ask() -> Answer:
        async with connected(load_settings()) as client:
            return await work(client)

    return asyncio.run(ask())


def _row(model: dict[str, Any]) -> tuple[str, ...]:
    price, fallback = model["price"], model["fallback"]
    users = [*(["all agents"] if model["isDefault"] else []), *model["agents"]]
    return (
        model["name"],
        word(ModelProvider(model["provider"])),
        model["modelId"],
        model["baseUrl"] or "-",
        model["keySecret"] or "-",
        "the provider's" if price is None else f"{price['input']} in, {price['output']} out",
        "-" if fallback is None else fallback["name"],
        ", ".join(users) or "-",
    )
