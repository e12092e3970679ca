"""A receipt can be checked offline, and no edit of it goes unseen."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Iterator
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from domain import receipt_check
from domain.acceptance import AcceptanceResult, CheckKind
from domain.canonical import canonical
from domain.event_chain import EMPTY, ChainedEvent, EventHead, extended, leaf, moment
from domain.evidence import Evidence, JudgedClaim, Records, Verdict
from domain.execution import Artifact, Execution, StoredReport, TestCounts, ToolCall
from domain.receipt import PAYLOAD_TYPE, Closed, SignedReceipt, signed_bytes, statement
from domain.receipt_check import ReceiptRefused, check_events, check_receipt
from domain.states import ExecutionStatus
from domain.task import Task
from domain.units import Unit
from server.security.receipt_key import ReceiptKey, is_signed_by, key_id

AT = datetime(2026, 11, 25, 12, 30, 0, 125, tzinfo=UTC)
KEY = ReceiptKey(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
OTHER = ReceiptKey(Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33))))
EXECUTION = UUID(int=4)
EVENTS = [
    ChainedEvent(sequence=number, kind="StepSucceeded", payload={"step": f"é{number}"}, actor="worker:1", at=AT)
    for number in range(1, 6)
]


def head_of(events: list[ChainedEvent]) -> str:
    leaves = (leaf(EXECUTION, one.kind, one.payload, one.actor, moment(one.at)) for one in events)
    return extended(EMPTY, leaves).hex()


def closed() -> Closed:
    """An execution with something in every field."""
    call = ToolCall(
        id=UUID(int=7),
        execution_id=EXECUTION,
        step_name="tests",
        tool="pytest",
        version="9.0",
        arguments=("-q",),
        arguments_hash="a" * 64,
        exit_code=0,
        output_sha256="b" * 64,
        output_bytes=12,
        tests=TestCounts(passed=2, failed=0),
        started_at=AT,
        finished_at=AT + timedelta(seconds=1),
    )
    artifact = Artifact(
        id=UUID(int=8),
        workspace_id=UUID(int=1),
        execution_id=EXECUTION,
        name="audit.md",
        media_type="text/markdown",
        size=3,
        sha256="c" * 64,
        created_at=AT,
    )
    return Closed(
        task=Task(
            id=UUID(int=3),
            workspace_id=UUID(int=1),
            project_id=UUID(int=2),
            number=1,
            key="WR-1",
            title="Größe",
            agent="liar",
            created_at=AT,
            updated_at=AT,
        ),
        execution=Execution(
            id=EXECUTION,
            workspace_id=UUID(int=1),
            project_id=UUID(int=2),
            task_id=UUID(int=3),
            number=1,
            agent="liar",
            status=ExecutionStatus.SUCCEEDED,
            inputs={"ratio": 0.1, "big": 2**70, "text": "\U0001f600", "none": None},
            source_state="git:abc",
            timeout=timedelta(minutes=1),
            created_at=AT,
            started_at=AT,
            finished_at=AT + timedelta(seconds=2),
        ),
        agent_version="1.0",
        report=StoredReport(kind="LiarReport", data={"lie": "nothing"}),
        records=Records(steps=[], tool_calls=[call], artifacts=[artifact], findings=0),
        evidence=Evidence(
            verdict=Verdict.VERIFIED, claims=(JudgedClaim(kind="ToolRan", text="it ran", verified=True),)
        ),
        results=[
            AcceptanceResult(
                position=0, name="c", kind=CheckKind.COMMAND, passed=True, message="ok", sandbox="bubblewrap 0.11"
            )
        ],
        spent={Unit.COST: 1_500_000, Unit.CPU_SECONDS: 1, Unit.TOOL_CALLS: 1},
        events=EventHead(count=len(EVENTS), head=head_of(EVENTS)),
        issued_at=AT + timedelta(seconds=2),
    )


def signed(said: dict[str, Any], key: ReceiptKey = KEY, payload: bytes | None = None) -> dict[str, Any]:
    payload = canonical(said) if payload is None else payload
    signature = b64encode(key.sign(signed_bytes(payload))).decode()
    receipt = SignedReceipt(
        execution_id=EXECUTION,
        payload=payload.decode("utf-8", "surrogateescape"),
        key_id=key.key_id,
        public_key=key.public_key,
        signature=signature,
        issued_at=AT,
    )
    return receipt.envelope


SAID = statement(closed(), platform="1.2.3", public_key=KEY.public_key, key_id=KEY.key_id)
ENVELOPE = signed(SAID)
DOCUMENT = json.dumps(ENVELOPE, separators=(",", ":")).encode()


def check(document: bytes | dict[str, Any]) -> receipt_check.CheckedReceipt:
    text = document if isinstance(document, bytes) else json.dumps(document).encode()
    return check_receipt(text, is_signed_by, key_id)


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths to everything in a JSON value that holds nothing itself."""
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    inner = [found for key, part in parts for found in leaves(part, (*path, key))]
    yield from inner or [path]


FIELDS = list(leaves(SAID))


