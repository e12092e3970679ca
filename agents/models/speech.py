"""What a model says while it says it: written as events, at most some twenty a second."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Container, Sequence
from contextlib import suppress
from uuid import UUID

from pydantic_ai.messages import (
    ModelResponseStreamEvent,
    PartDeltaEvent,
    PartStartEvent,
    TextPart,
    TextPartDelta,
    ThinkingPart,
    ThinkingPartDelta,
    ToolCallPart,
    ToolCallPartDelta,
)

from domain.errors import LeaseLost, StoreLost
from domain.events import Event, ModelSpoke
from domain.redaction import SUSPICIOUS, Redactor
from domain.text import storable

PAUSE = 0.05
MOST_CHARACTERS = 8 * 1024
LONGEST_WORD = 256
"""What has no space in it is held back up to so many characters: it might become something that looks like a secret."""
LONGEST_SUSPICIOUS = 16 * 1024
"""And up to so many, when it already looks a little like one."""
WHOLE_WORDS = re.compile(r".*(?<!bearer)(?<!basic)\s", re.IGNORECASE | re.DOTALL)


class Speech:
    """Collects what one request to a model brings and writes it in order, without secrets.

    A secret may come in pieces: what may be the beginning of one is held back until more is there, and so is the last
    word, which may become what looks like one. Once a write has failed, each later call raises the same.

    What is said to the ``private`` tools is not written.
    """

    def __init__(
        self,
        tell: Callable[[Sequence[Event]], Awaitable[None]],
        redactor: Redactor,
        *,
        call_id: UUID,
        step: str,
        model: str,
        private: Container[str] = (),
    ) -> None:
        self._tell = tell
        self._redactor = redactor
        self._call_id = str(call_id)
        self._step = step
        self._model = model
        self._private = private
        self._tools: dict[int, str] = {}
        self._part = "TEXT"
        self._held = ""
        self._ready: list[tuple[str, str]] = []
        self._offset = 0
        self._turn = asyncio.Lock()
        self._timer: asyncio.Task[None] | None = None
        self._failure: LeaseLost | StoreLost | None = None

    async def hear(self, event: ModelResponseStreamEvent) -> None:
        """Take in an event of the stream."""
        part, text = _said(event)
        if self._is_private(event) or not text:
            return
        if part != self._part:
            self._release(all_of_it=True)
            self._part = part
        self._held += text
        self._release()
        if sum(len(one) for _, one in self._ready) >= MOST_CHARACTERS:
            await self._flush()
        elif self._ready and (self._timer is None or self._timer.done()):
            self._timer = asyncio.create_task(self._flush_soon())

    async def close(self) -> None:
        """Write the rest."""
        if self._timer is not None:
            self._timer.cancel()
            await asyncio.gather(self._timer, return_exceptions=True)
        self._release(all_of_it=True)
        await self._flush()

    def _is_private(self, event: ModelResponseStreamEvent) -> bool:
        if isinstance(event, PartStartEvent):
            self._tools[event.index] = event.part.tool_name if isinstance(event.part, ToolCallPart) else ""
        elif not isinstance(event, PartDeltaEvent):
            return False
        elif isinstance(event.delta, ToolCallPartDelta):
            self._tools[event.index] = self._tools.get(event.index, "") + (event.delta.tool_name_delta or "")
        return self._tools.get(event.index, "") in self._private

    def _release(self, *, all_of_it: bool = False) -> None:
        cut = len(self._held) if all_of_it else self._redactor.cut(self._held, _words(self._held))
        if cut:
            self._ready.append((self._part, storable(self._redactor.text(self._held[:cut]))))
        self._held = self._held[cut:]

    async def _flush(self) -> None:
        async with self._turn:
            if self._failure is not None:
                raise self._failure
            ready, self._ready = self._ready, []
            events: list[Event] = []
            for part, text in _joined(ready):
                events.append(
                    ModelSpoke(
                        tool_call_id=self._call_id,
                        step=self._step,
                        model=self._model,
                        part=part,
                        offset=self._offset,
                        text=text,
                    )
                )
                self._offset += len(text)
            if not events:
                return
            try:
                await self._tell(events)
            except (LeaseLost, StoreLost) as error:
                self._failure = error
                raise

    async def _flush_soon(self) -> None:
        await asyncio.sleep(PAUSE)
        with suppress(LeaseLost, StoreLost):  # the next call raises it
            await asyncio.shield(self._flush())


def _words(text: str) -> int:
    """How many characters of the text are whole words that say nothing about the next one."""
    found = WHOLE_WORDS.match(text)
    whole = 0 if found is None else found.end()
    longest = LONGEST_SUSPICIOUS if SUSPICIOUS.search(text, whole) else LONGEST_WORD
    return max(whole, len(text) - longest)


def _joined(pieces: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    joined: list[tuple[str, str]] = []
    for part, text in pieces:
        if joined and joined[-1][0] == part:
            joined[-1] = (part, joined[-1][1] + text)
        else:
            joined.append((part, text))
    return joined


def _said(event: ModelResponseStreamEvent) -> tuple[str, str]:
    """Which part of the answer an event adds to, and what; an event that adds nothing adds nothing to the text."""
    one = (
        event.part if isinstance(event, PartStartEvent) else event.delta if isinstance(event, PartDeltaEvent) else None
    )
    match one:
        case TextPart(content=text) | TextPartDelta(content_delta=text):
            return "TEXT", text
        case ThinkingPart(content=text) | ThinkingPartDelta(content_delta=text):
            return "THINKING", text or ""
        case ToolCallPart(args=arguments) | ToolCallPartDelta(args_delta=arguments):
            return "ARGUMENTS", arguments if isinstance(arguments, str) else ""
    return "TEXT", ""
