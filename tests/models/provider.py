"""A provider of language models on loopback: OpenAI's chat completions as far as models are asked, and every failure.

What it answers is planned by the test, by the text of the question. What it was asked is kept in order.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One request. ``prompt`` is the last message of the user, ``returned`` what tools have answered since."""

    path: str
    key: str
    body: dict[str, Any]
    prompt: str
    returned: tuple[str, ...]


@dataclass(frozen=True)
class Say:
    """Stream the words, each after so many seconds, and wait for ``gate`` before the last one."""

    words: tuple[str, ...]
    gate: asyncio.Event | None = None
    usage: bool = True
    finish: str = "stop"
    seconds: float = 0.0


@dataclass(frozen=True)
class Call:
    """Call a tool, by default the first that is offered, in pieces."""

    arguments: str
    tool: str | None = None
    finish: str = "tool_calls"


@dataclass(frozen=True)
class Refuse:
    """Answer with an error, and perhaps ask to be left alone."""

    status: int
    message: str = "no"
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Hang:
    """Say so much, and then nothing until the other side hangs up."""

    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class Garbage:
    """Send what is no JSON where JSON has to be."""


@dataclass(frozen=True)
class Cut:
    """Say so much and close the connection in the middle."""

    words: tuple[str, ...] = ("half", " an")


Reply = Say | Call | Refuse | Hang | Garbage | Cut


@dataclass
class Provider:
    """The server at ``url``; ``asked`` is its log."""

    url: str = ""
    asked: list[Asked] = field(default_factory=list)
    plans: dict[str, list[Reply]] = field(default_factory=dict)
    hung_up: asyncio.Event = field(default_factory=asyncio.Event)

    def plan(self, prompt: str, *replies: Reply) -> None:
        """Answer the question so: one reply after the other, the last one from then on."""
        self.plans[prompt] = list(replies)

    def times(self, prompt: str) -> int:
        """How often it was asked."""
        return sum(one.prompt == prompt for one in self.asked)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request; the connection is closed behind it."""
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            headers = dict(line.lower().split(": ", 1) for line in head[1:] if ": " in line)
            body = json.loads(await reader.readexactly(int(headers.get("content-length", "0"))) or b"{}")
            asked = _asked(head[0].split(" ")[1], head, body)
            self.asked.append(asked)
            plan = self.plans.get(asked.prompt, [Say(("You ", "said: ", asked.prompt))])
            await self._reply(plan.pop(0) if len(plan) > 1 else plan[0], asked, reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            self.hung_up.set()
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    async def _reply(
        self, reply: Reply, asked: Asked, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        if isinstance(reply, Refuse):
            content = json.dumps({"error": {"message": reply.message, "type": "error", "code": None}}).encode()
            given = {"content-type": "application/json", "content-length": str(len(content)), **reply.headers}
            writer.write(
                f"HTTP/1.1 {reply.status} No\r\n".encode() + _lines({**given, "connection": "close"}) + content
            )
            await writer.drain()
            return
        if isinstance(reply, Hang) and not reply.words:
            await self._until_hung_up(reader)
            return
        writer.write(b"HTTP/1.1 200 OK\r\n" + _lines(STREAM))
        await writer.drain()
        match reply:
            case Garbage():
                await _send(writer, "{this is no JSON")
            case Call():
                for delta in _call(reply, asked):
                    await _send(writer, _chunk(asked, delta))
                await _send(writer, _chunk(asked, {}, reply.finish))
                await _send(writer, _usage(asked, 7))
            case Say(words=words) | Hang(words=words) | Cut(words=words):
                await self._say(reply, words, asked, writer)
                if isinstance(reply, Hang):
                    await self._until_hung_up(reader)
                    return
                if isinstance(reply, Cut):
                    return  # without the chunk that says that it is complete
        await _send(writer, "[DONE]")
        writer.write(b"0\r\n\r\n")
        await writer.drain()

    async def _say(self, reply: Reply, words: tuple[str, ...], asked: Asked, writer: asyncio.StreamWriter) -> None:
        for number, word in enumerate(words, 1):
            if isinstance(reply, Say) and reply.gate is not None and number == len(words):
                await reply.gate.wait()
            if isinstance(reply, Say) and reply.seconds:
                await asyncio.sleep(reply.seconds)
            await _send(writer, _chunk(asked, {"content": word}))
        if isinstance(reply, Say):
            await _send(writer, _chunk(asked, {}, reply.finish))
            if reply.usage:
                await _send(writer, _usage(asked, len(words)))

    async def _until_hung_up(self, reader: asyncio.StreamReader) -> None:
        with suppress(ConnectionError):
            await reader.read()
        self.hung_up.set()


STREAM = {"content-type": "text/event-stream", "transfer-encoding": "chunked", "connection": "close"}
INPUT_TOKENS = 11
CACHED_TOKENS = 3


def _lines(headers: Mapping[str, str]) -> bytes:
    return "".join(f"{name}: {value}\r\n" for name, value in headers.items()).encode() + b"\r\n"


def _asked(path: str, head: list[str], body: dict[str, Any]) -> Asked:
    messages = body.get("messages", [])
    users = [number for number, one in enumerate(messages) if one["role"] == "user"]
    last = users[-1] if users else -1
    content = messages[last]["content"] if users else ""
    text = content if isinstance(content, str) else "".join(part.get("text", "") for part in content)
    returned = tuple(str(one["content"]) for one in messages[last + 1 :] if one["role"] == "tool")
    key = next((line.split(" ", 1)[1] for line in head if line.lower().startswith("authorization:")), "")
    return Asked(path=path, key=key, body=body, prompt=text, returned=returned)


async def _send(writer: asyncio.StreamWriter, data: str) -> None:
    line = f"data: {data}\n\n".encode()
    writer.write(f"{len(line):x}\r\n".encode() + line + b"\r\n")
    await writer.drain()


def _chunk(asked: Asked, delta: dict[str, Any], finish: str | None = None) -> str:
    choice = {"index": 0, "delta": {"role": "assistant", **delta}, "finish_reason": finish}
    return json.dumps({**_envelope(asked), "choices": [choice]})


def _usage(asked: Asked, output: int) -> str:
    usage = {
        "prompt_tokens": INPUT_TOKENS,
        "completion_tokens": output,
        "total_tokens": INPUT_TOKENS + output,
        "prompt_tokens_details": {"cached_tokens": CACHED_TOKENS},
    }
    return json.dumps({**_envelope(asked), "choices": [], "usage": usage})


def _envelope(asked: Asked) -> dict[str, Any]:
    return {"id": "one", "object": "chat.completion.chunk", "created": 1, "model": asked.body.get("model", "")}


def _call(reply: Call, asked: Asked) -> list[dict[str, Any]]:
    name = reply.tool or asked.body["tools"][0]["function"]["name"]
    pieces = [reply.arguments[:5], reply.arguments[5:]]
    first = {"index": 0, "id": f"call-{len(asked.returned)}", "type": "function"}
    return [
        {"tool_calls": [{**first, "function": {"name": name, "arguments": ""}}]},
        *({"tool_calls": [{"index": 0, "function": {"arguments": piece}}]} for piece in pieces if piece),
    ]


@asynccontextmanager
async def serving() -> AsyncIterator[Provider]:
    """A provider on a free port of this machine."""
    provider = Provider()
    server = await asyncio.start_server(provider.serve, "127.0.0.1", 0)
    provider.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    try:
        yield provider
    finally:
        server.close()
