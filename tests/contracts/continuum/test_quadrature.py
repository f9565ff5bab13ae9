"""Integrals are right to their own estimate of the error, whatever hides between nodes."""

import numpy as np
import pytest

from contracts.continuum.quadrature import Line, cumulative, integral

UNIT, HALF_LINE = Line(0.0, 1.0), Line(0.0, np.inf)
ENDS = {UNIT: np.array([0.0, 1.0]), HALF_LINE: np.array([0.0, np.inf])}


@pytest.mark.parametrize("place", [0.5, 1 / 3, 0.999, 0.0021, 1 - 1e-6, 0.38196601125010515])
def test_a_jump_is_seen_wherever_it_is(place):
    found = integral(lambda t: np.where(t < place, 1.0, 3.0), UNIT, ENDS[UNIT])
    assert found.value == pytest.approx(3 - 2 * place, abs=1e-14)
    assert abs(found.value - (3 - 2 * place)) <= found.error
    partial = cumulative(lambda t: np.where(t < place, 1.0, 3.0), UNIT, ENDS[UNIT])
    assert partial.below(np.array([place / 2])) == pytest.approx(place / 2, abs=1e-14)


@pytest.mark.parametrize("power", [-0.5, -0.9, 0.3, 2.5])
def test_poles_and_roots_at_an_end(power):
    found = integral(lambda t: t**power, UNIT, ENDS[UNIT])
    assert abs(found.value - 1 / (power + 1)) <= max(found.error, 1e-14)


def test_a_pole_where_floats_are_coarse_is_reported():
    found = integral(lambda t: (1 - t) ** -0.5, UNIT, ENDS[UNIT])
    assert 1e-9 < abs(found.value - 2) <= found.error < 1e-5


@pytest.mark.parametrize("power", [-1.1, -2.0, -6.0])
def test_heavy_tails(power):
    line = Line(1.0, np.inf, 1.0, 1.0)
    found = integral(lambda t: t**power, line, np.array([1.0, np.inf]))
    assert found.value == pytest.approx(-1 / (power + 1), rel=1e-12)


def test_both_tails_keep_their_digits():
    bell = cumulative(lambda t: np.exp(-t), HALF_LINE, np.array([0.0, 1.0, 4.0, 16.0, 64.0, np.inf]))
    far = np.array([50.0])
    assert bell.above(far) == pytest.approx(np.exp(-far), rel=1e-11)
    assert bell.below(np.array([1e-12])) == pytest.approx(1e-12, rel=1e-9)
