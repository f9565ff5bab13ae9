"""Latent types: theorems, recovery, published estimates, and data that have no regular maximum."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.optimize import minimize
from scipy.special import log_softmax, logsumexp

import contracts
from contracts.errors import ProblemError
from inference import (
    ChoiceData,
    Convergence,
    DegenerateTypesError,
    LatentTypes,
    fit_latent_types,
    load_latent_types,
    simulate_choices,
)
from inference.latent.maximum import Point, Prior, e_step, em_round, newton, random_points
from inference.logit.mixture import evaluate, situations_of
from inference.logit.simulated import logit
from tests.inference import published
from tests.strategies import examples

SAME = 1e-7  # estimates of the same maximum from other starts, in units of standard errors or relative
TASTES = np.array([[1.5, -1.0], [-0.5, 2.0]])
SHARES = np.array([0.6, 0.4])


def population(seed=0, n_people=60, per_person=12, tastes=TASTES, shares=SHARES, n_options=3):
    rng = np.random.default_rng(seed)
    person = np.repeat(np.arange(n_people), per_person)
    offers = rng.normal(size=(len(person), n_options, tastes.shape[1]))
    return simulate_choices(shares, tastes, offers, person, rng=rng, names=["price", "speed"])


@pytest.fixture(scope="module")
def data():
    return population().data


@pytest.fixture(scope="module")
def types(data):
    return fit_latent_types(data, 2, rng=np.random.default_rng(0), n_starts=6)


def fitted(data, n_types=2, seed=0, starts=4, **options):
    return fit_latent_types(data, n_types, rng=np.random.default_rng(seed), n_starts=starts, **options)


def changed(data, attributes=None, choice=None, person=None, names=None):
    return ChoiceData(
        data.attributes if attributes is None else attributes,
        data.choice if choice is None else choice,
        data.person if person is None else person,
        data.names if names is None else names,
        data.available,
    )


def assert_same(one: LatentTypes, two: LatentTypes):
    assert two.log_likelihood == pytest.approx(one.log_likelihood, rel=1e-12)
    assert_allclose(two.weights, one.weights, rtol=SAME)
    assert_allclose(two.coefficients, one.coefficients, atol=SAME * np.abs(one.coefficients).max())
    assert_allclose(two.covariance, one.covariance, atol=1e-5 * np.abs(one.covariance).max())


# ---- theorems ----


def test_the_gradient_vanishes_and_no_neighbour_is_better(types, data):
    situations = situations_of(data)
    found = evaluate(situations, types.coefficients * situations.scale)
    assert types.convergence.gradient < 1e-9
    best = types.log_likelihood_by_person(data).sum()
    assert best == pytest.approx(types.log_likelihood, rel=1e-12)
    prior = Prior(np.zeros(2), np.zeros((2, 2)))
    state = e_step(
        situations, types.coefficients[np.newaxis] * situations.scale, np.log(types.weights)[np.newaxis], found, prior
    )
    again = em_round(situations, state, prior, np.zeros((2, 2)))  # the maximum is a fixed point of EM
    assert_allclose(again.coefficients[0] / situations.scale, types.coefficients, rtol=1e-6)
    assert_allclose(np.exp(again.log_weights[0]), types.weights, rtol=1e-8)


def test_one_type_is_multinomial_logit_as_a_general_optimiser_finds_it(data):
    one = fitted(data, 1)

    def loss(b):
        utility = data.attributes @ b
        return (np.log(np.exp(utility).sum(axis=1)) - utility[np.arange(data.n_obs), data.choice]).sum()

    found = minimize(loss, np.zeros(2), method="BFGS")
    assert one.log_likelihood == pytest.approx(-found.fun, rel=1e-9)
    assert_allclose(one.coefficients[0], found.x, atol=1e-4)
    assert_array_equal(one.weights, [1.0])
    assert_array_equal(one.probabilities, np.ones((60, 1)))
    assert one.entropy == 0


@examples(15)
@given(seed=st.integers(0, 10**6), n_types=st.integers(2, 4), ridge=st.sampled_from([0.0, 0.5]))
def test_no_round_of_em_lowers_the_objective_from_any_start(data, seed, n_types, ridge):
    situations, rng = situations_of(data), np.random.default_rng(seed)
    prior = Prior(np.zeros(2), ridge * np.eye(2))
    points = random_points(situations, n_types, 3, rng, Prior(np.zeros(2), np.eye(2)))
    tastes = np.stack([point.coefficients for point in points]) + rng.normal(size=(3, n_types, 2)) * 3
    shares = np.log(rng.dirichlet(np.ones(n_types), size=3))
    state = e_step(situations, tastes, shares, evaluate(situations, tastes.reshape(-1, 2)), prior)
    for _ in range(8):
        after = em_round(situations, state, prior, 1e-8 * np.eye(2))
        assert (after.objective >= state.objective - 1e-10 * np.abs(state.objective)).all()
        state = after


@examples(10)
@given(seed=st.integers(0, 10**6))
def test_newton_climbs_from_any_start(data, seed):
    situations, rng = situations_of(data), np.random.default_rng(seed)
    start = Point(rng.normal(size=(2, 2)) * 2, np.log(rng.dirichlet(np.ones(2))))
    prior = Prior(np.zeros(2), np.zeros((2, 2)))
    found = evaluate(situations, start.coefficients)
    before = e_step(situations, start.coefficients[np.newaxis], start.log_weights[np.newaxis], found, prior).objective[
        0
    ]
    after = newton(situations, start, ridge=0.0, tolerance=1e-9)
    assert after.objective >= before - 1e-10 * abs(before)


def test_the_order_of_people_options_and_attributes_does_not_matter(types, data):
    rng = np.random.default_rng(5)
    rows, options = rng.permutation(data.n_obs), np.array([2, 0, 1])
    moved = ChoiceData(
        data.attributes[rows][:, options][:, :, ::-1],
        np.argsort(options)[data.choice[rows]],
        data.person[rows],
        ["speed", "price"],
    )
    other = fitted(moved, seed=3)
    assert other.log_likelihood == pytest.approx(types.log_likelihood, rel=1e-12)
    assert_allclose(other.coefficients[:, ::-1], types.coefficients, rtol=SAME)
    assert_allclose(other.probabilities, types.probabilities, atol=SAME)
    assert_allclose(other.standard_errors[:, ::-1], types.standard_errors, rtol=1e-5)


def test_relabelling_people_permutes_their_posteriors(types, data):
    relabelled = fitted(changed(data, person=100 - data.person))
    assert_same(types, relabelled)
    assert_allclose(relabelled.probabilities[::-1], types.probabilities, atol=SAME)


def test_a_constant_added_to_all_options_changes_nothing(types, data):
    shift = np.random.default_rng(1).normal(size=(data.n_obs, 1, 2)) * 10
    assert_same(types, fitted(changed(data, attributes=data.attributes + shift)))


@pytest.mark.parametrize("factor", [1e-6, 1e4])
def test_scaling_an_attribute_rescales_its_coefficient(types, data, factor):
    scaled = fitted(changed(data, attributes=data.attributes * [1.0, factor]))
    assert scaled.log_likelihood == pytest.approx(types.log_likelihood, rel=1e-12)
    assert_allclose(scaled.coefficients * [1.0, factor], types.coefficients, rtol=SAME)
    assert_allclose(scaled.standard_errors * [1.0, factor], types.standard_errors, rtol=1e-5)
    assert_allclose(scaled.weight_standard_errors, types.weight_standard_errors, rtol=1e-5)


def test_everybody_twice_gives_the_same_estimates_and_errors_smaller_by_the_root_of_two(types, data):
    twice = ChoiceData.joined(data, changed(data, person=data.person + 1000))
    double = fitted(twice)
    assert double.log_likelihood == pytest.approx(2 * types.log_likelihood, rel=1e-12)
    assert_allclose(double.coefficients, types.coefficients, rtol=SAME)
    n = data.n_people
    shrunk = types.standard_errors / np.sqrt(2) * np.sqrt((2 * n / (2 * n - 1)) / (n / (n - 1)))
    assert_allclose(double.standard_errors, shrunk, rtol=1e-6)


def test_choices_made_twice_by_the_same_people_leave_one_types_clustered_errors_as_they_are(data):
    """Repeating answers brings no information: errors that ignored the person would shrink by the root of two."""
    one, repeated = fitted(data, 1), fitted(ChoiceData.joined(data, data), 1)
    assert_allclose(repeated.coefficients, one.coefficients, rtol=SAME)
    assert_allclose(repeated.standard_errors, one.standard_errors, rtol=1e-6)


def test_the_same_seed_gives_the_same_bytes(types, data):
    again = fit_latent_types(data, 2, rng=np.random.default_rng(0), n_starts=6)
    assert again.to_dict() == types.to_dict()


def test_weights_are_mean_posteriors_at_the_maximum(types):
    assert_allclose(types.probabilities.mean(axis=0), types.weights, rtol=1e-8)
    assert types.weights[0] >= types.weights[1]


def test_criteria_are_those_of_the_definition(types):
    p = 2 * 2 + 1
    assert types.n_parameters == p
    assert types.aic == pytest.approx(2 * p - 2 * types.log_likelihood)
    assert types.bic == pytest.approx(p * np.log(60) - 2 * types.log_likelihood)
    posterior = types.probabilities[types.probabilities > 0]
    assert types.entropy == pytest.approx(-(posterior * np.log(posterior)).sum())
    assert types.icl == pytest.approx(types.bic + 2 * types.entropy)


def test_a_ridge_shrinks_and_its_gradient_vanishes_too(types, data):
    small, large = fitted(data, ridge=1.0), fitted(data, ridge=100.0)
    norms = [np.linalg.norm(found.coefficients) for found in (types, small, large)]
    assert norms[0] > norms[1] > norms[2]
    assert small.log_likelihood < types.log_likelihood
    assert small.convergence.gradient < 1e-9


# ---- recovery ----


def test_types_and_people_are_recovered():
    data, truth = population(seed=2, n_people=400, per_person=15)
    types = fitted(data)
    assert np.all(np.abs(types.weights - SHARES) < 4 * types.weight_standard_errors)
    assert np.all(np.abs(types.coefficients - TASTES) < 4 * types.standard_errors)
    assert (types.probabilities.argmax(axis=1) == truth).mean() > 0.98


def test_new_people_are_assigned_and_their_choices_predicted(types):
    data, truth = population(seed=9, n_people=200)
    posterior = types.assign(data)
    assert (posterior.argmax(axis=1) == truth).mean() > 0.95
    beliefs = posterior[data.person_index]
    informed = types.predict(data.attributes, probabilities=beliefs)[np.arange(data.n_obs), data.choice]
    uninformed = types.predict(data.attributes)[np.arange(data.n_obs), data.choice]
    assert np.log(informed).mean() > np.log(uninformed).mean() + 0.1


def test_predictions_are_mixtures_of_the_types_logits(types):
    options = np.array([[1.0, 0.0], [0.0, 1.0], [0.5, 0.5]])
    each = [types.predict(options, probabilities=row)[0] for row in np.eye(2)]
    for k in range(2):
        odds = np.exp(options @ types.coefficients[k])
        assert_allclose(each[k], odds / odds.sum())
    assert_allclose(types.predict(options)[0], types.weights @ each)
    closed = types.predict(options, available=[[True, False, True]])
    assert closed[0, 1] == 0
    assert closed.sum() == pytest.approx(1.0)


def test_simulated_choices_have_the_probabilities_that_are_predicted(types):
    offers = np.broadcast_to([[1.0, 0.0], [0.0, 1.0], [0.5, 0.5]], (40_000, 3, 2))
    drawn = types.simulate(offers, np.arange(40_000), rng=np.random.default_rng(0))
    shares = np.bincount(drawn.data.choice, minlength=3) / 40_000
    assert_allclose(shares, types.predict(offers[0])[0], atol=4 * np.sqrt(0.25 / 40_000))
    kinds = np.bincount(drawn.type_of_person) / 40_000
    assert_allclose(kinds, types.weights, atol=4 * np.sqrt(0.25 / 40_000))


@pytest.mark.slow
def test_clustered_intervals_cover_the_truth_as_often_as_they_claim():
    """200 populations of 150 people; estimated types are told apart by the sign of their first taste."""
    truth, replications, covered = np.array([[2.0, -1.0], [-1.0, 1.5]]), 200, []
    for seed in range(replications):
        drawn = population(seed, n_people=150, per_person=10, tastes=truth, n_options=2).data
        types = fitted(drawn, seed=seed, starts=1)
        order = np.argsort(-types.coefficients[:, 0])
        lower, upper = np.moveaxis(types.estimates.interval(0.95)[order], -1, 0)
        share = abs(types.weights[order[0]] - 0.6) <= 1.959964 * types.weight_standard_errors[order[0]]
        covered.append([*((lower <= truth) & (truth <= upper)).ravel(), share])
    noise = np.sqrt(0.95 * 0.05 / replications)
    assert_allclose(np.mean(covered, axis=0), 0.95, atol=3 * noise)


# ---- other people's data ----


@pytest.mark.parametrize(
    ("load", "log_likelihood"),
    [(published.train, -1724.2), (published.heating, -1095.2), (published.swissmetro, -5331.252)],
)
def test_one_type_reaches_the_published_log_likelihood_of_multinomial_logit(load, log_likelihood):
    """mlogit for R (Train, Heating) and Biogeme (Swissmetro, where trains and cars are not always within reach)."""
    digits = len(str(log_likelihood).split(".")[1])
    assert round(fitted(load(), 1).log_likelihood, digits) == log_likelihood


def test_electricity_types_are_the_same_maximum_as_that_of_a_general_optimiser():
    data = published.electricity().of_people(np.arange(100))
    types = fitted(data, 2, starts=10)

    def loss(theta):
        chance = logit(data.attributes, theta[:12].reshape(2, 6))[np.arange(data.n_obs), :, data.choice]
        by_type = np.column_stack([np.bincount(data.person_index, column) for column in np.log(chance).T])
        return -logsumexp(by_type + log_softmax([theta[12], 0.0]), axis=1).sum()

    start = np.append(types.coefficients.ravel() * 0.9, 0.0)
    found = minimize(loss, start, method="BFGS", options={"gtol": 1e-4, "maxiter": 200})
    assert types.log_likelihood == pytest.approx(-found.fun, abs=1e-5)


def test_electricity_types_go_into_a_menu_of_supplier_contracts():
    """Prices in cents per kWh; a supplier may offer a contract length of 0 to 5 years, be local, be well known."""
    types = fitted(published.electricity(), 3, starts=10)
    worth = types.willingness_to_pay("pf", ["cl", "loc", "wk"]).values
    assert np.all(worth[:, 0] < 0)  # everybody wants to be compensated for being bound
    assert np.all(worth[:, 1:] > 0)
    problem = types.screening_problem(
        price="pf",
        goods=["cl", "loc", "wk"],
        principal_values=[0.2, 0.0, 0.0],
        cost=contracts.Quadratic(np.array([0.02, 4.0, 4.0])),
        domain=contracts.Box(np.zeros(3), np.array([5.0, 1.0, 1.0])),
    )
    menu = contracts.solve_menu(problem)
    assert menu.certificate.holds
    assert menu.value > 0


# ---- what has no maximum ----


def separated(who):
    """A population in which people below `who` always take what is best for other tastes."""
    data = population(n_people=60).data
    choice = data.choice.copy()
    own = data.person < who
    choice[own] = (data.attributes @ [-1.0, -2.0]).argmax(axis=1)[own]
    return changed(data, choice=choice)


def test_perfectly_predicted_choices_of_everybody_are_reported():
    with pytest.raises(
        DegenerateTypesError, match=r"type 0 \(share 1.000, about 60.0 people\) are predicted perfectly"
    ):
        fitted(separated(60), 1)


def test_perfectly_predicted_choices_of_one_type_are_reported_and_a_ridge_keeps_them_finite():
    data = separated(18)
    with pytest.raises(DegenerateTypesError, match=r"about 18.0 people\) are predicted perfectly by .*ridge=0.1"):
        fitted(data, 3)
    types = fitted(data, 3, ridge=0.1)
    assert types.weights.min() == pytest.approx(18 / 60, abs=0.01)


def test_a_dominant_attribute_is_named_alone():
    """Everybody takes what is local, whatever it costs; among what is not, tastes are noisy."""
    rng = np.random.default_rng(0)
    offers = rng.normal(size=(400, 3, 2))
    offers[:, :, 1] = 0.0
    offers[:200, 1, 1] = 1.0
    choice = np.where(np.arange(400) < 200, 1, rng.integers(0, 3, 400))
    data = ChoiceData(offers, choice, np.arange(400) % 40, names=["price", "local"])
    with pytest.raises(DegenerateTypesError, match=r"are predicted perfectly by 'local': the likelihood rises"):
        fitted(data, 1)


def test_one_yes_or_no_per_person_cannot_tell_types_apart():
    """With one choice from the same two options only the mean of the types' probabilities is identified."""
    choice = np.arange(100) % 3 == 0
    data = ChoiceData(np.tile([[0.0], [1.0]], (100, 1, 1)), choice.astype(int), names=["gain"])
    with pytest.raises(DegenerateTypesError, match="does not curve in 'gain' of type 1"):
        fitted(data, 2)


