"""The client's messages of graphql-transport-ws, checked as they come in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

from server.transport.body import decode_json
from server.transport.failure import RequestFailure
from server.transport.limits import TransportLimits


class CloseCode(IntEnum):
    """Why a socket is closed. Clients reconnect by themselves after the first three, and after none of the others."""

    SERVICE_RESTART = 1012
    SLOW_READER = 4010
    INIT_TIMEOUT = 4408
    INTERNAL = 1011
    BAD_MESSAGE = 4400
    UNAUTHORIZED = 4401
    FORBIDDEN = 4403
    NO_SUBPROTOCOL = 4406
    DUPLICATE_OPERATION = 4409
    INIT_TWICE = 4429


class SocketClose(Exception):
    """The socket must be closed with this code and reason (at most 123 bytes)."""

    def __init__(self, code: CloseCode, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Init:
    """``connection_init``."""

    payload: Mapping[str, object] | None


@dataclass(frozen=True, slots=True)
class Ping:
    """``ping``; its payload comes back in the ``pong``."""

    payload: Mapping[str, object] | None


@dataclass(frozen=True, slots=True)
class Pong:
    """``pong``."""


@dataclass(frozen=True, slots=True)
class Subscribe:
    """``subscribe``: run an operation under an id of the client's choice. ``parameters`` are not checked yet."""

    id: str
    parameters: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Complete:
    """``complete``: the client wants no more of this operation."""

    id: str


ClientMessage = Init | Ping | Pong | Subscribe | Complete


def read_message(frame: str, limits: TransportLimits) -> ClientMessage:
    """Decode one text frame.

    Raises:
        SocketClose: with ``BAD_MESSAGE``, for whatever the protocol does not have.
    """
    try:
        message = decode_json(frame, limits)
    except RequestFailure as failure:
        raise bad_message(failure.message) from None
    if not isinstance(message, dict):
        raise bad_message("A message must be a JSON object.")
    match message.get("type"):
        case "connection_init":
            return Init(_payload(message))
        case "ping":
            return Ping(_payload(message))
        case "pong":
            return Pong()
        case "subscribe":
            parameters = _payload(message)
            if parameters is None:
                raise bad_message("A subscribe message needs a payload.")
            return Subscribe(_id(message), parameters)
        case "complete":
            return Complete(_id(message))
        case _:
            raise bad_message("A message has a type that graphql-transport-ws does not have.")


def bad_message(reason: str) -> SocketClose:
    """A violation of the protocol."""
    return SocketClose(CloseCode.BAD_MESSAGE, reason)


def _id(message: Mapping[str, object]) -> str:
    value = message.get("id")
    if not isinstance(value, str) or not value:
        raise bad_message("The id of a message must be a text that is not empty.")
    return value


def _payload(message: Mapping[str, object]) -> Mapping[str, object] | None:
    value = message.get("payload")
    if value is not None and not isinstance(value, dict):
        raise bad_message("The payload of a message must be an object.")
    return value
