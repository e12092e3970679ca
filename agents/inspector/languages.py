"""What a file is, told by its suffix, or by its first line where it has none."""

from __future__ import annotations

import re
from enum import StrEnum


class Language(StrEnum):
    """The languages that engines read; the value is the name in a report."""

    PYTHON = "Python"
    JAVASCRIPT = "JavaScript"
    TYPESCRIPT = "TypeScript"
    SHELL = "shell"
    YAML = "YAML"


_ANALYSED = {
    Language.JAVASCRIPT: ".js .jsx .mjs .cjs",
    Language.TYPESCRIPT: ".ts .tsx .mts .cts",
    Language.SHELL: ".sh .bash .ksh .bats",
    Language.YAML: ".yaml .yml",
}
_BY_SUFFIX = {suffix: language for language, suffixes in _ANALYSED.items() for suffix in suffixes.split()}
_SHELL_LINE = re.compile(rb"#!\s*\S*?(?:/env\s+(?:-S\s+)?)?\b(?:ba|da|k)?sh\b")
_TRANSLATIONS = re.compile(rb"\s*(?:<\?xml|<!DOCTYPE\s+TS|<TS\b)", re.IGNORECASE)

_LANGUAGES = {
    "C": ".c .h",
    "C#": ".cs",
    "C++": ".cc .cpp .cxx .hpp .hh",
    "CSS": ".css .scss .sass .less",
    "Cython": ".pyx .pxd",
    "Dart": ".dart",
    "Elixir": ".ex .exs",
    "Go": ".go",
    "GraphQL": ".graphql .gql",
    "HTML": ".html .htm .jinja .jinja2 .j2 .mako",
    "Java": ".java",
    "Jupyter notebooks": ".ipynb",
    "Kotlin": ".kt .kts",
    "PHP": ".php",
    "Ruby": ".rb",
    "Rust": ".rs",
    "Scala": ".scala",
    "scripts of zsh and fish": ".zsh .fish",
    "SQL": ".sql",
    "Swift": ".swift",
    "Terraform": ".tf",
    "Vue and Svelte": ".vue .svelte",
    "configuration and data": ".toml .cfg .ini .json .xml .conf .env .lock .csv .in",
    "documentation": ".md .rst .txt .adoc",
}
_KINDS = {suffix: language for language, suffixes in _LANGUAGES.items() for suffix in suffixes.split()}


def kind_of_suffix(suffix: str) -> str:
    """A name for files with this lower-case suffix (with its dot); ``other files`` for an unknown one."""
    return _KINDS.get(suffix, "other files")


def language_of(suffix: str, start: bytes) -> Language | None:
    """The language of a text that begins with ``start``, or ``None`` when no engine reads it."""
    if not suffix:
        return Language.SHELL if _SHELL_LINE.match(start) else None
    language = _BY_SUFFIX.get(suffix)
    if suffix == ".ts" and _TRANSLATIONS.match(start.removeprefix(b"\xef\xbb\xbf")):
        return None  # translations of Qt have the same suffix as TypeScript
    return language
