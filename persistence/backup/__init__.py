"""Backups: one file with the database, the artifacts and what is needed to believe it."""
