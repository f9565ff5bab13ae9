"""Few types for many tastes: means kept, spread of cells, profit within what theory allows."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts import Quadratic, solve_menu
from contracts.errors import ProblemError
from inference import ChoiceData, HierarchicalPrior, fit_hierarchical_logit, fit_mixed_logit
from inference.logit.quantisation import quantised, worth_in_money
from inference.tastes.distribution import TasteDistribution, choices_of


@given(st.integers(0, 2**32), st.integers(1, 8), st.integers(1, 3))
def test_means_are_kept_and_the_spread_is_that_between_cells(seed, n_types, n_goods):
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(60, n_goods)) * [10.0**k for k in range(n_goods)]
    types, weights = quantised(points, n_types, rng)
    assert weights.sum() == pytest.approx(1.0)
    assert (np.diff(weights) <= 0).all()
    np.testing.assert_allclose(weights @ types, points.mean(axis=0), atol=1e-9 * 10**n_goods)
    between = weights @ (types - points.mean(axis=0)) ** 2
    assert (between <= points.var(axis=0) + 1e-9).all()


def test_with_a_type_for_everybody_nothing_is_lost():
    rng = np.random.default_rng(0)
    points = rng.normal(size=(7, 2))
    types, weights = quantised(points, 7, rng)
    np.testing.assert_allclose(np.sort(types, axis=0), np.sort(points, axis=0))
    np.testing.assert_allclose(weights, 1 / 7)


def test_cells_do_not_depend_on_the_units_of_goods():
    points = np.random.default_rng(1).normal(size=(200, 2))
    first = quantised(points, 4, np.random.default_rng(2))
    second = quantised(points * [1.0, 1000.0], 4, np.random.default_rng(2))
    np.testing.assert_allclose(first[0] * [1.0, 1000.0], second[0])
    np.testing.assert_allclose(first[1], second[1])


def test_more_types_let_the_principal_tell_more_people_apart():
    """Mussa & Rosen with uniform tastes on [1, 2]: full surplus over two for many types; coarse cells earn more,
    because a type is then known for certain where in truth it is not."""
    points = np.linspace(1, 2, 2001)[:, np.newaxis]
    values = []
    for n_types in (1, 3, 10, 40):
        types, weights = quantised(points, n_types, np.random.default_rng(3))
        values.append(solve_menu(types, weights, cost=Quadratic()).value)
    assert values == sorted(values, reverse=True)
    continuous = np.mean((2 * points - 2) ** 2) / 2  # virtual valuation 2 theta - 2
    assert values[0] == pytest.approx(1.5**2 / 2)
    assert values[-1] == pytest.approx(continuous, rel=0.03)


def fitted(rng, model):
    offers = rng.normal(size=(1200, 3, 2))
    data = ChoiceData(offers, np.zeros(1200, int), np.repeat(np.arange(100), 12), ["price", "quality"])
    truth = TasteDistribution(("negative", "normal"), np.array([0.0, 2.0]), np.diag([0.3, 0.5]))
    return model(choices_of(data, truth.draw(100, rng=rng), rng))


def test_mixed_logit_becomes_a_screening_problem():
    rng = np.random.default_rng(4)
    model = fitted(rng, lambda data: fit_mixed_logit(data, {"price": "negative"}, n_draws=50))
    problem = model.screening_problem(price="price", n_types=5, rng=np.random.default_rng(0), cost=Quadratic())
    assert (problem.n_types, tuple(problem.goods)) == (5, ("quality",))
    people = model.tastes.draw(10_000, rng=np.random.default_rng(0))
    assert problem.weights @ problem.valuations[:, 0] == pytest.approx((-people[:, 1] / people[:, 0]).mean())
    assert solve_menu(problem).certificate.holds


def test_the_hierarchical_logit_becomes_a_screening_problem():
    rng = np.random.default_rng(5)
    prior = HierarchicalPrior(scale=np.eye(2), degrees=5.0)
    model = fitted(
        rng,
        lambda data: fit_hierarchical_logit(
            data, {"price": "negative"}, rng=rng, n_draws=100, n_warmup=100, prior=prior
        ),
    )
    problem = model.screening_problem(price="price", n_types=4, rng=rng, cost=Quadratic())
    assert problem.n_types == 4
    assert problem.weights @ problem.valuations[:, 0] == pytest.approx(2.0 * np.exp(0.3**2 / 2), rel=0.35)


def test_what_cannot_be_worth_money_is_refused():
    names = ("price", "speed")
    with pytest.raises(ProblemError, match=r"50\.0% of the population do not mind paying 'price'.*'negative'"):
        worth_in_money(np.array([[-1.0, 1.0], [0.5, 1.0]]), names, "price", ["speed"])
    with pytest.raises(ProblemError, match="'price' is the price and cannot be a good as well"):
        worth_in_money(np.array([[-1.0, 1.0]]), names, "price", ["price"])
    with pytest.raises(ProblemError, match="goods is empty"):
        worth_in_money(np.array([[-1.0]]), ["price"], "price", None)
    with pytest.raises(ProblemError, match="'colour' is no attribute: use 'price', 'speed'"):
        worth_in_money(np.array([[-1.0, 1.0]]), names, "price", ["colour"])
    with pytest.raises(ProblemError, match="n_types is 3: use 1 to 2, the different tastes"):
        quantised(np.array([[1.0], [2.0], [2.0]]), 3, np.random.default_rng(0))
