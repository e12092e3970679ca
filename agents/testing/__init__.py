"""A test kit for agents: runs one on a folder without a server, with real programs.

It is the second implementation of ``agents.contract``, for tests of built-in agents and of plugins::

    first = await run_agent(MyAgent(), folder, MyInputs())
    second = await run_agent(MyAgent(), folder, MyInputs(), known=first.findings)
    assert not second.new

Step outputs take the way through JSON that they take on a worker; findings are merged with ``known`` by fingerprint.
"""

from agents.testing.kit import AgentRun, KitContext, RecordedCall, run_agent

__all__ = ["AgentRun", "KitContext", "RecordedCall", "run_agent"]
