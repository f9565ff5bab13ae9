"""Latent classes: against a likelihood written anew, latent types, published estimates, and their own truth."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.special import log_softmax, logsumexp, softmax

import contracts
from contracts.errors import ProblemError
from inference import (
    ChoiceData,
    DegenerateTypesError,
    fit_latent_classes,
    fit_latent_types,
    load_latent_classes,
    market_shares,
    menu_earnings,
    willingness_to_pay,
    with_errors,
)
from inference.latent.membership import evaluated
from inference.logit.panel import panel_of
from tests.inference.published import swissmetro

TRUTH = np.array([[-1.0, 2.0], [-1.0, -1.0]])
MEMBERSHIP = np.array([[0.0, 0.0], [-0.5, 1.0]])


def drawn(seed=0, n_people=150, n_each=6, *, truth=TRUTH, weights=False):
    """Price and speed, and the age of people, on which membership depends."""
    rng = np.random.default_rng(seed)
    person = np.repeat(np.arange(n_people), n_each)
    age = rng.normal(size=n_people)
    shares = softmax(np.column_stack([np.ones(n_people), age]) @ MEMBERSHIP.T, axis=1)
    of = (shares.cumsum(axis=1) < rng.random((n_people, 1))).sum(axis=1)
    offers = rng.normal(size=(n_people * n_each, 3, 2))
    reach = rng.random((n_people * n_each, 3)) < 0.85
    reach[:, 0] = True
    utility = np.einsum("nja,na->nj", offers, truth[of][person]) + rng.gumbel(size=reach.shape)
    choice = np.where(reach, utility, -np.inf).argmax(axis=1)
    attributes = np.concatenate([offers, np.broadcast_to(age[person][:, None, None], (*reach.shape, 1))], axis=2)
    weight = rng.integers(1, 3, n_people).astype(float)[person] if weights else None
    return ChoiceData(attributes, choice, person, ["price", "speed", "age"], reach, weight)


def log_likelihood(data, coefficients, membership):
    """Written anew: without differences, blocks and standardised covariates."""
    utility = np.einsum("nja,ka->njk", data.attributes[:, :, :2], coefficients)
    utility[~data.available] = -np.inf
    chance = log_softmax(utility, axis=1)[np.arange(data.n_obs), data.choice]
    by_person = np.stack([np.bincount(data.person_index, column) for column in chance.T], axis=1)
    first = np.unique(data.person_index, return_index=True)[1]
    age = data.attributes[first, 0, 2]
    prior = log_softmax(np.column_stack([np.ones(len(age)), age])[:, : membership.shape[1]] @ membership.T, axis=1)
    return data.weight[first] @ logsumexp(by_person + prior, axis=1)


def test_a_general_optimiser_finds_the_same_with_covariates_and_a_shared_coefficient():
    data = drawn(weights=True)
    model = fit_latent_classes(data, 2, shared=["price"], membership=["age"], n_starts=4)
    assert model.parameter_names == ("price", "class 0: speed", "class 1: speed", "membership 1: constant",
                                     "membership 1: age")  # fmt: skip

    def loss(at):
        return -log_likelihood(data, np.array([[at[0], at[1]], [at[0], at[2]]]), np.array([[0, 0], at[3:]]))

    found = minimize(loss, model.parameters + 0.1, method="BFGS", options={"gtol": 1e-5})
    np.testing.assert_allclose(model.log_likelihood, -found.fun, rtol=1e-9)
    np.testing.assert_allclose(model.parameters, found.x, atol=1e-3)
    np.testing.assert_allclose(loss(model.parameters), -model.log_likelihood, rtol=1e-10)


def test_scores_are_slopes_of_the_likelihood():
    data = drawn(1, 20)
    plain = replace(data, attributes=data.attributes[:, :, :2], names=["price", "speed"])
    age = data.attributes[np.unique(data.person_index, return_index=True)[1], 0, 2]
    design, panel = np.column_stack([np.ones(20), age]), panel_of(plain, 2)
    found, step = evaluated(panel, design, TRUTH, MEMBERSHIP), 1e-6
    np.testing.assert_allclose(found.by_person.sum(), log_likelihood(data, TRUTH, MEMBERSHIP), rtol=1e-12)
    for k in range(2):
        for a in range(2):
            ahead, behind = TRUTH.copy(), TRUTH.copy()
            ahead[k, a] += step
            behind[k, a] -= step
            slope = (log_likelihood(data, ahead, MEMBERSHIP) - log_likelihood(data, behind, MEMBERSHIP)) / (2 * step)
            np.testing.assert_allclose(found.in_coefficients[:, k, a].sum(), slope, atol=1e-6)
    for a in range(2):
        ahead, behind = MEMBERSHIP.copy(), MEMBERSHIP.copy()
        ahead[1, a] += step
        behind[1, a] -= step
        slope = (log_likelihood(data, TRUTH, ahead) - log_likelihood(data, TRUTH, behind)) / (2 * step)
        np.testing.assert_allclose(found.in_membership[:, 0, a].sum(), slope, atol=1e-6)


def test_without_restrictions_and_covariates_they_are_latent_types():
    data = drawn(2)
    data = replace(data, attributes=data.attributes[:, :, :2], names=["price", "speed"])
    types = fit_latent_types(data, 2, rng=np.random.default_rng(0), n_starts=5)
    model = fit_latent_classes(data, 2, n_starts=5)
    np.testing.assert_allclose(model.log_likelihood, types.log_likelihood, rtol=1e-9)
    np.testing.assert_allclose(model.coefficients, types.coefficients, atol=1e-4)
    np.testing.assert_allclose(model.weights, types.weights, atol=1e-5)
    np.testing.assert_allclose(model.standard_errors[:4], types.standard_errors.ravel(), rtol=1e-3)
    np.testing.assert_allclose(model.weight_standard_errors, types.weight_standard_errors, rtol=1e-3)
    np.testing.assert_allclose(model.probabilities, types.probabilities, atol=1e-4)
    np.testing.assert_allclose(with_errors(model, lambda m: m.weights).standard_errors, model.weight_standard_errors,
                               rtol=1e-6)  # fmt: skip


def test_the_truth_is_found():
    model = fit_latent_classes(drawn(3, 800), 2, shared=["price"], membership=["age"], n_starts=3)
    wanted = [-1.0, 2.0, -1.0, -0.5, 1.0]
    assert (np.abs(model.parameters - wanted) < 3 * model.standard_errors).all()
    assert model.standard_errors.max() < 0.3


def test_whole_weights_are_repeated_rows():
    data = drawn(4, 60, weights=True)
    twice = np.flatnonzero(data.weight == 2)
    again = replace(data.of_observations(twice), person=data.person[twice] + 1000)
    rows = ChoiceData.joined(replace(data, weights=None), replace(again, weights=None))
    one = fit_latent_classes(data, 2, shared=["price"], membership=["age"], n_starts=2)
    other = fit_latent_classes(rows, 2, shared=["price"], membership=["age"], n_starts=2)
    np.testing.assert_allclose(one.log_likelihood, other.log_likelihood, rtol=1e-9)
    np.testing.assert_allclose(one.parameters, other.parameters, atol=1e-4)
    np.testing.assert_allclose(one.weights, other.weights, atol=1e-5)


@settings(max_examples=5, deadline=None)
@given(st.lists(st.integers(-6, 9), min_size=3, max_size=3))
def test_units_change_nothing_but_units(powers):
    data, size = drawn(5, 60), 10.0 ** np.array(powers)
    one = fit_latent_classes(data, 2, shared=["price"], membership=["age"], n_starts=2)
    other = fit_latent_classes(
        replace(data, attributes=data.attributes * size), 2, shared=["price"], membership=["age"], n_starts=2
    )
    onto = np.array([size[0], size[1], size[1], 1.0, size[2]])
    np.testing.assert_allclose(other.parameters * onto, one.parameters, atol=1e-4)
    np.testing.assert_allclose(other.standard_errors * onto, one.standard_errors, rtol=1e-3)


def test_a_class_ignores_prices():
    data = drawn(6, 300, truth=np.array([[-1.5, 1.0], [0.0, 1.0]]))
    ignored = fit_latent_classes(
        data, 2, shared=["price", "speed"], fixed={"price": [None, 0.0]}, membership=["age"], n_starts=3
    )
    assert ignored.coefficients[1, 0] == 0
    assert ignored.coefficients[0, 1] == ignored.coefficients[1, 1]
    assert "fixed: price 0 in class 1" in str(ignored)
    free = fit_latent_classes(data, 2, shared=["speed"], membership=["age"], n_starts=3)
    assert -1e-6 < free.log_likelihood - ignored.log_likelihood < 4  # one more parameter, which is 0 in truth
    with pytest.raises(ProblemError, match="class 1 does not fall in 'price'"):
        ignored.screening_problem(price="price", cost=contracts.Quadratic())


def test_what_is_fixed_everywhere_stays():
    model = fit_latent_classes(drawn(7), 2, fixed={"price": -1.0}, membership=["age"], n_starts=3)
    np.testing.assert_array_equal(model.coefficients[:, 0], -1.0)
    assert model.n_parameters == 4
    assert model.weights[0] >= model.weights[1]


def test_probabilities_shares_worths_and_menus_follow():
    data = drawn(8)
    model = fit_latent_classes(data, 2, shared=["price"], membership=["age"], n_starts=3)
    prior = model.class_shares([[0.3]])
    np.testing.assert_allclose(prior, [softmax(model.membership @ [1.0, 0.3])], rtol=1e-12)
    offers = [[1.0, 2.0], [0.0, 0.0]]
    by_class = softmax(np.array(offers) @ model.coefficients.T, axis=0)
    np.testing.assert_allclose(model.predict(offers, probabilities=prior[0])[0], by_class @ prior[0], rtol=1e-12)
    rows = [model.predict(data.attributes[:, :, :2], data.available, probabilities=row) for row in np.eye(2)]
    shares = model.shares_by_person[data.person_index]
    np.testing.assert_allclose(model.predict(data), np.einsum("nk,knj->nj", shares, rows), rtol=1e-12)
    worth = willingness_to_pay(model, "price")
    assert worth.names == ("0: speed", "1: speed")
    np.testing.assert_allclose(worth.values, -model.coefficients[:, 1] / model.coefficients[:, 0])
    plain = replace(data, attributes=data.attributes[:, :, :2], names=["price", "speed"])
    np.testing.assert_allclose(market_shares(model, plain).values.sum(), 1.0)
    menu = contracts.solve_menu(model.screening_problem(
        price="price", cost=contracts.Quadratic(), domain=contracts.Box([-2.0], [2.0])))  # fmt: skip
    assert menu.certificate.holds
    assert menu_earnings(model, menu, price="price").standard_errors[0] > 0


def test_files_come_back_to_the_bit(tmp_path):
    model = fit_latent_classes(drawn(9, 50, weights=True), 2, shared=["price"], membership=["age"], n_starts=2)
    again = load_latent_classes(model.save(tmp_path / "classes.json"))
    assert str(again.summary()) == str(model.summary())
    np.testing.assert_array_equal(again.parameters, model.parameters)
    np.testing.assert_array_equal(again.probabilities, model.probabilities)
    text = (tmp_path / "classes.json").read_text()
    (tmp_path / "other.json").write_text(text.replace("latent-classes", "x"))
    with pytest.raises(ProblemError, match="expected 'menuwright/latent-classes/1'"):
        load_latent_classes(tmp_path / "other.json")
    (tmp_path / "cut.json").write_text(text.replace('"age"', '"agx"', 1))
    with pytest.raises(ProblemError, match="save the model again"):
        load_latent_classes(tmp_path / "cut.json")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"shared": ["cost"]}, "shared names 'cost', which is no attribute"),
        ({"shared": ["price", "speed"], "membership": ["age"]}, "classes 0 and 1 have the same coefficients"),
        ({"fixed": {"price": [0, None, 0]}, "membership": ["age"]}, "3 values for 2 classes"),
        ({"fixed": {"price": 0, "speed": 0}, "membership": ["age"]}, "nothing to estimate"),
        ({"membership": ["price", "age"]}, "for person 0: membership is by what is the same"),
        ({"membership": ["age", "age"]}, "names 'age' twice"),
        ({}, "'age' is the same for all options"),
    ],
)
def test_what_makes_no_model_is_refused(arguments, words):
    with pytest.raises(ProblemError, match=words):
        fit_latent_classes(drawn(n_people=30), 2, **arguments)


def test_covariates_must_differ_between_people():
    data = drawn(n_people=30)
    attributes = data.attributes.copy()
    attributes[:, :, 2] = 40.0
    with pytest.raises(ProblemError, match="'age' is the same for all people"):
        fit_latent_classes(replace(data, attributes=attributes), 2, membership=["age"])


def test_classes_that_choices_cannot_tell_apart_are_said():
    rng = np.random.default_rng(0)
    offers = np.broadcast_to([[1.0], [0.0]], (200, 2, 1))  # one choice each, always the same one
    data = ChoiceData(offers, rng.integers(2, size=200), names=["price"])
    with pytest.raises(DegenerateTypesError, match="no proper maximum"):
        fit_latent_classes(data, 2, n_starts=2)


def test_swissmetro_two_classes_share_all_but_time():
    time = {"time": [0.0, None]}  # the first class does not mind time
    model = fit_latent_classes(swissmetro(), 2, shared=["train", "car", "time", "cost"], fixed=time, n_starts=2)
    # example 07 of Biogeme, discrete mixture; estimates of example 107 of Larch, there per minute and franc
    assert abs(model.log_likelihood - -5208.4980304812725) < 1e-6
    wanted = [-0.39758919, 0.12460590, -2.7979404, -1.26406258, 1.09438066]
    np.testing.assert_allclose(model.parameters, wanted, atol=2e-4)
