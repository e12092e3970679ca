"""Which rules of ruff an audit asks for, and how bad a violation is.

The choice: what is wrong or dangerous when it runs, or plainly dead; nothing about style, layout or taste, for which
a project has a formatter and opinions of its own. Severities: HIGH fails at run time or hands control to an attacker,
MEDIUM is wrong under conditions that happen, LOW misleads readers or is a risk only in some surroundings, INFO is
tidying up.
"""

from __future__ import annotations

from domain.severity import Severity

SELECT = (
    "F", "E9", "E711", "E712", "E721", "E722", "W605", "B", "S", "BLE", "ASYNC", "PLE", "YTT", "T10", "LOG",
    "PLW0120", "PLW0127", "PLW0128", "PLW0129", "PLW0131", "PLW0133", "PLW0177", "PLW0211", "PLW0245", "PLW0406",
    "PLW0602", "PLW0604", "PLW0711", "PLW1501", "PLW1507", "PLW1508", "PLW1509", "PLW2101", "PLW3301", "PLR0124",
    "PLR1704", "RUF006", "RUF008", "RUF009", "RUF016", "RUF018", "RUF024", "RUF026", "RUF030", "RUF032", "RUF033",
    "RUF034", "RUF040", "RUF049",
)  # fmt: skip

IGNORE = {
    "ASYNC109": "a timeout parameter is a sound interface",
    "ASYNC110": "polling is right where nothing can be waited for",
    "B005": "strip() with several characters is meant as a set more often than not",
    "B007": "an unused loop variable harms nobody",
    "B008": "frameworks (FastAPI, Typer) are built on calls in defaults",
    "B009": "getattr with a constant is taste",
    "B010": "setattr with a constant is taste",
    "B011": "assert False is taste",
    "B027": "an empty method without @abstractmethod is an optional hook",
    "B028": "the stack level of a warning is taste",
    "B904": "raise without from loses nothing: the context is kept",
    "B905": "zip without strict is right wherever lengths may differ",
    "B911": "batched without strict is right wherever the last batch may be short",
    "B912": "map without strict is right wherever lengths may differ",
    "F405": "says for each name what F403 says once",
    "F722": "false alarms on annotations that are not types",
    "LOG015": "using the root logger is right in a program",
    "S101": "asserts document what must hold; few programs run with -O",
    "S311": "random numbers are seldom secrets",
    "S403": "importing is not using, S301 reports the use",
    "S404": "importing is not using, S602 and S605 report the use",
    "S603": "a program started from a list without a shell is what to do",
    "S606": "a program started without a shell is what to do",
    "S607": "looking a program up on PATH is what users expect",
}
"""Rules left out although their family is selected, with the reason."""

IGNORE_BESIDE_THE_PRODUCT = (
    "S",
    "BLE",
    "ASYNC",
    "B015",
    "B017",
    "B018",
    "E711",
    "E712",
    "F403",
    "F811",
    "F841",
    "PLW0129",
)
"""Left out in tests, documentation and examples, where these are idioms: a fixed password, a bare comparison, a fixture
that shadows its import."""

IGNORE_IN_PACKAGE_INIT = ("F401", "F403")
"""Left out in ``__init__.py``, where importing a name is publishing it."""

_SEVERITIES = {
    Severity.HIGH: """
        invalid-syntax E9 F5 F621 F622 F63 F7 F82 B002 B003 B016 B022 B029 B030 PLE PLW0129 PLW0711 PLW1501
        S102 S201 S202 S307 S323 S501 S506 S507 S601 S602 S608 S612 YTT T10 RUF016 RUF030 LOG014
        ASYNC210 ASYNC220 ASYNC221 ASYNC222 ASYNC251
    """,
    Severity.MEDIUM: "ASYNC B E711 E712 E722 F403 F601 F632 F811 LOG PLR0124 PLW RUF S W605",
    Severity.LOW: """
        B013 B014 B018 B020 B024 B025 B033 B034 E721 F401 F402 F504 F522 F523 F841 F842 LOG001 PLR1704
        PLW0120 PLW0127 PLW0128 PLW0211 PLW0602 PLW0604 PLW3301 RUF009 RUF018 RUF033 RUF034
        S104 S105 S106 S107 S108 S110 S112 S310 S313 S314 S315 S316 S317 S318 S319 S324
    """,
    Severity.INFO: "BLE F541",
}
_BY_PREFIX = {prefix: severity for severity, prefixes in _SEVERITIES.items() for prefix in prefixes.split()}


def severity_of(rule: str, message: str = "") -> Severity:
    """How bad a violation of a rule is: the entry with the longest prefix of its code decides.

    Where ruff itself says that a call seems safe (a shell with a constant command), it is a risk for later only: LOW.
    """
    if "seems safe" in message:
        return Severity.LOW
    for length in range(len(rule), 0, -1):
        if severity := _BY_PREFIX.get(rule[:length]):
            return severity
    return Severity.LOW


SAME_THING = (("S110", "S112", "E722", "BLE001"), ("F632", "PLR0124"))
"""Rules that report one thing from different sides: on one line only the first of a group is kept."""
