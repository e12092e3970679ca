"""Evidence: what a report claims, held against what the platform itself recorded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from domain.execution import PLATFORM_STEPS, Artifact, Step, ToolCall
from domain.states import StepStatus


class Verdict(StrEnum):
    """What the records say of an execution's claims."""

    VERIFIED = "VERIFIED"
    """Everything claimed is in the records, and every acceptance check is met."""
    UNVERIFIED = "UNVERIFIED"
    """Something claimed is not in the records, or a check is not met."""
    NOTHING_CLAIMED = "NOTHING_CLAIMED"
    """It says it is done, and claimed nothing that could be held against the records."""
    NOT_JUDGED = "NOT_JUDGED"
    """It did not report success, so there was nothing to judge."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepSucceeded:
    """A step succeeded; without a name, at least one did."""

    step: str | None = None

    @property
    def text(self) -> str:
        """The claim as a sentence."""
        return f"the step {self.step!r} succeeded" if self.step else "at least one step succeeded"


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolRan:
    """A tool ran at least so often, in the given step or anywhere, with one of the exit codes.

    Without exit codes those count that the platform knows to mean "done": 0, or what the tool's documentation says.
    """

    tool: str
    exit_codes: frozenset[int] | None = None
    at_least: int = 1
    step: str | None = None

    @property
    def text(self) -> str:
        """The claim as a sentence."""
        codes = "" if self.exit_codes is None else f" with exit code {_either(self.exit_codes)}"
        where = f" in the step {self.step!r}" if self.step else ""
        return f"{self.tool} ran{'' if self.at_least == 1 else f' at least {self.at_least} times'}{where}{codes}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TestsPassed:
    """A test runner ended without a failure; with ``passed``, exactly so many tests passed in one of its runs."""

    tool: str = "pytest"
    passed: int | None = None

    __test__ = False  # not a class of tests, whatever pytest makes of its name

    @property
    def text(self) -> str:
        """The claim as a sentence."""
        return f"{'the tests' if self.passed is None else f'{self.passed} tests'} passed under {self.tool}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ArtifactWritten:
    """An artifact was stored, with this SHA-256 where one is given."""

    name: str
    sha256: str | None = None

    @property
    def text(self) -> str:
        """The claim as a sentence."""
        return f"the artifact {self.name!r} was written" + (f" with SHA-256 {self.sha256}" if self.sha256 else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingsRecorded:
    """At least so many findings were recorded."""

    at_least: int

    @property
    def text(self) -> str:
        """The claim as a sentence."""
        return f"at least {self.at_least} findings were recorded"


Claim: TypeAlias = StepSucceeded | ToolRan | TestsPassed | ArtifactWritten | FindingsRecorded


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedClaim:
    """A claim, and what the records say to it. ``reason`` is a sentence when they do not bear it out."""

    kind: str
    text: str
    verified: bool
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """What the platform recorded of one execution.

    ``contents`` are the SHA-256 of the artifacts' bytes as they are in the store now, by the digest that they are kept
    under; ``None`` where they are gone. ``accepted`` are the exit codes that mean "done", by tool; else only 0 does.
    """

    steps: Sequence[Step]
    tool_calls: Sequence[ToolCall]
    artifacts: Sequence[Artifact]
    findings: int
    contents: Mapping[str, str | None] = field(default_factory=dict)
    accepted: Mapping[str, frozenset[int]] = field(default_factory=dict)

    @property
    def own_steps(self) -> list[Step]:
        """The steps of the agent: those of the platform bear out nothing that it claims."""
        return [step for step in self.steps if not step.name.startswith(PLATFORM_STEPS)]

    @property
    def own_calls(self) -> list[ToolCall]:
        """The tool calls in the steps of the agent."""
        return [call for call in self.tool_calls if not call.step_name.startswith(PLATFORM_STEPS)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """The verdict on an execution with its reasons, each naming the claim or the check, and the numbers behind it."""

    verdict: Verdict = Verdict.NOT_JUDGED
    reasons: tuple[str, ...] = ()
    claims: tuple[JudgedClaim, ...] = ()


def evidence_of(judged: Sequence[JudgedClaim], unmet: Sequence[str], *, checks: int) -> Evidence:
    """The verdict on an execution that says it is done. ``unmet`` says which of the ``checks`` failed."""
    reasons = [f"claimed that {one.text}, but {one.reason}" for one in judged if not one.verified]
    reasons += unmet
    well = Verdict.VERIFIED if judged or checks else Verdict.NOTHING_CLAIMED
    verdict = Verdict.UNVERIFIED if reasons else well
    return Evidence(verdict=verdict, reasons=tuple(reasons), claims=tuple(judged))


def judge(claims: Iterable[Claim], records: Records) -> tuple[JudgedClaim, ...]:
    """Hold every claim against the records, and every artifact's bytes against its digest, claimed or not."""
    judged = [_judged(claim, records) for claim in dict.fromkeys(claims)]
    return (*judged, *_spoiled(records))


