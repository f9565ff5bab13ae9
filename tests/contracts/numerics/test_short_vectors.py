"""Points of lattices near a given one: exact, and nearly as near as any."""

import itertools

import numpy as np
import pytest

from contracts.numerics.short_vectors import nearest_to


@pytest.mark.parametrize("digits", [0, 1100])
def test_steps_beyond_floats_in_one_direction_are_searched_all_the_same(digits):
    unit = np.array([1, 1 << digits], dtype=object)
    basis = np.array([[3, 1], [1, 4]], dtype=object)
    near = nearest_to(np.array([1001, 777], dtype=object) * unit, basis * unit)
    assert [near[0], near[1] >> digits] == [1, 0]


@pytest.mark.parametrize("seed", range(8))
def test_what_is_left_differs_by_the_lattice_and_is_hardly_longer_than_the_shortest(seed):
    """In three dimensions Babai's point is at most 2^(3/2) times as far as the nearest."""
    rng = np.random.default_rng(seed)
    basis = np.array(rng.integers(-9, 10, (3, 3)).tolist(), dtype=object)
    basis[np.diag_indices(3)] += 12
    point = np.array(rng.integers(-10_000, 10_000, 3).tolist(), dtype=object)
    left = np.array(nearest_to(point, basis))
    multiples = np.linalg.solve(basis.T.astype(float), (point - left).astype(float))
    assert np.allclose(multiples, np.round(multiples), atol=1e-9)
    around = np.array(list(itertools.product(range(-3, 4), repeat=3)))
    shortest = np.linalg.norm((left + around @ basis).astype(float), axis=1).min()
    assert np.linalg.norm(left.astype(float)) <= 2**1.5 * shortest + 1e-9
