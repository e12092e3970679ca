"""Reading a request's bytes and JSON without trusting either."""

from __future__ import annotations

import asyncio
import json
from typing import NoReturn

from starlette.types import Message, Receive

from domain.error_codes import ErrorCode
from server.transport.failure import ClientGone, RequestFailure
from server.transport.limits import TransportLimits

MALFORMED = 'The request is not valid JSON in UTF-8: send an object such as {"query": "{ viewer { id } }"}.'


async def read_body(receive: Receive, declared: str | None, limits: TransportLimits) -> bytes:
    """Collect the body, never holding more than the limit; ``declared`` is the content-length header.

    Raises:
        RequestFailure: ``BODY_TOO_LARGE`` or ``REQUEST_TIMEOUT``.
        ClientGone: the client went away in the middle.
    """
    if declared is not None and declared.isdecimal() and int(declared[:20]) > limits.body_bytes:
        _too_large(limits)
    body = bytearray()
    try:
        async with asyncio.timeout(limits.deadline.total_seconds()):
            more = True
            while more:
                message = await _next(receive)
                body += message.get("body", b"")
                if len(body) > limits.body_bytes:
                    _too_large(limits)
                more = message.get("more_body", False)
    except TimeoutError:
        text = "The body did not arrive in time: send the request again over a better connection."
        raise RequestFailure(ErrorCode.REQUEST_TIMEOUT, text, headers={"connection": "close"}) from None
    return bytes(body)


def decode_json(raw: bytes | str, limits: TransportLimits) -> object:
    """Parse JSON strictly: UTF-8, no NaN, no infinity.

    Raises:
        RequestFailure: ``BAD_REQUEST`` when it is not that, ``BAD_USER_INPUT`` when it is nested beyond all measure.
    """
    try:
        text = raw.decode("utf-8") if isinstance(raw, bytes) else raw
        value: object = json.loads(text, parse_constant=_refuse_constant, parse_float=_finite)
        return value
    except RecursionError:
        _too_deep(limits)
    except ValueError:
        raise RequestFailure(ErrorCode.BAD_REQUEST, MALFORMED) from None


def check_values(value: object, limits: TransportLimits) -> None:
    """Let decoded values through that are nested within the limit and hold only text that a database can store.

    Raises:
        RequestFailure: ``BAD_USER_INPUT``.
    """
    _check(value, limits.input_depth, limits)


def is_storable(text: str) -> bool:
    """Whether the text has neither NUL nor half a surrogate pair, which PostgreSQL and UTF-8 cannot hold."""
    return "\0" not in text and not any("\ud800" <= character <= "\udfff" for character in text)


async def _next(receive: Receive) -> Message:
    message = await receive()
    if message["type"] == "http.disconnect":
        raise ClientGone
    return message


def _check(value: object, depth: int, limits: TransportLimits) -> None:
    if isinstance(value, str):
        if not (value.isascii() and "\0" not in value) and not is_storable(value):
            text = "A text contains a NUL character or half a surrogate pair: remove it."
            raise RequestFailure(ErrorCode.BAD_USER_INPUT, text)
    elif isinstance(value, (dict, list)):
        if depth == 0:
            _too_deep(limits)
        for item in value.values() if isinstance(value, dict) else value:
            _check(item, depth - 1, limits)
        for key in value if isinstance(value, dict) else ():
            _check(key, depth - 1, limits)


def _finite(digits: str) -> float:
    number = float(digits)
    if number in (float("inf"), float("-inf")):
        raise ValueError(digits)
    return number


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _too_large(limits: TransportLimits) -> NoReturn:
    text = f"The request is larger than the {limits.body_bytes // 1024} KiB that are accepted: split it."
    # The connection stays open: closed on a client that is still sending, it would be reset and the answer lost.
    raise RequestFailure(ErrorCode.BODY_TOO_LARGE, text)


def _too_deep(limits: TransportLimits) -> NoReturn:
    text = f"The request is nested deeper than the {limits.input_depth} levels that are accepted: flatten it."
    raise RequestFailure(ErrorCode.BAD_USER_INPUT, text)
