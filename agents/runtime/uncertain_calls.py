"""Who is asked about a call that may have been made and must not be made twice."""

from __future__ import annotations

from typing import Protocol

from agents.contract import Action, AgentFailure, OnRejection
from agents.runtime.approvals import ApprovalDesk
from domain.error_codes import ErrorCode
from domain.execution import ToolCall
from domain.severity import Severity


class UncertainCalls(Protocol):
    """Somebody who can find out what has happened outside."""

    async def may_repeat(self, call: ToolCall) -> bool:
        """Whether the call may be made again, under the same idempotency key. It may take days to answer.

        ``call`` is in the state ``UNCERTAIN``; its ``error`` says what is not known. To answer ``False`` ends the
        execution as ``TOOL_CALL_UNCERTAIN``, so a person must have been told what to do.
        """


class AskedPerson:
    """A person is asked, as for any action: the execution holds no slot, and the question survives restarts."""

    def __init__(self, desk: ApprovalDesk) -> None:
        self._desk = desk

    async def may_repeat(self, call: ToolCall) -> bool:
        """Whether somebody has looked and says that it may be made again."""
        action = Action(
            name=f"call {call.tool} again ({call.id})",
            kind="tool-call.repeat",
            summary=f"{call.error} Look whether it has happened; approve to have it called again, reject to end here.",
            arguments={
                "tool": call.tool,
                "step": call.step_name,
                "arguments": list(call.arguments),
                "argumentsHash": call.arguments_hash,
                "idempotencyKey": call.idempotency_key,
            },
            risk=Severity.HIGH,
            on_rejection=OnRejection.RETURN,
        )
        return (await self._desk.ask(action)).granted


def uncertain(call: ToolCall) -> AgentFailure:
    """The failure of an execution in which such a call was not allowed again."""
    message = (
        f"{call.error} Look whether it has happened: what it was called with is in the tool call, its idempotency key "
        f"is {call.idempotency_key}. Then retry the task, which calls the tool anew, or leave the task as it is."
    )
    return AgentFailure(message, code=ErrorCode.TOOL_CALL_UNCERTAIN.value)
