"""Tools that ask a PostgreSQL server, whose connection URL is a secret of the workspace."""
