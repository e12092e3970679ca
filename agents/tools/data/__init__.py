"""What looks at tables, run in a process of its own: see ``agents.tools.bounded``."""
