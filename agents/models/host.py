"""What a model needs of the step that asks it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeAlias
from weakref import WeakValueDictionary

from agents.contract import Tool
from agents.recovery import Decision
from agents.runtime.call_ledger import Ledger
from domain.events import Event
from domain.language_model import LanguageModel
from domain.redaction import Redactor

if TYPE_CHECKING:
    from pydantic_ai.models import Model

Opening: TypeAlias = "Callable[[LanguageModel, str | None], AbstractAsyncContextManager[Model]]"
"""Opens a model with its key; the connections to it are closed at the end."""


def open_model(model: LanguageModel, key: str | None) -> AbstractAsyncContextManager[Model]:
    """Open a model at its provider."""
    from agents.models.providers import opened

    return opened(model, key)


class Turns:
    """Equal requests of one execution, made at the same time, take turns: the second finds the record of the first."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def of(self, key: str) -> asyncio.Lock:
        """The lock of one request."""
        lock = self._locks.get(key)
        if lock is None:
            lock = self._locks[key] = asyncio.Lock()
        return lock


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelHost:
    """The step as a model sees it.

    ``reveal`` answers a secret's value; ``note`` records what is done about an error; ``tell`` writes events of the
    execution; ``call`` calls a typed tool once it may be called; ``working`` says that something is at work; ``pause``
    waits between two attempts. ``streams`` is false for a double that only answers as a whole. ``private`` are the
    names of those of the model's tools that keep what they are given out of the records.
    """

    step: str
    ledger: Ledger
    redactor: Redactor
    open: Opening
    reveal: Callable[[str], Awaitable[str]]
    note: Callable[[Decision], Awaitable[None]]
    tell: Callable[[Sequence[Event]], Awaitable[None]]
    call: Callable[[type[Tool[Any, Any]], Any], Awaitable[Any]]
    working: Callable[[], AbstractContextManager[None]]
    turns: Turns = field(default_factory=Turns)
    pause: Callable[[timedelta], Awaitable[None]] = field(default=lambda pause: asyncio.sleep(pause.total_seconds()))
    streams: bool = True
    private: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenModels:
    """What the steps of a segment have in common: the model that their agent uses and those it falls back to."""

    chain: tuple[LanguageModel, ...] = ()
    open: Opening = open_model
    turns: Turns = field(default_factory=Turns)


NO_MODELS = ChosenModels()
