"""The platform for MCP clients: its use cases as tools and resources, over streamable HTTP and over stdio.

Whatever a tool does is an operation of the GraphQL API, run with the rights of whoever asks: there is no second way in.
"""
