"""A typed tool: what goes in, what comes out, and what it may do to the outside."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Protocol, TypeVar

from pydantic import BaseModel

from agents.contract.egress import Egress
from agents.contract.memory import CallMemory
from agents.contract.sandbox import Sandbox
from agents.contract.services import Services
from agents.contract.side_effect import SideEffect
from agents.contract.source_use import SourceUse
from domain.execution import TestCounts
from domain.prices import Price

if TYPE_CHECKING:
    from agents.contract.model import Model

Arguments = TypeVar("Arguments", bound=BaseModel)
Result = TypeVar("Result", bound=BaseModel)


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolLimits:
    """What a call may take at most: time, bytes of output that are kept, and bytes of memory for each process."""

    timeout: timedelta = timedelta(minutes=10)
    max_output: int = 64 * 2**20
    max_memory: int | None = None


class ToolScope(Protocol):
    """What the platform gives a tool for one call.

    ``idempotency_key`` is the same whenever this call is made again after a crash: pass it on to services that take
    one. ``scratch`` is a folder that goes with the checkout. Code of users runs in ``sandbox`` and nowhere else. Where
    somebody else says where to connect to, ask ``egress`` for the address; what the owner of the installation has set
    up is in ``services``.
    """

    idempotency_key: str
    checkout: Path
    scratch: Path
    sandbox: Sandbox
    egress: Egress
    services: Services

    @property
    def memory(self) -> CallMemory:
        """What is remembered, as far as whoever calls sees it.

        Raises:
            ToolFailure: there is no memory where it is called.
        """

    @property
    def model(self) -> Model | None:
        """The language model of the agent that calls; ``None`` when the workspace has chosen none for it.

        Its requests are recorded and paid like those of the step.
        """

    async def log(self, text: str) -> None:
        """Write lines to the execution's log."""

    async def secret(self, name: str) -> str:
        """The value of a secret of the workspace. Its name is recorded; its value is taken out of all that is.

        Raises:
            ToolFailure: there is no such secret.
            AgentFailure: it cannot be opened (``SECRET_UNREADABLE``).
        """

    async def artifact(self, name: str, media_type: str, content: bytes) -> str:
        """Keep a file, which becomes an artifact of the execution once the call has succeeded; answers its name there.

        The name is unique within the call. What is in it is kept as it is: secrets are not taken out.

        Raises:
            ToolFailure: it is too large, or cannot be written.
            ValueError: the call has kept a file of that name.
        """

    def measured(
        self,
        *,
        exit_code: int | None = None,
        cpu_seconds: float | None = None,
        sandbox: str | None = None,
        tests: TestCounts | None = None,
    ) -> None:
        """Record how the program behind the tool ended, what it took, the sandbox it ran in, and the tests it ran."""


class Tool(ABC, Generic[Arguments, Result]):
    """Base of every typed tool. Registered by the entry point group ``wrenchai.tools``.

    The platform records each call before it begins and when it has ended. After a crash the record of a finished call
    is returned instead of making it again. One that had begun is made again only when the tool is ``repeatable``: when
    doing it twice does no harm. Of another one somebody is asked first.

    What a call answers is recorded as JSON, without secrets, and that is what the agent gets. A call over
    ``limits.timeout`` is cancelled; an answer over ``limits.max_output`` bytes is refused. Memory is limited by what
    the tool runs its programs in.

    ``price`` is what a call costs, unless the workspace says otherwise; its worst case is reserved before the call. A
    tool without one is unpriced: its calls are counted as such, and never as free.

    ``source_use`` says whether a direct call gets a checkout: one that reads ``scope.checkout`` needs a source, or
    works on it where there is one. ``example`` are arguments that people are shown.
    """

    name: ClassVar[str]
    version: ClassVar[str]
    purpose: ClassVar[str]
    licence: ClassVar[str]
    side_effects: ClassVar[tuple[SideEffect, ...]] = (SideEffect.NONE,)
    repeatable: ClassVar[bool] = True
    limits: ClassVar[ToolLimits] = ToolLimits()
    price: ClassVar[Price | None] = None
    source_use: ClassVar[SourceUse] = SourceUse.UNUSED
    example: ClassVar[BaseModel | None] = None
    arguments_model: type[Arguments]
    result_model: type[Result]

    @classmethod
    def missing(cls) -> str | None:
        """The command that installs what it needs and this machine does not have; ``None`` when it has everything."""
        return None

    @classmethod
    def effects_of(cls, arguments: Arguments) -> tuple[SideEffect, ...]:
        """What a call with these arguments may do: some of ``side_effects``, all of them unless the tool knows better.

        A tool that reads or writes, as its arguments say, answers less for reading: then nobody has to be asked.
        """
        return cls.side_effects

    @classmethod
    def caution_of(cls, arguments: Arguments) -> str | None:
        """A sentence for whoever is asked about a call with these arguments: what its side effects do not say."""
        return None

    @abstractmethod
    async def run(self, scope: ToolScope, arguments: Arguments) -> Result:
        """Do it.

        Raises:
            ToolFailure: it was not done; the message is a sentence that says why and what would help. Any other error
                of a tool that is not ``repeatable`` counts as "nobody knows whether it was done".
        """

    def recorded_arguments(self, arguments: Arguments) -> Mapping[str, Any]:
        """What is recorded of the arguments, as JSON, and tells calls apart: all of them, unless records must not have
        them. Calls of a step that look the same in it are told apart by their order."""
        recorded: Mapping[str, Any] = arguments.model_dump(mode="json")
        return recorded

    def replays(self, arguments: Arguments) -> bool:
        """Whether the record of a call that has succeeded answers it after a crash; else it is made again."""
        return True

    def recorded_result(self, result: Any) -> Any:
        """What is recorded of the answer, which is given as JSON: all of it, unless records must not have it."""
        return result

    async def result_from(self, scope: ToolScope, recorded: Any) -> Result:
        """The answer again, from what was recorded of it.

        Raises:
            pydantic.ValidationError: it does not fit the result model.
        """
        return self.result_model.model_validate(recorded)


def is_private(tool: type[Tool[Any, Any]]) -> bool:
    """Whether the tool keeps something of what it is given out of the records."""
    return tool.recorded_arguments is not Tool.recorded_arguments
