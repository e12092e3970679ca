"""The acceptance checks that have to be run: commands in the sandbox, files, and queries on the graph."""