def test_types_that_are_not_needed_are_reported():
    homogeneous = population(n_people=100, per_person=10, tastes=np.array([[1.0, -1.0]]), shares=np.array([1.0])).data
    with pytest.raises(
        DegenerateTypesError, match=r"types 0 and 1 want the same: fit_latent_types\(data, 2, rng=rng\)"
    ):
        fitted(homogeneous, 3)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_types": 0}, "n_types is 0: give a whole number from 1 to the 60 people"),
        ({"n_types": 61}, "n_types is 61"),
        ({"starts": 0}, "starts is 0"),
        ({"ridge": -1.0}, "ridge is -1.0: it must not be negative"),
    ],
)
def test_options_that_make_no_sense_are_refused(data, options, message):
    with pytest.raises(ProblemError, match=message):
        fitted(data, **options)


def test_a_frame_is_no_choice_data_and_a_seed_no_generator(data):
    with pytest.raises(ProblemError, match=r"data is dict: make ChoiceData of it, .*ChoiceData.from_frame"):
        fit_latent_types({"person": [1]}, 2, rng=np.random.default_rng(0))
    with pytest.raises(ProblemError, match=r"rng is 0: pass numpy.random.default_rng\(0\)"):
        fit_latent_types(data, 2, rng=0)


def test_one_person_alone_has_no_clustered_errors():
    alone = population(n_people=1, per_person=30).data
    with pytest.raises(ProblemError, match="all choices are of one person"):
        fitted(alone, 1)


