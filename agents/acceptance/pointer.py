"""JSON pointers, RFC 6901."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any


class NothingThere(Exception):
    """The pointer leads nowhere; the message says how far it came."""


def at_pointer(value: Any, pointer: str) -> Any:
    """What a pointer leads to.

    Raises:
        NothingThere: there is no such part.
    """
    if not pointer:
        return value
    passed = ""
    for token in pointer.split("/")[1:]:
        name = token.replace("~1", "/").replace("~0", "~")
        if isinstance(value, Mapping) and name in value:
            value = value[name]
        elif _is_array(value) and re.fullmatch(r"0|[1-9][0-9]{0,8}", name) and int(name) < len(value):
            value = value[int(name)]
        else:
            raise NothingThere(f"there is no {name!r} at {passed or 'the top'}")
        passed += f"/{token}"
    return value


def _is_array(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)
