"""What a person often asks an assistant that has these tools."""

from __future__ import annotations

from mcp.server.mcpserver import MCPServer


def register(server: MCPServer) -> None:
    """Add the prompts."""
    server.prompt(title="Audit a source")(audit)
    server.prompt(title="Go through what waits for a decision")(decide)


def audit(source: str) -> str:
    """Audit a folder or a git URL, and say what matters most."""
    return (
        f"Audit {source} with WrenchAI. Use list_projects to find a project on this source, or create_project. Create "
        "a task for the agent `inspector` in it with `dispatch` true, then watch_task until it has ended. Say whether "
        "the gate passed, and the new findings by severity, each with its file and line. Do not change anything."
    )


def decide() -> str:
    """Show each action that waits for a decision, and ask before deciding."""
    return (
        "Use list_approvals. For each action tell me its task, summary, arguments and risk, in plain words, and ask me "
        "whether to approve it. Call approve or reject only with my answer, and with the digest that you have shown."
    )
