"""The decisions of a test about what the agent asks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import TypeAlias

from agents.asking import given, question
from agents.contract import Action, Answer

Approvals: TypeAlias = Mapping[str, bool] | Callable[[Action], bool | None]
"""What a test permits: by the name of the action, or by a function of it. ``None`` is what it does not expect."""

NOTHING: Mapping[str, bool] = MappingProxyType({})


class UnexpectedAction(AssertionError):
    """The agent asks something that the test has not foreseen."""

    def __init__(self, action: Action) -> None:
        super().__init__(
            f"The agent asks to do {action.name!r} ({action.kind}: {action.summary}) with {dict(action.arguments)}: "
            f"say with approvals={{{action.name!r}: True}}, or False, whether it may."
        )


class Decisions:
    """Answers at once, and keeps what was asked."""

    def __init__(self, agent: str, approvals: Approvals) -> None:
        self.asked: list[Action] = []
        self._agent = agent
        self._approvals = approvals

    def on(self, action: Action, *, again: bool = False) -> Answer:
        """What the test says to the action; ``again`` lets it be asked more than once.

        Raises:
            ActionRejected: no, and the agent does not want to go on without it.
            UnexpectedAction: nothing.
        """
        name = question(self._agent, action).name
        known = name in {one.name for one in self.asked}
        if known and not again:
            raise ValueError(f"The action {name} was asked before; give each action a name of its own.")
        if not known:
            self.asked.append(action)
        granted = self._approvals.get(name) if isinstance(self._approvals, Mapping) else self._approvals(action)
        if granted is None:
            raise UnexpectedAction(action)
        return given(action, Answer(granted=granted, by=("the test",), at=datetime.now(UTC)))
