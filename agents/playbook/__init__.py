"""The agent that runs playbooks."""
