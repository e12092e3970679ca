"""Readers of documents, one module for each format, run in a process of their own: see ``agents.tools.bounded``."""
