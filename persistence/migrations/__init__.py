"""The history of the tables, and how a database is brought to its end."""
