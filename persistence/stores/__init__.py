"""The write side: one store for each noun, all on the connection of one unit of work."""
