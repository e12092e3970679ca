"""What a file is that no engine reads, told by its suffix."""

from __future__ import annotations

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
    "JavaScript": ".js .jsx .mjs .cjs",
    "Jupyter notebooks": ".ipynb",
    "Kotlin": ".kt .kts",
    "PHP": ".php",
    "Ruby": ".rb",
    "Rust": ".rs",
    "Scala": ".scala",
    "shell scripts": ".sh .bash .zsh .fish",
    "SQL": ".sql",
    "Swift": ".swift",
    "Terraform": ".tf",
    "TypeScript": ".ts .tsx .mts",
    "Vue and Svelte": ".vue .svelte",
    "configuration and data": ".toml .cfg .ini .yaml .yml .json .xml .conf .env .lock .csv .in",
    "documentation": ".md .rst .txt .adoc",
}
_KINDS = {suffix: language for language, suffixes in _LANGUAGES.items() for suffix in suffixes.split()}


def kind_of_suffix(suffix: str) -> str:
    """A name for files with this lower-case suffix (with its dot); ``other files`` for an unknown one."""
    return _KINDS.get(suffix, "other files")
