"""Likelihoods of answers against closed forms, finite differences and integrals of many digits."""

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import logsumexp
from scipy.stats import norm

from inference.norms.likelihoods import Together, directions, pairs, radial_moments, set_choices

QUADRATURE = 1e-9  # of the trapezoidal rule; 2e-10 was seen
DIFFERENCES = 1e-5  # central differences of step 1e-5 in functions of order 10


def some_answers(rng, n_units=3, n_items=5, n=60):
    unit = np.sort(rng.integers(0, n_units, n))
    winner = rng.integers(0, n_items, n)
    loser = (winner + rng.integers(1, n_items, n)) % n_items
    offered = rng.random((n, n_items)) < 0.6
    offered[np.arange(n), winner] = offered[np.arange(n), loser] = True
    rater = np.repeat(np.arange(2 * n_units), 4)
    item = rng.integers(0, n_items, len(rater))
    rated, _ = directions(
        np.repeat(np.arange(n_units), 2),
        rater,
        item,
        rng.normal(size=len(rater)),
        noise=1.3,
        n_units=n_units,
        n_items=n_items,
    )
    return [
        pairs(unit, winner, loser, n_units=n_units, n_items=n_items),
        set_choices(unit, offered, winner, n_units=n_units),
        rated,
    ]


@pytest.mark.parametrize("kind", [0, 1, 2, "together"])
def test_gradients_and_hessians_are_the_derivatives(kind):
    rng = np.random.default_rng(5)
    parts = some_answers(rng)
    likelihood = Together(parts) if kind == "together" else parts[kind]
    at, step = rng.normal(size=(3, 5)), 1e-5
    value, gradient, hessian = likelihood.derivatives(at)
    np.testing.assert_allclose(likelihood.log_likelihood(at[:, np.newaxis, :])[:, 0], value, rtol=1e-10)
    for k in range(5):
        move = step * np.eye(5)[k]
        up, down = likelihood.derivatives(at + move), likelihood.derivatives(at - move)
        np.testing.assert_allclose((up[0] - down[0]) / (2 * step), gradient[:, k], atol=DIFFERENCES)
        np.testing.assert_allclose((up[1] - down[1]) / (2 * step), hessian[:, k], atol=DIFFERENCES)


@given(st.integers(0, 10**6))
def test_likelihoods_are_concave_and_blind_to_a_constant(seed):
    rng = np.random.default_rng(seed)
    at = 3 * rng.normal(size=(3, 5))
    for likelihood in some_answers(rng):
        value, gradient, hessian = likelihood.derivatives(at)
        assert np.linalg.eigvalsh(hessian).max() < 1e-9 * (1 + np.abs(hessian).max())
        np.testing.assert_allclose(gradient.sum(axis=1), 0.0, atol=1e-9)
        np.testing.assert_allclose(likelihood.derivatives(at + 7.0)[0], value, rtol=1e-9, atol=1e-9)


def test_units_can_be_taken_apart():
    parts = some_answers(np.random.default_rng(2))
    at = np.random.default_rng(3).normal(size=(3, 4, 5))
    for likelihood in (*parts, Together(parts)):
        whole = likelihood.log_likelihood(at)
        for units in (slice(0, 1), slice(1, 3)):
            np.testing.assert_allclose(likelihood.of_units(units).log_likelihood(at[units]), whole[units], rtol=1e-12)


def test_pairs_and_sets_of_two_are_the_same_likelihood():
    unit, winner, loser = np.array([0, 0, 0, 1]), np.array([0, 0, 2, 1]), np.array([1, 1, 0, 2])
    offered = np.zeros((4, 3), dtype=bool)
    offered[np.arange(4), winner] = offered[np.arange(4), loser] = True
    at = np.random.default_rng(0).normal(size=(2, 3))
    as_pairs = pairs(unit, winner, loser, n_units=2, n_items=3).derivatives(at)
    as_sets = set_choices(unit, offered, winner, n_units=2).derivatives(at)
    for mine, other in zip(as_pairs, as_sets, strict=True):
        np.testing.assert_allclose(mine, other, atol=1e-12)


def test_a_ranking_has_the_probability_of_plackett_and_luce():
    worth = np.array([[0.3, -1.0, 0.8]])
    offered = np.array([[True, True, True], [True, True, False]])
    value = set_choices(np.array([0, 0]), offered, np.array([2, 0]), n_units=1).derivatives(worth)[0]
    expected = worth[0, 2] - logsumexp(worth[0]) + worth[0, 0] - logsumexp(worth[0, :2])
    assert value[0] == pytest.approx(expected, abs=1e-14)


