"""What is told of a request to a model, where a tool keeps what it is given out of the records.

The answer itself is recorded whole: an execution that goes on after a crash needs it, calls of tools included.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from typing import Any

from pydantic_ai.messages import (
    ModelMessage,
    ModelRequest,
    ModelResponse,
    RetryFeedbackPart,
    TextPart,
    ToolCallPart,
    ToolReturnPart,
)

LEFT_OUT = "(not recorded)"
LONGEST_COMPLAINT = 300


def answer_text(response: ModelResponse, private: Container[str]) -> str:
    """The answer's text, or the arguments of what it calls, but for those of ``private`` tools."""
    texts = [part.content for part in response.parts if isinstance(part, TextPart)]
    calls = [part for part in response.parts if isinstance(part, ToolCallPart)]
    return "".join(texts) or "\n".join(part.args_as_json_str() for part in calls if part.tool_name not in private)


def complaint_in(messages: Sequence[ModelMessage], private: Container[str]) -> str | None:
    """What the last message says was wrong with an answer, ``None`` when nothing was.

    Of a ``private`` tool only the name: what is wrong with its arguments quotes them.
    """
    last = messages[-1] if messages else None
    for part in last.parts if isinstance(last, ModelRequest) else ():
        if isinstance(part, RetryFeedbackPart):
            return _line(part.content)
        if isinstance(part, ToolReturnPart) and part.outcome == "retried":
            return f"what it gave to {part.tool_name}" if part.tool_name in private else _line(part.content)
    return None


def without_private(part: Mapping[str, Any], private: Container[str]) -> Mapping[str, Any]:
    """A part of a message as JSON, without what a ``private`` tool has answered."""
    return {**part, "content": LEFT_OUT} if "content" in part and part.get("tool_name") in private else part


def _line(content: Any) -> str:
    if isinstance(content, list):
        content = "; ".join(f"{'.'.join(map(str, one.get('loc', ())))}: {one.get('msg', '')}" for one in content)
    return " ".join(str(content).split())[:LONGEST_COMPLAINT]