def test_data_with_other_attributes_are_not_assigned(types, data):
    with pytest.raises(ProblemError, match=r"data has attributes \('a', 'b'\)"):
        types.assign(changed(data, names=["a", "b"]))
    with pytest.raises(ProblemError, match="expected one per type"):
        types.predict(data.attributes, probabilities=[1.0, 0.0, 0.0])
    with pytest.raises(ProblemError, match=r"attributes has shape .* expected \(n_obs, n_options, 2\)"):
        types.predict(np.ones((3, 3)))


# ---- results ----


def test_the_table_shows_types_errors_and_how_the_maximum_was_found(types):
    lines = repr(types).splitlines()
    assert lines[0].startswith("LatentTypes: 2 types among 60 people, 720 choices, log likelihood -")
    assert lines[1].split() == ["type", "weight", "price", "speed"]
    assert "6 of 6 starts reached this maximum" in lines[-1]
    assert f"{types.weights[0]:.3f}" in lines[2]


def test_a_type_of_few_people_and_a_lonely_start_are_pointed_out(types):
    few = replace(types, weights=np.array([0.95, 0.05]))
    assert "type 1 is about 3.0 people: too few for errors clustered by person" in repr(few)
    assert "too few" not in repr(types)
    lonely = replace(types, convergence=Convergence((-10.0, -11.0), 5, 1e-12))
    assert "no second start found it: more starts may find a better one" in repr(lonely)
    assert "no second start" not in repr(types)


