"""Weights that differ between the choices of one person: the same in every estimator that takes weights."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import minimize
from scipy.special import log_softmax, logsumexp

from inference import (
    ChoiceData,
    compare_type_counts,
    fit_latent_classes,
    fit_latent_types,
    fit_mixed_logit,
    fit_multinomial_logit,
    simulate_choices,
)


@pytest.fixture(scope="module")
def data():
    """Two kinds of people; a choice weighs 5 or 6, and some people more than others."""
    rng = np.random.default_rng(4)
    person = np.repeat(np.arange(120), 8)
    drawn = simulate_choices(
        [0.6, 0.4], [[-1.5, 0.5], [0.5, 1.5]], rng.normal(size=(960, 3, 2)), person, rng=rng, names=["price", "speed"]
    ).data
    weights = rng.choice([5.0, 6.0], 960) * rng.choice([0.1, 0.4], 120)[person]
    return ChoiceData(drawn.attributes, drawn.choice, person, drawn.names, weights=weights)


def test_models_with_one_taste_agree(data):
    plain, alike = fit_multinomial_logit(data), fit_mixed_logit(data, "fixed")
    one = fit_latent_types(data, 1, rng=np.random.default_rng(0))
    for model in (one, alike):
        assert model.log_likelihood == pytest.approx(plain.log_likelihood, abs=1e-8)
        assert_allclose(model.means if model is alike else model.coefficients[0], plain.coefficients, rtol=1e-6)
        assert_allclose(model.standard_errors[0], plain.standard_errors, rtol=1e-5)
        assert model.bic == pytest.approx(plain.bic)


def test_types_and_classes_maximise_the_pseudo_likelihood(data):
    """Written out: a person of weight w counts w times, a choice of weight v of its mean is a probability to the v."""
    rng = np.random.default_rng(0)
    types = fit_latent_types(data, 2, rng=rng, n_starts=5)
    mean = np.bincount(data.person, data.weights) / 8

    def loss(parameters):
        tastes, share = parameters[:4].reshape(2, 2), np.array([0.0, parameters[4]])
        each = log_softmax(np.einsum("nja,ka->nkj", data.attributes, tastes), axis=2)[np.arange(960), :, data.choice]
        by_person = (each * (data.weights / mean[data.person])[:, np.newaxis]).reshape(120, 8, 2).sum(axis=1)
        return -mean @ logsumexp(by_person + log_softmax(share), axis=1)

    found = minimize(loss, [*types.coefficients.ravel() + 0.3, 0.0], method="BFGS", options={"gtol": 1e-6})
    assert types.log_likelihood == pytest.approx(-found.fun, abs=1e-6)
    assert_allclose(types.coefficients.ravel(), found.x[:4], atol=1e-4)
    classes = fit_latent_classes(data, 2, n_starts=5)
    assert classes.log_likelihood == pytest.approx(types.log_likelihood, abs=1e-6)
    assert_allclose(classes.coefficients, types.coefficients, atol=1e-4)
    assert_allclose(classes.standard_errors[:4], types.standard_errors.ravel(), rtol=1e-3)
    compared = compare_type_counts(data, [2], rng=rng, n_folds=3, n_starts=3)
    assert compared.best("cross_validated").n_types == 2


def test_draws_of_a_mixed_logit_are_weighed_within_people(data):
    model = fit_mixed_logit(data, n_draws=32, n_starts=1)
    mean = np.bincount(data.person, data.weights) / 8
    tastes = model.tastes.coefficients(model.normals)[data.person]
    each = log_softmax(np.einsum("nja,nra->nrj", data.attributes, tastes), axis=2)[np.arange(960), :, data.choice]
    by_person = (each * (data.weights / mean[data.person])[:, np.newaxis]).reshape(120, 8, 32).sum(axis=1)
    assert model.log_likelihood == pytest.approx(mean @ (logsumexp(by_person, axis=1) - np.log(32)), abs=1e-7)
    assert model.convergence.gradient < 1e-3
