"""The mixture likelihood against its definition, its derivatives against differences; what cannot be identified."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.special import logsumexp

from contracts.errors import ProblemError
from inference import ChoiceData, simulate_choices
from inference.latent.maximum import derivatives_at, point_of
from inference.logit.mixture import evaluate, likelihood, share_basis, situations_of
from inference.logit.simulated import logit

DIFFERENCES = 1e-6  # relative; central differences of a sum over some dozen people


def small_data(seed=0, n_types=2, *, ragged=True):
    rng = np.random.default_rng(seed)
    offers = rng.normal(size=(90, 4, 3)) * [1.0, 10.0, 0.1]
    available = rng.random((90, 4)) < 0.7 if ragged else None
    if ragged:
        available[:, 0] = True
    tastes = rng.normal(size=(n_types, 3)) / [1.0, 10.0, 0.1]
    weights = np.full(n_types, 1 / n_types)
    return simulate_choices(weights, tastes, offers, np.arange(90) % 15, rng=rng, available=available).data


def mixture_log_likelihood(data, weights, coefficients):
    """The definition, observation by observation."""
    chance = logit(data.attributes, coefficients, data.available)[np.arange(data.n_obs), :, data.choice]
    by_person = np.zeros((data.n_people, len(weights)))
    np.add.at(by_person, data.person_index, np.log(chance))
    return logsumexp(by_person + np.log(weights), axis=1)


@pytest.mark.parametrize("ragged", [True, False])
def test_the_likelihood_is_that_of_the_definition(ragged):
    data, rng = small_data(ragged=ragged), np.random.default_rng(1)
    situations = situations_of(data)
    coefficients, weights = rng.normal(size=(3, 3)), np.array([0.2, 0.3, 0.5])
    found = evaluate(situations, coefficients * situations.scale)
    by_person, posterior = likelihood(situations.counts @ found.log_probability, np.log(weights))
    assert_allclose(by_person, mixture_log_likelihood(data, weights, coefficients), rtol=1e-12)
    assert_allclose(posterior.sum(axis=1), 1.0)


def test_repeated_observations_are_evaluated_once_and_counted():
    one = small_data(ragged=False)
    twice = ChoiceData.joined(one, one)
    assert situations_of(twice).difference.shape == situations_of(one).difference.shape
    assert (situations_of(twice).counts != 2 * situations_of(one).counts).nnz == 0


@pytest.mark.parametrize("n_types", [1, 2, 4])
@pytest.mark.parametrize("ridge", [0.0, 0.7])
def test_scores_and_information_are_the_derivatives(n_types, ridge):
    situations, rng = situations_of(small_data()), np.random.default_rng(n_types)
    size = 3 * n_types
    theta = rng.normal(size=size + n_types - 1)

    def objective(at):
        return derivatives_at(situations, point_of(at, n_types), ridge=ridge)[1]

    def gradient(at):
        slope = derivatives_at(situations, point_of(at, n_types), ridge=ridge)[2].scores.sum(axis=0)
        slope[:size] -= ridge * at[:size]
        return slope

    def central(function):
        ahead = [function(theta + 1e-5 * e) - function(theta - 1e-5 * e) for e in np.eye(len(theta))]
        return np.array(ahead) / 2e-5

    scale = np.abs(gradient(theta)).max()
    assert_allclose(gradient(theta), central(objective), atol=DIFFERENCES * scale)
    found = derivatives_at(situations, point_of(theta, n_types), ridge=ridge)[2].information
    assert_allclose(found, -central(gradient), atol=DIFFERENCES * np.abs(found).max())
    assert_allclose(found, found.T, atol=1e-12 * np.abs(found).max())


def test_extreme_utilities_neither_overflow_nor_lose_small_probabilities():
    data = ChoiceData([[[0.0], [1.0]], [[0.0], [1.0]]], [0, 1], ["a", "b"])
    found = evaluate(situations_of(data), np.array([[700.0], [1e5]]))
    assert_allclose(np.sort(found.log_probability[:, 0]), [-700.0, -np.exp(-700.0)], rtol=1e-12)
    assert_allclose(np.sort(found.log_probability[:, 1]), [-1e5, 0.0])
    assert np.isfinite(found.passed_over).all()


@pytest.mark.parametrize("n_types", [1, 2, 3, 7])
def test_log_shares_have_a_basis_without_a_reference_type(n_types):
    basis = share_basis(n_types)
    assert_allclose(basis.T @ basis, np.eye(n_types - 1), atol=1e-14)
    assert_allclose(basis.sum(axis=0), 0.0, atol=1e-14)


# ---- what choices cannot say ----


def test_an_attribute_that_is_the_same_for_all_options_is_named():
    rng = np.random.default_rng(0)
    offers = rng.normal(size=(30, 2, 2))
    offers[:, :, 1] = rng.normal(size=(30, 1)) * 1e6
    data = ChoiceData(offers, rng.integers(0, 2, 30), names=["price", "age"])
    with pytest.raises(ProblemError, match=r"attribute 'age' is the same for all options of every choice"):
        situations_of(data)


def test_collinear_attributes_are_named_and_others_are_not():
    rng = np.random.default_rng(0)
    offers = rng.normal(size=(30, 2, 4))
    offers[:, :, 3] = 2 * offers[:, :, 0] - offers[:, :, 2] + 5.0
    data = ChoiceData(offers, rng.integers(0, 2, 30), names=["price", "speed", "size", "index"])
    with pytest.raises(ProblemError, match=r"attributes 'price', 'size', 'index' are collinear"):
        situations_of(data)


def test_more_attributes_than_comparisons_are_collinear():
    data = ChoiceData(np.random.default_rng(0).normal(size=(2, 2, 3)), [0, 1])
    with pytest.raises(ProblemError, match="are collinear"):
        situations_of(data)


@pytest.mark.parametrize("available", [None, [[True, False], [True, False]]])
def test_people_without_a_choice_teach_nothing(available):
    offers = np.ones((2, 1 if available is None else 2, 1))
    with pytest.raises(ProblemError, match="there is no choice to learn from"):
        situations_of(ChoiceData(offers, [0, 0], available=available))
