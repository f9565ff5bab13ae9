"""Nested logit: against a likelihood written anew, published estimates, and the multinomial logit inside it."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import minimize

from contracts.errors import ProblemError
from inference import ChoiceData, fit_multinomial_logit, fit_nested_logit, likelihood_ratio_test, wald_test
from inference.alike.nests import log_likelihood_and_score, nests_of
from tests.inference.published import swissmetro

NESTS = {"left": ["a", "b"], "right": ["c", "d"]}


def drawn(seed=0, n_obs=400, nests=NESTS, scale=1.0):
    rng = np.random.default_rng(seed)
    options = ["a", "b", "c", "d", "e"]
    offers = rng.normal(size=(n_obs, 5, 2))
    reach = rng.random((n_obs, 5)) < 0.8
    reach[:, 4] = True
    noise = rng.gumbel(size=(n_obs, 5))
    for members in nests.values():
        noise[:, [options.index(one) for one in members]] += scale * rng.gumbel(size=(n_obs, 1))
    utility = np.where(reach, offers @ [1.5, -1.0] + noise, -np.inf)
    return ChoiceData(offers, utility.argmax(axis=1), None, ["x", "y"], reach, options=options)


def log_likelihood(data, coefficients, log_sums, nests=NESTS):
    """Observation by observation, from the formula of the model."""
    options, total = list(data.options), 0.0
    for row in range(data.n_obs):
        utility = {o: data.attributes[row, k] @ coefficients for k, o in enumerate(options) if data.available[row, k]}
        pairs = zip(log_sums, nests.values(), strict=True)
        homes = [(size, [o for o in members if o in utility]) for size, members in pairs]
        homes += [(1.0, [o]) for o in utility if not any(o in members for members in nests.values())]
        sums = [(size, members, sum(np.exp(utility[o] / size) for o in members)) for size, members in homes if members]
        taken = options[data.choice[row]]
        size, _, own = next(part for part in sums if taken in part[1])
        total += utility[taken] / size + (size - 1) * np.log(own) - np.log(sum(s**size for size, _, s in sums))
    return total


def test_the_likelihood_is_that_of_the_formula_and_the_score_is_its_derivative():
    data = drawn(n_obs=40)
    difference = data.attributes - data.attributes[np.arange(40), data.choice][:, np.newaxis]
    nests, at = nests_of(NESTS, data), np.array([0.7, -0.4, 0.6, 1.3])
    value, score = log_likelihood_and_score(difference, data, nests, at[:2], at[2:])
    np.testing.assert_allclose(value.sum(), log_likelihood(data, at[:2], at[2:]), rtol=1e-12)
    step = 1e-6
    slope = [
        (log_likelihood(data, *np.split(at + u, [2])) - log_likelihood(data, *np.split(at - u, [2]))) / (2 * step)
        for u in step * np.eye(4)
    ]
    np.testing.assert_allclose(score.sum(axis=0), slope, rtol=1e-6, atol=1e-6)


def test_a_general_optimiser_finds_the_same():
    data = drawn(1, n_obs=150)
    model = fit_nested_logit(data, NESTS, n_starts=1)

    def loss(at):
        return -log_likelihood(data, at[:2], np.exp(at[2:])) / 150

    found = minimize(loss, np.zeros(4), method="BFGS")
    np.testing.assert_allclose(model.log_likelihood, -150 * found.fun, atol=1e-3)
    np.testing.assert_allclose(model.parameters, [*found.x[:2], *np.exp(found.x[2:])], rtol=1e-2)


def test_probabilities_sum_to_one_and_those_of_the_multinomial_logit_are_found_with_log_sums_of_one():
    data = drawn(2)
    model = fit_nested_logit(data, NESTS, n_starts=1)
    shares = model.predict(data)
    np.testing.assert_allclose(shares.sum(axis=1), 1, rtol=1e-12)
    assert not shares[~data.available].any()
    at_one = model.at([*model.coefficients, 1.0, 1.0])
    plain = fit_multinomial_logit(data).at(model.coefficients)
    np.testing.assert_allclose(at_one.predict(data), plain.predict(data), rtol=1e-10)
    np.testing.assert_allclose(at_one.surplus(data, price="y"), plain.surplus(data, price="y"), rtol=1e-10)
    assert likelihood_ratio_test(fit_multinomial_logit(data), model).df == 2


def test_probabilities_are_slopes_of_the_surplus():
    data = drawn(3, n_obs=20)
    model = fit_nested_logit(drawn(3), NESTS, n_starts=1)
    step = 1e-6
    for option in range(5):
        dearer = data.attributes.copy()
        dearer[:, option, 1] += step
        slope = (model.surplus(dearer, data.available, price="y") - model.surplus(data, price="y")) / step
        np.testing.assert_allclose(-slope, model.predict(data)[:, option], atol=1e-5)


def test_the_truth_is_found():
    data, truth = drawn(4, n_obs=4000), np.array([1.0, -0.8, 0.4, 0.8])
    shares = fit_nested_logit(drawn(4), NESTS, n_starts=1).at(truth).predict(data)
    choice = (shares.cumsum(axis=1) < np.random.default_rng(0).random((4000, 1))).sum(axis=1)
    model = fit_nested_logit(replace(data, choice=choice), NESTS, n_starts=1)
    assert (np.abs(model.parameters - truth) < 3 * model.standard_errors).all()
    assert wald_test(model, ["nest left"], [1.0]).p < 1e-3


def test_a_parameter_above_one_is_said():
    rng = np.random.default_rng(5)
    data = drawn(5, nests={})
    opposed = np.zeros((400, 5))
    opposed[:, 0] = 3 * rng.normal(size=400)
    opposed[:, 1] = -opposed[:, 0]  # who likes a dislikes b: the opposite of a nest
    taken = np.where(data.available, data.attributes @ [1.5, -1.0] + opposed + rng.gumbel(size=(400, 5)), -np.inf)
    model = fit_nested_logit(replace(data, choice=taken.argmax(axis=1)), {"left": ["a", "b"]}, n_starts=1)
    assert model.log_sums[0] > 1
    assert "above 1" in str(model)


@pytest.mark.parametrize(
    ("nests", "words"),
    [
        ({"left": ["a"]}, "at least two options"),
        ({"left": ["a", "z"]}, "holds 'z', which is no option"),
        ({"left": ["a", "b"], "right": ["b", "c"]}, "option 'b' is in nests 'left' and 'right'"),
        ({}, "nests is empty"),
        ({"all": list("abcde")}, "every option within reach is in nest 'all'"),
    ],
)
def test_what_are_no_nests_is_refused(nests, words):
    with pytest.raises(ProblemError, match=words):
        fit_nested_logit(drawn(n_obs=50), nests)


def test_swissmetro_as_biogeme_prints_it():
    data = replace(swissmetro(), options=["train", "metro", "car"])
    model = fit_nested_logit(data, {"existing": ["train", "car"]}, n_starts=2)
    # example 09 of Biogeme, nested logit: MU 2.05 is one over our log-sum parameter
    assert abs(model.log_likelihood - -5236.90) < 5e-3
    np.testing.assert_allclose(model.coefficients, [-0.512, -0.167, -0.899, -0.857], atol=5e-4)
    np.testing.assert_allclose(1 / model.log_sums, [2.05], atol=5e-3)
    np.testing.assert_allclose(model.standard_errors[:4], [0.0791, 0.0545, 0.107, 0.06], rtol=5e-3)