def test_the_frame_has_a_row_per_type_and_parameter(types):
    frame = types.to_frame()
    assert list(frame.index[:3]) == [("0", "weight"), ("0", "price"), ("0", "speed")]
    assert frame.loc[("1", "speed"), "estimate"] == types.coefficients[1, 1]
    assert frame.loc[("1", "weight"), "standard_error"] == types.weight_standard_errors[1]
    width = frame["upper"] - frame["lower"]
    assert_allclose(width, 2 * 1.959964 * frame["standard_error"], rtol=1e-6)


def test_saved_types_come_back_to_the_bit(types, tmp_path):
    back = load_latent_types(types.save(tmp_path / "types.json"))
    assert back.to_dict() == types.to_dict()
    assert repr(back) == repr(types)
    with pytest.raises(ProblemError, match=r"cannot be written: .*; name a file in that folder"):
        types.save(tmp_path)


@pytest.mark.parametrize("text", ["", "{}", '{"schema": "menuwright/latent-types/1"}', '{"schema": "other"}'])
def test_files_that_hold_no_types_are_refused(tmp_path, text):
    path = tmp_path / "types.json"
    path.write_text(text)
    with pytest.raises(ProblemError, match=r"types\.json"):
        load_latent_types(path)


def test_transformed_parameters_follow_the_delta_method(types):
    ratio = types.transformed(lambda b: [b[0] / b[1], np.exp(b[1])], names=["ratio", "exp"])
    for k, (x, y) in enumerate(types.coefficients):
        slopes = np.array([[1 / y, -x / y**2], [0.0, np.exp(y)]])
        block = types.estimates.covariance[2 * k : 2 * k + 2, 2 * k : 2 * k + 2]
        assert_allclose(ratio.values[k], [x / y, np.exp(y)])
        assert_allclose(ratio.standard_errors[k], np.sqrt(np.diag(slopes @ block @ slopes.T)), rtol=1e-8)


