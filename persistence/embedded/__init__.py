"""PostgreSQL of our own, started in the data folder when no other database is configured."""

from persistence.embedded.server import EmbeddedPostgres

__all__ = ["EmbeddedPostgres"]
