"""Enums of tools, MCP servers and language models, and of what they cost."""

from __future__ import annotations

from domain.language_model import AnswerMode, ModelProvider
from domain.ledger import Scope
from domain.mcp_server import CallPolicy, McpTransport
from domain.states import ToolCallState
from domain.tool import ToolKind, ToolStatus
from domain.units import Unit
from schema.enums.publish import publish

publish(
    ToolKind,
    "What a tool is.",
    {"PROGRAM": "A program that is run with arguments.", "TYPED": "A tool with a schema of what goes in and out."},
)
publish(
    ToolStatus,
    "Whether a tool can be used.",
    {
        "AVAILABLE": "It is here.",
        "MISSING": "It is not installed; installHint says how to.",
        "BROKEN": "It is here and does not work; problem says why.",
    },
)
publish(
    ToolCallState,
    "Where a call of a tool is in its life.",
    {
        "STARTED": "It is under way.",
        "SUCCEEDED": "It has done its work, and its result is recorded.",
        "FAILED": "It could not be done, or its exit code means a failure.",
        "INTERRUPTED": "Nobody has seen its end, and it may be made again.",
        "UNCERTAIN": "Nobody has seen its end, and it must not be made twice: it may have had its effect.",
    },
)
publish(
    McpTransport,
    "How an MCP server is reached.",
    {"STDIO": "A program that a worker runs.", "HTTP": "Streamable HTTP."},
)
publish(
    CallPolicy,
    "Whether agents may call a tool.",
    {
        "ALLOW": "They may.",
        "ASK": "Each call waits for an approval of exactly its arguments.",
        "DENY": "They may not.",
    },
)
publish(
    ModelProvider,
    "Whose API a language model is asked by.",
    {
        "OPENAI": "OpenAI's.",
        "OPENAI_COMPATIBLE": "Any server with OpenAI's chat completions, a local one as well.",
        "ANTHROPIC": "Anthropic's; it needs the extra `anthropic`.",
    },
)
publish(
    AnswerMode,
    "How a language model is asked for an answer of a certain form.",
    {
        "TOOL": "As the arguments of a tool: what most models know.",
        "NATIVE": "By the schema in the request.",
        "PROMPTED": "By the schema in the text, for models that know neither.",
    },
)
publish(
    Scope,
    "What kind of thing has accounts and budgets. Each includes all below it.",
    {
        "WORKSPACE": "All projects.",
        "PROJECT": "All its tasks.",
        "TASK": "All its executions, and those of its children and so on.",
        "EXECUTION": "One attempt.",
    },
)
publish(
    Unit,
    "What is spent.",
    {
        "COST": "Money in the currency that the prices are written in, exact to a millionth.",
        "CPU_SECONDS": "Seconds of the processor, measured when a program has ended.",
        "BYTES": "What tools wrote to their output and what was stored as artifacts.",
        "TOOL_CALLS": "Calls of tools.",
        "UNPRICED_CALLS": "Calls of tools that have no price. A budget of 0 lets none through.",
        "INPUT_TOKENS": "Tokens that language models were given.",
        "OUTPUT_TOKENS": "Tokens that language models answered with.",
        "CACHED_TOKENS": "Those of INPUT_TOKENS that a provider had seen before, and may sell cheaper.",
    },
)