# ---- ratings ----


def test_two_ratings_are_a_probit_comparison_that_nearly_equals_the_logit():
    """sd of the difference: sqrt(2) x pi / sqrt(6) = pi / sqrt(3), the sd of a logistic."""
    noise = np.pi / np.sqrt(6)
    rated, _ = directions(
        np.array([0]), np.array([0, 0]), np.array([0, 1]), np.array([7.0, 2.0]), noise=noise, n_units=1, n_items=2
    )
    for gap in (-3.0, 0.0, 0.4, 5.0):
        value = rated.derivatives(np.array([[gap, 0.0]]))[0][0] - 0.5 * np.log(2 * np.pi)
        assert value == pytest.approx(norm.logcdf(gap / (np.sqrt(2) * noise)), abs=QUADRATURE)
        assert np.exp(value) == pytest.approx(1 / (1 + np.exp(-gap)), abs=0.025)


def test_the_density_of_directions_sums_to_one_on_the_circle():
    """Three ratings: centred and scaled they are a point on a circle; the density there is known up to 2 pi."""
    angle = np.linspace(0, 2 * np.pi, 400, endpoint=False)
    basis = np.array([[1, -1, 0], [1, 1, -2]]) / np.sqrt([[2], [6]])
    rating = (np.stack([np.cos(angle), np.sin(angle)], axis=1) @ basis).ravel()
    rater, item = np.repeat(np.arange(400), 3), np.tile(np.arange(3), 400)
    rated, _ = directions(np.arange(400), rater, item, rating, noise=0.7, n_units=400, n_items=3)
    value = rated.derivatives(np.tile([0.9, -0.2, 0.1], (400, 1)))[0]
    assert np.exp(value).mean() * 2 * np.pi / (2 * np.pi) == pytest.approx(1.0, abs=1e-8)


def test_the_scale_that_somebody_uses_does_not_matter():
    rng = np.random.default_rng(1)
    rating, item, rater = rng.normal(size=12), np.tile(np.arange(4), 3), np.repeat(np.arange(3), 4)
    scaled = rating * np.array([0.01, 1.0, 300.0])[rater] + np.array([5.0, -80.0, 1e3])[rater]
    kinds = [
        directions(np.zeros(3, dtype=int), rater, item, each, noise=1.0, n_units=1, n_items=4)[0]
        for each in (rating, scaled)
    ]
    np.testing.assert_allclose(kinds[0].direction, kinds[1].direction, atol=1e-11)


def test_members_who_rate_everything_alike_are_set_aside():
    rating = np.array([0.1, 0.1, 0.1, 1.0, 2.0, 2.0])
    rated, flat = directions(
        np.array([0, 0]), np.repeat([0, 1], 3), np.tile([0, 1, 2], 2), rating, noise=1.0, n_units=1, n_items=3
    )
    assert flat.tolist() == [0]
    assert len(rated.unit) == 1


@pytest.mark.parametrize("power", [0, 1, 2, 5, 30, 100])
def test_radial_moments_agree_with_integrals_of_400_digits(power):
    def integral(m, t):
        """I_m by parts: I_m = t I_{m-1} + (m - 1) I_{m-2}."""
        before = mpmath.sqrt(mpmath.pi / 2) * mpmath.exp(t * t / 2) * mpmath.erfc(-t / mpmath.sqrt(2))
        now = 1 + t * before
        for k in range(2, m + 1):
            before, now = now, t * now + (k - 1) * before
        return before if m == 0 else now

    with mpmath.workdps(400):
        for along in (-50.0, -8.0, -1.0, 0.0, 2.0, 5.0, 7.3, 10.0, 60.0):
            i0, i1, i2 = (integral(power + k, mpmath.mpf(along)) for k in range(3))
            log_integral, mean, variance = (each[0] for each in radial_moments(np.array([along]), np.array([power])))
            assert log_integral == pytest.approx(float(mpmath.log(i0)), abs=QUADRATURE)
            assert mean == pytest.approx(float(i1 / i0), rel=QUADRATURE)
            assert variance == pytest.approx(float(i2 / i0 - (i1 / i0) ** 2), rel=QUADRATURE)
            assert variance < 1
