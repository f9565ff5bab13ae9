"""What follows for markets, against closed forms of the logit, an optimiser's prices, and draws of new samples."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import minimize

import contracts
from contracts.errors import ProblemError
from inference import (
    ChoiceData,
    bootstrap,
    confidence_set,
    elasticities,
    fit_latent_types,
    fit_mixed_logit,
    fit_multinomial_logit,
    fit_nested_logit,
    marginal_costs,
    marginal_effects,
    market_shares,
    menu_earnings,
    surplus_change,
    willingness_to_pay,
    with_errors,
)
from tests import surface


def choices(seed=0, n_obs=1500):
    rng = np.random.default_rng(seed)
    offers = rng.uniform(1.0, 3.0, size=(n_obs, 3, 2))
    choice = (offers @ [-1.0, 2.0] + rng.gumbel(size=(n_obs, 3))).argmax(axis=1)
    return ChoiceData(offers, choice, None, ["price", "quality"], options=["bus", "car", "train"])


DATA = choices()
MODEL = fit_multinomial_logit(DATA)
SHARES = MODEL.predict(DATA)
PRICE = DATA.attributes[:, :, 0]


# ---- errors carried along ----


def test_the_error_of_a_change_of_shares_is_that_of_the_textbook():
    dearer = replace(DATA, attributes=DATA.attributes + np.array([[0.2, 0.0], [0.0, 0.0], [0.0, 0.0]]))
    change = market_shares(MODEL, dearer, before=DATA)
    probabilities, later = MODEL.predict(DATA), MODEL.predict(dearer)
    np.testing.assert_allclose(change.values, (later - probabilities).mean(axis=0), atol=1e-12)
    slope = [
        np.einsum("nj,njk->njk", p, x - np.einsum("nj,njk->nk", p, x)[:, np.newaxis]).mean(axis=0)
        for p, x in ((probabilities, DATA.attributes), (later, dearer.attributes))
    ]
    error = np.sqrt(np.einsum("ja,ab,jb->j", slope[1] - slope[0], MODEL.covariance, slope[1] - slope[0]))
    np.testing.assert_allclose(change.standard_errors, error, rtol=1e-4)
    with pytest.raises(ProblemError, match="shares change only of the same ones"):
        market_shares(MODEL, DATA, before=replace(DATA, options=["bus", "car", "tram"]))


def test_a_nested_logit_says_nothing_of_a_menu():
    nested = fit_nested_logit(DATA, {"public": ["bus", "train"]}, n_starts=1)
    menu = contracts.solve_menu(MODEL.screening_problem(price="price", cost=contracts.Quadratic()))
    with pytest.raises(ProblemError, match="nests are of the 3 options of the data and say nothing of others"):
        menu_earnings(nested, menu, price="price")


def test_the_delta_method_of_a_ratio_is_that_of_the_textbook():
    found = willingness_to_pay(MODEL, "price")
    price, quality = MODEL.coefficients
    slope = np.array([quality / price**2, -1 / price])
    np.testing.assert_allclose(found.values, [-quality / price])
    np.testing.assert_allclose(found.standard_errors, [np.sqrt(slope @ MODEL.covariance @ slope)], rtol=1e-6)


def test_delta_draws_and_bootstrap_agree_in_large_samples():
    rng = np.random.default_rng(0)
    found = [
        willingness_to_pay(MODEL, "price"),
        willingness_to_pay(MODEL, "price", method="draws", n_draws=2000, rng=rng),
        bootstrap(DATA, fit_multinomial_logit, lambda m: -m.coefficients[1] / m.coefficients[0], rng=rng, n_draws=100),
    ]
    errors = [float(one.standard_errors[0]) for one in found]
    assert max(errors) < 1.3 * min(errors)
    for one in found:
        low, high = one.interval()[0]
        assert low < one.values[0] < high
        assert "value" in str(one)
        assert list(one.to_frame().columns) == ["value", "standard_error", "lower", "upper"]


def test_intervals_hold_the_truth_as_often_as_promised():
    truth, covered = 2.0, 0
    for seed in range(80):
        low, high = willingness_to_pay(fit_multinomial_logit(choices(seed, 300)), "price").interval(0.9)[0]
        covered += low <= truth <= high
    assert abs(covered / 80 - 0.9) < 0.11  # three standard deviations


def test_linear_functions_have_the_errors_of_their_parameters():
    for make in (surface.multinomial, surface.nested, surface.mixed):
        model = make()
        found = with_errors(model, lambda m: m.parameters, model.parameter_names)
        np.testing.assert_allclose(found.covariance, model.covariance, rtol=1e-6, atol=1e-12)


def test_shares_of_types_stay_shares_and_keep_their_errors():
    types = surface.latent()
    found = with_errors(types, lambda m: m.weights)
    np.testing.assert_allclose(found.standard_errors, types.weight_standard_errors, rtol=1e-5)
    drawn = with_errors(types, lambda m: m.weights, method="draws", n_draws=50)
    assert (drawn.draws > 0).all()
    np.testing.assert_allclose(drawn.draws.sum(axis=1), 1)


def test_worth_of_types_is_that_of_their_own_method():
    types = surface.latent()
    own = types.willingness_to_pay("price")
    found = willingness_to_pay(types, "price")
    np.testing.assert_allclose(found.values, own.values.ravel())
    np.testing.assert_allclose(found.standard_errors, own.standard_errors.ravel(), rtol=1e-5)


def test_worth_over_a_population_with_a_fixed_price_is_exact():
    model = surface.mixed()
    found = willingness_to_pay(model, "price")
    np.testing.assert_allclose(found.values, -model.means[0] / model.means[1])


@pytest.mark.parametrize("call", [willingness_to_pay, confidence_set])
def test_what_nobody_minds_paying_is_refused(call):
    turned = fit_multinomial_logit(replace(DATA, attributes=DATA.attributes * [-1.0, 1.0]))
    with pytest.raises(ProblemError, match="utility does not fall in 'price'"):
        call(turned, price="price")


def test_methods_that_are_none_are_refused():
    with pytest.raises(ProblemError, match="method is 'magic': use 'delta' or 'draws'"):
        willingness_to_pay(MODEL, "price", method="magic")
    with pytest.raises(ProblemError, match="model is int"):
        market_shares(3, DATA)


# ---- shares and what moves them ----


def test_shares_at_the_estimate_are_those_observed_where_there_are_constants():
    data = DATA.described(constants="bus")
    found = market_shares(fit_multinomial_logit(data), data)
    np.testing.assert_allclose(found.values, np.bincount(data.choice) / data.n_obs, rtol=1e-6)


def test_elasticities_and_effects_are_those_of_the_logit_in_closed_form():
    slope = MODEL.coefficients[0]
    effects, percent = np.empty((3, 3)), np.empty((3, 3))
    for i in range(3):
        for j in range(3):
            change = slope * SHARES[:, i] * ((i == j) - SHARES[:, j])
            effects[i, j] = change.mean()
            percent[i, j] = (change * PRICE[:, j]).mean() / SHARES[:, i].mean()
    np.testing.assert_allclose(marginal_effects(MODEL, DATA, "price").values.reshape(3, 3), effects, atol=1e-7)
    found = elasticities(MODEL, DATA, "price")
    np.testing.assert_allclose(found.values.reshape(3, 3), percent, atol=1e-6)
    assert found.names[1] == "bus in price of car"


def test_errors_of_an_elasticity_are_those_of_numerical_derivatives():
    few = DATA.of_observations(np.arange(30))
    found, step = elasticities(MODEL, few, "price"), 1e-5

    def at(parameters):
        return elasticities(MODEL.at(parameters), few, "price").values

    slope = np.stack(
        [(at(MODEL.coefficients + u) - at(MODEL.coefficients - u)) / (2 * step) for u in step * np.eye(2)], axis=1
    )
    np.testing.assert_allclose(found.covariance, slope @ MODEL.covariance @ slope.T, rtol=1e-2, atol=1e-8)


def test_surplus_falls_by_shares_as_prices_rise():
    step = 1e-4
    dearer = DATA.attributes.copy()
    dearer[:, 1, 0] += step
    found = surplus_change(MODEL, DATA, replace(DATA, attributes=dearer), price="price")
    np.testing.assert_allclose(found.values / step, -SHARES[:, 1].mean(), rtol=1e-3)


def test_weights_of_a_market_are_repeated_offers():
    weight = 1.0 + np.arange(DATA.n_obs) % 2
    again = DATA.of_observations(np.repeat(np.arange(DATA.n_obs), weight.astype(int)))
    found = [market_shares(MODEL, data).values for data in (replace(DATA, weights=weight), again)]
    np.testing.assert_allclose(*found)


# ---- sellers ----


@pytest.mark.parametrize("kind", ["multinomial", "nested", "latent"])
def test_costs_behind_the_best_prices_are_found_again(kind):
    model = {
        "multinomial": MODEL,
        "nested": fit_nested_logit(DATA, {"rail": ["car", "train"]}, n_starts=1),
        "latent": fit_latent_types(DATA, 1, rng=np.random.default_rng(0)),
    }[kind]
    costs, offers = np.array([0.7, 0.4]), DATA.attributes[:40].copy()

    def loss(prices):
        offers[:, 1:, 0] = prices
        return -float((model.predict(offers)[:, 1:] * (prices - costs)).mean(axis=0).sum())

    best = minimize(loss, [2.0, 2.0], method="BFGS", options={"gtol": 1e-8}).x
    offers[:, 1:, 0] = best
    market = ChoiceData(offers, np.zeros(40, int), None, DATA.names, options=DATA.options)
    found = marginal_costs(model, market, price="price", sold=["car", "train"])
    np.testing.assert_allclose(found.values, costs, atol=1e-4)
    assert (found.standard_errors > 0).all()


def test_who_sells_nothing_or_everything_has_no_costs():
    for sold in ([], ["bus", "car", "train"]):
        with pytest.raises(ProblemError, match="leave at least one"):
            marginal_costs(MODEL, DATA, price="price", sold=sold)
    with pytest.raises(ProblemError, match="no option"):
        marginal_costs(MODEL, DATA, price="price", sold=["boat"])


# ---- menus ----


def the_menu(**fields):
    return contracts.solve_menu(MODEL.screening_problem(price="price", cost=contracts.Quadratic(), **fields))


def test_earnings_of_a_menu_are_those_of_people_who_choose_by_logit():
    menu = the_menu()
    allocations, transfers = menu.options
    quality, paid = np.append(allocations[:, 0], 0.0), np.append(transfers, 0.0)
    weight = np.exp(np.column_stack([paid, quality]) @ MODEL.coefficients)
    profit = paid - quality**2 / 2
    found = menu_earnings(MODEL, menu, price="price")
    np.testing.assert_allclose(found.values, [weight @ profit / weight.sum()], rtol=1e-9)
    drawn = menu_earnings(MODEL, menu, price="price", method="draws", n_draws=300)
    assert 0.8 < drawn.standard_errors[0] / found.standard_errors[0] < 1.25
    rng = np.random.default_rng(0)
    again = bootstrap(
        DATA, fit_multinomial_logit, lambda m: menu_earnings(m, menu, price="price").values, rng=rng, n_draws=60
    )
    assert 0.7 < again.standard_errors[0] / found.standard_errors[0] < 1.4


def test_a_reservation_utility_enters_by_the_attribute_that_names_it():
    rng = np.random.default_rng(1)
    offers = np.zeros((1500, 3, 3))
    offers[:, :2, :2] = rng.uniform(1.0, 3.0, size=(1500, 2, 2))
    offers[:, 2, 2] = 1.0
    choice = (offers @ [-1.0, 2.0, 1.0] + rng.gumbel(size=(1500, 3))).argmax(axis=1)
    model = fit_multinomial_logit(ChoiceData(offers, choice, names=["price", "quality", "leave"]))
    menu = contracts.solve_menu(model.screening_problem(price="price", outside="leave", cost=contracts.Quadratic()))
    quality, paid = float(menu.options[0][0, 0]), float(menu.options[1][0])
    taken = 1 / (1 + np.exp(model.coefficients @ [-paid, -quality, 1.0]))
    found = menu_earnings(model, menu, price="price", outside="leave")
    np.testing.assert_allclose(found.values, [taken * (paid - quality**2 / 2)], rtol=1e-9)


def test_the_confidence_set_is_the_ellipse_of_the_estimates():
    worth = willingness_to_pay(MODEL, "price")
    factor = confidence_set(MODEL, price="price", level=0.95).factors
    np.testing.assert_allclose(np.abs(factor), 1.959964 * worth.standard_errors[0], rtol=1e-6)
    types = surface.latent()
    assert confidence_set(types, price="price").factors.shape == (2, 1, 1)


def test_the_robust_menu_holds_and_promises_less():
    robust = the_menu(uncertainty=confidence_set(MODEL, price="price"))
    assert robust.certificate.holds
    assert robust.value < the_menu().value


def test_a_menu_of_other_goods_is_refused():
    menu = contracts.solve_menu([1.0, 2.0], [0.5, 0.5], cost=contracts.Quadratic(), goods=["speed"])
    with pytest.raises(ProblemError, match="'speed' is no attribute of the model"):
        menu_earnings(MODEL, menu, price="price")
    kept = contracts.solve_menu(
        [1.0, 2.0], [0.5, 0.5], cost=contracts.Quadratic(), goods=["quality"], reservation_utility=[0.1, 0.1]
    )
    with pytest.raises(ProblemError, match="leaving is worth a reservation utility"):
        menu_earnings(MODEL, kept, price="price")


def test_a_mixed_logit_has_markets_too():
    model = fit_mixed_logit(DATA, {"price": "fixed"}, n_draws=20, n_starts=1)
    found = market_shares(model, DATA.of_observations(np.arange(20)))
    np.testing.assert_allclose(found.values.sum(), 1)
    few = DATA.of_observations(np.arange(20))
    gain = surplus_change(model, few, replace(few, attributes=few.attributes - [1.0, 0.0]), price="price")
    np.testing.assert_allclose(gain.values, 1.0, rtol=1e-9)
