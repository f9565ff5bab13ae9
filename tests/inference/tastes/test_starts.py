"""Several maxima of the simulated likelihood: the best is found, told how, and has spreads without a sign."""

import csv
from pathlib import Path

import numpy as np
import pytest
from scipy.special import logsumexp
from scipy.stats import norm

from contracts.errors import ProblemError
from inference import ChoiceData, fit_mixed_logit
from inference.logit.panel import log_likelihood, panel_of
from inference.tastes.distribution import TasteDistribution, choices_of
from inference.tastes.points import sobol_normals
from tests.inference.tastes.test_units import DATA, measured

YOGURT = Path(__file__).parents[4] / "shared" / "data" / "choice_models" / "yogurt.csv"
BRANDS = {"price": "fixed"}


def loyal(seed, n_people=40, n_rounds=15):
    """People who stay with their brands: spreads of the constants trade against each other."""
    rng = np.random.default_rng(seed)
    n_obs = n_people * n_rounds
    constants = np.broadcast_to(np.eye(4)[:, 1:], (n_obs, 4, 3))
    attributes = np.concatenate([constants, rng.normal(size=(n_obs, 4, 1))], axis=2)
    offers = ChoiceData(
        attributes, np.zeros(n_obs, int), np.repeat(np.arange(n_people), n_rounds), ["b", "c", "d", "price"]
    )
    mean, spread = np.array([1.0, -3.0, -5.0, -0.5]), np.diag([3.0, 4.0, 3.0, 0.0])
    return choices_of(
        offers, TasteDistribution(("normal",) * 3 + ("fixed",), mean, spread).draw(n_people, rng=rng), rng
    )


def test_a_better_maximum_than_that_beside_the_multinomial_logit_is_found():
    data = loyal(1)
    one = fit_mixed_logit(data, BRANDS, n_draws=64, n_starts=1)
    model = fit_mixed_logit(data, BRANDS, n_draws=64)
    assert model.log_likelihood > one.log_likelihood + 5
    how = model.convergence
    assert how.n_starts == 4
    assert how.n_reached >= 2
    assert how.log_likelihoods[0] == model.log_likelihood == max(how.log_likelihoods)
    assert min(how.log_likelihoods) == pytest.approx(one.log_likelihood, abs=1e-3)
    assert f"{how.n_reached} of 4 starts reached this maximum" in repr(model)
    assert one.convergence.log_likelihoods == (one.log_likelihood,)
    for found in (one, model):  # both are maxima: from each the search stays there
        again = fit_mixed_logit(data, BRANDS, n_draws=found.normals, start_values=found.parameters, n_starts=1)
        np.testing.assert_allclose(again.parameters, found.parameters, atol=1e-3)
        assert np.linalg.eigvalsh(found.information)[0] > 0


def test_start_values_come_first_and_in_the_units_of_the_data():
    data = loyal(1)
    best = fit_mixed_logit(data, BRANDS, n_draws=64)
    there = fit_mixed_logit(data, BRANDS, n_draws=64, start_values=best.parameters, n_starts=1)
    assert there.log_likelihood == pytest.approx(best.log_likelihood, abs=1e-6)
    assert there.convergence.n_rounds < best.convergence.n_rounds
    kinds, factor = {"price": "negative", "quality": "normal", "speed": "fixed"}, np.array([1e-4, 1e5, 10.0])
    model = fit_mixed_logit(measured(factor), kinds, n_draws=16, n_starts=1)
    steps = []
    again = fit_mixed_logit(
        measured(factor), kinds, n_draws=16, n_starts=1, start_values=model.parameters, progress=steps.append
    )
    assert len(steps) <= 1
    np.testing.assert_allclose(again.means, model.means, rtol=1e-4)
    with pytest.raises(ProblemError, match=r"start_values has shape \(2,\); expected \(5,\): 3 means, then the 2 free"):
        fit_mixed_logit(DATA, kinds, start_values=[1.0, 2.0])


