"""Multinomial logit: against a general optimiser, published estimates, repeated rows, and units."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.special import logsumexp

from contracts.errors import ProblemError, SolverError
from inference import ChoiceData, fit_latent_types, fit_mixed_logit, fit_multinomial_logit, fit_nested_logit
from tests.inference.published import choice_models, column, rows_of, swissmetro


def drawn(seed=0, n_obs=300, *, unequal=True, weights=False, n_people=None):
    rng = np.random.default_rng(seed)
    offers = rng.normal(size=(n_obs, 4, 3))
    reach = rng.random((n_obs, 4)) < 0.7
    reach[:, 0] = True
    utility = offers @ [1.0, -0.5, 0.2] + rng.gumbel(size=(n_obs, 4))
    choice = (np.where(reach, utility, -np.inf) if unequal else utility).argmax(axis=1)
    person = None if n_people is None else np.sort(rng.integers(n_people, size=n_obs))
    weight = rng.integers(1, 4, size=n_obs).astype(float) if weights else None
    return ChoiceData(offers, choice, person, ["a", "b", "c"], reach if unequal else None, weight)


def log_likelihood(data, coefficients):
    """Written anew, without differences and chunks."""
    utility = data.attributes @ coefficients
    if data.available is not None:
        utility = np.where(data.available, utility, -np.inf)
    return data.weight * (utility[np.arange(data.n_obs), data.choice] - logsumexp(utility, axis=1))


@pytest.mark.parametrize("seed", range(3))
def test_a_general_optimiser_finds_the_same(seed):
    data = drawn(seed, weights=True)
    model = fit_multinomial_logit(data)
    found = minimize(lambda b: -log_likelihood(data, b).sum(), np.zeros(3), method="BFGS", options={"gtol": 1e-7})
    np.testing.assert_allclose(model.coefficients, found.x, atol=1e-6)
    np.testing.assert_allclose(model.log_likelihood, -found.fun, rtol=1e-12)


def test_errors_are_those_of_numerical_derivatives():
    data, step = drawn(1, weights=True, n_people=40), 1e-4
    model = fit_multinomial_logit(data)
    at = model.coefficients
    units = step * np.eye(3)
    by_choice = np.stack([log_likelihood(data, at + u) - log_likelihood(data, at - u) for u in units], 1) / (2 * step)

    def total(b):
        return log_likelihood(data, b).sum()

    hessian = [
        [total(at + u + v) - total(at + u - v) - total(at - u + v) + total(at - u - v) for u in units] for v in units
    ]
    bread = np.linalg.inv(-np.array(hessian) / (4 * step**2))
    scores = np.stack([by_choice[data.person_index == k].sum(axis=0) for k in range(data.n_people)])
    n = data.n_people
    np.testing.assert_allclose(model.classical_covariance, bread, rtol=1e-4)
    np.testing.assert_allclose(model.covariance, bread @ scores.T @ scores @ bread * n / (n - 1), rtol=1e-4)


def repeated(data):
    """Every observation as often as it weighs; an observation's copies are of one person."""
    times = np.repeat(np.arange(data.n_obs), data.weight.astype(int))
    return replace(data.of_observations(times), weights=None)


@settings(max_examples=10)
@given(st.integers(0, 10_000))
def test_weights_are_repeated_rows(seed):
    data = drawn(seed, n_obs=60, weights=True, n_people=20)
    weighed, rows = fit_multinomial_logit(data), fit_multinomial_logit(repeated(data))
    np.testing.assert_allclose(weighed.coefficients, rows.coefficients, atol=1e-8)
    np.testing.assert_allclose(weighed.classical_covariance, rows.classical_covariance, rtol=1e-6)
    np.testing.assert_allclose(weighed.covariance, rows.covariance, rtol=1e-6)  # copies are of the same people
    np.testing.assert_allclose(weighed.log_likelihood, rows.log_likelihood, rtol=1e-10)


def people_of(seed):
    """Thirty people of two tastes with whole weights, and the same people as often as they weigh."""
    rng = np.random.default_rng(seed)
    offers, person = rng.normal(size=(240, 3, 2)), np.repeat(np.arange(30), 8)
    tastes = np.where(person[:, np.newaxis] % 3 == 0, [2.0, -1.0], [-1.0, 1.0])
    choice = (np.einsum("nja,na->nj", offers, tastes) + rng.gumbel(size=(240, 3))).argmax(axis=1)
    weight = 1.0 + np.arange(30) % 2
    data = ChoiceData(offers, choice, person, weights=weight[person])
    again = [replace(data.of_people(np.flatnonzero(weight > k)), weights=None) for k in range(2)]
    again[1] = replace(again[1], person=again[1].person + 100)
    return data, ChoiceData.joined(*again)