def test_progress_is_told_line_by_line(data):
    lines = []
    fit_latent_types(data, 2, rng=np.random.default_rng(0), n_starts=3, progress=lines.append)
    assert [line.split(":")[0] for line in lines] == [f"start {k} of 3" for k in (1, 2, 3)]


# ---- menus ----


def test_valuations_are_coefficients_over_minus_the_price():
    data = population(tastes=np.array([[-1.0, 2.0], [-2.0, 1.0]]), n_people=200).data
    types = fitted(data)
    problem = types.screening_problem(price="price", cost=contracts.Quadratic())
    assert_allclose(problem.valuations[:, 0], -types.coefficients[:, 1] / types.coefficients[:, 0])
    assert_array_equal(problem.weights, types.weights)
    assert tuple(problem.goods) == ("speed",)
    worth = types.willingness_to_pay("price")
    numerical = types.transformed(lambda b: [-b[1] / b[0]])
    assert_allclose(worth.standard_errors, numerical.standard_errors, rtol=1e-7)
    assert contracts.solve_menu(problem).certificate.holds


def test_a_type_that_likes_to_pay_has_no_valuations(types):
    with pytest.raises(ProblemError, match=r"type 0 \(share 0\.\d+\) has the coefficient \+1\.\d+ on 'price'"):
        types.screening_problem(price="price")
    with pytest.raises(ProblemError, match="attribute is 'cost': the attributes are"):
        types.screening_problem(price="cost")
    with pytest.raises(ProblemError, match="is the price and cannot be a good"):
        types.willingness_to_pay("price", ["price"])


