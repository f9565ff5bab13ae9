"""What keeps choices from identifying a model is named by every estimator, and none ends in bare linear algebra."""

import numpy as np
import pytest
from scipy.optimize import linprog

from contracts.errors import ProblemError, SolverError
from inference import (
    ChoiceData,
    fit_hierarchical_logit,
    fit_latent_classes,
    fit_latent_types,
    fit_mixed_logit,
    sample_latent_types,
)
from inference.logit.culprits import contrasts_of, deciding
from inference.tastes.sampler import _factor_of_inverse, _inverse_of_lower, _inverse_root

ESTIMATORS = {
    "multinomial logit": lambda data: fit_mixed_logit(data, "fixed"),
    "mixed logit": lambda data: fit_mixed_logit(data, n_draws=8, n_starts=1),
    "hierarchical logit": lambda data: fit_hierarchical_logit(
        data, rng=np.random.default_rng(0), n_draws=4, n_warmup=20, n_chains=2
    ),
    "latent types": lambda data: fit_latent_types(data, 1, rng=np.random.default_rng(0)),
}
every_estimator = pytest.mark.parametrize("fit", ESTIMATORS.values(), ids=ESTIMATORS)


def random_choices(attributes, names, seed=0):
    rng = np.random.default_rng(seed)
    n_obs, n_options = attributes.shape[:2]
    return ChoiceData(attributes, rng.integers(n_options, size=n_obs), np.repeat(np.arange(n_obs // 5), 5), names)


def separated(seed, n_people=10):
    """The speed decides every choice; the colour does not matter."""
    rng = np.random.default_rng(seed)
    offers = rng.normal(size=(4 * n_people, 2, 2))
    return ChoiceData(offers, offers[:, :, 0].argmax(axis=1), np.repeat(np.arange(n_people), 4), ["speed", "colour"])


@every_estimator
@pytest.mark.parametrize("scale", [1.0, 1e6])
def test_duplicated_columns_are_named(fit, scale):
    rng = np.random.default_rng(1)
    offers = rng.normal(size=(100, 3, 2))
    attributes = np.concatenate([offers, scale * offers[:, :, :1]], axis=2)
    with pytest.raises(ProblemError, match=r"attributes 'price', 'cents' are collinear.*Leave one of them out"):
        fit(random_choices(attributes, ["price", "speed", "cents"]))


@every_estimator
def test_a_full_set_of_constants_is_named(fit):
    constants = np.broadcast_to(np.eye(3), (100, 3, 3))
    speed = np.random.default_rng(2).normal(size=(100, 3, 1))
    attributes = np.concatenate([constants, speed], axis=2)
    with pytest.raises(ProblemError, match="attributes 'red', 'green', 'blue' are collinear"):
        fit(random_choices(attributes, ["red", "green", "blue", "speed"]))
    fit(random_choices(attributes[:, :, 1:], ["green", "blue", "speed"]))  # what the message says to do works


@pytest.mark.parametrize("kinds", ["fixed", "normal"])
def test_what_decides_every_choice_is_named(kinds):
    with pytest.raises(SolverError, match="no proper maximum: every choice is predicted by 'speed'"):
        fit_mixed_logit(separated(0), kinds, n_draws=8)
    with pytest.raises(ProblemError, match="predicted perfectly by 'speed'"):
        fit_latent_types(separated(0), 1, rng=np.random.default_rng(0))
    with pytest.raises(ProblemError, match=r"predicted (perfectly )?by 'speed'"):
        fit_latent_types(separated(0), 2, rng=np.random.default_rng(0), n_starts=3)
    with pytest.raises(ProblemError, match="no proper maximum: every choice is predicted by 'speed'"):
        fit_latent_classes(separated(0), 2, n_starts=2)


def test_an_option_that_nobody_took_names_its_constant():
    """Draws of the hierarchical logit reach far then; a triangular matrix that stretches far is not singular."""
    rng = np.random.default_rng(3)
    offers = rng.normal(size=(480, 3, 3))
    constants = np.broadcast_to(np.eye(3)[:, :2], (480, 3, 2))
    never = ChoiceData(
        np.concatenate([offers, constants], axis=2),
        1 + rng.integers(2, size=480),
        np.repeat(np.arange(60), 8),
        ["price", "speed", "local", "first", "second"],
    )
    for fit in (ESTIMATORS["multinomial logit"], ESTIMATORS["latent types"]):
        with pytest.raises((ProblemError, SolverError), match=r"predicted (perfectly )?by 'first'"):
            fit(never)
    for seed in range(4):
        rng = np.random.default_rng(seed)
        posterior = fit_hierarchical_logit(never, rng=rng, n_draws=20, n_warmup=20, n_chains=2)
        assert "every choice is predicted by 'first': the prior alone" in str(posterior)


def test_draws_of_types_say_that_chains_have_not_met_and_what_the_prior_alone_bounds():
    drawn = sample_latent_types(separated(1, 20), 2, rng=np.random.default_rng(0), n_draws=20, n_warmup=20, n_starts=2)
    assert "every choice is predicted by 'speed': the prior alone" in str(drawn)
    assert "the chains have not met" in str(drawn)


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


def test_deciding_directions_are_those_of_linear_programming():
    """Against the dual, Farkas: no direction decides if and only if positive weights balance the contrasts."""
    rng = np.random.default_rng(3)
    found = []
    for number in range(60):
        rows = rng.normal(size=(6, 3)) + np.array([0.5 * (number % 3), 0.0, 0.0])
        balance = linprog(np.zeros(6), A_eq=rows.T, b_eq=np.zeros(3), bounds=(1, None))
        found.append(bool(deciding(rows, ("a", "b", "c"))))
        assert found[-1] == (balance.status != 0)
    assert 5 < sum(found) < 55


def test_contrasts_leave_out_what_was_not_within_reach():
    data = ChoiceData([[[1.0], [2.0], [5.0]]], [0], available=[[True, True, False]])
    np.testing.assert_array_equal(contrasts_of(data), [[1.0]])


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
