"""Asynchronous parts in a command that otherwise blocks, so that Ctrl-C interrupts it wherever it is."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, contextmanager
from typing import Any, TypeVar

Value = TypeVar("Value")


class Entered:
    """Enters asynchronous contexts, which stay entered until the command is done, and awaits what it is given."""

    def __init__(self, runner: asyncio.Runner, stack: AsyncExitStack) -> None:
        self._runner = runner
        self._stack = stack

    def __call__(self, context: AbstractAsyncContextManager[Value]) -> Value:
        """Enter a context."""
        return self._runner.run(self._stack.enter_async_context(context))

    def wait(self, work: Coroutine[Any, Any, Value]) -> Value:
        """Await."""
        return self._runner.run(work)


@contextmanager
def entered() -> Iterator[Entered]:
    """What enters contexts; they are left in reverse order at the end, whatever happens."""
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        try:
            yield Entered(runner, stack)
        finally:
            runner.run(stack.aclose())
