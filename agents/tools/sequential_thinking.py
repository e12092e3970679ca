"""A chain of thoughts with revisions and branches, checked and put in order, so that it is on record how one came to
a conclusion."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from pydantic import BaseModel, ConfigDict, Field, model_validator

from agents.contract import Tool, ToolLimits, ToolScope

MAIN = "main"
MOST_THOUGHTS = 200


class Thought(BaseModel):
    """One step of thinking. Its number is its place in the list, from 1."""

    model_config = ConfigDict(extra="forbid")

    text: str = Field(min_length=1, max_length=10_000, description="What is thought.")
    revises: int | None = Field(
        None,
        ge=1,
        description="Number of the earlier thought that this one replaces, of its branch or of what that grew from.",
    )
    branch: str = Field(
        MAIN,
        min_length=1,
        max_length=100,
        description="Name of the branch that it belongs to; `main` has no beginning.",
    )
    branches_from: int | None = Field(
        None,
        ge=1,
        description="Number of the earlier thought at which its branch begins; for the first one of a branch.",
    )


def _check_branch(number: int, thought: Thought, branches: set[str]) -> None:
    new = thought.branch not in branches
    if new and thought.branches_from is None:
        raise ValueError(f"thought {number} begins the branch {thought.branch!r} and does not say from where")
    if not new and thought.branches_from is not None:
        raise ValueError(f"thought {number} says where {thought.branch!r} begins, which has begun already")
    if thought.branches_from is not None and thought.branches_from >= number:
        raise ValueError(f"thought {number} branches from {thought.branches_from}, which is not earlier")


def _line(earlier: Sequence[Thought], thought: Thought) -> list[int]:
    """The numbers of the earlier thoughts that this one may revise."""
    if thought.branches_from is None:
        return _numbers(earlier, thought.branch)
    stem = earlier[thought.branches_from - 1].branch
    return [number for number in _numbers(earlier, stem) if number <= thought.branches_from]


def _numbers(thoughts: Sequence[Thought], branch: str) -> list[int]:
    """The thoughts of a branch, and before them those of the branches it grew from, up to where it did."""
    found: list[int] = []
    upto, name = len(thoughts), branch
    while True:
        found = [n for n, one in enumerate(thoughts, 1) if one.branch == name and n <= upto] + found
        beginning = _beginning(thoughts, name)
        if beginning is None:
            return found
        upto, name = beginning, thoughts[beginning - 1].branch


def _beginning(thoughts: Sequence[Thought], branch: str) -> int | None:
    return next((one.branches_from for one in thoughts if one.branch == branch and one.branches_from), None)


class ThinkingArguments(BaseModel):
    """The whole chain so far."""

    goal: str = Field(min_length=1, max_length=2_000, description="What is to be found out.")
    thoughts: list[Thought] = Field(
        min_length=1, max_length=MOST_THOUGHTS, description="The thoughts in the order in which they were had."
    )
    conclusion: str | None = Field(None, max_length=10_000, description="What came of it; left out while it goes on.")
    chosen_branch: str = Field(MAIN, max_length=100, description="The branch that led to the conclusion.")

    @model_validator(mode="after")
    def _refer_to_what_is_there(self) -> ThinkingArguments:
        branches = {MAIN}
        for number, thought in enumerate(self.thoughts, 1):
            _check_branch(number, thought, branches)
            branches.add(thought.branch)
            if thought.revises is not None and thought.revises not in _line(self.thoughts[: number - 1], thought):
                raise ValueError(f"thought {number} revises {thought.revises}, which is no earlier thought of its line")
        if self.chosen_branch not in branches:
            raise ValueError(f"the chosen branch {self.chosen_branch!r} has no thought")
        return self


class Numbered(BaseModel):
    """A thought as it stands in the end."""

    number: int
    text: str
    revises: int | None = None


class Branch(BaseModel):
    """One line of thinking."""

    name: str
    begins_at: int | None = Field(description="The thought that it branched from; null for main.")
    thoughts: list[Numbered] = Field(description="Its own thoughts that stand, in order: what was revised is left out.")


class ThinkingResult(BaseModel):
    """The chain in order."""

    goal: str
    complete: bool = Field(description="Whether there is a conclusion.")
    conclusion: str | None
    thoughts: int = Field(description="How many there are.")
    revised: dict[int, int] = Field(description="Which thought was last replaced by which.")
    branches: list[Branch]
    line: list[Numbered] = Field(description="What stands, from the first thought to the end of the chosen branch.")
    summary: str = Field(description="The same in Markdown.")


class SequentialThinking(Tool[ThinkingArguments, ThinkingResult]):
    """Keeps nothing itself: each call has the whole chain, and the ledger of tool calls keeps each."""

    name = "sequential_thinking"
    version = "1.0"
    purpose = "Checks and orders a chain of thoughts with revisions and branches, and puts it on record."
    licence = "Apache-2.0"
    limits = ToolLimits(timeout=timedelta(seconds=30), max_output=8 * 2**20)
    example = ThinkingArguments(
        goal="Why is the build slow?",
        thoughts=[
            Thought(text="Compiling takes most of the time."),
            Thought(text="It is the tests: they take 9 of 11 minutes.", revises=1),
            Thought(text="Run them side by side.", branch="parallel", branches_from=2),
        ],
        conclusion="Run the tests in two processes.",
        chosen_branch="parallel",
    )
    arguments_model = ThinkingArguments
    result_model = ThinkingResult

    async def run(self, scope: ToolScope, arguments: ThinkingArguments) -> ThinkingResult:
        """Put the chain in order."""
        await scope.log(f"{len(arguments.thoughts)} thoughts on {arguments.goal}")
        return ordered(arguments)


def ordered(arguments: ThinkingArguments) -> ThinkingResult:
    """The chain in order."""
    thoughts = arguments.thoughts
    revised = {one.revises: number for number, one in enumerate(thoughts, 1) if one.revises is not None}
    names = list(dict.fromkeys([MAIN, *(one.branch for one in thoughts)]))
    branches = [
        Branch(
            name=name,
            begins_at=_beginning(thoughts, name),
            thoughts=_standing(thoughts, [n for n, one in enumerate(thoughts, 1) if one.branch == name], revised),
        )
        for name in names
    ]
    line = _standing(
        thoughts, _numbers(thoughts, arguments.chosen_branch), _revised_in(thoughts, arguments.chosen_branch)
    )
    return ThinkingResult(
        goal=arguments.goal,
        complete=arguments.conclusion is not None,
        conclusion=arguments.conclusion,
        thoughts=len(thoughts),
        revised=revised,
        branches=branches,
        line=line,
        summary=_summary(arguments, line, [one.name for one in branches if one.name != arguments.chosen_branch]),
    )


def _revised_in(thoughts: Sequence[Thought], branch: str) -> dict[int, int]:
    """What was replaced within this line: what another branch thought better of still stands here."""
    revisions = ((thoughts[number - 1].revises, number) for number in _numbers(thoughts, branch))
    return {replaced: number for replaced, number in revisions if replaced is not None}


def _standing(thoughts: Sequence[Thought], numbers: Sequence[int], revised: dict[int, int]) -> list[Numbered]:
    return [
        Numbered(number=number, text=thoughts[number - 1].text, revises=thoughts[number - 1].revises)
        for number in numbers
        if number not in revised
    ]


def _summary(arguments: ThinkingArguments, line: Sequence[Numbered], others: Sequence[str]) -> str:
    lines = [f"# {arguments.goal}", ""]
    lines += [
        f"{one.number}. {one.text}" + (f" (instead of {one.revises})" if one.revises is not None else "")
        for one in line
    ]
    if others:
        lines += ["", f"Other branches: {', '.join(others)}."]
    lines += ["", f"**Conclusion:** {arguments.conclusion}" if arguments.conclusion else "No conclusion yet."]
    return "\n".join(lines)
