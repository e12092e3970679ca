"""The ledger's arithmetic: whatever happens in whatever order, nothing is invented, lost, or spent beyond a budget."""

from __future__ import annotations

from decimal import Decimal
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import Invalid
from domain.ledger import MOVES, Account, Posting, PostingKind, Pot, Reservation, Scope, imbalance
from domain.prices import Price, Rate
from domain.units import MOST, Unit, parts_of, written

AMOUNTS = st.integers(0, 50)
PRICES = st.builds(
    Price,
    per_call=st.integers(0, 10**6),
    rate=st.none()
    | st.builds(
        Rate,
        unit=st.sampled_from([Unit.BYTES, Unit.CPU_SECONDS]),
        amount=st.integers(0, 10**6),
        per=st.integers(1, 10**6),
        maximum=st.integers(1, 10**6),
    ),
)


def account(limit: int | None, unit: Unit = Unit.COST) -> Account:
    return Account(id=uuid4(), scope=Scope.TASK, scope_id=uuid4(), unit=unit, limit=limit)


@given(
    limits=st.tuples(*[st.none() | st.integers(0, 200)] * 3),
    moves=st.lists(st.tuples(st.integers(0, 2), AMOUNTS, st.integers(0, 12), st.booleans()), max_size=60),
)
def test_interleaved_calls_never_exceed_a_budget_and_always_sum_to_zero(
    limits: tuple[int | None, ...], moves: list[tuple[int, int, int, bool]]
) -> None:
    """Three nested scopes; a move reserves at one of them, or ends one of the calls that are open."""
    nest = [account(limit) for limit in limits]
    posted: list[Posting] = []
    open_calls: list[tuple[int, Reservation]] = []
    spent = [0, 0, 0]
    for depth, amount, which, begins in moves:
        if begins or not open_calls:
            reservation = Reservation(reference=uuid4(), amounts={Unit.COST: amount})
            after = _after(nest[: depth + 1], reservation.opening())
            if not any(one.overdrawn for one in after):
                nest[: depth + 1] = after
                posted += reservation.opening()
                open_calls.append((depth, reservation))
        else:
            depth, reservation = open_calls.pop(which % len(open_calls))
            took = min(amount, reservation.amounts[Unit.COST])
            closing = reservation.closing({Unit.COST: took})
            nest[: depth + 1] = _after(nest[: depth + 1], closing)
            posted += closing
            spent[depth] += took
        assert set(imbalance(posted).values()) <= {0}
        for level, one in enumerate(nest):
            assert one.spent == sum(spent[level:]), "a total includes what is below it"
            assert one.reserved == sum(call.amounts[Unit.COST] for deep, call in open_calls if deep >= level)
            assert not one.overdrawn


@given(reserved=AMOUNTS, took=AMOUNTS, measured=AMOUNTS)
def test_a_call_is_settled_to_the_last_part(reserved: int, took: int, measured: int) -> None:
    reservation = Reservation(reference=uuid4(), amounts={Unit.COST: reserved})
    closing = reservation.closing({Unit.COST: took, Unit.BYTES: measured})
    (after,) = _after(_after([account(None)], reservation.opening()), [one for one in closing if one.unit is Unit.COST])
    assert (after.reserved, after.spent) == (0, took)
    by_kind = {(one.unit, one.kind): one.amount for one in closing}
    assert by_kind.get((Unit.COST, PostingKind.OVERRUN), 0) == max(took - reserved, 0)
    assert by_kind.get((Unit.COST, PostingKind.RELEASE), 0) == max(reserved - took, 0)
    assert by_kind.get((Unit.BYTES, PostingKind.MEASURE), 0) == measured
    assert all(one.amount > 0 for one in closing)


def test_nothing_comes_out_of_an_account_that_was_not_in_it() -> None:
    with pytest.raises(ValueError, match="only 0 is reserved"):
        account(None).after(Posting(kind=PostingKind.CHARGE, unit=Unit.COST, amount=1))


@pytest.mark.parametrize("kind", PostingKind)
def test_every_kind_of_posting_leaves_one_account_for_another(kind: PostingKind) -> None:
    source, target = MOVES[kind]
    assert source is not target
    assert Pot.SPENT is not source, "what is spent never comes back"
    assert Posting(kind=kind, unit=Unit.COST, amount=7).legs == ((source, -7), (target, 7))


@given(price=PRICES, measured=st.integers(0, 2 * 10**6))
def test_a_price_reserves_at_least_what_it_charges_within_its_maximum(price: Price, measured: int) -> None:
    unit = price.rate.unit if price.rate else Unit.BYTES
    actual = price.actual({unit: measured})
    assert actual >= price.per_call
    if price.rate is None or measured <= price.rate.maximum:
        assert actual <= price.worst
    if price.rate is not None:
        exact = Decimal(measured) * price.rate.amount / price.rate.per
        assert 0 <= actual - price.per_call - exact < 1, "rounded up, by less than the smallest part"


@given(unit=st.sampled_from(Unit), parts=st.integers(0, MOST))
def test_amounts_go_there_and_back_without_losing_a_digit(unit: Unit, parts: int) -> None:
    assert parts_of(unit, written(unit, parts)) == parts
    assert "E" not in f"{written(unit, parts):f}"


@pytest.mark.parametrize(
    ("unit", "amount", "reason"),
    [
        (Unit.COST, "-1", "from 0 to"),
        (Unit.COST, "NaN", "from 0 to"),
        (Unit.COST, "Infinity", "from 0 to"),
        (Unit.COST, "1e40", "from 0 to"),
        (Unit.COST, "1e999999", "from 0 to"),
        (Unit.COST, "0.0000001", "6 decimal places"),
        (Unit.TOOL_CALLS, "0.5", "no decimal places"),
        (Unit.BYTES, "100000000000000001", "from 0 to 100,000,000,000,000,000"),
    ],
)
def test_an_amount_that_cannot_be_counted_is_refused(unit: Unit, amount: str, reason: str) -> None:
    with pytest.raises(Invalid, match=reason) as caught:
        parts_of(unit, Decimal(amount), ("input", "limit"))
    assert caught.value.path == ("input", "limit")


@pytest.mark.parametrize(
    ("rate", "field"),
    [
        (Rate(unit=Unit.COST, amount=1, per=1, maximum=1), "unit"),
        (Rate(unit=Unit.BYTES, amount=1, per=0, maximum=1), "per"),
        (Rate(unit=Unit.BYTES, amount=1, per=1, maximum=0), "maximum"),
        (Rate(unit=Unit.BYTES, amount=MOST, per=1, maximum=MOST), "rate"),
    ],
)
def test_a_price_that_cannot_be_reserved_is_refused(rate: Rate, field: str) -> None:
    with pytest.raises(Invalid) as caught:
        Price(per_call=1, rate=rate).check()
    assert caught.value.path[-1] == field


def _after(nest: list[Account], postings: tuple[Posting, ...] | list[Posting]) -> list[Account]:
    result = []
    for one in nest:
        for posting in postings:
            one = one.after(posting)
        result.append(one)
    return result
