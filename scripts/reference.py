"""Writes the pages of `docs/reference` that are made from the code; `--check` says which of them are stale instead."""

import argparse
import ast
import inspect
import json
import sys
import tomllib
from collections.abc import Callable, Iterator, Mapping
from enum import Enum
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import typer
from pydantic import SecretStr
from pydantic.fields import FieldInfo

from agents.contract import SourceUse, Tool
from agents.contract.tool import is_private
from agents.toolbox.typed import example_of
from agents.tools.templates.shipped import shipped
from domain.error_codes import ErrorCode
from domain.playbooks.json_schema import json_schema
from server.cli import app
from server.cli.exit_codes import ExitCode
from server.settings import Settings, variable
from server.tool_help import Shape, shapes

ROOT: Final = Path(__file__).resolve().parents[1]
REFERENCE: Final = ROOT / "docs" / "reference"
NOTE: Final = "<!-- Written by `make docs` from the code; do not edit. -->\n"

COMPUTED_DEFAULTS: Final = {
    "data_dir": "`$XDG_DATA_HOME/wrenchai`, else `~/.local/share/wrenchai`",
    "source_roots": "the folder of the start",
    "worker_slots": "the number of processors, at least 2",
}
"""What to say of a default that depends on the machine."""


def settings_page() -> str:
    """Every setting with its variable, default, limits and purpose."""
    rows = [
        f"| `{variable(name)}` | {_default(name, field)} | {_limits(field)} | {_cell(field.description or '')} |"
        for name, field in Settings.model_fields.items()
    ]
    return _page(
        "Settings",
        "Settings are environment variables; only the environment is read, never a `.env` file. `wrenchai config` "
        "shows the ones in force, with secrets hidden. A value that cannot be used ends the command with exit code 78 "
        "and one sentence for each variable.",
        "\n".join(["| variable | default | limits | what it is for |", "|---|---|---|---|", *rows]),
    )


def exit_codes_page() -> str:
    """Every exit code with its meaning."""
    meanings = _enum_docstrings(ExitCode)
    rows = [f"| {code.value} | `{code.name}` | {_cell(meanings[code.name])} |" for code in ExitCode]
    return _page(
        "Exit codes",
        "The same for every command; 64 and above follow `sysexits.h`.",
        "\n".join(["| code | name | meaning |", "|---|---|---|", *rows]),
    )


def errors_page() -> str:
    """Every error code, with the first paragraph of its page."""
    rows = []
    for code in sorted(ErrorCode):
        about = (ROOT / "docs" / "errors" / f"{code}.md").read_text(encoding="utf-8").split("\n\n")[1]
        rows.append(f"| [`{code}`](../errors/{code}.md) | {'yes' if code.retryable else 'no'} | {_cell(about)} |")
    return _page(
        "Error codes",
        "A running server has the page of each code at `/errors/<CODE>`. Retryable means that the very same request "
        "may succeed a little later.",
        "\n".join(["| code | retryable | when |", "|---|---|---|", *rows]),
    )


def command_line_page() -> str:
    """Every command with its arguments and options."""
    return _page(
        "Command line",
        "Every command takes `--help`; `wrenchai --version` shows the version. What the exit codes mean is said in "
        "[exit codes](exit-codes.md), what the environment variables do in [settings](settings.md).",
        "\n\n".join(_commands(typer.main.get_command(app), "wrenchai")),
    )