def test_weights_of_people_are_repeated_people_of_latent_types():
    data, rows = people_of(0)
    weighed = fit_latent_types(data, 2, rng=np.random.default_rng(0), n_starts=5)
    plain = fit_latent_types(rows, 2, rng=np.random.default_rng(0), n_starts=5)
    np.testing.assert_allclose(weighed.log_likelihood, plain.log_likelihood, rtol=1e-10)
    np.testing.assert_allclose(weighed.coefficients, plain.coefficients, atol=1e-8)
    np.testing.assert_allclose(weighed.weights, plain.weights, atol=1e-8)
    for criterion in ("bic", "icl", "entropy", "sample_size", "null_log_likelihood"):
        np.testing.assert_allclose(getattr(weighed, criterion), getattr(plain, criterion), rtol=1e-8)


def test_weights_of_people_are_repeated_people_of_a_mixed_logit():
    data, rows = people_of(1)
    normals = np.random.default_rng(0).standard_normal((30, 40, 2))
    again = np.concatenate([normals, normals[np.arange(30) % 2 == 1]])
    weighed = fit_mixed_logit(data, n_draws=normals, n_starts=1)
    plain = fit_mixed_logit(rows, n_draws=again, n_starts=1)
    np.testing.assert_allclose(weighed.log_likelihood, plain.log_likelihood, rtol=1e-9)
    np.testing.assert_allclose(weighed.parameters, plain.parameters, atol=1e-4)
    np.testing.assert_allclose(weighed.information, plain.information, rtol=1e-3, atol=1e-3)


def test_weights_are_repeated_rows_of_a_nested_logit():
    data = drawn(3, n_obs=200, weights=True)
    nests = {"first": ["0", "1"]}
    weighed, rows = (fit_nested_logit(d, nests, n_starts=1) for d in (data, repeated(data)))
    np.testing.assert_allclose(weighed.parameters, rows.parameters, atol=1e-5)
    np.testing.assert_allclose(weighed.log_likelihood, rows.log_likelihood, rtol=1e-10)


@settings(max_examples=10)
@given(st.integers(0, 100), st.lists(st.floats(-6, 9), min_size=3, max_size=3))
def test_units_change_nothing_but_units(seed, powers):
    data, factor = drawn(seed, n_obs=80), 10.0 ** np.array(powers)
    model = fit_multinomial_logit(data)
    scaled = fit_multinomial_logit(replace(data, attributes=data.attributes * factor))
    np.testing.assert_allclose(scaled.coefficients * factor, model.coefficients, rtol=1e-7)
    np.testing.assert_allclose(scaled.standard_errors * factor, model.standard_errors, rtol=1e-6)


def test_it_is_the_mixed_logit_without_spreads():
    data = drawn(5, n_people=50)
    model, mixed = fit_multinomial_logit(data), fit_mixed_logit(data, "fixed")
    np.testing.assert_allclose(model.coefficients, mixed.parameters, rtol=1e-6)
    np.testing.assert_allclose(model.covariance, mixed.covariance, rtol=1e-5)


def test_a_start_from_a_sample_leads_to_the_same_maximum(monkeypatch):
    data = drawn(6, n_obs=500)
    whole = fit_multinomial_logit(data)
    monkeypatch.setattr("inference.alike.multinomial.SAMPLE", 100)
    np.testing.assert_allclose(fit_multinomial_logit(data).coefficients, whole.coefficients, atol=1e-9)


def test_culprits_are_named():
    data = drawn(7)
    same = replace(data, attributes=np.concatenate([data.attributes, np.ones((300, 4, 1))], 2), names=[*"abcd"])
    with pytest.raises(ProblemError, match="attribute 'd' is the same for all options"):
        fit_multinomial_logit(same)
    double = np.concatenate([data.attributes, data.attributes[:, :, :1] - data.attributes[:, :, 1:2]], axis=2)
    with pytest.raises(ProblemError, match="attributes 'a', 'b', 'd' are collinear"):
        fit_multinomial_logit(replace(data, attributes=double, names=[*"abcd"]))
    decided = np.concatenate([data.attributes, np.eye(4)[data.choice][:, :, np.newaxis]], axis=2)
    with pytest.raises(SolverError, match="every choice is predicted by 'd'"):
        fit_multinomial_logit(replace(data, attributes=decided, names=[*"abcd"]))
    with pytest.raises(ProblemError, match="all choices are of one person"):
        fit_multinomial_logit(replace(data, person=np.zeros(300)))


