"""The likelihood by person: against formulas written out, and its derivatives against differences."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import log_softmax

from inference import ChoiceData
from inference.logit import panel
from inference.logit.panel import information, log_likelihood, log_likelihood_and_score, panel_of


@st.composite
def choice_data(draw):
    """Unbalanced panels with shuffled people, some options out of reach."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    n_obs, n_options, n_attributes = draw(st.integers(1, 30)), draw(st.integers(1, 5)), draw(st.integers(1, 4))
    choice = rng.integers(n_options, size=n_obs)
    available = rng.random((n_obs, n_options)) < draw(st.sampled_from([0.5, 1.0]))
    available[np.arange(n_obs), choice] = True
    people = rng.integers(draw(st.integers(1, 8)), size=n_obs)
    weights = rng.uniform(0.5, 2.0, n_obs) if draw(st.booleans()) else None
    return ChoiceData(rng.normal(size=(n_obs, n_options, n_attributes)), choice, people, None, available, weights)


def written_out(data, coefficients):
    """Sum of log softmax, observation by observation; (n_people, n_draws)."""
    value = np.zeros(coefficients.shape[:2])
    for n, person in enumerate(data.person_index):
        utility = coefficients[person] @ data.attributes[n].T
        if data.available is not None:
            utility = np.where(data.available[n], utility, -np.inf)
        mean = data.weight[data.person_index == person].mean()
        value[person] += data.weight[n] / mean * log_softmax(utility, axis=1)[:, data.choice[n]]
    return value


@given(choice_data(), st.integers(1, 3))
def test_the_likelihood_is_the_product_of_logit_shares_also_in_small_blocks(data, draws):
    coefficients = np.random.default_rng(0).normal(size=(data.n_people, draws, data.n_attributes))
    expected = written_out(data, coefficients)
    with pytest.MonkeyPatch.context() as patch:
        for entries in (1, 60, 1 << 17):
            patch.setattr(panel, "BLOCK_ENTRIES", entries)
            np.testing.assert_allclose(log_likelihood(panel_of(data, draws), coefficients), expected, atol=1e-10)


@given(choice_data())
def test_score_and_information_are_the_derivatives(data):
    here, at = panel_of(data), np.random.default_rng(1).normal(size=(data.n_people, data.n_attributes))
    value, score = log_likelihood_and_score(here, at[:, np.newaxis])
    np.testing.assert_array_equal(value, log_likelihood(here, at[:, np.newaxis]))
    for k, unit in enumerate(1e-5 * np.eye(data.n_attributes)):
        ahead, behind = (log_likelihood_and_score(here, (at + side * unit)[:, np.newaxis]) for side in (1, -1))
        np.testing.assert_allclose(score[:, 0, k], (ahead[0] - behind[0])[:, 0] / 2e-5, atol=1e-6)
        np.testing.assert_allclose(-information(here, at)[:, k], (ahead[1] - behind[1])[:, 0] / 2e-5, atol=1e-6)


def test_common_coefficients_need_not_be_repeated_for_everybody():
    rng = np.random.default_rng(2)
    data = ChoiceData(rng.normal(size=(20, 3, 2)), rng.integers(3, size=20), rng.integers(4, size=20))
    common = rng.normal(size=(1, 5, 2))
    everybody = np.broadcast_to(common, (data.n_people, 5, 2))
    np.testing.assert_allclose(log_likelihood(panel_of(data), common), log_likelihood(panel_of(data), everybody))


def test_extreme_utilities_neither_overflow_nor_lose_the_likelihood():
    data = ChoiceData([[[1.0], [0.0]], [[0.0], [1.0]]], choice=[0, 0])
    value, score = log_likelihood_and_score(panel_of(data), np.full((2, 1, 1), 1e5))
    np.testing.assert_allclose(value[:, 0], [0.0, -1e5])
    np.testing.assert_allclose(score[:, 0, 0], [0.0, -1.0])


def test_large_utilities_and_small_ones_are_computed_alike(monkeypatch):
    rng = np.random.default_rng(0)
    data = ChoiceData(rng.normal(size=(60, 4, 3)), rng.integers(4, size=60), np.repeat(np.arange(10), 6))
    panel, coefficients = panel_of(data), 5 * rng.normal(size=(10, 7, 3))
    quick = log_likelihood_and_score(panel, coefficients)
    monkeypatch.setattr("inference.logit.panel.LARGEST", 0.0)
    for one, other in zip(quick, log_likelihood_and_score(panel, coefficients), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("n_rounds", [3, 250, 2000])  # the product of what logarithms are taken of fits, barely or not
def test_the_likelihood_of_many_rounds_neither_overflows_nor_loses_digits(n_rounds):
    data = ChoiceData(np.tile([[2.0], [0.0]], (n_rounds, 1, 1)), np.ones(n_rounds, int), np.zeros(n_rounds, int))
    found = log_likelihood(panel_of(data), np.ones((1, 1, 1)))[0, 0]
    assert np.isclose(found, -n_rounds * np.log1p(np.exp(2.0)), rtol=1e-13)
