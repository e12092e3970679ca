"""What becomes of the tool calls that were under way when their execution ends."""

from __future__ import annotations

from domain.events import Subject
from domain.execution import Execution
from domain.ports import UnitOfWork
from domain.use_cases.tool_calls import doubted, ended_event, interrupted


async def end_tool_calls(uow: UnitOfWork, subject: Subject, ended: Execution, actor_id: str) -> None:
    """End the calls whose end nobody saw. One that must not be made twice may have had its effect: the log says so."""
    for call in await uow.tool_calls.under_way(ended.id):
        known = interrupted(call) if call.repeatable else doubted(call)
        await uow.tool_calls.put(known)
        await uow.events.append(subject, [ended_event(known)], actor=actor_id)
