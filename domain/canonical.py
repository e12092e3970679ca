"""One sequence of bytes for one JSON value: what is hashed and signed.

The rules are those of RFC 8785 (JSON Canonicalization Scheme): no white space, keys sorted by their UTF-16 code units,
strings with the shortest escapes, numbers as ECMAScript writes them. There is one addition: a whole number keeps
all its digits, however large. RFC 8785 would round one beyond 2^53, and two numbers would have the same bytes.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from json.encoder import encode_basestring
from typing import Any


def canonical(value: Any) -> bytes:
    """The canonical form of a JSON value, in UTF-8. Tuples count as arrays.

    Raises:
        TypeError: the value holds something that is not JSON.
        ValueError: it holds a number that is not finite.
    """
    parts: list[str] = []
    _write(value, parts)
    return "".join(parts).encode("utf-8", "surrogatepass")


def digest(value: Any) -> str:
    """SHA-256 of the canonical form, in hex."""
    return hashlib.sha256(canonical(value)).hexdigest()


def _write(value: Any, parts: list[str]) -> None:
    if isinstance(value, str):
        parts.append(encode_basestring(value))
    elif value is None or isinstance(value, bool):
        parts.append({None: "null", True: "true", False: "false"}[value])
    elif isinstance(value, int):
        parts.append(str(int(value)))
    elif isinstance(value, float):
        parts.append(_number(value))
    elif isinstance(value, Mapping):
        _write_object(value, parts)
    elif isinstance(value, (list, tuple)):
        parts.append("[")
        for index, item in enumerate(value):
            if index:
                parts.append(",")
            _write(item, parts)
        parts.append("]")
    else:
        raise TypeError(f"{type(value).__name__} is not JSON.")


def _write_object(value: Mapping[Any, Any], parts: list[str]) -> None:
    if not all(isinstance(key, str) for key in value):
        raise TypeError("An object of JSON has texts as its keys.")
    parts.append("{")
    for index, key in enumerate(sorted(value, key=_utf16)):
        if index:
            parts.append(",")
        parts.append(encode_basestring(key))
        parts.append(":")
        _write(value[key], parts)
    parts.append("}")


def _utf16(key: str) -> bytes:
    """What keys are ordered by."""
    return key.encode("utf-16-be", "surrogatepass")


def _number(value: float) -> str:
    """A number as ECMAScript writes it: Python finds the same digits, and sets the point elsewhere."""
    if not math.isfinite(value):
        raise ValueError("JSON has no number that is not finite.")
    if value == 0:
        return "0"
    sign = "-" if value < 0 else ""
    mantissa, _, power = repr(abs(value)).partition("e")
    whole, _, fraction = mantissa.partition(".")
    fraction = "" if fraction == "0" else fraction
    digits = (whole + fraction).lstrip("0")
    point = len(whole) + int(power or 0) - (len(whole + fraction) - len(digits))
    digits = digits.rstrip("0")
    return sign + _placed(digits, point)


def _placed(digits: str, point: int) -> str:
    """``0.digits`` times ten to the power of ``point``."""
    count = len(digits)
    if count <= point <= 21:
        return digits + "0" * (point - count)
    if 0 < point <= 21:
        return f"{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return f"0.{'0' * -point}{digits}"
    power = point - 1
    fraction = f".{digits[1:]}" if count > 1 else ""
    return f"{digits[0]}{fraction}e{'+' if power > 0 else '-'}{abs(power)}"
