"""Long jobs in pieces: what is kept is not computed again, and what is computed is kept at once."""

import functools
import os
from typing import NamedTuple

import pytest

from contracts.pieces import THREADS, in_pieces, in_processes


class Square(NamedTuple):
    side: int

    def compute(self):
        if self.side < 0:
            raise ValueError(self.side)
        return self.side**2


def squares(missing, asked):
    for piece in missing:
        asked.append(piece)
        yield piece, Square(piece).compute()


def test_only_what_is_missing_is_computed_and_everything_comes_in_the_order_of_the_plan():
    kept, asked = {2: 4, 4: 16}, []
    found = in_pieces(
        [4, 3, 2], recall=kept.get, keep=kept.__setitem__, computed=functools.partial(squares, asked=asked)
    )
    assert found == {4: 16, 3: 9, 2: 4}
    assert asked == [3]
    assert kept == {2: 4, 4: 16, 3: 9}


def test_what_was_found_before_an_error_is_kept_and_the_next_run_goes_on_from_there():
    kept, asked = {}, []
    run = functools.partial(in_pieces, recall=kept.get, keep=kept.__setitem__)
    with pytest.raises(ValueError, match="-1"):
        run([1, 2, -1, 3], computed=functools.partial(squares, asked=asked))
    assert kept == {1: 1, 2: 4}
    run([1, 2, 3], computed=functools.partial(squares, asked=asked))
    assert asked == [1, 2, -1, 3]


def test_a_piece_that_found_nothing_is_finished_all_the_same():
    """An empty list is a result; None is none."""
    assert in_pieces([1], recall={1: []}.get, keep=None, computed=lambda missing: missing) == {1: []}


def test_processes_find_what_this_one_does_and_leave_the_environment_alone():
    before = {name: os.environ.get(name) for name in THREADS}
    pieces = [Square(side) for side in range(3)]
    assert dict(in_processes(pieces, 2)) == dict(in_processes(pieces, 1)) == {piece: piece.side**2 for piece in pieces}
    assert {name: os.environ.get(name) for name in THREADS} == before


def test_a_failure_in_a_process_is_raised_here():
    with pytest.raises(ValueError, match="-1"):
        list(in_processes([Square(-1), Square(1)], 2))
