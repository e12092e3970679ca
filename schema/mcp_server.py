"""MCP servers: what is registered, and which of their tools agents may call."""

from __future__ import annotations

from datetime import datetime, timedelta

import strawberry
from strawberry import UNSET, Parent

import domain.mcp_server as domain
from domain.mcp_server import CallPolicy, McpTransport
from domain.use_cases.mcp_servers import RemoveMcpServer, SaveMcpServer, SetMcpToolPolicy
from schema.absence import given
from schema.node import Node, represents
from schema.payloads import Payload, changed
from schema.scalars import JSON


@strawberry.type(description="A variable of the environment of a server's process, or a header of requests to it.")
class McpSetting:
    """See the description."""

    name: str = strawberry.field(description="Its name.")
    value: str | None = strawberry.field(description="Its value; null when a secret has it.")
    secret: str | None = strawberry.field(description="The name of the secret whose value it gets.")


def _name(root: Parent[domain.McpTool]) -> str:
    return root.definition.name


def _description(root: Parent[domain.McpTool]) -> str:
    return root.definition.description


def _schema(root: Parent[domain.McpTool]) -> object:
    return root.definition.input_schema


def _reads(root: Parent[domain.McpTool]) -> bool:
    return root.definition.read_only


def _repeatable(root: Parent[domain.McpTool]) -> bool:
    return root.definition.repeatable


def _digest(root: Parent[domain.McpTool]) -> str:
    return root.definition.digest


@strawberry.type(description="A tool that an MCP server was seen to have.")
class McpTool:
    """See the description."""

    name = strawberry.field(_name, graphql_type=str, description="Its name on the server.")
    description = strawberry.field(_description, graphql_type=str, description="What its server says of it.")
    input_schema = strawberry.field(_schema, graphql_type=JSON, description="JSON Schema of its arguments.")
    read_only = strawberry.field(
        _reads, graphql_type=bool, description="Whether its server says that it changes nothing."
    )
    repeatable = strawberry.field(
        _repeatable, graphql_type=bool, description="Whether its server says that calling it twice does no harm."
    )
    digest = strawberry.field(
        _digest,
        graphql_type=str,
        description="Stands for its definition. Give it with a policy: the policy then counts for what you have read.",
    )
    new: bool = strawberry.field(
        description="Whether its server came up with it after it was first seen, and nobody has set a policy since."
    )
    changed: bool = strawberry.field(
        description="Whether it is defined otherwise than when its policy was set, or when its server was first seen."
    )
    listed: bool = strawberry.field(description="Whether its server had it when it was last looked at.")
    policy: CallPolicy | None = strawberry.field(description="What somebody has set; null when nobody has.")
    in_force: CallPolicy = strawberry.field(
        description="What counts: without a policy one that only reads is allowed and another one is asked for; one "
        "that is new or has changed is asked for in any case."
    )
    seen_at: datetime = strawberry.field(description="When the server was last seen to have it.")


@represents(domain.McpServer)
@strawberry.type(description="An MCP server whose tools agents may call.")
class McpServer(Node):
    """See the description."""

    name: str = strawberry.field(description="What agents call it by; the only one of this name in the workspace.")
    transport: McpTransport = strawberry.field(description="How it is reached.")
    command: str | None = strawberry.field(description="The program of one over stdio.")
    arguments: list[str] = strawberry.field(description="What the program is given.")
    url: str | None = strawberry.field(description="The address of one over HTTP.")
    settings: list[McpSetting] = strawberry.field(description="Its variables, or its headers.")
    enabled: bool = strawberry.field(description="Whether agents may use it.")
    timeout: timedelta = strawberry.field(description="How long a call may take.")
    start_timeout: timedelta = strawberry.field(description="How long it may take until it answers at all.")
    tools: list[McpTool] = strawberry.field(description="The tools that it was seen to have.")
    updated_by: str = strawberry.field(description="Who changed it last, for example user:local-owner.")
    version: int = strawberry.field(description="Grows with each change.")
    created_at: datetime = strawberry.field(description="When it was registered.")
    updated_at: datetime = strawberry.field(description="When it was changed last.")


@strawberry.input(description="A variable or a header: with a value, or with the name of a secret.")
class McpSettingInput:
    """See the description."""

    name: str = strawberry.field(description="Its name.")
    value: str | None = strawberry.field(default=UNSET, description="Its value, which everybody may read.")
    secret: str | None = strawberry.field(default=UNSET, description="The name of the secret with its value.")

    def setting(self) -> domain.McpSetting:
        """The same in terms of the domain."""
        return domain.McpSetting(name=self.name, value=given(self.value), secret=given(self.secret))


@strawberry.input(description="What saveMcpServer is given.")
class SaveMcpServerInput:
    """A server to register."""

    name: str = strawberry.field(
        description="1 to 40 small letters, digits, dashes and underscores, the first a letter or digit."
    )
    program: str | None = strawberry.field(
        name="command",
        default=UNSET,
        description="The program to run on the worker's machine: a path, or a name to look for.",
    )
    arguments: list[str] = strawberry.field(default_factory=list, description="What it is given.")
    url: str | None = strawberry.field(default=UNSET, description="The address of a server over HTTP, instead.")
    settings: list[McpSettingInput] = strawberry.field(
        default_factory=list, description="Variables of the program's environment, or headers of the requests."
    )
    enabled: bool = strawberry.field(default=True, description="Whether agents may use it.")
    timeout: timedelta = strawberry.field(default=timedelta(seconds=60), description="How long a call may take.")
    start_timeout: timedelta = strawberry.field(
        default=timedelta(seconds=30), description="How long it may take until it answers at all."
    )

    def command(self) -> SaveMcpServer:
        """The same in terms of the domain."""
        return SaveMcpServer(
            name=self.name,
            command=given(self.program),
            arguments=tuple(self.arguments),
            url=given(self.url),
            settings=tuple(one.setting() for one in self.settings),
            enabled=self.enabled,
            timeout=self.timeout,
            start_timeout=self.start_timeout,
        )


@strawberry.input(description="What removeMcpServer is given.")
class RemoveMcpServerInput:
    """A server to forget."""

    name: str = strawberry.field(description="Its name.")

    def command(self) -> RemoveMcpServer:
        """The same in terms of the domain."""
        return RemoveMcpServer(name=self.name)


@strawberry.input(description="What setMcpToolPolicy is given.")
class SetMcpToolPolicyInput:
    """What is to count for a tool."""

    server: str = strawberry.field(description="The name of its server.")
    tool: str = strawberry.field(description="Its name.")
    policy: CallPolicy | None = strawberry.field(description="What is to count; null: what counts where nobody says.")
    digest: str | None = strawberry.field(
        default=UNSET, description="That of the definition you have read; with another one it is refused."
    )

    def command(self) -> SetMcpToolPolicy:
        """The same in terms of the domain."""
        return SetMcpToolPolicy(server=self.server, tool=self.tool, policy=self.policy, digest=given(self.digest))


@strawberry.type(description="What saveMcpServer answers.")
class SaveMcpServerPayload(Payload):
    """See the description."""

    mcp_server = changed(McpServer, "The server.")


@strawberry.type(description="What removeMcpServer answers.")
class RemoveMcpServerPayload(Payload):
    """See the description."""

    mcp_server = changed(McpServer, "The server as it was.")


@strawberry.type(description="What setMcpToolPolicy answers.")
class SetMcpToolPolicyPayload(Payload):
    """See the description."""

    mcp_server = changed(McpServer, "The server of the tool.")
