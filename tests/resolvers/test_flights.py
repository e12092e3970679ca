from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from resolvers.flights import Flights


class Work:
    """Counts how often it is done; each time waits for ``go``, then answers the count or fails."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.begun = 0
        self.cancelled = 0
        self.go = asyncio.Event()
        self.failure = failure

    async def __call__(self) -> str:
        self.begun += 1
        number = self.begun
        try:
            await self.go.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        if self.failure is not None:
            raise self.failure
        return "x" * number


def flights(lifetime: float = 60.0, capacity: int = 100) -> Flights[str]:
    return Flights(lifetime=lifetime, capacity=capacity, weigh=len)


async def begun(work: Work, count: int) -> None:
    async with asyncio.timeout(5):
        while work.begun < count:
            await asyncio.sleep(0)


async def test_a_thousand_who_ask_at_once_cause_the_work_once() -> None:
    shared, work = flights(), Work()
    asking = [asyncio.ensure_future(shared.share("k", work)) for _ in range(1000)]
    await begun(work, 1)
    work.go.set()
    assert await asyncio.gather(*asking) == ["x"] * 1000
    assert await shared.share("k", work) == "x"
    assert work.begun == 1


async def test_another_key_is_other_work() -> None:
    shared, work = flights(), Work()
    work.go.set()
    first, second = await asyncio.gather(shared.share("a", work), shared.share("b", work))
    assert (first, second) == ("x", "xx")


async def test_a_failure_reaches_all_who_wait_and_is_not_remembered() -> None:
    shared, work = flights(), Work(OSError("down"))
    asking = [asyncio.ensure_future(shared.share("k", work)) for _ in range(3)]
    await begun(work, 1)
    work.go.set()
    assert [str(one) for one in await asyncio.gather(*asking, return_exceptions=True)] == ["down"] * 3
    with pytest.raises(OSError, match="down"):
        await shared.share("k", work)
    assert work.begun == 2


async def test_one_who_leaves_does_not_disturb_the_others_and_the_last_ends_the_work() -> None:
    shared, work = flights(), Work()
    first, second = (asyncio.ensure_future(shared.share("k", work)) for _ in range(2))
    await begun(work, 1)
    first.cancel()
    await asyncio.wait([first])
    assert (first.cancelled(), work.cancelled) == (True, 0)
    second.cancel()
    await asyncio.wait([second])
    assert work.cancelled == 1
    work.go.set()
    assert await shared.share("k", work) == "xx"


@pytest.mark.parametrize(
    ("make", "what"),
    [
        (lambda: flights(lifetime=0.0), "after its time"),
        (lambda: flights(capacity=0), "too heavy"),
        (lambda: Flights(lifetime=60.0, capacity=9, weigh=lambda _: None), "not to be kept"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_what_is_not_kept_is_done_again(make: Callable[[], Flights[str]], what: str) -> None:
    shared, work = make(), Work()
    work.go.set()
    first = await shared.share("k", work)
    async with asyncio.timeout(5):
        while first == (again := await shared.share("k", work)):
            await asyncio.sleep(0)
    assert (first, again) == ("x", "xx"), what


async def test_the_oldest_makes_room() -> None:
    shared, work = flights(capacity=5), Work()
    work.go.set()
    for key in "abc":  # they weigh 1, 2 and 3
        await shared.share(key, work)
    assert await shared.share("b", work) == "xx"
    assert await shared.share("a", work) == "xxxx"


async def test_who_came_later_gets_nothing_from_before() -> None:
    shared, work = flights(), Work()
    work.go.set()
    now = asyncio.get_running_loop().time
    came = now()
    assert await shared.share("k", work, since=came) == "x"
    assert await shared.share("k", work, since=came) == "x"
    assert await shared.share("k", work, since=now() + 1) == "xx"
