"""A test kit for agents: runs one on a folder without a server, with real programs.

It is the second implementation of ``agents.contract``, for tests of built-in agents and of plugins. Cases are YAML
files (see :mod:`agents.testing.case`); all cases of a folder are one line of a test module, or one command::

    test_cases = suite(MyAgent, "cases")

    wrenchai agents test my-agent cases

What a case cannot say is said in Python::

    first = await run_agent(MyAgent(), folder, MyInputs())
    second = await run_agent(MyAgent(), folder, MyInputs(), known=first.findings)
    assert not second.new

An agent that receives messages gets those of the test (``mailbox=[incoming("text")]``), and what it asks others is
answered by it (``replies={"name": …}``); what it has sent is in ``AgentRun.sent``.

An action that the agent asks permission for is decided by the test (``approvals={"push": True}``), and one that the
test says nothing about makes it fail. A language model is a double that the test gives (``model=answers("Yes.")``).
Step outputs take the way through JSON that they take on a worker; findings are merged with ``known`` by fingerprint.
"""

from agents.testing.case import Case, CaseUnusable, load_cases
from agents.testing.check import Checked, check
from agents.testing.correspondence import NOBODY, Refusal, Replies, UnexpectedRequest, incoming
from agents.testing.decisions import Approvals, UnexpectedAction
from agents.testing.kit_context import KitContext
from agents.testing.kit_step import RecordedCall
from agents.testing.model_double import answers
from agents.testing.run import AgentRun, run_agent
from agents.testing.suite import suite

__all__ = [
    "NOBODY",
    "AgentRun",
    "Approvals",
    "Case",
    "CaseUnusable",
    "Checked",
    "KitContext",
    "RecordedCall",
    "Refusal",
    "Replies",
    "UnexpectedAction",
    "UnexpectedRequest",
    "answers",
    "check",
    "incoming",
    "load_cases",
    "run_agent",
    "suite",
]
