"""A language model as agents see it: something that answers questions, and of which every answer is recorded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar, overload

from agents.contract.tool import Tool

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """A text to be sent, and which version of which prompt it was made of; ``digest`` is that of the prompt's file.

    A text that comes from no file may be sent as it is.
    """

    text: str
    name: str
    version: str
    digest: str
    system: str | None = None


class Model(Protocol):
    """The model of the workspace, or of this agent, with those it falls back to.

    It may plan, explain and write; it never replaces a measurement. An agent does its job without one, too.
    """

    @property
    def name(self) -> str:
        """Its name in the workspace."""

    @overload
    async def ask(
        self,
        prompt: str | Prompt,
        *,
        system: str | None = None,
        tools: Sequence[type[Tool[Any, Any]]] = (),
        max_output_tokens: int | None = None,
        sample: int = 0,
    ) -> str: ...

    @overload
    async def ask(
        self,
        prompt: str | Prompt,
        *,
        returns: type[Answer],
        system: str | None = None,
        tools: Sequence[type[Tool[Any, Any]]] = (),
        max_output_tokens: int | None = None,
        sample: int = 0,
    ) -> Answer: ...

    async def ask(
        self,
        prompt: str | Prompt,
        *,
        returns: Any = str,
        system: str | None = None,
        tools: Sequence[type[Tool[Any, Any]]] = (),
        max_output_tokens: int | None = None,
        sample: int = 0,
    ) -> Any:
        """Ask the model, and answer what it says as ``returns``: text, or a model of pydantic that it was checked
        against. An answer that does not fit is sent back with what is wrong, twice at most.

        Each request is recorded before it is made and when it has ended, with its tokens and its cost; what it costs at
        worst is reserved first. An equal request of the same execution is answered from the record and not made again,
        also after a crash; with another ``sample``, or in another execution, it is another request. What the model says
        is in the execution's events while it says it.

        ``tools`` are typed tools that the model may call: each call is recorded like one of the step itself. One that
        would write to the source or change something of others (``effects_of``) is asked about first, as by
        ``context.approve``: the step is then run again from its beginning. A rejection is told to the model as a
        failure of that call, and the execution goes on. ``system`` goes before the prompt's own. ``max_output_tokens``
        is for each request, and at most what the model's settings say.

        What is sent is sent as it is: do not put secrets into a prompt.

        Raises:
            BudgetExceeded: a budget does not allow a request; it was not made.
            AgentFailure: the model, and all that it falls back to, cannot be used, or gave no answer that fits
                (``MODEL_FAILED``).
        """
