"""Which rows the program of the reference engine has, and that they are enough."""

import numpy as np
import pytest

import contracts as c
from contracts.engines import program


def pairs_of(problem):
    rows = program.menu_program(problem)
    return set(zip(rows.tempted.tolist(), rows.tempter.tolist(), strict=True))


def both_ways(*pairs):
    return {pair for one, other in pairs for pair in ((one, other), (other, one))}


@pytest.mark.parametrize(
    ("valuations", "pairs"),
    [
        ([1.0, 3.0, 2.0, 4.0], both_ways((0, 2), (2, 1), (1, 3))),
        ([[1.0, 2.0], [3.0, 1.0], [2.0, 1.5]], both_ways((0, 2), (2, 1))),
        ([1.0, 2.0, 2.0, 3.0], both_ways((0, 1), (0, 2), (1, 2), (1, 3), (2, 3))),  # y need not rise among equals
        ([5.0, 5.0, 5.0], both_ways((0, 1), (1, 2))),
        ([5.0], set()),
        ([[1.0, 2.0], [3.0, 1.0], [2.0, 2.0]], both_ways((0, 1), (0, 2), (1, 2))),
    ],
)
def test_on_a_line_only_neighbours_have_rows(valuations, pairs):
    assert pairs_of(c.ScreeningProblem(valuations, cost=c.Quadratic())) == pairs


def test_all_pairs_have_rows_where_valuations_are_uncertain():
    problem = c.ScreeningProblem([1.0, 2.0, 3.0], cost=c.Quadratic(), uncertainty=c.Interval(0.1))
    assert pairs_of(problem) == both_ways((0, 1), (0, 2), (1, 2))


OBJECTIVES = (
    c.Welfare(function=c.Exponential(0.7), profit_weight=0.3, minimum_profit=-1.0),
    c.Welfare(function=c.WorstOff(), profit_weight=0.5, minimum_profit=-0.5),
    c.Welfare(function=c.Isoelastic(1.0), profit_weight=0.0, minimum_profit=-0.5),
    c.Profit(),
)
TRANSFERS = ("free", "none", (0.0, 1.0), (-1.0, np.inf), (-0.5, 1.5))


@pytest.mark.parametrize("seed", range(40))
def test_neighbours_on_a_line_imply_all_ic(monkeypatch, seed):
    """Solved with all pairs, the problem is worth the same; the exact comparison of all pairs is in the certificate."""
    rng = np.random.default_rng(seed)
    n_types, n_goods = int(rng.integers(2, 9)), 1 + seed % 3 // 2
    place = rng.uniform(-0.2, 2.5, n_types).round(1)  # ties
    slope, weights = rng.uniform(0.5, 1.0, n_goods), rng.dirichlet(np.full(n_types, 2.0))
    capacity = c.LinearConstraint(allocation=np.tile(weights[:, np.newaxis], n_goods), upper=0.6)
    problem = c.ScreeningProblem(
        0.2 + np.outer(place, slope),
        weights,
        cost=c.Quadratic(),
        domain=(c.Box(0.0, 1.5), c.Box(-1.0, 1.0))[seed % 2],
        transfers=TRANSFERS[seed % 5],
        objective=OBJECTIVES[seed % 4],
        constraints=[capacity][: seed % 2],
    )
    local = c.solve_menu(problem, method="reference")
    monkeypatch.setattr(program, "line_of_tastes", lambda problem: None)
    assert len(pairs_of(problem)) == n_types * (n_types - 1)
    overall = c.solve_menu(problem, method="reference")
    assert local.value <= overall.upper_bound
    assert overall.value <= local.upper_bound
