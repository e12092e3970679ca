"""The agent that calls one tool, for a person or for a part of a larger piece of work."""
