"""Tools of MCP servers: how a server is started, connected to, asked what it has, and ended."""