def test_one_option_within_reach_adds_nothing():
    data = drawn(8)
    alone = ChoiceData(data.attributes[:5], [0] * 5, None, data.names, np.eye(4, dtype=bool)[np.zeros(5, int)])
    both = fit_multinomial_logit(
        ChoiceData.joined(replace(data, person=np.arange(300)), replace(alone, person=np.arange(300, 305)))
    )
    np.testing.assert_allclose(both.coefficients, fit_multinomial_logit(data).coefficients, rtol=1e-9)


# ---- published estimates ----


def test_swissmetro_as_biogeme_prints_it():
    model = fit_multinomial_logit(swissmetro())
    assert abs(model.log_likelihood - -5331.252) < 1e-3
    # example 01 of Biogeme: estimates and robust errors
    np.testing.assert_allclose(model.coefficients, [-0.701, -0.155, -1.28, -1.08], atol=5e-3)
    np.testing.assert_allclose(model.standard_errors, [0.0826, 0.0582, 0.104, 0.0682], rtol=5e-3)


def test_mode_choice_in_canada_with_constants_and_incomes():
    path = choice_models("ModeCanada.csv")
    data = ChoiceData.from_frame(path, option="alt", person="case", occasion=None, chosen="choice")
    four = data.of_observations(data.available.all(axis=1))
    model = fit_multinomial_logit(four.described(["cost", "freq", "ovt"], constants="car", by_option=["income", "ivt"]))
    # summary of mlogit(choice ~ cost + freq + ovt | income | ivt, reflevel = "car") in the vignette of mlogit for R
    found = dict(zip(model.names, model.coefficients.round(7), strict=True))
    assert abs(model.log_likelihood - -1874.3) < 0.05
    np.testing.assert_allclose(
        [found["cost"], found["freq"], found["ovt"]], [-0.0333389, 0.0925297, -0.0430036], atol=1e-6
    )


def test_mode_choice_in_canada_between_three_modes_only():
    frame = pd.read_csv(choice_models("ModeCanada.csv"))
    frame["time"] = frame["ivt"] + frame["ovt"]
    data = ChoiceData.from_frame(frame, option="alt", person="case", occasion=None, chosen="choice")
    four = data.of_observations(data.available.all(axis=1))
    three = four.among(["car", "train", "air"]).described(
        ["cost", "freq"], constants="car", by_option=["income", "time"]
    )
    # vignette of mlogit for R: choice ~ cost + freq | income | time, alt.subset = c("car", "train", "air")
    assert three.n_obs == 2769  # ten took the bus
    assert round(fit_multinomial_logit(three).log_likelihood, 1) == -1951.3


def test_swissmetro_with_weights_as_larch_prints_it():
    rows = [row for row in rows_of("swissmetro") if row["PURPOSE"] in ("1", "3") and row["CHOICE"] != "0"]
    weights = np.where(column(rows, "GROUP") == 2, 1.0, 1.2)
    model = fit_multinomial_logit(replace(swissmetro(), weights=weights))
    # example 102 of Larch: GROUP 2 and 3 weigh as 5 to 6; estimates there are per minute and franc
    assert abs(model.log_likelihood - -5931.55768) < 1e-3
    np.testing.assert_allclose(model.coefficients, [-0.7565, -0.1143, -1.322, -1.12], atol=5e-3)
    np.testing.assert_allclose(
        np.sqrt(np.diag(model.classical_covariance)), [0.0528, 0.0407, 0.0537, 0.0490], rtol=2e-3
    )


def test_trips_to_work_with_availability():
    data = ChoiceData.from_frame(
        pd.read_csv(choice_models("MTCwork.csv.gz")),
        attributes=["tottime", "totcost", "hhinc"],
        person="casenum",
        occasion=None,
        option="altnum",
        chosen="chose",
    )
    assert data.available is not None
    model = fit_multinomial_logit(data.described(["tottime", "totcost"], constants="1", by_option=["hhinc"]))
    # example 1 of Larch, after Koppelman & Bhat (2006)
    assert abs(model.log_likelihood - -3626.18626) < 1e-4
