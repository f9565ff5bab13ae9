"""The sampler of continuous tastes: no bare linear algebra where choices separate, and chains that have not met."""

import numpy as np
import pytest

from inference import ChoiceData, fit_hierarchical_logit
from inference.tastes.sampler import _factor_of_inverse, _inverse_of_lower, _inverse_root


def random_choices(attributes, names, seed=0):
    rng = np.random.default_rng(seed)
    n_obs, n_options = attributes.shape[:2]
    return ChoiceData(attributes, rng.integers(n_options, size=n_obs), np.repeat(np.arange(n_obs // 5), 5), names)


def separated(seed, n_people=10):
    """The speed decides every choice; the colour does not matter."""
    rng = np.random.default_rng(seed)
    offers = rng.normal(size=(4 * n_people, 2, 2))
    return ChoiceData(offers, offers[:, :, 0].argmax(axis=1), np.repeat(np.arange(n_people), 4), ["speed", "colour"])


def test_an_option_that_nobody_took_names_its_constant():
    """Draws reach far then; a triangular matrix that stretches far is not singular."""
    rng = np.random.default_rng(3)
    offers = rng.normal(size=(480, 3, 3))
    constants = np.broadcast_to(np.eye(3)[:, :2], (480, 3, 2))
    never = ChoiceData(
        np.concatenate([offers, constants], axis=2),
        1 + rng.integers(2, size=480),
        np.repeat(np.arange(60), 8),
        ["price", "speed", "local", "first", "second"],
    )
    for seed in range(4):
        rng = np.random.default_rng(seed)
        posterior = fit_hierarchical_logit(never, rng=rng, n_draws=20, n_warmup=20, n_chains=2)
        assert "every choice is predicted by 'first': the prior alone" in str(posterior)


@pytest.mark.parametrize("spread", [1.0, 1e30, 1e120])
def test_triangular_matrices_that_stretch_far_are_inverted(spread):
    rng = np.random.default_rng(0)
    lower = np.tril(rng.normal(size=(5, 4, 4)), -1) + np.eye(4) * [1.0, spread, 1 / spread, 2.0]
    inverse = _inverse_of_lower(lower)
    np.testing.assert_allclose((lower @ inverse)[:, [0, 1], [0, 1]], 1.0, rtol=1e-9)
    if spread == 1.0:
        np.testing.assert_allclose(inverse, np.linalg.inv(lower), atol=1e-9)
    assert np.isfinite(inverse).all()


@pytest.mark.parametrize("seed", range(6))
def test_hierarchical_logit_of_separated_choices_has_a_posterior_that_says_so(seed):
    rng = np.random.default_rng(seed)
    posterior = fit_hierarchical_logit(separated(seed), rng=rng, n_draws=40, n_warmup=40, n_chains=2)
    assert np.isfinite(posterior.mean).all()
    assert "every choice is predicted by 'speed': the prior alone" in repr(posterior)


@pytest.mark.parametrize("seed", [0, 1, 5, 6])
def test_trajectories_that_run_away_are_refused(seed):
    """With all coefficients of one sign and choices that one decides, the prior of logarithms is very wide."""
    rng = np.random.default_rng(seed)
    offers = rng.normal(size=(60, 3, 2))
    data = ChoiceData(offers, offers[:, :, 0].argmax(axis=1), np.repeat(np.arange(12), 5))
    posterior = fit_hierarchical_logit(
        data, "positive", rng=np.random.default_rng(seed), n_draws=120, n_warmup=100, n_chains=2
    )
    assert np.isfinite(posterior.mean).all()
    assert np.isfinite(posterior.log_likelihood).all()
    assert 0 < posterior.acceptance < 1


def test_chains_that_have_not_met_are_said():
    data = random_choices(np.random.default_rng(4).normal(size=(100, 3, 2)), ["price", "speed"])
    posterior = fit_hierarchical_logit(data, rng=np.random.default_rng(0), n_draws=40, n_warmup=30, n_chains=2)
    apart = posterior.mean + 5 * np.arange(2)[:, np.newaxis, np.newaxis] * [0.0, 1.0]
    object.__setattr__(posterior, "mean", apart)
    assert "for the mean of 'speed': the chains have not met" in repr(posterior)


def test_factors_survive_what_rounding_makes_indefinite():
    rng = np.random.default_rng(5)
    root = np.linalg.cholesky(np.cov(rng.normal(size=(3, 50)))) * np.array([[1e-7], [1.0], [1e7]])
    factor = _factor_of_inverse(root[np.newaxis])[0]
    assert np.allclose(factor, np.tril(factor))
    assert (np.diag(factor) > 0).all()
    np.testing.assert_allclose(root.T @ factor @ factor.T @ root, np.eye(3), atol=1e-6)
    flat = np.ones((2, 2)) * (1 - 1e-17)
    assert np.isfinite(_inverse_root(flat)).all()
    metric = np.array([[4.0, 1.0], [1.0, 3.0]])
    spread = _inverse_root(metric)
    np.testing.assert_allclose(spread @ spread.T, np.linalg.inv(metric), rtol=1e-8)