def changed(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    copy = deepcopy(value)
    place = copy
    for part in path[:-1]:
        place = place[part]
    place[path[-1]] = new
    return copy


def test_a_receipt_says_what_is_on_record() -> None:
    checked = check(DOCUMENT)
    assert (checked.key_id, checked.public_key.hex(), checked.execution_id) == (KEY.key_id, KEY.public_key, EXECUTION)
    assert checked.statement["toolCalls"][0]["testsPassed"] == 2
    assert checked.statement["sandboxes"] == ["bubblewrap 0.11"]
    assert checked.statement["usage"] == {
        "COST": "1.5",
        "CPU_SECONDS": "0.000001",
        "BYTES": "0",
        "TOOL_CALLS": "1",
        "UNPRICED_CALLS": "0",
        "INPUT_TOKENS": "0",
        "OUTPUT_TOKENS": "0",
        "CACHED_TOKENS": "0",
    }
    assert checked.statement["inputs"]["big"] == 2**70
    assert checked.statement["execution"]["startedAt"] == "2026-11-25T12:30:00.000125Z"
    assert check(json.dumps(ENVELOPE, indent=4).encode()).statement == checked.statement


def test_the_signed_bytes_are_those_of_the_standard() -> None:
    # The example of the specification of DSSE.
    assert signed_bytes(b"hello world", "http://example.com/HelloWorld") == (
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )


def refuses_edit(path: tuple[Any, ...], new: Any) -> None:
    edited = canonical(changed(SAID, path, new))
    if edited != canonical(SAID):
        with pytest.raises(ReceiptRefused):
            check({**ENVELOPE, "payload": b64encode(edited).decode()})


@pytest.mark.parametrize("path", FIELDS, ids=lambda path: ".".join(map(str, path)))
def test_each_field_that_is_edited_is_noticed(path: tuple[Any, ...]) -> None:
    for new in (None, True, 0, 1, "", "edited"):
        refuses_edit(path, new)


@given(st.sampled_from(FIELDS), st.none() | st.booleans() | st.integers() | st.text(max_size=70))
def test_whatever_a_field_is_edited_to_is_noticed(path: tuple[Any, ...], new: Any) -> None:
    refuses_edit(path, new)


@given(st.integers(0, len(DOCUMENT) - 1), st.integers(0, 255))
def test_any_byte_that_is_edited_is_noticed(position: int, byte: int) -> None:
    edited = DOCUMENT[:position] + bytes([byte]) + DOCUMENT[position + 1 :]
    if edited != DOCUMENT:
        with pytest.raises(ReceiptRefused):
            check(edited)


@given(st.integers(0, len(DOCUMENT) - 1))
def test_one_that_was_cut_is_refused(length: int) -> None:
    with pytest.raises(ReceiptRefused, match="not JSON"):
        check(DOCUMENT[:length])


@given(st.binary(max_size=300))
def test_something_else_is_refused(document: bytes) -> None:
    with pytest.raises(ReceiptRefused):
        check(document)


def test_another_key_cannot_sign_in_its_name() -> None:
    by_other = signed(SAID, OTHER)
    with pytest.raises(ReceiptRefused, match="edited after it was signed"):
        check(by_other)
    disguised = changed(by_other, ("signatures", 0, "keyid"), KEY.key_id)
    with pytest.raises(ReceiptRefused, match="edited after it was signed"):
        check(disguised)
    own = deepcopy(SAID)
    own["signer"] |= {"publicKey": OTHER.public_key}  # its own key under the id of ours
    with pytest.raises(ReceiptRefused, match="names another key"):
        check(signed(own, OTHER))


@pytest.mark.parametrize(
    ("payload", "sentence"),
    [
        (json.dumps(SAID).encode(), "canonical form"),
        (canonical({**SAID, "format": "wrenchai-receipt/2"}), "this version reads"),
        (canonical({**SAID, "inputs": {"other": 1}}), "canonical form"),
        (canonical({**SAID, "execution": {"id": 5}}), "canonical form"),
        (canonical({**SAID, "events": None}), "canonical form"),
        (canonical({key: value for key, value in SAID.items() if key != "signer"}), "The signer"),
        (canonical({**SAID, "signer": {**SAID["signer"], "algorithm": "none"}}), "this version knows Ed25519"),
        (canonical({**SAID, "signer": {**SAID["signer"], "publicKey": "00"}}), "no Ed25519 key"),
        (canonical([1]), "no JSON object"),
        (b"nothing", "not JSON"),
        (canonical(SAID).replace(b'"format"', b'"format":"x","format"', 1), "two members"),
        (b"[" * 100_000, "not JSON"),
    ],
)
def test_what_is_signed_must_be_a_receipt_all_the_same(payload: bytes, sentence: str) -> None:
    with pytest.raises(ReceiptRefused, match=sentence):
        check(signed(SAID, payload=payload))


@pytest.mark.parametrize(
    ("envelope", "sentence"),
    [
        ([], "needs payload, payloadType, signatures"),
        ({**ENVELOPE, "more": 1}, "and no more"),
        ({**ENVELOPE, "payloadType": "text/plain"}, PAYLOAD_TYPE.replace("+", r"\+")),
        ({**ENVELOPE, "signatures": []}, "exactly one"),
        ({**ENVELOPE, "signatures": ENVELOPE["signatures"] * 2}, "exactly one"),
        ({**ENVELOPE, "signatures": [5]}, "The signature"),
        ({**ENVELOPE, "payload": 5}, "payload is not base64"),
        ({**ENVELOPE, "payload": ENVELOPE["payload"] + "\n"}, "payload is not base64"),
        (changed(ENVELOPE, ("signatures", 0, "sig"), "é"), "sig is not base64"),
        (changed(ENVELOPE, ("signatures", 0, "sig"), ""), "edited after"),
    ],
)
def test_an_envelope_of_another_form(envelope: Any, sentence: str) -> None:
    with pytest.raises(ReceiptRefused, match=sentence):
        check(envelope)


def test_a_huge_one_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receipt_check, "LARGEST", len(DOCUMENT) - 1)
    with pytest.raises(ReceiptRefused, match="larger than"):
        check(DOCUMENT)


