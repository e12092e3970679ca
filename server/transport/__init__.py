"""One GraphQL endpoint over HTTP, WebSocket and server-sent events: three codecs around one way to run an operation."""