@pytest.mark.parametrize("correlated", [False, True])
def test_spreads_are_reported_without_a_sign(correlated):
    """A start on the other side ends in a factor with a non-negative diagonal, whose draws are turned with it."""
    normals = np.random.default_rng(3).normal(size=(60, 12, 3))
    first = fit_mixed_logit(DATA, n_draws=normals, n_starts=1, correlated=correlated)
    turn = np.array([1.0, -1.0, -1.0])
    reflected = np.concatenate([first.parameters[:3], first.parameters[3:] * turn[first.columns]])
    turned = fit_mixed_logit(DATA, n_draws=normals * turn, n_starts=1, correlated=correlated, start_values=reflected)
    for model in (first, turned):
        assert (np.diag(model.tastes.factor) >= 0).all()
    np.testing.assert_allclose(turned.parameters, first.parameters, atol=1e-3)
    np.testing.assert_allclose(turned.covariance, first.covariance, rtol=1e-2, atol=1e-4)
    np.testing.assert_array_equal(turned.normals, first.normals)
    coefficients = turned.tastes.coefficients(turned.normals)
    by_draw = log_likelihood(panel_of(DATA), coefficients)
    assert (logsumexp(by_draw, axis=1) - np.log(12)).sum() == pytest.approx(turned.log_likelihood, abs=1e-8)


def test_sobol_points_are_even_for_every_person():
    """Runs of a power of two hold one point in every interval of that length, in each coordinate."""
    points = norm.cdf(sobol_normals(5, 32, 4, np.random.default_rng(0)))
    cells = np.sort(np.floor(points * 32).astype(int), axis=1)
    np.testing.assert_array_equal(cells, np.broadcast_to(np.arange(32)[:, np.newaxis], (5, 32, 4)))


def test_results_repeat_without_a_generator_and_move_with_one():
    first, second = (fit_mixed_logit(DATA, n_draws=16, n_starts=1) for _ in range(2))
    np.testing.assert_array_equal(first.parameters, second.parameters)
    others = [
        fit_mixed_logit(DATA, n_draws=16, n_starts=1, rng=np.random.default_rng(seed)).log_likelihood
        for seed in range(6)
    ]
    assert 0.1 < first.simulation_sd / np.std(others, ddof=1) < 10
    for model, digits in ((first, 0), (fit_mixed_logit(DATA, n_draws=256, n_starts=1), 2)):
        assert (model.simulation_sd < 1) == (digits == 2)
        said = f"log likelihood at others {model.elsewhere.mean():.{digits}f}, sd {model.simulation_sd:.1g}"
        assert said in repr(model)
    assert first.elsewhere.mean() < first.log_likelihood  # the maximum is flattered by the draws it was fitted to
    assert model.simulation_sd < first.simulation_sd
    own = fit_mixed_logit(DATA, n_draws=np.random.default_rng(0).normal(size=(60, 16, 3)), n_starts=1)
    assert np.isnan(own.simulation_sd)
    assert "at others" not in repr(own)
    assert fit_mixed_logit(DATA, "fixed").simulation_sd == 0


def test_unknown_draws_and_no_starts_are_refused():
    with pytest.raises(ProblemError, match="draws"):
        fit_mixed_logit(DATA, draws="random")
    with pytest.raises(ProblemError, match="n_starts"):
        fit_mixed_logit(DATA, n_starts=0)


@pytest.mark.slow
def test_yogurt_is_better_than_what_one_start_reports():
    """Jain, Vilcassim & Chintagunta (1994), data set yogurt of logitr: one start ended at -1277.77."""
    if not YOGURT.is_file():
        pytest.skip("the yogurt panel is not at hand")
    with YOGURT.open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    brands = sorted({row["brand"] for row in rows})[1:]
    attributes = [
        [float(row["price"]), float(row["feat"]), *(float(row["brand"] == brand) for brand in brands)] for row in rows
    ]
    choice = np.array([float(row["choice"]) for row in rows]).reshape(-1, 4).argmax(axis=1)
    names = ["price", "feature", *brands]
    data = ChoiceData(np.reshape(attributes, (-1, 4, 5)), choice, [row["id"] for row in rows][::4], names)
    model = fit_mixed_logit(data, BRANDS)
    assert model.log_likelihood > -1241.98
    assert model.convergence.is_lonely
    assert "more starts may find a better one" in repr(model)


def test_a_climb_that_begins_with_few_draws_ends_on_the_same_maximum(monkeypatch):
    rng = np.random.default_rng(2)
    offers = ChoiceData(rng.normal(size=(400, 3, 2)), np.zeros(400, int), np.repeat(np.arange(50), 8))
    data = choices_of(offers, rng.normal(loc=(1.0, -1.0), size=(50, 2)), rng)
    whole = fit_mixed_logit(data, n_draws=64, n_starts=1)
    monkeypatch.setattr("inference.tastes.fit.FEW_DRAWS", 16)
    few = fit_mixed_logit(data, n_draws=64, n_starts=1)
    np.testing.assert_allclose(few.log_likelihood, whole.log_likelihood, rtol=1e-9)
    np.testing.assert_allclose(few.parameters, whole.parameters, atol=1e-3)
