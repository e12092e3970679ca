"""Finding memories: what the database has for it, and the search."""
