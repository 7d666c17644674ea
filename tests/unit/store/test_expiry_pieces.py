"""What is deleted with its proof fits into one transaction, however large the letters are."""

from __future__ import annotations

from chalicelib.store.expiry import PIECE, PIECE_BYTES, pieces


def test_a_piece_is_bounded_by_number_and_by_size() -> None:
    small = list(pieces([1] * (2 * PIECE + 1), lambda size: size))
    assert [len(piece) for piece in small] == [PIECE, PIECE, 1]
    letters = [380_000] * PIECE
    large = list(pieces(letters, lambda size: size))
    assert [size for piece in large for size in piece] == letters
    assert max(sum(piece) for piece in large) <= PIECE_BYTES < 4_000_000
    assert len(large) > 1


def test_what_is_too_large_for_a_piece_is_not_lost() -> None:
    assert list(pieces([1, PIECE_BYTES + 1, 1], lambda size: size)) == [[1], [PIECE_BYTES + 1], [1]]
    assert list(pieces([], lambda _: 0)) == []
