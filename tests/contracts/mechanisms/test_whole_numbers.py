"""Whole numbers on their way to floats: digits are counted exactly where floats would round them up."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.mechanisms.numbers import whole
from contracts.numerics.exact_solve import as_floats, sizes

LONG = st.one_of(
    st.integers(-(2**70), 2**70),
    st.integers(0, 1200).flatmap(lambda k: st.sampled_from([2**k - 1, 2**k, -(2**k) - 1, 1 - 2**k])),
)


@settings(max_examples=40, deadline=None)
@given(st.lists(LONG, max_size=4))
def test_sizes_are_bit_lengths(numbers):
    assert sizes(whole(numbers)).tolist() == [one.bit_length() for one in numbers]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(LONG, st.integers(0, 200)), max_size=4))
def test_floats_are_quotients_rounded_once(pairs):
    pairs = [(one, digits) for one, digits in pairs if one.bit_length() - digits < 1000]
    found = as_floats(whole([one for one, _ in pairs]), np.array([digits for _, digits in pairs], dtype=np.int64))
    assert found.tolist() == [one / 2**digits for one, digits in pairs]
