"""Running an agent on a case, and saying what was not as expected."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from agents.contract import Agent, AgentFailure
from agents.testing.case import Case, Ending, Expectation, ExpectedFinding
from agents.testing.decisions import UnexpectedAction
from agents.testing.kit_step import RecordedCall
from agents.testing.model_double import answers
from agents.testing.run import AgentRun, run_agent
from domain.finding import Finding

AnyAgent = Agent[Any, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What came of a case: ``problems`` are sentences, none when all was as expected."""

    case: Case
    problems: tuple[str, ...]
    run: AgentRun[Any] | None = None

    @property
    def passed(self) -> bool:
        """Whether all was as expected."""
        return not self.problems


async def check(agent: type[AnyAgent], case: Case) -> Checked:
    """Run the agent on a case, in a temporary folder of its own."""
    try:
        inputs = agent.input_model.model_validate(dict(case.inputs))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(("inputs", *(str(part) for part in first["loc"])))
        return _ended(case, Ending.FAILED, "VALIDATION_FAILED", f"{where}: {first['msg']}")
    with tempfile.TemporaryDirectory(prefix="wrenchai-case-", ignore_cleanup_errors=True) as name:
        folder = await asyncio.to_thread(case.lay, Path(name))
        try:
            run = await run_agent(
                agent(),
                folder,
                inputs,
                missing_tools=case.missing_tools,
                approvals=case.approvals,
                model=None if case.model is None else answers(*case.model),
            )
        except (Exception, BaseExceptionGroup) as error:
            failure = _first(error)
            if not isinstance(failure, Exception):
                raise
            if isinstance(failure, UnexpectedAction):
                return Checked(case=case, problems=(str(failure),))
            code = failure.code if isinstance(failure, AgentFailure) else "AGENT_FAILED"
            return _ended(case, Ending.FAILED, code, f"{type(failure).__name__}: {failure}")
    if run.unverified:
        return _ended(case, Ending.CLAIMED_UNVERIFIED, "CLAIM_UNVERIFIED", "; ".join(run.unverified))
    return Checked(case=case, problems=tuple(_problems(case.expect, run)), run=run)


def _first(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _ended(case: Case, ending: Ending, code: str, message: str) -> Checked:
    expected = case.expect
    if expected.ends is not ending:
        return Checked(case=case, problems=(f"it ended {ending} ({code}: {message}) and not {expected.ends}",))
    if expected.error not in {None, code}:
        return Checked(case=case, problems=(f"it failed with {code} ({message}) and not {expected.error}",))
    return Checked(case=case, problems=())


def _problems(expected: Expectation, run: AgentRun[Any]) -> Iterator[str]:
    if expected.ends is not Ending.SUCCEEDED:
        yield f"it ended SUCCEEDED and not {expected.ends}"
    if expected.findings is not None:
        yield from _wrong_findings(expected.findings, run.findings, more=expected.more_findings)
    if expected.report is not None:
        yield from _differences("report", expected.report, run.report)
    for name in expected.artifacts or ():
        if name not in run.artifacts:
            yield f"it made no artifact {name}; it made {_listed(run.artifacts)}"
    yield from _wrong_calls(expected, run.tool_calls)
    asked = tuple(action.name for action in run.actions)
    if expected.actions is not None and sorted(asked) != sorted(expected.actions):
        yield f"it asked permission for {_listed(asked)} and not for {_listed(expected.actions)}"
    for text in expected.log or ():
        if not any(text in line for line in run.log):
            yield f"its log has no line with {text!r}"


def _wrong_findings(expected: Sequence[ExpectedFinding], found: Sequence[Finding], *, more: bool) -> Iterator[str]:
    left = list(found)
    for one in expected:
        match = next((finding for finding in left if _fits(one, finding)), None)
        if match is None:
            yield f"it did not find {_shown(one)}"
        else:
            left.remove(match)
    if not more:
        for finding in left:
            place = f"{finding.location.path}:{finding.location.start_line or 0}"
            yield f"it found what is not expected: {finding.rule} at {place} ({finding.message})"


def _fits(expected: ExpectedFinding, finding: Finding) -> bool:
    return (
        (expected.rule, expected.path) == (finding.rule, finding.location.path)
        and expected.line in {None, finding.location.start_line}
        and expected.severity in {None, finding.severity}
        and expected.engine in {None, finding.engine}
    )


def _shown(expected: ExpectedFinding) -> str:
    line = f":{expected.line}" if expected.line is not None else ""
    more = [str(one) for one in (expected.severity, expected.engine) if one is not None]
    return f"{expected.rule} at {expected.path}{line}{' (' + ', '.join(more) + ')' if more else ''}"


def _wrong_calls(expected: Expectation, calls: Sequence[RecordedCall]) -> Iterator[str]:
    if expected.tools is None:
        return
    if not expected.tools and calls:
        yield f"it called {_listed(call.tool for call in calls)}, and no call is expected"
    for one in expected.tools:
        made = [call for call in calls if call.tool == one.tool]
        if one.exit_code is not None:
            made = [call for call in made if call.result.exit_code == one.exit_code]
        how = f" with exit code {one.exit_code}" if one.exit_code is not None else ""
        if one.times is None and not made:
            yield f"it did not call {one.tool}{how}; it called {_listed(call.tool for call in calls)}"
        elif one.times is not None and len(made) != one.times:
            yield f"it called {one.tool}{how} {len(made)} times and not {one.times}"


def _differences(path: str, expected: Any, actual: Any) -> Iterator[str]:
    if isinstance(actual, BaseModel):
        actual = actual.model_dump(mode="json")
    if isinstance(expected, Mapping) and isinstance(actual, Mapping):
        for key, value in expected.items():
            if key in actual:
                yield from _differences(f"{path}.{key}", value, actual[key])
            else:
                yield f"{path} has no {key}; it has {_listed(actual)}"
    elif expected != actual:
        yield f"{path} is {actual!r} and not {expected!r}"


def _listed(names: Any) -> str:
    return ", ".join(sorted({str(name) for name in names})) or "nothing"