def tools_page() -> str:
    """Every typed tool that comes with the platform: what for, arguments, answer, limits, example."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    places = sorted(project["entry-points"]["wrenchai.tools"].values())
    tools = [getattr(import_module(module), name) for module, _, name in (place.partition(":") for place in places)]
    listed = [f"- [`{tool.name}`](#{tool.name}): {tool.purpose}" for tool in sorted(tools, key=lambda one: one.name)]
    return _page(
        "Tools",
        "The typed tools that come with WrenchAI. `wrenchai tools show NAME` says the same of every tool that is "
        "installed, programs and those of plug-ins included; [how to call them](../how-to/call-tools.md).",
        "\n\n".join(["\n".join(listed), *(_tool(tool) for tool in sorted(tools, key=lambda one: one.name))]),
    )


SOURCE_USES: Final = {
    SourceUse.NEEDED: "needs one: call it with `--source` or in a project that has one",
    SourceUse.WHERE_THERE: "works on it where the project has one",
    SourceUse.UNUSED: "needs none",
}


def _tool(tool: type[Tool[Any, Any]]) -> str:
    effects = ", ".join(effect.value.lower().replace("_", " ") for effect in tool.side_effects)
    limits = f"{tool.limits.timeout.total_seconds():,.0f} seconds, an answer of {tool.limits.max_output:,} bytes"
    if tool.limits.max_memory is not None:
        limits += f", {tool.limits.max_memory:,} bytes of memory"
    facts = [
        f"- **Version** {tool.version}, licence {tool.licence}",
        f"- **Source:** {SOURCE_USES[tool.source_use]}",
        f"- **Side effects:** {effects}",
        f"- **Limits:** {limits}",
        f"- **After a crash:** {'called again' if tool.repeatable else 'somebody is asked before it is called again'}",
    ]
    if is_private(tool):
        facts.append("- **Direct calls:** none, since they are on record, and what this tool is given must not be")
    parts = [f"## {tool.name}", tool.purpose, "\n".join(facts)]
    parts += [
        part for shape in shapes(tool.arguments_model.model_json_schema()) for part in _fields(shape, "Arguments")
    ]
    answer = tool.result_model.model_json_schema(mode="serialization")
    parts += [part for shape in shapes(answer) for part in _fields(shape, "Answer", defaults=False)]
    if tool.name == "code_generation":
        parts += _templates()
    shown = example_of(tool)
    if shown is not None and not is_private(tool):
        example = json.dumps(shown, ensure_ascii=False)
        source = " --source ." if tool.source_use is SourceUse.NEEDED else ""
        quoted = example.replace("'", "'\\''")
        parts += [f"Example:\n\n```sh\nwrenchai tools call {tool.name}{source} --arguments '{quoted}'\n```"]
    return "\n\n".join(parts)


def _fields(shape: Shape, outermost: str, *, defaults: bool = True) -> Iterator[str]:
    about = f": {shape.description}" if shape.name and shape.description else ""
    yield f"**{shape.name or outermost}**{about}"
    if not shape.fields:
        yield "Nothing."
    elif defaults:
        rows = [
            f"| `{one.name}` | {_cell(one.type)} | {f'`{_cell(one.default)}`' if one.default else 'required'} "
            f"| {_cell(one.limits)} | {_cell(one.description)} |"
            for one in shape.fields
        ]
        yield "\n".join(["| name | type | default | limits | what it is |", "|---|---|---|---|---|", *rows])
    else:
        rows = [f"| `{one.name}` | {_cell(one.type)} | {_cell(one.description)} |" for one in shape.fields]
        yield "\n".join(["| name | type | what it is |", "|---|---|---|", *rows])


def _templates() -> Iterator[str]:
    for name, template in shipped().items():
        yield f"**Template `{name}`**: {template.purpose}"
        rows = [
            f"| `{one}` | {f'`{_cell(variable.default)}`' if variable.default is not None else 'required'} "
            f"| {_cell(variable.description)} |"
            for one, variable in template.variables.items()
        ]
        yield "\n".join(["| variable | default | what it is |", "|---|---|---|", *rows])


def _commands(group: Any, path: str) -> Iterator[str]:
    for name, command in group.commands.items():
        if getattr(command, "commands", None):
            yield from _commands(command, f"{path} {name}")
        else:
            yield _command(command, f"{path} {name}")


def _command(command: Any, path: str) -> str:
    arguments = [parameter for parameter in command.params if parameter.param_type_name == "argument"]
    options = [parameter for parameter in command.params if parameter.param_type_name == "option"]
    usage = " ".join([path, *(_argument(one) for one in arguments), *(["[OPTIONS]"] if options else [])])
    rows = [f"| `{_cell(_argument(one))}` | {_cell(one.help or '')} |" for one in arguments]
    rows += [f"| `{_option(one)}` | {_cell(one.help or '')}{_option_default(one)} |" for one in options]
    table = "\n".join(["| argument or option | what it is |", "|---|---|", *rows]) if rows else ""
    about = inspect.cleandoc(command.help or "")
    return "\n\n".join(part for part in (f"## `{path}`", about, f"```\n{usage}\n```", table) if part)


def _argument(parameter: Any) -> str:
    name = parameter.metavar or parameter.name.upper()
    return name if parameter.required else f"[{name}]"


def _option(parameter: Any) -> str:
    flags = "/".join([*parameter.opts, *parameter.secondary_opts])
    return flags if parameter.is_flag else f"{flags} {parameter.name.upper().removeprefix('OUTPUT_')}"


def _option_default(parameter: Any) -> str:
    return "" if parameter.is_flag or parameter.default is None else f" Default: `{parameter.default}`."


def _default(name: str, field: FieldInfo) -> str:
    if field.default_factory is not None:
        return COMPUTED_DEFAULTS[name]
    value = field.default
    if value is None or isinstance(value, SecretStr):
        return "-"
    if isinstance(value, (tuple, frozenset)):
        return ", ".join(f"`{one}`" for one in sorted(value)) or "none"
    return f"`{value.value if isinstance(value, Enum) else value}`"


def _limits(field: FieldInfo) -> str:
    signs = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<"}
    limits = [
        f"{sign} {getattr(one, name)}" for one in field.metadata for name, sign in signs.items() if hasattr(one, name)
    ]
    return ", ".join(limits) or "-"


def _enum_docstrings(enum: type[Enum]) -> Mapping[str, str]:
    (body,) = [node for node in ast.parse(inspect.getsource(enum)).body if isinstance(node, ast.ClassDef)]
    meanings = {}
    for statement, following in zip(body.body, body.body[1:], strict=False):
        match statement, following:
            case ast.Assign(targets=[ast.Name(id=name)]), ast.Expr(value=ast.Constant(value=str(text))):
                meanings[name] = text
    return meanings


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("``", "`")


def _page(title: str, introduction: str, body: str) -> str:
    return f"{NOTE}\n# {title}\n\n{introduction}\n\n{body}\n"


def playbook_schema() -> str:
    """The JSON Schema of playbooks, as a server publishes it."""
    return json.dumps(json_schema(), indent=2) + "\n"


PAGES: Final[Mapping[str, Callable[[], str]]] = {
    "command-line.md": command_line_page,
    "error-codes.md": errors_page,
    "exit-codes.md": exit_codes_page,
    "playbook.schema.json": playbook_schema,
    "settings.md": settings_page,
    "tools.md": tools_page,
}


def stale_pages() -> list[str]:
    """Return the names of the pages that are not what the code says."""
    return [
        name
        for name, write in PAGES.items()
        if not (REFERENCE / name).is_file() or (REFERENCE / name).read_text(encoding="utf-8") != write()
    ]


def main(arguments: list[str]) -> int:
    """Write the pages, or check them; returns the exit code."""
    parser = argparse.ArgumentParser(description="Write the generated pages of docs/reference.")
    parser.add_argument("--check", action="store_true", help="write nothing, and fail if a page is stale")
    if parser.parse_args(arguments).check:
        stale = stale_pages()
        if stale:
            sys.stderr.write(f"Stale in docs/reference: {', '.join(stale)}. Run `make docs`.\n")
        return bool(stale)
    for name, write in PAGES.items():
        (REFERENCE / name).write_text(write(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
