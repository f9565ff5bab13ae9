"""One summary for all estimators, and tests of hypotheses with the statistics of textbooks."""

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from contracts.errors import ProblemError
from inference import (
    ChoiceData,
    HypothesisTest,
    fit_hierarchical_logit,
    fit_latent_types,
    fit_mixed_logit,
    fit_multinomial_logit,
    fit_nested_logit,
    hausman_mcfadden_test,
    likelihood_ratio_test,
    wald_test,
)
from tests import surface


def choices(seed=0, n_obs=600, coefficients=(1.0, -0.5)):
    rng = np.random.default_rng(seed)
    offers = rng.normal(size=(n_obs, 3, 2))
    choice = (offers @ coefficients + rng.gumbel(size=(n_obs, 3))).argmax(axis=1)
    return ChoiceData(offers, choice, np.repeat(np.arange(n_obs // 6), 6), ["a", "b"])


MODELS = {
    "multinomial": surface.multinomial,
    "nested": surface.nested,
    "mixed": surface.mixed,
    "latent": surface.latent,
    "hierarchical": surface.hierarchical,
}


@pytest.mark.parametrize("name", MODELS)
def test_every_estimator_has_a_summary_in_every_form(name):
    found = MODELS[name]().summary(level=0.9)
    frame = found.to_frame()
    assert list(frame.index) == list(found.names)
    assert len(found.values) == len(found.names)
    for form in (str(found), found.to_latex(), found.to_markdown(), found.to_html()):
        assert all(word in form for word in ("quality", "price", "90"))
    if name != "hierarchical":
        assert "pseudo R2" in str(found)
        assert "AIC" in str(found)
    np.testing.assert_allclose(frame["upper"] - frame["lower"], np.ptp(found.intervals, axis=1))


def test_numbers_are_those_of_their_definitions():
    data = choices()
    model = fit_multinomial_logit(data)
    found = model.summary()
    z = model.coefficients / model.standard_errors
    np.testing.assert_allclose(found.z, z)
    np.testing.assert_allclose(found.p, 2 * stats.norm.sf(np.abs(z)))
    np.testing.assert_allclose(
        found.intervals[:, 1], model.coefficients + stats.norm.ppf(0.975) * model.standard_errors
    )
    null = -600 * math.log(3)
    assert math.isclose(found.null_log_likelihood, null)
    assert math.isclose(found.pseudo_r2, 1 - model.log_likelihood / null)
    assert math.isclose(found.adjusted_pseudo_r2, 1 - (model.log_likelihood - 2) / null)
    assert math.isclose(found.aic, 4 - 2 * model.log_likelihood)
    assert math.isclose(found.bic, 2 * math.log(100) - 2 * model.log_likelihood)  # people


def test_errors_by_person_are_the_same_convention_everywhere():
    data = choices(1)
    plain = fit_multinomial_logit(data).summary().standard_errors
    np.testing.assert_allclose(fit_mixed_logit(data, "fixed").summary().standard_errors, plain, rtol=1e-5)
    one = fit_latent_types(data, 1, rng=np.random.default_rng(0)).summary()
    np.testing.assert_allclose(one.standard_errors[1:], plain, rtol=1e-5)
    np.testing.assert_allclose(one.values[1:], fit_multinomial_logit(data).coefficients, rtol=1e-6)


def test_a_posterior_has_no_p():
    found = surface.hierarchical().summary()
    assert found.is_posterior
    assert np.isnan(found.p).all()
    assert "posterior sd" in str(found)


def test_few_people_are_said():
    data = choices(n_obs=48)
    assert "8 people are few" in str(fit_multinomial_logit(data))


@pytest.mark.parametrize("level", [0.0, 1.0, 1.5])
def test_levels_are_shares(level):
    with pytest.raises(ProblemError, match="level is"):
        surface.multinomial().summary(level=level)
    with pytest.raises(ProblemError, match="errors is 'best'"):
        surface.multinomial().summary(errors="best")


# ---- tests of hypotheses ----


def test_p_is_that_of_chi_square():
    for statistic, df in ((3.84, 1), (0.0, 2), (12.3, 5)):
        assert math.isclose(HypothesisTest("it", statistic, df).p, stats.chi2.sf(statistic, df))


def test_wald_of_one_parameter_is_z_squared_and_combinations_are_taken():
    model = fit_multinomial_logit(choices())
    assert math.isclose(wald_test(model, "a").statistic, model.summary().z[0] ** 2)
    assert wald_test(model, ["a", "b"], 0.5) == wald_test(model, ["a", "b"], [0.5, 0.5])
    equal = wald_test(model, [[1.0, 1.0]], [0.5])
    variance = model.covariance.sum()
    assert math.isclose(equal.statistic, (model.coefficients.sum() - 0.5) ** 2 / variance)
    assert equal.hypothesis == "Wald test: a + b = 0.5"


def test_a_true_hypothesis_is_rejected_as_often_as_promised():
    ps = []
    for seed in range(120):
        data = choices(seed, n_obs=300, coefficients=(0.6, 0.0))
        full = fit_multinomial_logit(data)
        ps.append(
            [likelihood_ratio_test(fit_multinomial_logit(data.described(["a"])), full).p, wald_test(full, ["b"]).p]
        )
    rejected = (np.array(ps) < 0.1).mean(axis=0)
    assert (np.abs(rejected - 0.1) < 0.085).all()  # three standard deviations


def test_likelihood_ratio_doubles_the_difference_and_refuses_what_is_none():
    data = choices()
    small, full = fit_multinomial_logit(data.described(["a"])), fit_multinomial_logit(data)
    assert math.isclose(likelihood_ratio_test(small, full).statistic, 2 * (full.log_likelihood - small.log_likelihood))
    with pytest.raises(ProblemError, match="give the one with fewer first"):
        likelihood_ratio_test(full, small)
    with pytest.raises(ProblemError, match="fit both to the same ones"):
        likelihood_ratio_test(small, fit_multinomial_logit(choices(n_obs=60)))
    with pytest.raises(ProblemError, match="restricted is int"):
        likelihood_ratio_test(3, full)


def test_hausman_mcfadden_finds_a_nest_and_is_calm_without_one():
    rng = np.random.default_rng(3)
    offers = rng.normal(size=(6000, 3, 1))
    noise = rng.gumbel(size=(6000, 3))
    ps = []
    for shared in (0.0, 4.0):
        utility = offers[:, :, 0] + noise + shared * rng.gumbel(size=(6000, 1)) * [0, 1, 1]
        data = ChoiceData(offers, utility.argmax(axis=1), options=["car", "bus", "train"])
        both = fit_multinomial_logit(data), fit_multinomial_logit(data.among(["car", "bus"]))
        ps.append(hausman_mcfadden_test(*both).p)
    assert ps[0] > 0.01 > ps[1]


def test_restrictions_that_follow_from_one_another_are_refused():
    with pytest.raises(ProblemError, match="follow from one another"):
        wald_test(surface.multinomial(), [[1.0, 1.0], [2.0, 2.0]])
    with pytest.raises(ProblemError, match="there is no parameter 'speed'"):
        wald_test(surface.multinomial(), ["speed"])


def test_weights_of_a_posterior_are_refused():
    data = choices(n_obs=60)
    with pytest.raises(ProblemError, match="data has weights"):
        fit_hierarchical_logit(replace(data, weights=np.ones(60)), rng=np.random.default_rng(0))
    assert fit_nested_logit(data, {"last": ["1", "2"]}, n_starts=1).summary().n_free == 3


def test_a_test_of_what_is_surely_wrong_has_no_p_of_zero():
    assert repr(HypothesisTest("Wald test: a = 0", 364.8, 2)).endswith("2 degrees of freedom, p <0.001")


@pytest.mark.parametrize("make", [surface.multinomial, surface.nested, surface.classes, surface.mixed, surface.latent])
def test_every_estimator_has_criteria_and_both_kinds_of_errors(make):
    model = make()
    found, classical = model.summary(), model.summary(errors="classical")
    penalty = model.n_parameters * math.log(model.sample_size)
    assert math.isclose(model.aic, 2 * model.n_parameters - 2 * model.log_likelihood)
    assert math.isclose(model.bic, penalty - 2 * model.log_likelihood)
    assert model.covariance_by("clustered")[0] is model.covariance
    assert model.covariance_by("classical")[0].shape == model.covariance.shape
    assert found.values.tolist() == classical.values.tolist()
    assert found.standard_errors.tolist() != classical.standard_errors.tolist()


def test_hausman_mcfadden_refuses_models_for_which_it_means_nothing():
    rng = np.random.default_rng(6)
    offers = rng.normal(size=(400, 3, 2))
    taken = (offers @ [-1.0, 1.0] + rng.gumbel(size=(400, 3))).argmax(axis=1)
    data = ChoiceData(offers, taken, np.arange(400) // 4, ["price", "speed"], options=["bus", "car", "train"])
    full, part = fit_multinomial_logit(data), data.among(["bus", "car"])
    subset = fit_multinomial_logit(part)
    assert hausman_mcfadden_test(full, subset).df <= 2
    others = [
        (fit_nested_logit(data, {"public": ["bus", "train"]}, n_starts=1), subset, "full is NestedLogit"),
        (full, fit_mixed_logit(part, n_draws=16, n_starts=1), "subset is MixedLogit"),
        (fit_latent_types(data, 1, rng=rng), subset, "full is LatentTypes"),
        (full, full, "subset has the options 'bus', 'car', 'train', full"),
        (subset, full, "subset has the options 'bus', 'car', 'train', full"),
        (full, fit_multinomial_logit(part.of_people(np.arange(part.n_people) < 50)), "subset was fitted to"),
    ]
    for one, other, words in others:
        with pytest.raises(ProblemError, match=words):
            hausman_mcfadden_test(one, other)
