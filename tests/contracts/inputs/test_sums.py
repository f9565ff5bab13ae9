"""Sums of many floats, rounded once."""

import math
from fractions import Fraction

import numpy as np
import pytest

from contracts.inputs.arrays import FEW_TERMS, exact_parts


@pytest.mark.parametrize("digits", [0, 3, 30, 290])
@pytest.mark.parametrize("n_terms", [0, 1, FEW_TERMS, 3 * FEW_TERMS + 1])
def test_parts_add_up_to_what_all_terms_do(digits: int, n_terms: int) -> None:
    rng = np.random.default_rng(digits + n_terms)
    values = rng.standard_normal(n_terms) * 10.0 ** rng.uniform(-digits, digits, n_terms)
    values[n_terms // 2 :] = -values[: n_terms - n_terms // 2]  # nearly all of it cancels
    parts = exact_parts(values)
    assert math.fsum(parts) == math.fsum(values.tolist())
    assert sum(map(Fraction, parts)) == sum(map(Fraction, values.tolist()))


def test_what_is_no_number_stays_none() -> None:
    values = np.ones(2 * FEW_TERMS)
    values[5] = np.inf
    assert math.fsum(exact_parts(values)) == np.inf
    values[5] = np.nan
    assert math.isnan(math.fsum(exact_parts(values)))
