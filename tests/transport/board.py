"""A small schema with everything a transport can meet, over a board of tasks in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Hashable
from dataclasses import dataclass, field

import strawberry
from graphql import GraphQLError
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from strawberry.dataloader import DataLoader
from strawberry.types import Info

from domain.errors import NotFound
from server.transport.execution import OperationScope


@dataclass
class Board:
    """The shared state. ``wake`` is notified of every change; ``contexts`` are all that were opened.

    ``readings`` has an entry for each time that the ``reading`` of a tick was resolved.
    """

    statuses: dict[str, str] = field(default_factory=lambda: {"A": "PENDING", "clock": "0"})
    readings: list[str] = field(default_factory=list)
    wake: asyncio.Condition = field(default_factory=asyncio.Condition)
    contexts: list[BoardContext] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    database: AsyncEngine | None = None

    async def change(self, key: str, status: str) -> None:
        async with self.wake:
            self.statuses[key] = status
            self.wake.notify_all()

    async def next_status(self, key: str, seen: str | None) -> str:
        async with self.wake:
            await self.wake.wait_for(lambda: self.statuses[key] != seen)
            return self.statuses[key]

    async def end(self, name: str) -> None:
        async with self.wake:
            self.ended.append(name)
            self.wake.notify_all()

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(10), self.wake:
            await self.wake.wait_for(condition)

    async def until_ended(self, name: str) -> None:
        await self.until(lambda: name in self.ended)

    async def until_closed(self) -> None:
        await self.until(lambda: all(context.closed == 1 for context in self.contexts))


class BoardContext:
    def __init__(self, board: Board, scope: OperationScope[str]) -> None:
        self.board = board
        self.scope = scope
        self.asker = scope.principal
        self.closed = 0
        self.statuses: DataLoader[str, str | None] = DataLoader(self._load)
        board.contexts.append(self)

    async def _load(self, keys: list[str]) -> list[str | None]:
        return [self.board.statuses.get(key) for key in keys]

    def shares(self, event: object) -> Hashable | None:
        return (self.asker, event.cursor) if isinstance(event, Tick) else None

    async def close(self) -> None:
        async with self.board.wake:
            self.closed += 1
            self.board.wake.notify_all()


@strawberry.type
class Task:
    key: str

    @strawberry.field
    async def status(self, info: Info[BoardContext, None]) -> str:
        status = await info.context.statuses.load(self.key)
        if status is None:
            raise NotFound("task", self.key)
        return status

    @strawberry.field
    def itself(self) -> Task:
        return self


@strawberry.type
class Change:
    cursor: str
    task: Task


@strawberry.type
class Tick:
    """An event that subscribers with the same principal may share."""

    cursor: str

    @strawberry.field
    async def reading(self, info: Info[BoardContext, None], of: str = "clock") -> str:
        board = info.context.board
        async with board.wake:
            board.readings.append(f"{of} {self.cursor}")
            board.wake.notify_all()
        if of == "held" and self.cursor != "0":
            await board.until_ended("hold")
        if of == "defect":
            raise KeyError("the password is hunter2")
        return f"{of} {self.cursor}"


@strawberry.input
class Nested:
    inner: Nested | None = None
    name: str | None = None


@strawberry.type
class Query:
    @strawberry.field
    def hello(self) -> str:
        return "world"

    @strawberry.field
    def echo(self, text: str) -> str:
        return text

    @strawberry.field
    def double(self, number: int) -> int:
        return number * 2

    @strawberry.field
    def ratio(self) -> strawberry.scalars.JSON:
        return strawberry.scalars.JSON({"ratio": float("nan")})

    @strawberry.field
    def nest(self, value: Nested) -> str | None:
        return value.name

    @strawberry.field
    def node(self, id: strawberry.relay.GlobalID) -> str:
        return id.node_id

    @strawberry.field
    def task(self, key: str) -> Task:
        return Task(key=key)

    @strawberry.field
    def defect(self) -> str | None:
        raise KeyError("the password is hunter2")

    @strawberry.field
    def required_defect(self) -> str:
        raise KeyError("the password is hunter2")

    @strawberry.field
    def expired(self) -> str | None:
        raise GraphQLError("That cursor is too old.", extensions={"code": "CURSOR_EXPIRED", "oldest": "17"})

    @strawberry.field
    async def stored(self, info: Info[BoardContext, None]) -> int | None:
        engine = info.context.board.database
        assert engine is not None
        async with engine.connect() as connection:
            return (await connection.execute(text("SELECT 1"))).scalar()

    @strawberry.field
    async def endless(self, info: Info[BoardContext, None]) -> str:
        try:
            await asyncio.Event().wait()
        finally:
            await info.context.board.end("endless")
        return "never"

    @strawberry.field
    def request_id(self, info: Info[BoardContext, None]) -> str:
        return info.context.scope.request_id

    @strawberry.field
    def extension(self, info: Info[BoardContext, None]) -> str | None:
        extensions = info.input_extensions or {}
        return str(extensions["hash"]) if "hash" in extensions else None


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def set_status(self, info: Info[BoardContext, None], key: str, status: str) -> Task:
        await info.context.board.change(key, status)
        return Task(key=key)


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def changes(
        self, info: Info[BoardContext, None], key: str, after: str | None = None
    ) -> AsyncGenerator[Change, None]:
        context = info.context
        board = context.board
        cursor = int(after or context.scope.last_event_id or 0)
        seen = None
        try:
            while True:
                seen = await board.next_status(key, seen)
                cursor += 1
                context.statuses.clear_all()
                yield Change(cursor=str(cursor), task=Task(key=key))
                if seen == "DONE":
                    return
        finally:
            await board.end("changes")

    @strawberry.subscription
    async def ticks(self, info: Info[BoardContext, None], after: str | None = None) -> AsyncGenerator[Tick, None]:
        while True:
            after = await info.context.board.next_status("clock", after)
            yield Tick(cursor=after)

    @strawberry.subscription
    async def flood(self, info: Info[BoardContext, None], size: int) -> AsyncGenerator[str, None]:
        try:
            while True:
                yield "x" * size
        finally:
            await info.context.board.end("flood")

    @strawberry.subscription
    async def failing(self) -> AsyncGenerator[int, None]:
        yield 1
        raise KeyError("the password is hunter2")

    @strawberry.subscription
    async def expired(self) -> AsyncGenerator[int, None]:
        raise GraphQLError("That cursor is too old.", extensions={"code": "CURSOR_EXPIRED"})
        yield 1


SCHEMA = strawberry.Schema(query=Query, mutation=Mutation, subscription=Subscription)
