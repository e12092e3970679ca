"""What a language model calls by itself: a call that changes what belongs to others is asked about first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

from agents.contract import Action, ActionRejected, Answer, Tool, ToolFailure
from agents.contract.side_effect import ASKED_FIRST, told
from domain.canonical import digest
from domain.errors import Invalid
from domain.recovery import ErrorClass
from domain.redaction import Redactor
from domain.severity import Severity
from domain.shortened import MOST_SHOWN, shortened
from domain.text import storable

MOST_NAMED = 80
"""Characters of the step's name, and of the tool's, in the name of an action."""


async def ask_nobody(action: Action) -> Answer:
    """Where there is nobody to ask.

    Raises:
        ToolFailure: always.
    """
    said = f"There is nobody here who could be asked about {action.name!r}."
    raise ToolFailure(said, error_class=ErrorClass.REFUSED)


class PermittedCalls:
    """The calls of one run of a step. An agent that calls a tool itself has read what it does; a model may do anything.

    The question is bound to the arguments by their digest, and named by it, so that after a pause, when the step is run
    again and the recorded answers of the model lead to the same call, the same question is found. Equal calls are told
    apart by their order. One that was rejected is not asked about again, however often the model insists.
    """

    def __init__(
        self,
        step: str,
        redactor: Redactor,
        *,
        ask: Callable[[Action], Awaitable[Answer]],
        call: Callable[[type[Tool[Any, Any]], Any], Awaitable[Any]],
    ) -> None:
        self._step = step
        self._redactor = redactor
        self._ask = ask
        self._call = call
        self._counted: Counter[tuple[str, str]] = Counter()
        self._rejected: dict[tuple[str, str], str] = {}

    async def call(self, tool: type[Tool[Any, Any]], arguments: Any) -> Any:
        """Call the tool, as soon as it may be called.

        Raises:
            ToolFailure: somebody was asked and said no, or nobody answered in time; and as for ``Step.call``.
        """
        effects = ASKED_FIRST.intersection(tool.effects_of(arguments))
        if effects:
            given = storable(arguments.model_dump(mode="json"))
            bound = digest(given)
            one = (tool.name, bound)
            if one in self._rejected:
                raise ToolFailure(self._rejected[one], error_class=ErrorClass.REFUSED)
            self._counted[one] += 1
            number = self._counted[one]
            name = f"{self._step[:MOST_NAMED]}: {tool.name[:MOST_NAMED]} {bound[:12]}"
            caution = tool.caution_of(arguments)
            told_of = self._redactor.arguments(storable(tool().recorded_arguments(arguments)))
            shown = shortened(told_of, most=MOST_SHOWN)
            does = f"Let the language model call {tool.name}, which {told(effects)}: {tool.purpose}"
            action = Action(
                name=name if number == 1 else f"{name} {number}",
                kind=f"tool.{tool.name}"[:200],
                summary=(f"{does} {caution}" if caution else does)[:2_000],
                arguments={
                    "tool": tool.name,
                    "arguments": shown.value,
                    "leftOut": dict(shown.left_out),
                    "argumentsDigest": bound,
                },
                risk=Severity.HIGH,
            )
            try:
                await self._ask(action)
            except ActionRejected as rejected:
                self._rejected[one] = f"{tool.name} was not called. {rejected}"
                raise ToolFailure(self._rejected[one], error_class=ErrorClass.REFUSED) from None
            except Invalid as invalid:
                said = f"{tool.name} was not called, since nobody can be asked whether it may be: {invalid}"
                raise ToolFailure(said, error_class=ErrorClass.BAD_INPUT) from None
        return await self._call(tool, arguments)