def lines(events: list[dict[str, Any]]) -> list[bytes]:
    return [json.dumps(event).encode() for event in events]


PLAIN = [event.plain() for event in EVENTS]


def test_the_events_are_checked_by_their_chain() -> None:
    assert check_events(check(DOCUMENT), lines(PLAIN)) == 5


@pytest.mark.parametrize(
    ("events", "sentence"),
    [
        (PLAIN[:-1], "There are 4 events"),
        (PLAIN[1:], "Event 1 is missing"),
        ([*PLAIN[:2], *PLAIN[3:]], "Event 3 is missing"),
        ([*PLAIN, {**PLAIN[-1], "sequence": 6}], "There are 6 events"),
        ([], "There are 0 events"),
        ([{**PLAIN[1], "sequence": 1}, {**PLAIN[0], "sequence": 2}, *PLAIN[2:]], "one of them was edited"),
        ([{"sequence": 1}], "does not have the form"),
        ([{**PLAIN[0], "sequence": True}, *PLAIN[1:]], "Event 1 is missing: .* sequence True"),
        ([PLAIN[0], {**PLAIN[1], "sequence": 2.0}, *PLAIN[2:]], r"Event 2 is missing: .* sequence 2\.0"),
    ],
)
def test_events_that_are_not_those(events: list[dict[str, Any]], sentence: str) -> None:
    with pytest.raises(ReceiptRefused, match=sentence):
        check_events(check(DOCUMENT), lines(events))


@given(st.integers(0, 4), st.sampled_from(["kind", "payload", "actor", "at"]), st.text(max_size=20) | st.integers())
def test_any_field_of_an_event_that_is_edited_is_noticed(index: int, field: str, new: object) -> None:
    if PLAIN[index][field] == new:
        return
    with pytest.raises(ReceiptRefused):
        check_events(check(DOCUMENT), lines(changed(PLAIN, (index, field), new)))


FIELD = 2**255 - 19
ORDER_8 = int.from_bytes(bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"), "little")


@pytest.mark.parametrize(
    "y",
    [0, 1, FIELD - 1, ORDER_8, FIELD - ORDER_8, FIELD, FIELD + 1, FIELD + 5, 2**255 - 1],
)
@pytest.mark.parametrize("sign", [0, 1 << 255])
def test_a_key_under_which_anybody_can_sign_is_refused(y: int, sign: int) -> None:
    public = (y | sign).to_bytes(32, "little")
    signer = {**SAID["signer"], "publicKey": public.hex(), "keyId": key_id(public)}
    payload = canonical({**SAID, "signer": signer})
    constant = b64encode((1).to_bytes(32, "little") + bytes(32)).decode()  # R is the neutral point, S is 0
    forged = {
        "payloadType": PAYLOAD_TYPE,
        "payload": b64encode(payload).decode(),
        "signatures": [{"keyid": key_id(public), "sig": constant}],
    }
    with pytest.raises(ReceiptRefused, match="anybody can sign"):
        check(forged)


@given(st.binary(min_size=32, max_size=32))
def test_keys_that_are_made_are_none_of_those(seed: bytes) -> None:
    made = ReceiptKey(Ed25519PrivateKey.from_private_bytes(seed))
    said = statement(closed(), platform="1", public_key=made.public_key, key_id=made.key_id)
    assert check(signed(said, made)).public_key.hex() == made.public_key


def test_events_of_an_execution_without_a_chain() -> None:
    before = {**SAID, "events": {"count": 5, "head": None}}
    with pytest.raises(ReceiptRefused, match="before there were chains"):
        check_events(check(signed(before)), lines(PLAIN))


def test_an_altered_base64_of_the_same_bytes_is_noticed() -> None:
    text = ENVELOPE["signatures"][0]["sig"]
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    other = text[:-3] + alphabet[alphabet.index(text[-3]) ^ 1] + text[-2:]  # of which four bits mean nothing
    assert (b64decode(other), other) == (b64decode(text), text[:-3] + other[-3:])
    with pytest.raises(ReceiptRefused, match="sig is not base64"):
        check(changed(ENVELOPE, ("signatures", 0, "sig"), other))
