"""What a project declares about its dependencies, without the configuration that stands beside it."""

from __future__ import annotations

import json
import re
import shutil
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agents.inspector.distributions import MODULES_BY_DISTRIBUTION, normalised

_TABLES_OF_TOOLS = ("poetry", "pdm", "uv", "setuptools", "flit")
_DEVELOPMENT_GROUPS = frozenset(
    {"all-dev", "ci", "dev", "develop", "development", "doc", "docs", "format", "lint", "linting", "mypy", "quality"}
    | {"release", "test", "testing", "tests", "type-check", "types", "typing"}
)
_DISTRIBUTION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


_MAIN_REQUIREMENTS = frozenset(
    {"requirements.txt", "requirements/base.txt", "requirements/main.txt", "requirements/prod.txt"}
    | {"requirements/production.txt", "requirements/requirements.txt"}
)
"""Other requirements files are for tools, and those that pip-compile writes name what nothing imports."""


class NoDeclarations(Exception):
    """The source declares no dependencies in a way that can be read; the message says what was looked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Declarations:
    """Where dependencies are declared. ``file`` is the path findings point to, ``text`` what it says."""

    file: str
    text: str
    development_groups: tuple[str, ...] = ()
    requirements: tuple[str, ...] = ()
    development_requirements: tuple[str, ...] = ()

    def module_map(self) -> str:
        """The known import names of what is declared, as deptry's ``--package-module-name-map`` takes them."""
        named = sorted(set(_DISTRIBUTION.findall(self.text)))
        known = [(name, modules) for name in named if (modules := MODULES_BY_DISTRIBUTION.get(normalised(name)))]
        return ",".join(f"{name}={'|'.join(modules)}" for name, modules in known)

    def line_of(self, distribution: str) -> int | None:
        """The line (from 1) that declares a distribution; ``None`` when no line names it."""
        wanted = normalised(distribution)
        for number, line in enumerate(self.text.split("\n"), start=1):
            if any(normalised(name) == wanted for name in _DISTRIBUTION.findall(line)) and not line.startswith("["):
                return number
        return None


def write_declarations(root: Path, stage: Path, texts: tuple[str, ...]) -> Declarations:
    """Put what the source at ``root`` declares into ``stage``, without any tool's settings.

    Raises:
        NoDeclarations: there is nothing to audit.
    """
    requirements = sorted(
        path for path in texts if "requirements" in path and path.endswith(".txt") and path.count("/") < 2
    )
    for path in requirements:
        (stage / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(root / path, stage / path)
    if "pyproject.toml" in texts:
        text = (root / "pyproject.toml").read_text("utf-8", errors="replace")
        declared = _read(text)
        if _declares(declared):
            (stage / "pyproject.toml").write_text(as_toml(declared), "utf-8")
            groups = declared.get("project", {}).get("optional-dependencies", {})
            return Declarations(
                file="pyproject.toml",
                text=text,
                development_groups=tuple(sorted(group for group in groups if group.lower() in _DEVELOPMENT_GROUPS)),
            )
    main = [path for path in requirements if path in _MAIN_REQUIREMENTS]
    if main:
        return Declarations(
            file=main[0],
            text=(root / main[0]).read_text("utf-8", errors="replace"),
            requirements=tuple(main),
            development_requirements=tuple(path for path in requirements if path not in _MAIN_REQUIREMENTS),
        )
    raise NoDeclarations("no dependencies are declared in pyproject.toml or requirements.txt at the source's root")


def _read(text: str) -> dict[str, Any]:
    """The tables of a pyproject.toml that declare dependencies."""
    try:
        whole = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise NoDeclarations(f"pyproject.toml cannot be read: {error}") from error
    kept: dict[str, Any] = {
        name: whole[name] for name in ("project", "dependency-groups", "build-system") if name in whole
    }
    tools = whole.get("tool", {})
    if isinstance(tools, dict) and (theirs := {name: tools[name] for name in _TABLES_OF_TOOLS if name in tools}):
        kept["tool"] = theirs
    return kept


def _declares(declared: Mapping[str, Any]) -> bool:
    project = declared.get("project", {})
    dynamic = project.get("dynamic", [])
    from_files = "dependencies" in declared.get("tool", {}).get("setuptools", {}).get("dynamic", {})
    if "dependencies" in dynamic:
        return from_files
    return bool(project) or "poetry" in declared.get("tool", {})


def as_toml(table: Mapping[str, Any]) -> str:
    """A table as TOML; dates, which declare no dependency, are left out."""
    return "".join(f"{_text(key)} = {_value(value)}\n" for key, value in table.items() if _is_plain(value))


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_text(key)} = {_value(item)}" for key, item in value.items() if _is_plain(item)) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_value(item) for item in value if _is_plain(item)) + "]"
    return _text(value) if isinstance(value, str) else json.dumps(value)


def _text(value: str) -> str:
    # TOML's strings are JSON's, but without surrogate pairs and without a bare DEL.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _is_plain(value: Any) -> bool:
    return isinstance(value, (dict, list, str, bool, int, float))
