"""What is decided about errors, and the test kit that follows the same policies."""

from __future__ import annotations

import errno
import socket
from datetime import timedelta
from pathlib import Path
from typing import ClassVar

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from agents.contract import (
    Agent,
    AgentContext,
    AgentFailure,
    Alternative,
    SideEffect,
    Step,
    ToolFailure,
    ToolMissing,
)
from agents.recovery import classify, decide, retry_after
from agents.testing import run_agent
from domain.errors import Invalid, StoreLost
from domain.recovery import POLICIES, ErrorClass, RecoveryAction
from domain.task import RetryPolicy

REQUEST = httpx.Request("GET", "http://127.0.0.1/")


def answered(status: int, **headers: str) -> httpx.HTTPStatusError:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.HTTPStatusError("answered", request=REQUEST, response=httpx.Response(status, headers=named))


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (httpx.ConnectError("no"), ErrorClass.UNREACHABLE),
        (ConnectionRefusedError(errno.ECONNREFUSED, "no"), ErrorClass.UNREACHABLE),
        (socket.gaierror(socket.EAI_NONAME, "no"), ErrorClass.UNREACHABLE),
        (OSError(errno.ENETUNREACH, "no"), ErrorClass.UNREACHABLE),
        (httpx.ReadError("cut"), ErrorClass.CONNECTION_LOST),
        (ConnectionResetError(), ErrorClass.CONNECTION_LOST),
        *((answered(status), ErrorClass.CONNECTION_LOST) for status in (500, 502, 504, 507, 520)),
        *((answered(status), ErrorClass.RATE_LIMITED) for status in (408, 425, 429, 503)),
        *((answered(status), ErrorClass.BAD_INPUT) for status in (302, 400, 404, 501, 505)),
        (httpx.ReadTimeout("slow"), ErrorClass.TIMEOUT),
        (TimeoutError(), ErrorClass.TIMEOUT),
        (OSError(errno.EDQUOT, "full"), ErrorClass.DISK_FULL),
        (MemoryError(), ErrorClass.OUT_OF_MEMORY),
        (FileNotFoundError(errno.ENOENT, "no"), ErrorClass.BUG),
        (OSError("no number"), ErrorClass.BUG),
        (ToolFailure("no"), ErrorClass.TOOL_FAILED),
        (ToolFailure("no", error_class=ErrorClass.RATE_LIMITED), ErrorClass.RATE_LIMITED),
        (ToolMissing("no"), ErrorClass.TOOL_MISSING),
        (AgentFailure("no"), ErrorClass.REFUSED),
        (AgentFailure("no", code="TOOL_CALL_UNCERTAIN"), ErrorClass.EFFECT_UNCERTAIN),
        (Invalid("no"), ErrorClass.BAD_INPUT),
        (StoreLost(), ErrorClass.STORE_LOST),
        (ExceptionGroup("two", [TimeoutError(), ExceptionGroup("one", [KeyError("x")])]), ErrorClass.BUG),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else str(value),
)
def test_to_what_class_an_error_belongs(error: Exception, expected: ErrorClass) -> None:
    assert classify(error) is expected


def test_every_class_has_a_policy() -> None:
    assert set(POLICIES) == set(ErrorClass)
    for policy in POLICIES.values():
        assert (policy.max_attempts > 1) <= (policy.action is RecoveryAction.RETRY)


@given(
    error_class=st.sampled_from(ErrorClass),
    attempt=st.integers(1, 10_000),
    share=st.floats(0, 1, exclude_max=True),
    asked=st.timedeltas(timedelta(), timedelta(days=1000)),
)
def test_pauses_stay_below_the_cap(error_class: ErrorClass, attempt: int, share: float, asked: timedelta) -> None:
    policy = POLICIES[error_class]
    pause = policy.pause_after(attempt, share, at_least=asked)
    assert timedelta() <= pause <= policy.cap
    assert pause >= min(asked, policy.cap)


