"""Calls of typed tools: limits, redaction, and what is answered."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import BaseModel

from agents.contract import Step, Tool, ToolFailure, ToolLimits, ToolScope
from agents.testing import KitContext
from domain.quality_gate import QualityGate
from domain.redaction import HIDDEN, Redactor
from domain.states import ToolCallState

VALUE = "pa$$ w/rd\nsecond line of it"


class Ask(BaseModel):
    """What the tool is to do."""

    do: str
    password: str = ""


class Said(BaseModel):
    """What it says."""

    text: str


class Talker(Tool[Ask, Said]):
    """Does what it is told."""

    name = "talker"
    version = "1"
    purpose = "Talks."
    licence = "Apache-2.0"
    limits = ToolLimits(timeout=timedelta(seconds=0.2), max_output=2_000)
    arguments_model = Ask
    result_model = Said

    async def run(self, scope: ToolScope, arguments: Ask) -> Said:
        match arguments.do:
            case "tell":
                secret = await scope.secret("key")
                await scope.log(f"the secret is {secret}")
                return Said(text=f"{secret} https://me:{'x' * 9}@host/?token=abcdef {secret!r}")
            case "fail":
                raise ToolFailure(f"with {await scope.secret('key')}")
            case "break":
                raise RuntimeError(await scope.secret("key"))
            case "hang":
                await asyncio.Event().wait()
            case "flood":
                return Said(text="x" * 5_000)
        return Said(text="done\0")


@pytest.fixture
def context(tmp_path: Path) -> KitContext:
    return KitContext(tmp_path, "kit", (), QualityGate(), frozenset(), secrets={"key": VALUE})


async def ask(context: KitContext, **arguments: str) -> Said:
    async def work(step: Step) -> Said:
        return await step.call(Talker, Ask.model_validate(arguments))

    return await context.step("ask", work, returns=Said)


async def test_a_secret_is_in_nothing_that_is_recorded_or_answered(context: KitContext) -> None:
    said = await ask(context, do="tell", password="hunter2hunter2")
    [call] = context.ledger.calls
    everything = f"{said.text} {context.log} {call}"
    for part in (VALUE, *VALUE.splitlines(), "x" * 9, "abcdef", "hunter2"):
        assert part not in everything
    assert HIDDEN in said.text
    assert (call.secrets, call.result) == (("key",), {"text": said.text})
    assert f'"password":"{HIDDEN}"' in call.arguments[0]


@pytest.mark.parametrize(
    ("do", "message"),
    [
        ("fail", "with \\*+"),
        ("break", "talker stopped with an error of its own: RuntimeError: \\*+"),
        ("hang", "talker took longer than 0.2 seconds"),
        ("flood", "talker answered 5,011 bytes; 2,000 are the most"),
    ],
)
async def test_what_goes_wrong_is_a_sentence_without_secrets(context: KitContext, do: str, message: str) -> None:
    with pytest.raises(ToolFailure, match=message) as failed:
        await ask(context, do=do)
    assert failed.value.__cause__ is None
    [call] = context.ledger.calls
    assert call.state is ToolCallState.FAILED
    assert VALUE.splitlines()[0] not in str(call)


async def test_what_cannot_be_stored_is_replaced(context: KitContext) -> None:
    assert (await ask(context, do="nothing")).text == "done�"


async def test_a_secret_that_is_not_there_is_a_failure(context: KitContext) -> None:
    context.secrets = {}
    with pytest.raises(ToolFailure, match="no secret 'key'"):
        await ask(context, do="tell")


@pytest.mark.parametrize(
    "spelling",
    [
        "a b&c/d\"e'f",
        "a%20b%26c/d%22e%27f",
        "a%20b%26c%2Fd%22e%27f",
        "a+b%26c%2Fd%22e%27f",
        "YSBiJmMvZCJlJ2Y=",
        "a b&c/d\\\"e'f",
    ],
)
def test_known_secrets_are_found_in_the_spellings_in_which_they_travel(spelling: str) -> None:
    redactor = Redactor()
    redactor.learn("a b&c/d\"e'f")
    assert redactor.text(f"<{spelling}>") == f"<{HIDDEN}>"
