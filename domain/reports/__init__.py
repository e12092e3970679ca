"""The built-in reports: one model for each kind of ``AgentResult``."""
