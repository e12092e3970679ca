"""Checking a receipt with nothing but the receipt: no server, no database."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from domain.canonical import canonical, digest
from domain.event_chain import EMPTY, extended, leaf
from domain.receipt import ALGORITHM, FORMAT, PAYLOAD_TYPE, signed_bytes

LARGEST = 64 * 2**20
"""Bytes of a receipt: one with 100,000 tool calls has half of it."""

FIELD = 2**255 - 19
"""The prime of the field of Ed25519 (RFC 8032, section 5.1)."""
SIGN = 1 << 255
"""The bit of a public key that is the sign of x; the others are y."""
OF_ORDER_8 = 0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7
SMALL_ORDER = frozenset({0, 1, FIELD - 1, OF_ORDER_8, FIELD - OF_ORDER_8})
"""The y of the points of order 1, 2, 4 and 8: under such a key there are signatures that fit many messages or all."""

Verify = Callable[[bytes, bytes, bytes], bool]
"""Whether the signature (second) of a message (third) is that of an Ed25519 public key (first)."""


class ReceiptRefused(Exception):
    """It is not a receipt that can be believed; the message is one sentence that says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedReceipt:
    """A receipt whose signature is that of ``public_key`` and whose payload says what is read here."""

    statement: Mapping[str, Any]
    key_id: str
    public_key: bytes

    @property
    def execution_id(self) -> UUID:
        """The execution it is about."""
        return UUID(self.statement["execution"]["id"])


def check_receipt(document: bytes, verify: Verify, key_id_of: Callable[[bytes], str]) -> CheckedReceipt:
    """Read a receipt and check its form, its signature, and what can be checked within it.

    Raises:
        ReceiptRefused: it was edited, cut, or is no receipt.
    """
    envelope = _object(_json(document, "The receipt"), "The receipt", {"payloadType", "payload", "signatures"})
    if envelope["payloadType"] != PAYLOAD_TYPE:
        raise ReceiptRefused(f"It is not a receipt of WrenchAI: its payloadType is not {PAYLOAD_TYPE}.")
    signatures = envelope["signatures"]
    if not isinstance(signatures, list) or len(signatures) != 1:
        raise ReceiptRefused("It needs exactly one signature.")
    signature = _object(signatures[0], "The signature", {"keyid", "sig"})
    payload, signed = _bytes(envelope["payload"], "payload"), _bytes(signature["sig"], "sig")
    statement = _json(payload, "The payload")
    signer = _signer(statement)
    public = _public_key(signer)
    if not verify(public, signed, signed_bytes(payload)):
        raise ReceiptRefused("The signature is not that of its payload: the receipt was edited after it was signed.")
    if signature["keyid"] != signer["keyId"] or key_id_of(public) != signer["keyId"]:
        raise ReceiptRefused("The receipt names another key than the one it was signed with.")
    _check_statement(statement, payload)
    return CheckedReceipt(statement=statement, key_id=signer["keyId"], public_key=public)


def check_events(checked: CheckedReceipt, lines: Iterable[bytes]) -> int:
    """Check that these events, one JSON object a line, are those of the execution: all of them, in their order.

    Raises:
        ReceiptRefused: one was edited, added, left out or moved; or the receipt has no chain.
    """
    promised = checked.statement["events"]
    if promised["head"] is None:
        raise ReceiptRefused(
            "The execution was begun before there were chains of events, so its events cannot be checked."
        )
    head, count = EMPTY, 0
    for line in lines:
        count += 1
        event = _object(_json(line, f"Event {count}"), f"Event {count}", {"sequence", "kind", "payload", "actor", "at"})
        if type(event["sequence"]) is not int or event["sequence"] != count:  # 1.0 and true are equal to 1, too
            raise ReceiptRefused(
                f"Event {count} is missing: the one in its place has the sequence {event['sequence']!r}."
            )
        try:
            one = leaf(checked.execution_id, event["kind"], event["payload"], event["actor"], event["at"])
        except (TypeError, ValueError, RecursionError):
            raise ReceiptRefused(f"Event {count} does not have the form of one.") from None
        head = extended(head, [one])
    if count != promised["count"]:
        raise ReceiptRefused(f"There are {count} events, and the receipt was signed for {promised['count']}.")
    if head.hex() != promised["head"]:
        raise ReceiptRefused("The events are not those that the receipt was signed for: one of them was edited.")
    return count


def _check_statement(statement: Mapping[str, Any], payload: bytes) -> None:
    if statement.get("format") != FORMAT:
        raise ReceiptRefused(f"Its format is {statement.get('format')!r}, and this version reads {FORMAT!r}.")
    try:
        same = canonical(statement) == payload
        UUID(statement["execution"]["id"])
        whole = statement["inputsSha256"] == digest(statement["inputs"])
        complete = type(statement["events"]["count"]) is int and isinstance(statement["artifacts"], list)
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
        same = whole = complete = False
    if not (same and whole and complete):
        raise ReceiptRefused("It is signed, but not as WrenchAI writes receipts: its payload is not in canonical form.")


def _signer(statement: Any) -> Mapping[str, Any]:
    if not isinstance(statement, dict):
        raise ReceiptRefused("The payload is no JSON object.")
    signer = _object(statement.get("signer"), "The signer", {"algorithm", "publicKey", "keyId"})
    if signer["algorithm"] != ALGORITHM:
        raise ReceiptRefused(f"It is signed with {signer['algorithm']!r}, and this version knows {ALGORITHM}.")
    return signer


def _public_key(signer: Mapping[str, Any]) -> bytes:
    try:
        public = bytes.fromhex(signer["publicKey"])
    except (TypeError, ValueError):
        public = b""
    if len(public) != 32 or public.hex() != signer["publicKey"]:
        raise ReceiptRefused("Its publicKey is no Ed25519 key of 64 hex digits.")
    y = int.from_bytes(public, "little") & ~SIGN
    if y >= FIELD or y in SMALL_ORDER:
        raise ReceiptRefused("Its publicKey is one under which anybody can sign: it proves nothing.")
    return public


def _json(document: bytes, name: str) -> Any:
    if len(document) > LARGEST:
        raise ReceiptRefused(f"{name} is larger than the {LARGEST // 2**20} MiB that are read.")
    try:
        return json.loads(document.decode("utf-8"), object_pairs_hook=_without_doubles)
    except ReceiptRefused:
        raise
    except (ValueError, RecursionError):
        raise ReceiptRefused(f"{name} is not JSON: it was cut, or it is something else.") from None


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Of two members of one name, readers take the first or the last: neither is what was signed."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ReceiptRefused("It has two members of the same name in one object.")
    return found


def _object(value: Any, name: str, members: set[str]) -> dict[str, Any]:
    if not isinstance(value, dict) or set(value) != members:
        raise ReceiptRefused(
            f"{name} does not have the form of one: it needs {', '.join(sorted(members))}, and no more."
        )
    return value


def _bytes(text: Any, name: str) -> bytes:
    try:
        found = b64decode(text.encode("ascii"), validate=True)
        exact = b64encode(found).decode() == text  # else several texts would stand for the same bytes
    except (AttributeError, UnicodeEncodeError, NotBase64):
        found, exact = b"", False
    if not exact:
        raise ReceiptRefused(f"Its {name} is not base64: it was cut, or edited.")
    return found