def _judged(claim: Claim, records: Records) -> JudgedClaim:
    match claim:
        case StepSucceeded():
            reason = _why_no_step(claim, records)
        case ToolRan():
            reason = _why_not_run(claim, records)
        case TestsPassed():
            reason = _why_not_passed(claim, records)
        case ArtifactWritten():
            reason = _why_not_written(claim, records)
        case FindingsRecorded():
            few = records.findings < claim.at_least
            reason = f"{records.findings} findings are recorded" if few else None
    return JudgedClaim(kind=type(claim).__name__, text=claim.text, verified=reason is None, reason=reason)


def _why_no_step(claim: StepSucceeded, records: Records) -> str | None:
    done = [step for step in records.own_steps if step.status is StepStatus.SUCCEEDED]
    if claim.step is None:
        return None if done else "no step is recorded as succeeded"
    if any(step.name == claim.step for step in done):
        return None
    return f"no step of that name is recorded as succeeded; those that are: {_listed(step.name for step in done)}"


def _why_not_run(claim: ToolRan, records: Records) -> str | None:
    calls = [call for call in records.own_calls if call.tool == claim.tool and claim.step in {None, call.step_name}]
    accepted = claim.exit_codes or records.accepted.get(claim.tool, frozenset({0}))
    done = [call for call in calls if _ended_well(call, accepted)]
    if len(done) >= claim.at_least:
        return None
    if not calls:
        return "no call of it is recorded" + (" in that step" if claim.step else "")
    return f"{_calls(len(calls))} recorded, with {_listed(sorted({_ending(call) for call in calls}))}"


def _ended_well(call: ToolCall, accepted: frozenset[int]) -> bool:
    """A call without an exit code is one of a typed tool: it failed if it says an error."""
    return call.exit_code in accepted if call.exit_code is not None else call.error is None


def _why_not_passed(claim: TestsPassed, records: Records) -> str | None:
    runs = [call for call in records.own_calls if call.tool == claim.tool]
    if not runs:
        return f"no call of {claim.tool} is recorded, so no test was run"
    # A runner that is given no test at all may end with 0, so what it counted is looked at where it is known.
    well = [call for call in runs if _ended_well(call, frozenset({0})) and not (call.tests and call.tests.failed)]
    if not well:
        return f"{_calls(len(runs))} recorded, with {_listed(sorted({_ending(call) for call in runs}))}"
    counted = [call.tests.passed for call in well if call.tests is not None]
    if claim.passed is None:
        return None if not counted or any(counted) else "its runs that ended well are recorded as having run no test"
    if claim.passed in counted:
        return None
    return f"its runs that ended well are recorded with {_listed(counted) if counted else 'an unknown number'} passed"


def _why_not_written(claim: ArtifactWritten, records: Records) -> str | None:
    artifact = next((one for one in records.artifacts if one.name == claim.name), None)
    if artifact is None:
        return f"no artifact of that name is recorded; those that are: {_listed(one.name for one in records.artifacts)}"
    if claim.sha256 is not None and claim.sha256 != artifact.sha256:
        return f"the one recorded has SHA-256 {artifact.sha256}"
    return None


def _spoiled(records: Records) -> list[JudgedClaim]:
    """Claims that nobody made and that do not hold: that what was stored is still what it was."""
    spoiled = []
    for artifact in records.artifacts:
        found = records.contents.get(artifact.sha256, artifact.sha256)
        if found != artifact.sha256:
            state = "its bytes are gone from the store" if found is None else f"its bytes have SHA-256 {found} now"
            spoiled.append(
                JudgedClaim(
                    kind="ArtifactIntact",
                    text=f"the artifact {artifact.name!r} is what was stored, with SHA-256 {artifact.sha256}",
                    verified=False,
                    reason=state,
                )
            )
    return spoiled


def _ending(call: ToolCall) -> str:
    return f"exit code {call.exit_code}" if call.exit_code is not None else f"no exit code ({call.error or 'none'})"


def _calls(count: int) -> str:
    return "one call is" if count == 1 else f"{count} calls are"


def _either(codes: Iterable[int]) -> str:
    return " or ".join(str(code) for code in sorted(codes))


MOST_LISTED = 10


def _listed(values: Iterable[object]) -> str:
    texts = [str(value) for value in values]
    more = f" and {len(texts) - MOST_LISTED} more" if len(texts) > MOST_LISTED else ""
    return (", ".join(texts[:MOST_LISTED]) or "none") + more
