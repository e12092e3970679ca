"""What an agent raises ends its execution, and never the worker.

``SystemExit`` and ``KeyboardInterrupt`` leave an asyncio task through the event loop and end the process. So each task
that is begun while an agent is at work, by the platform or by the agent itself, turns them into an error like others.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Generator, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from types import TracebackType
from typing import Any, TypeVar

Output = TypeVar("Output")

LEFT_ALONE = (Exception, asyncio.CancelledError, GeneratorExit)

_at_work: ContextVar[bool] = ContextVar("agent_at_work", default=False)


class AgentExited(Exception):
    """The agent raised what is no ``Exception``: it is meant to end a process or a task, not to be dealt with."""

    def __init__(self, raised: BaseException) -> None:
        said = f": {raised}" if str(raised) else ""
        super().__init__(f"it raised {type(raised).__name__}{said}, which is meant to end a process or a task")


@contextmanager
def contained() -> Iterator[None]:
    """Turn what is no ``Exception`` into one, but for the cancelling of the task, which is ours."""
    try:
        yield
    except LEFT_ALONE:
        raise
    except BaseException as raised:
        raise _as_error(raised) from raised


def _as_error(raised: BaseException) -> Exception:
    """What counts instead: of several that happened side by side the errors, where there are any."""
    if isinstance(raised, BaseExceptionGroup):
        errors = raised.subgroup(Exception)
        return (
            AgentExited(raised.exceptions[0]) if errors is None else ExceptionGroup(raised.message, errors.exceptions)
        )
    return AgentExited(raised)


def contain_tasks(loop: asyncio.AbstractEventLoop) -> None:
    """Let no task that an agent begins on this loop end it."""
    loop.set_task_factory(_new_task)


def agent_at_work() -> None:
    """From here on the present task, and every task it begins, counts as the agent's."""
    _at_work.set(True)


def _new_task(
    loop: asyncio.AbstractEventLoop,
    coroutine: Coroutine[Any, Any, Output] | Generator[Any, None, Output],
    **options: Any,
) -> asyncio.Task[Output]:
    if _at_work.get() and isinstance(coroutine, Coroutine):
        coroutine = _Contained(coroutine)
    return asyncio.Task(coroutine, loop=loop, **options)


class _Contained(Coroutine[Any, Any, Output]):
    """A coroutine that raises no more than errors; otherwise it is the one it wraps."""

    def __init__(self, coroutine: Coroutine[Any, Any, Output]) -> None:
        self._coroutine = coroutine
        self.__qualname__ = getattr(coroutine, "__qualname__", type(coroutine).__qualname__)

    def __getattr__(self, name: str) -> Any:
        # cr_running, cr_frame and the like: anyio looks at them before it cancels a task, and so does debugging.
        return getattr(self._coroutine, name)

    def send(self, value: Any) -> Any:
        try:
            return self._coroutine.send(value)
        except LEFT_ALONE:
            raise
        except BaseException as raised:
            raise _as_error(raised) from raised

    def throw(
        self,
        kind: type[BaseException] | BaseException,
        value: BaseException | object = None,
        traceback: TracebackType | None = None,
    ) -> Any:
        try:
            return self._coroutine.throw(value if isinstance(value, BaseException) else kind)
        except LEFT_ALONE:
            raise
        except BaseException as raised:
            raise _as_error(raised) from raised

    def close(self) -> None:
        self._coroutine.close()

    def __await__(self) -> Generator[Any, Any, Output]:
        return self._coroutine.__await__()