@pytest.mark.parametrize(
    ("said", "seconds"), [("7", 7), ("", 0), ("-1", 0), ("1e9", 0), ("9" * 40, 0), ("Wed, 21 Oct 2026 07:28:00 GMT", 0)]
)
def test_how_long_the_other_side_asks_for(said: str, seconds: int) -> None:
    assert retry_after(answered(429, retry_after=said)) == timedelta(seconds=seconds)


@pytest.mark.parametrize("error", [httpx.ReadError("cut"), httpx.ReadTimeout("slow"), answered(500)])
def test_what_may_have_been_done_is_not_done_twice_by_an_agent_with_side_effects(error: Exception) -> None:
    assert decide(error, 1, None, side_effects=False).action is RecoveryAction.RETRY
    assert decide(error, 1, None, side_effects=True).action is RecoveryAction.GIVE_UP


@pytest.mark.parametrize("error", [httpx.ConnectError("no"), *map(answered, (408, 425, 429, 503))])
def test_what_was_certainly_not_done_is_tried_again_by_any_agent(error: Exception) -> None:
    assert decide(error, 1, None, side_effects=True).action is RecoveryAction.RETRY


def test_a_policy_of_the_agents_own_stays_what_it_is() -> None:
    twice = RetryPolicy(max_attempts=2, backoff=timedelta(seconds=3))
    first = decide(KeyError("x"), 1, twice, side_effects=True)
    assert (first.action, first.pause) == (RecoveryAction.RETRY, timedelta(seconds=3))
    assert decide(KeyError("x"), 2, twice, side_effects=True).action is RecoveryAction.GIVE_UP
    assert decide(AgentFailure("no"), 1, twice, side_effects=False).action is RecoveryAction.GIVE_UP
    never = RetryPolicy()
    assert decide(httpx.ConnectError("no"), 1, never, side_effects=False).action is RecoveryAction.GIVE_UP


class Nothing(BaseModel):
    """No inputs."""


class Tried(BaseModel):
    """How often it was tried, and which tool did it."""

    attempts: int
    tool: str = ""


class Flaky(Agent[Nothing, Tried]):
    """Loses its connection twice, then calls a tool that is not there."""

    kind = "flaky"
    version = "1"
    title = "Flaky"
    purpose = "Fails as told."
    capabilities = ()
    needs_source = False
    input_model = Nothing
    report_model = Tried
    error: ClassVar[Exception] = httpx.ReadError("cut")

    async def run(self, context: AgentContext, inputs: Nothing) -> Tried:
        attempts = 0

        async def fetch(step: Step) -> int:
            nonlocal attempts
            attempts += 1
            if attempts < 3:
                raise self.error
            return attempts

        async def look(step: Step) -> str:
            stand_in = Alternative("python", arguments=("-c", "print(1)"))
            return (await step.tool("no-such-tool", [], cwd=Path("/"), alternatives=[stand_in])).tool

        tried = await context.step("fetch", fetch, returns=int)
        return Tried(attempts=tried, tool=await context.step("look", look, returns=str))


class FlakyWriter(Flaky):
    """The same, but it changes things outside."""

    side_effects = (SideEffect.NETWORK,)


async def test_the_kit_follows_the_same_policies(tmp_path: Path) -> None:
    run = await run_agent(Flaky(), tmp_path, Nothing())
    assert run.report == Tried(attempts=3, tool="python")
    assert [(one.step, one.error_class, one.action) for one in run.recoveries] == [
        ("fetch", "CONNECTION_LOST", "RETRY"),
        ("fetch", "CONNECTION_LOST", "RETRY"),
        ("look", "TOOL_MISSING", "FALL_BACK"),
    ]


async def test_the_kit_minds_side_effects(tmp_path: Path) -> None:
    with pytest.raises(httpx.ReadError):
        await run_agent(FlakyWriter(), tmp_path, Nothing())