def test_choices_from_menus_lead_back_to_the_types_they_were_designed_for():
    """Design, choices with noise, estimation, design again: valuations, weights and reservation utility return."""
    own = {"cost": contracts.Quadratic(), "goods": ["quality"], "reservation_utility": 0.2}
    truth = contracts.ScreeningProblem([1.0, 2.0], [0.4, 0.6], **own)
    temperature, n_people, rng = 0.5, 600, np.random.default_rng(4)
    type_of_person = rng.choice(2, size=n_people, p=truth.weights)
    parts = []
    for curvature in np.linspace(0.6, 1.4, 6):  # menus of several sellers, so that quality and transfer vary apart
        menu = contracts.solve_menu([0.8, 1.5, 2.2], [0.8, 0.1, 0.1], **own | {"cost": contracts.Quadratic(curvature)})
        choices = menu.choose(truth.valuations[type_of_person], temperature=temperature, rng=rng)
        parts.append(ChoiceData.from_menu(menu, choices, np.arange(n_people), outside="leave"))
    types = fitted(ChoiceData.joined(*parts))
    problem = types.screening_problem(price="transfer", outside="leave", cost=contracts.Quadratic())
    worth = types.willingness_to_pay("transfer")
    order = np.argsort(problem.valuations[:, 0])
    assert np.all(np.abs(problem.valuations[order, 0] - [1.0, 2.0]) < 4 * worth.standard_errors[order, 0])
    assert np.all(np.abs(problem.weights[order] - truth.weights) < 4 * types.weight_standard_errors[order])
    leaving = types.willingness_to_pay("transfer", ["leave"])
    assert np.all(np.abs(problem.reservation_utility - 0.2) < 4 * leaving.standard_errors[:, 0])
    slope = types.coefficients[:, 1]
    assert np.all(np.abs(slope + 1 / temperature) < 4 * types.standard_errors[:, 1])
    gain, best = contracts.solve_menu(problem), contracts.solve_menu(truth)
    assert gain.value == pytest.approx(best.value, rel=0.1)
