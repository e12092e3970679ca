"""Find runs of equal code lines, token by token, in Python files.

Reads ``{"files": [path, …], "min_lines": n, "min_tokens": n}`` from standard input and writes a JSON list of
``{"first": {"path", "start", "end"}, "second": {…}, "lines": n}``, lines 1-based and inclusive. Comments, blank lines,
docstrings, imports and overloaded signatures do not count; each run is reported against the latest place before it.
"""

from __future__ import annotations

import gc
import io
import json
import sys
import tokenize
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_NOT_CODE = {tokenize.COMMENT, tokenize.NL, tokenize.ENCODING, tokenize.ENDMARKER}
_LAYOUT = {tokenize.INDENT, tokenize.DEDENT, tokenize.NEWLINE}


@dataclass(frozen=True)
class CodeLine:
    """One physical line of code: its number, an id that equal lines share, and how many tokens it has."""

    number: int
    identity: int
    tokens: int


@dataclass(frozen=True)
class Run:
    """Equal code: from index ``first`` of one file and from ``second`` of another (or the same), ``length`` lines."""

    first_path: str
    first: int
    second_path: str
    second: int
    length: int


def main() -> None:
    """Answer the request on standard input."""
    gc.disable()  # trees and tokens have no cycles; looking for some takes as long as the work itself
    request = json.load(sys.stdin)
    identities: dict[tuple[str, ...], int] = {}
    code = {path: lines for path in request["files"] if (lines := code_lines(path, identities))}
    runs = [run for run in equal_runs(code, request["min_lines"]) if tokens_of(run, code) >= request["min_tokens"]]
    json.dump([described(run, code) for run in runs], sys.stdout)


def code_lines(path: str, identities: dict[tuple[str, ...], int]) -> list[CodeLine]:
    """The lines of a file that hold code; a file that cannot be tokenised has none."""
    content = Path(path).read_bytes()
    by_line: dict[int, list[str]] = defaultdict(list)
    try:
        overloaded = False
        for statement in statements(content):
            signature, overloaded = overloaded, is_overload(statement) or (overloaded and statement[0].string == "@")
            if signature or overloaded or is_prose_or_import(statement):
                continue
            for token in statement:
                by_line[token.start[0]].append(token.string)
    except (tokenize.TokenError, SyntaxError, UnicodeDecodeError):
        return []
    return [
        CodeLine(number, identities.setdefault(tuple(tokens), len(identities)), len(tokens))
        for number, tokens in sorted(by_line.items())
    ]


def statements(content: bytes) -> Iterator[list[tokenize.TokenInfo]]:
    """The tokens of each logical line, without comments and layout."""
    statement: list[tokenize.TokenInfo] = []
    for token in tokenize.tokenize(io.BytesIO(content).readline):
        if token.type == tokenize.NEWLINE and statement:
            yield statement
            statement = []
        elif token.type not in _NOT_CODE and token.type not in _LAYOUT:
            statement.append(token)
    if statement:
        yield statement


def is_prose_or_import(statement: list[tokenize.TokenInfo]) -> bool:
    """Whether a logical line is a docstring (or another lone string) or an import: equal ones are no duplication."""
    return statement[0].string in {"import", "from"} or all(token.type == tokenize.STRING for token in statement)


def is_overload(statement: list[tokenize.TokenInfo]) -> bool:
    """Whether a logical line is ``@overload``: signatures for type checkers repeat themselves by design."""
    return statement[0].string == "@" and statement[-1].string == "overload"


def equal_runs(code: dict[str, list[CodeLine]], min_lines: int) -> list[Run]:
    """The longest runs of at least ``min_lines`` equal lines. Time and memory grow with the lines, not their square."""
    latest: dict[tuple[int, ...], list[tuple[str, int]]] = defaultdict(list)
    open_runs: dict[tuple[str, str, int], Run] = {}
    finished: list[Run] = []
    for path, lines in code.items():
        for index in range(len(lines) - min_lines + 1):
            window = tuple(line.identity for line in lines[index : index + min_lines])
            earlier = latest_apart(latest[window], path, index, min_lines)
            remember(latest[window], (path, index), min_lines)
            if earlier is None:
                continue
            key = (earlier[0], path, index - earlier[1])
            run = open_runs.get(key)
            if run and run.second + run.length - min_lines + 1 == index and within(run, min_lines):
                open_runs[key] = Run(run.first_path, run.first, path, run.second, run.length + 1)
            else:
                if run:
                    finished.append(run)
                open_runs[key] = Run(*earlier, path, index, min_lines)
    return [*finished, *open_runs.values()]


def latest_apart(places: list[tuple[str, int]], path: str, index: int, min_lines: int) -> tuple[str, int] | None:
    """The last place of an equal window that does not overlap the one at ``index``."""
    for place in reversed(places):
        if place[0] != path or place[1] + min_lines <= index:
            return place
    return None


def remember(places: list[tuple[str, int]], place: tuple[str, int], min_lines: int) -> None:
    """Add a place, and forget those that no later window needs: the last one apart from all to come is enough."""
    while len(places) > 1 and (places[1][0] != place[0] or places[1][1] + min_lines <= place[1]):
        del places[0]
    places.append(place)


def within(run: Run, min_lines: int) -> bool:
    """Whether a run can grow without overlapping itself."""
    return run.first_path != run.second_path or run.first + run.length < run.second


def tokens_of(run: Run, code: dict[str, list[CodeLine]]) -> int:
    """How many tokens a run has."""
    return sum(line.tokens for line in code[run.second_path][run.second : run.second + run.length])


def described(run: Run, code: dict[str, list[CodeLine]]) -> dict[str, object]:
    """A run as JSON."""
    first = code[run.first_path][run.first : run.first + run.length]
    second = code[run.second_path][run.second : run.second + run.length]
    return {
        "first": {"path": run.first_path, "start": first[0].number, "end": first[-1].number},
        "second": {"path": run.second_path, "start": second[0].number, "end": second[-1].number},
        "lines": run.length,
    }


if __name__ == "__main__":
    main()
