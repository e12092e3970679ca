"""One call of one typed tool, as an execution like any other: recorded, limited, asked about where it has to be."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from agents.contract import (
    Action,
    Agent,
    AgentContext,
    AgentFailure,
    Claim,
    Limits,
    SideEffect,
    SourceUse,
    Step,
    StepSucceeded,
    Tool,
    WrongInputs,
)
from agents.contract.mcp import MCP_PREFIX
from agents.contract.side_effect import ASKED_FIRST, told
from agents.contract.tool import is_private
from agents.toolbox.typed import typed_tools
from domain.canonical import digest
from domain.reports.toolcall import ToolCallReport
from domain.severity import Severity
from domain.shortened import MOST_SHOWN, shortened
from domain.text import storable

LARGEST_INLINE = 256 * 2**10
"""Bytes of an answer that stands in the report; a larger one is an artifact."""
ARTIFACT = "answer.json"


class ToolCallInputs(BaseModel):
    """What to call."""

    model_config = ConfigDict(extra="forbid")

    tool: str = Field(max_length=200, description="Name of a typed tool, see the query `tools`, or `mcp:server/tool`.")
    arguments: dict[str, Any] = Field(default_factory=dict, description="What it is called with.")


class _Answered(BaseModel):
    answer: Any
    size: int
    artifact: str | None


class ToolCall(Agent[ToolCallInputs, ToolCallReport]):
    """Calls the tool once. What the tool may do to others is asked first."""

    kind = "toolcall"
    version = "1.0"
    title = "Tool call"
    purpose = "Calls one typed tool with the arguments it is given, and reports what the tool answers."
    capabilities = ("tool-call",)
    side_effects = (SideEffect.NETWORK, SideEffect.WRITES_SOURCE, SideEffect.CHANGES_OTHERS)
    limits = Limits(timeout=timedelta(hours=2))
    needs_source = False
    input_model = ToolCallInputs
    report_model = ToolCallReport

    @classmethod
    def check_inputs(cls, inputs: ToolCallInputs) -> None:
        """Refuse a tool that is not there, and arguments that are not its.

        Raises:
            WrongInputs: names each wrong argument. Those of an MCP server's tool are checked when it is called: the
                server says then what it takes.
        """
        if inputs.tool.startswith(MCP_PREFIX):
            if not all(inputs.tool.removeprefix(MCP_PREFIX).partition("/")):
                raise WrongInputs([(("tool",), "a tool of an MCP server is named mcp:server/tool")])
            return
        tool = typed_tools().get(inputs.tool)
        if tool is None:
            known = ", ".join(sorted(typed_tools()))
            raise WrongInputs([(("tool",), f"there is no typed tool {inputs.tool!r} here; there are: {known}")])
        if is_private(tool):
            why = f"{tool.name} keeps what it is given out of the records, and a direct call is all on record"
            raise WrongInputs([(("tool",), why)])
        try:
            _parsed(tool, inputs.arguments)
        except ValidationError as error:
            places = [(("arguments", *map(str, one["loc"])), one["msg"]) for one in error.errors()]
            raise WrongInputs(places) from error

    @classmethod
    def source_use(cls, inputs: ToolCallInputs) -> SourceUse:
        """Only a tool that works on the checkout gets one."""
        tool = typed_tools().get(inputs.tool)
        return SourceUse.UNUSED if tool is None else tool.source_use

    async def run(self, context: AgentContext, inputs: ToolCallInputs) -> ToolCallReport:
        """Ask if need be, then call.

        Raises:
            AgentFailure: the tool is not installed on this worker, or another version of it that wants other arguments.
            ActionRejected: what it would have done was not permitted.
        """
        if inputs.tool.startswith(MCP_PREFIX):
            return await _called_over_mcp(context, inputs)
        tool = typed_tools().get(inputs.tool)
        if tool is None:
            raise AgentFailure(f"The tool {inputs.tool!r} is not installed on this worker.", code="TOOL_MISSING")
        try:
            arguments = _parsed(tool, inputs.arguments)
        except ValidationError as error:
            said = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
            raise AgentFailure(f"The {tool.name} of this worker takes other arguments: {said}.") from error
        effects = ASKED_FIRST.intersection(tool.effects_of(arguments))
        if effects:
            await context.approve(_action(tool, arguments, effects))

        async def call(step: Step) -> _Answered:
            return _kept(step, await step.call(tool, arguments))

        answered = await context.step(_step_name(tool.name), call, returns=_Answered)
        return ToolCallReport(
            tool=tool.name,
            tool_version=tool.version,
            answer=answered.answer,
            answer_bytes=answered.size,
            artifact=answered.artifact,
        )

    def claims(self, report: ToolCallReport) -> Sequence[Claim]:
        """That the call succeeded. The exit code of a program behind it is part of the answer, and no failure of it."""
        return [StepSucceeded(step=_step_name(report.tool))]


async def _called_over_mcp(context: AgentContext, inputs: ToolCallInputs) -> ToolCallReport:
    """Call a tool of an MCP server; whether somebody is asked first is the policy of the tool."""

    async def call(step: Step) -> _Answered:
        return _kept(step, await step.mcp(inputs.tool.removeprefix(MCP_PREFIX), inputs.arguments))

    answered = await context.step(_step_name(inputs.tool), call, returns=_Answered)
    return ToolCallReport(
        tool=inputs.tool,
        tool_version=None,
        answer=answered.answer,
        answer_bytes=answered.size,
        artifact=answered.artifact,
    )


def _step_name(tool: str) -> str:
    return f"call {tool}"[:200]


def _parsed(tool: type[Tool[Any, Any]], arguments: Mapping[str, Any]) -> BaseModel:
    model: type[BaseModel] = tool.arguments_model
    return model.model_validate(dict(arguments), extra="forbid")


def _action(tool: type[Tool[Any, Any]], arguments: BaseModel, effects: frozenset[SideEffect]) -> Action:
    """What is asked. The digest is that of all arguments, also where some of them are too long to be shown whole."""
    caution = tool.caution_of(arguments)
    whole = storable(arguments.model_dump(mode="json"))
    shown = shortened(whole, most=MOST_SHOWN)
    return Action(
        name=_step_name(tool.name),
        kind=f"tool.{tool.name}",
        summary=f"Call {tool.name}, which {told(effects)}: {tool.purpose}" + (f" {caution}" if caution else ""),
        arguments={
            "tool": tool.name,
            "arguments": shown.value,
            "leftOut": dict(shown.left_out),
            "argumentsDigest": digest(whole),
        },
        risk=Severity.HIGH,
    )


def _kept(step: Step, result: BaseModel) -> _Answered:
    """The answer, in an artifact when it is large."""
    answer = result.model_dump(mode="json")
    written = json.dumps(answer, ensure_ascii=False, indent=2).encode("utf-8", "replace")
    if len(written) <= LARGEST_INLINE:
        return _Answered(answer=answer, size=len(written), artifact=None)
    step.artifact(ARTIFACT, "application/json", written)
    return _Answered(answer=None, size=len(written), artifact=ARTIFACT)
