"""Units of attributes change the units of estimates and nothing else, for every estimator of choices."""

import numpy as np
import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from contracts.errors import ProblemError
from inference import (
    ChoiceData,
    HierarchicalPrior,
    fit_hierarchical_logit,
    fit_latent_types,
    fit_mixed_logit,
    sample_latent_types,
)
from inference.logit.units import units_of
from inference.tastes.distribution import TasteDistribution, choices_of

NAMES = ("price", "quality", "speed")


def drawn(seed=0, n_people=60, n_rounds=6):
    """Choices of people who mind the price, with tastes that vary."""
    rng = np.random.default_rng(seed)
    offers = ChoiceData(
        rng.normal(size=(n_people * n_rounds, 3, 3)),
        np.zeros(n_people * n_rounds, int),
        np.repeat(np.arange(n_people), n_rounds),
        NAMES,
        rng.random((n_people * n_rounds, 3)) < [1.0, 1.0, 0.7],
    )
    truth = TasteDistribution(("negative", "normal", "normal"), np.array([0.0, 1.0, -0.5]), np.diag([0.5, 0.9, 0.6]))
    return choices_of(offers, truth.draw(n_people, rng=rng), rng)


DATA = drawn()
FACTORS = st.tuples(*[st.floats(-6, 9).map(lambda power: float(10**power))] * 3).map(np.array)


def measured(factor, data=DATA):
    return ChoiceData(data.attributes * factor, data.choice, data.person, data.names, data.available)


def test_dividing_by_the_size_rounds_nothing():
    data = measured(np.array([1e-6, 3.0, 1e9]))
    units = units_of(data)
    np.testing.assert_array_equal(units.applied(data).attributes * units.size, data.attributes)
    assert (np.abs(np.log2(units.spread / units.size)) <= 0.5 + 1e-9).all()


def test_an_option_out_of_reach_does_not_measure_an_attribute():
    absurd = np.where(DATA.available[:, :, np.newaxis], DATA.attributes, 1e12)
    other = ChoiceData(absurd, DATA.choice, DATA.person, NAMES, DATA.available)
    np.testing.assert_array_equal(units_of(other).spread, units_of(DATA).spread)


def test_differences_that_are_rounding_alone_are_no_differences():
    data = measured(1.0)
    attributes = np.array(data.attributes)
    attributes[:, :, 1] = 0.1 + 0.2
    attributes[:, 0, 1] = 0.3
    with pytest.raises(ProblemError, match="attribute 'quality' is the same for all options of every choice"):
        units_of(ChoiceData(attributes, data.choice, data.person, NAMES))


def same_up_to_units(first, second, factor):
    """Two mixed logits of the same choices."""
    assert second.log_likelihood == pytest.approx(first.log_likelihood, abs=1e-7)
    np.testing.assert_allclose(second.means * factor, first.means, rtol=1e-4)
    np.testing.assert_allclose(second.sds * factor, first.sds, rtol=1e-3, atol=1e-6)
    np.testing.assert_allclose(second.standard_errors * factor, first.standard_errors, rtol=1e-3)


MULTINOMIAL = fit_mixed_logit(DATA, "fixed")
KINDS = {"price": "negative", "quality": "normal", "speed": "fixed"}
MIXED = fit_mixed_logit(DATA, KINDS, correlated=True, n_draws=16)


@given(FACTORS)
@example(np.array([1e4, 1.0, 1.0]))
@example(np.array([1e-6, 1e9, 1e6]))
@settings(max_examples=12, deadline=None)
def test_multinomial_logit(factor):
    same_up_to_units(MULTINOMIAL, fit_mixed_logit(measured(factor), "fixed"), factor)


@given(FACTORS)
@example(np.array([1e-6, 1e9, 1e6]))
@settings(phases=[Phase.explicit, Phase.generate], max_examples=2, deadline=None)
def test_mixed_logit(factor):
    same_up_to_units(MIXED, fit_mixed_logit(measured(factor), KINDS, correlated=True, n_draws=16), factor)


@pytest.mark.parametrize("factor", [[1e3, 1.0, 1.0], [1e-6, 1e9, 7e5], [1e9, 1e-6, 0.3]])
def test_draws_of_the_hierarchical_logit_are_the_same_up_to_units(factor):
    """With the default prior, and with one in the units of the data that is converted along."""
    factor = np.array(factor)
    prior = np.diag([2.0, 1.0, 3.0])
    first, second = (
        [
            fit_hierarchical_logit(
                data,
                {"price": "negative"} if prior is None else "normal",
                rng=np.random.default_rng(1),
                n_draws=20,
                n_warmup=30,
                n_chains=2,
                prior=prior,
            )
            for prior in (None, HierarchicalPrior(scale=scale))
        ]
        for data, scale in ((DATA, prior), (measured(factor), prior / np.outer(factor, factor)))
    )
    for one, other in zip(first, second, strict=True):
        np.testing.assert_allclose(other.log_likelihood, one.log_likelihood, rtol=1e-6)
        np.testing.assert_allclose(other.individual_draws * factor, one.individual_draws, rtol=1e-4, atol=1e-6)
        normal = np.array(one.kinds) == "normal"
        stretch = np.where(normal, factor, 1.0)
        shift = np.where(normal, 0.0, np.log(factor))
        np.testing.assert_allclose(other.mean * stretch + shift, one.mean, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(other.sd * stretch, one.sd, rtol=1e-4)


def test_a_prior_for_logarithms_is_where_the_data_put_it():
    """A scale that is given is in the units of the data, so with a strong prior one unit is not as good as another."""

    def mean(factor):
        prior = HierarchicalPrior(strength=500.0, degrees=6.0, scale=0.1 * np.eye(3))
        posterior = fit_hierarchical_logit(
            measured(np.array([factor, 1.0, 1.0])), {"price": "negative"}, rng=np.random.default_rng(0), prior=prior,
            n_draws=100, n_warmup=100, n_chains=2,
        )  # fmt: skip
        return posterior.mean[..., 0].mean()

    assert abs(mean(1.0)) < 0.2
    assert abs(mean(2.0**10)) < 2.0  # drawn towards 0, away from -10 log 2 = -6.9


@pytest.mark.parametrize("factor", [[1e-6, 1e9, 7e5], [1e4, 1.0, 1e-3]])
def test_latent_types(factor):
    factor = np.array(factor)
    first, second = (
        fit_latent_types(data, 2, rng=np.random.default_rng(0), n_starts=4) for data in (DATA, measured(factor))
    )
    assert second.log_likelihood == pytest.approx(first.log_likelihood, abs=1e-7)
    np.testing.assert_allclose(second.coefficients * factor, first.coefficients, rtol=1e-5)
    np.testing.assert_allclose(second.standard_errors * factor, first.standard_errors, rtol=1e-5)
    np.testing.assert_allclose(second.weights, first.weights, rtol=1e-6)
    draws = [
        sample_latent_types(data, 2, rng=np.random.default_rng(0), n_draws=10, n_warmup=20, n_chains=2, n_starts=2)
        for data in (DATA, measured(factor))
    ]
    np.testing.assert_allclose(draws[1].coefficients * factor, draws[0].coefficients, rtol=1e-4, atol=1e-6)
