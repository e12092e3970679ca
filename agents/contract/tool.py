"""A typed tool: what goes in, what comes out, and what it may do to the outside."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import ClassVar, Generic, Protocol, TypeVar

from pydantic import BaseModel

from agents.contract.agent import SideEffect

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
    one. ``scratch`` is a folder that goes with the checkout.
    """

    idempotency_key: str
    checkout: Path
    scratch: Path

    async def log(self, text: str) -> None:
        """Write lines to the execution's log."""


class Tool(ABC, Generic[Arguments, Result]):
    """Base of every typed tool. Registered by the entry point group ``wrenchai.tools``.

    The platform records each call before it begins and when it has ended. After a crash the record of a finished call
    is returned instead of making it again. One that had begun is made again only when the tool is ``repeatable``: when
    doing it twice does no harm.
    """

    name: ClassVar[str]
    version: ClassVar[str]
    purpose: ClassVar[str]
    licence: ClassVar[str]
    side_effects: ClassVar[tuple[SideEffect, ...]] = (SideEffect.NONE,)
    repeatable: ClassVar[bool] = True
    limits: ClassVar[ToolLimits] = ToolLimits()
    arguments_model: type[Arguments]
    result_model: type[Result]

    @abstractmethod
    async def run(self, scope: ToolScope, arguments: Arguments) -> Result:
        """Do it.

        Raises:
            ToolFailure: it cannot be done; the message is a sentence that says why and what would help.
        """
