"""Ways of varying: draws, derivatives and moments of each, worths in money, error components, some tastes together."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm, triang, truncnorm, uniform

from contracts.errors import ProblemError
from inference import ChoiceData, TasteDistribution, fit_mixed_logit, willingness_to_pay
from inference.logit.panel import log_likelihood, panel_of
from inference.tastes.distribution import choices_of
from inference.tastes.layout import layout_of
from inference.tastes.mixing import MIXINGS
from inference.tastes.simulated import scores_of
from tests.inference.tastes.test_mixed_logit import situations
from tests.inference.tastes.test_units import DATA, NAMES, measured

KINDS = tuple(MIXINGS)
LOCATIONS = st.floats(-3, 3)
SPREADS = st.floats(0.01, 2)

ORACLES = {
    "normal": lambda m, s: norm(m, s),
    "uniform": lambda m, s: uniform(m - s, 2 * s),
    "triangular": lambda m, s: triang(0.5, m - s, 2 * s),
    "truncated positive": lambda m, s: truncnorm(-m / s, np.inf, m, s),
}


@pytest.mark.parametrize("kind", ORACLES)
@given(LOCATIONS, SPREADS)
def test_tastes_are_quantiles_of_the_named_distribution(kind, location, spread):
    deviates = np.linspace(-3, 3, 7)
    oracle = ORACLES[kind](location, spread)
    value = MIXINGS[kind].at(location, deviates * spread, spread).value
    np.testing.assert_allclose(value, oracle.ppf(norm.cdf(deviates)), rtol=1e-6, atol=1e-8)
    moments = MIXINGS[kind].moments(location, spread)
    np.testing.assert_allclose([moments.mean, moments.sd], [oracle.mean(), oracle.std()], rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize("kind", KINDS)
@given(LOCATIONS, SPREADS)
@settings(max_examples=10)
def test_derivatives_are_differences(kind, location, spread):
    mixing, h = MIXINGS[kind], 1e-6
    deviation = np.array([-1.3, -0.2, 0.4, 2.0]) * spread

    def differences(function):
        return (np.asarray(function(h)) - np.asarray(function(-h))) / (2 * h)

    draws = mixing.at(location, deviation, spread)
    steep = 1e-4 * max(1, np.abs(draws.value).max())
    for slope, moved in (
        (draws.in_location, lambda by: mixing.at(location + by, deviation, spread).value),
        (draws.in_deviation, lambda by: mixing.at(location, deviation + by, spread).value),
        (draws.in_spread, lambda by: mixing.at(location, deviation, spread + by).value),
    ):
        np.testing.assert_allclose(np.broadcast_to(slope, 4), differences(moved), rtol=1e-4, atol=steep)
    moments = mixing.moments(location, spread)
    for slopes, moved in (
        ((moments.mean_in[0], moments.sd_in[0]), lambda by: mixing.moments(location + by, spread)[:2]),
        ((moments.mean_in[1], moments.sd_in[1]), lambda by: mixing.moments(location, spread + by)[:2]),
    ):
        np.testing.assert_allclose(slopes, differences(moved), rtol=1e-4, atol=1e-4 * max(1, abs(moments.mean)))


@pytest.mark.parametrize("price", [None, 1])
@pytest.mark.parametrize("correlated", [False, True, ["0", "3", "5"]])
def test_the_score_is_the_derivative_for_all_kinds_at_once(correlated, price):
    rng = np.random.default_rng(0)
    kinds = ("normal", "negative", "uniform", "triangular", "truncated positive", "truncated negative", "component")
    names = tuple(map(str, range(7)))
    data = choices_of(situations(20, 3, 3, 7, rng), rng.normal(size=(20, 7)), rng)
    layout = layout_of(kinds, names, correlated=correlated, price=None if price is None else "1")
    together = 21 * correlated if isinstance(correlated, bool) else 3
    assert layout.n_parameters == 6 + 7 + together
    normals = rng.normal(size=(20, 8, 7))
    scores = scores_of(panel_of(data, 8), normals, layout, np.ones(20))
    at = rng.normal(size=layout.n_parameters) / 2
    moves = 1e-6 * np.eye(layout.n_parameters)
    numeric = np.stack([scores(at + h)[0] - scores(at - h)[0] for h in moves], axis=1) / 2e-6
    np.testing.assert_allclose(scores(at)[1], numeric, rtol=1e-5, atol=1e-6)
    coefficients = layout.tastes(at).coefficients(normals)
    by_draw = log_likelihood(panel_of(data), coefficients)
    np.testing.assert_allclose(scores(at)[0], np.log(np.exp(by_draw).mean(axis=1)), rtol=1e-12)


def drawn(truth, n_people=300, n_rounds=8, names=None, seed=0):
    rng = np.random.default_rng(seed)
    offers = situations(n_people, n_rounds, 3, len(truth.kinds), rng)
    named = ChoiceData(offers.attributes, offers.choice, offers.person, names)
    return choices_of(named, truth.draw(n_people, rng=rng), rng)


@pytest.mark.parametrize(
    ("kind", "mean", "spread"),
    [("uniform", 1.0, 2.0), ("triangular", -1.0, 2.5), ("truncated positive", 0.8, 1.0), ("truncated negative", 1, 1)],
)
def test_each_way_of_varying_is_recovered(kind, mean, spread):
    truth = TasteDistribution((kind, "fixed"), np.array([mean, 1.0]), np.diag([spread, 0.0]))
    model = fit_mixed_logit(drawn(truth), {"0": kind, "1": "fixed"}, n_draws=64, n_starts=1)
    off = np.abs(np.stack([model.means - truth.means, model.sds - truth.sds])) / model.standard_errors
    assert off[np.isfinite(off)].max() < 3.5
    assert model.tastes.factor[0, 0] > 0


@pytest.mark.parametrize("factor", [np.array([1e-6, 1e9, 1e3]), np.array([1e4, 1.0, 1e-5])])
@pytest.mark.parametrize("wtp", [None, "price"])
def test_units_change_nothing_but_units(factor, wtp):
    kinds = {"price": "truncated negative", "quality": "triangular", "speed": "uniform"}
    kinds = kinds if wtp is None else {**kinds, "price": "negative"}
    fits = [
        fit_mixed_logit(data, kinds, correlated=["quality", "speed"], wtp=wtp, n_draws=16, n_starts=1)
        for data in (DATA, measured(factor))
    ]
    unit = factor if wtp is None else np.array([factor[0], factor[1] / factor[0], factor[2] / factor[0]])
    assert fits[1].log_likelihood == pytest.approx(fits[0].log_likelihood, abs=1e-6)
    np.testing.assert_allclose(fits[1].means * unit, fits[0].means, rtol=1e-3)
    np.testing.assert_allclose(fits[1].sds * unit, fits[0].sds, rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(fits[1].standard_errors * unit, fits[0].standard_errors, rtol=1e-2)


# ---- worths in money ----


def test_worths_with_one_price_coefficient_are_the_same_model():
    """Normal worths times a constant are normal coefficients: the likelihoods agree, and so do the worths."""
    plain = fit_mixed_logit(DATA, {"price": "fixed"}, n_draws=32, n_starts=1)
    money = fit_mixed_logit(DATA, {"price": "fixed"}, wtp="price", n_draws=32, n_starts=1)
    assert money.log_likelihood == pytest.approx(plain.log_likelihood, abs=1e-6)
    np.testing.assert_allclose(money.means[1:], -plain.means[1:] / plain.means[0], rtol=1e-4)
    found, other = willingness_to_pay(money, "price"), willingness_to_pay(plain, "price")
    np.testing.assert_allclose(found.values, money.means[1:])
    np.testing.assert_allclose(found.standard_errors, money.standard_errors[0, 1:], rtol=1e-6)
    np.testing.assert_allclose(found.standard_errors, other.standard_errors, rtol=1e-2)
    np.testing.assert_allclose(money.predict(DATA.attributes[:5]), plain.predict(DATA.attributes[:5]), atol=1e-4)
    alike = fit_mixed_logit(DATA, "fixed", wtp="price")
    assert alike.log_likelihood == pytest.approx(fit_mixed_logit(DATA, "fixed").log_likelihood, abs=1e-7)


def test_worths_are_recovered_and_go_on_to_a_menu():
    truth = TasteDistribution(("negative", "normal", "uniform"), np.array([0.3, 2.0, 1.0]), np.diag([0.5, 1, 2]), 0)
    data = drawn(truth, names=list(NAMES))
    model = fit_mixed_logit(data, {"speed": "uniform"}, wtp="price", n_draws=64, n_starts=1)
    off = np.abs(np.stack([model.means - truth.means, model.sds - truth.sds])) / model.standard_errors
    assert off.max() < 3.5
    assert "worths in units of price" in repr(model)
    assert "worths in units of price" in repr(model.summary())
    moved = model.at(model.parameters * 1.01)
    assert moved.price == "price"
    problem = model.screening_problem(price="price", n_types=2, rng=np.random.default_rng(0))
    assert problem.weights @ problem.valuations == pytest.approx(model.means[1:], abs=0.1)
    np.testing.assert_allclose(model.individual_means.mean(axis=0), model.means, atol=0.25)


def test_a_price_that_somebody_likes_to_pay_is_refused():
    with pytest.raises(ProblemError, match=r"random\['price'\] is 'normal', so somebody may like paying"):
        fit_mixed_logit(DATA, {"price": "normal"}, wtp="price")
    with pytest.raises(ProblemError, match="wtp is 'cost', which is no attribute: use 'price'"):
        fit_mixed_logit(DATA, wtp="cost")


# ---- error components, and some tastes together ----


def test_an_error_component_is_what_some_options_have_in_common():
    rng = np.random.default_rng(4)
    offers = rng.normal(size=(300 * 6, 3, 1))
    common = rng.normal(size=(300, 1, 1)) * 2.0 * np.array([[[0.0], [1.0], [1.0]]])
    utility = offers + np.repeat(common, 6, axis=0) + [[[0.0], [0.5], [-0.5]]]
    taken = (utility[..., 0] + rng.gumbel(size=(1800, 3))).argmax(axis=1)
    options = ["car", "bus", "train"]
    data = ChoiceData(offers, taken, np.repeat(np.arange(300), 6), ["comfort"], options=options).described(
        constants="car", components={"public": ["bus", "train"]}
    )
    name = "component[public]"
    assert data.names == ("comfort", "constant[bus]", "constant[train]", name)  # the last is the sum of two others
    kinds = dict.fromkeys(data.names, "fixed") | {name: "component"}
    model = fit_mixed_logit(data, kinds, n_draws=64, n_starts=1)
    assert model.parameter_names[-2:] == ("mean constant[train]", f"factor {name}")
    assert abs(model.sds[3] - 2.0) < 3.5 * model.standard_errors[1, 3]
    assert np.isnan(model.standard_errors[0, 3])
    assert f"mean {name}" not in repr(model.summary())
    with pytest.raises(ProblemError, match=r"attributes .* are collinear"):
        fit_mixed_logit(data, "fixed")


def test_components_name_options():
    data = ChoiceData(np.zeros((1, 2, 1)), [0], options=["bus", "car"])
    with pytest.raises(ProblemError, match=r"components\['x'\] names 'tram', which is no option"):
        data.described([], components={"x": ["tram"]})
    with pytest.raises(ProblemError, match=r"components\['x'\] is 'bus': give a list"):
        data.described([], components={"x": "bus"})


def test_some_tastes_vary_together():
    factor = np.array([[1.0, 0, 0], [0, 0.7, 0], [0.8, 0, 0.6]])
    data = drawn(TasteDistribution(("normal",) * 3, np.array([0.5, -0.5, 0.2]), factor))
    model = fit_mixed_logit(data, correlated=["0", "2"], n_draws=64, n_starts=1)
    assert model.parameter_names[3:] == ("factor 0", "factor 1", "factor 2, 0", "factor 2")
    assert model.tastes.covariance[0, 1] == model.tastes.covariance[1, 2] == 0
    assert model.tastes.covariance[0, 2] / model.sds[[0, 2]].prod() == pytest.approx(0.8, abs=0.15)
    for wrong, words in (
        (["0", "price"], "correlated names 'price', which is no attribute"),
        (["0"], "correlated names '0' alone"),
        ("0", "give True or False or a list"),
    ):
        with pytest.raises(ProblemError, match=words):
            fit_mixed_logit(data, correlated=wrong)
    with pytest.raises(ProblemError, match="'fixed': leave it out"):
        fit_mixed_logit(data, {"0": "fixed"}, correlated=["0", "1"])
