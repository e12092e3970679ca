"""How ranks are fused, and texts cut."""

from __future__ import annotations

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from domain.memory import PIECE, Way, fused, pieces

A, B, C = (UUID(int=n) for n in (1, 2, 3))


def test_what_is_first_in_every_way_that_found_anything_has_1() -> None:
    [(first, score)] = fused({Way.TEXT: [(A, 0.4)], Way.TRIGRAM: [], Way.VECTOR: [(A, 0.9)]})
    assert (first, score.total, score.text, score.trigram, score.vector) == (A, 1, 0.4, None, 0.9)


def test_equal_scores_share_a_rank_and_ties_are_in_the_order_of_the_ids() -> None:
    found = fused({Way.TEXT: [(B, 0.5), (A, 0.5), (C, 0.1)]})
    assert [one for one, _ in found] == [A, B, C]
    assert found[0][1].total == found[1][1].total > found[2][1].total


def test_what_two_ways_put_near_the_front_comes_before_what_one_puts_first() -> None:
    found = fused({Way.TEXT: [(A, 0.9), (B, 0.8)], Way.VECTOR: [(C, 0.9), (B, 0.8)]})
    assert found[0][0] == B


@given(st.text(alphabet="ab. \n", max_size=4_000))
def test_pieces_are_short_and_lose_nothing(content: str) -> None:
    found = pieces(content)
    assert all(0 < len(piece) <= PIECE for piece in found)
    assert "".join("".join(found).split()) == "".join(content.split())


def test_pieces_end_where_sentences_do() -> None:
    sentence = "This sentence has exactly fifty characters in it. "
    assert all(piece.endswith("it.") for piece in pieces(sentence * 60))
