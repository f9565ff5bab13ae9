"""What a good is counted in changes no menu: in grams and in tons a problem has the same value, and its proof."""

import numpy as np
import pytest

import contracts as c
from contracts import models, solve_menu
from contracts.problem.costs import Exponential, Logarithm, ShiftedPower
from contracts.problem.units import goods_units, in_units, own_units
from contracts.proof.scale import gap_scale

TASTES = 1 + np.random.default_rng(7).random((6, 2))
SHARES = np.array([0.1, 0.2, 0.15, 0.25, 0.1, 0.2])
COUNTED = ((1.0, 1e6), (1e-9, 1e9))  # units of the two goods, of which the amounts are so many


class Own:
    """(k . x) + |k x|^2 / 2 as a class of one's own, which knows of no other unit."""

    def __init__(self, unit):
        self.unit = unit

    def value(self, x):
        return ((x * self.unit) ** 2 / 2 + 0.1 * x * self.unit).sum(axis=1)

    def gradient(self, x):
        return (x * self.unit + 0.1) * self.unit

    def conjugate(self, value, domain):
        best = domain.separable_maximiser(value, lambda marginal: (marginal / self.unit - 0.1) / self.unit)
        return (value * best).sum(axis=1) - self.value(best), best

    def expression(self, x):
        import cvxpy as cp

        counted = cp.multiply(x, np.broadcast_to(self.unit, x.shape))
        return cp.sum(cp.square(counted), axis=1) / 2 + 0.1 * cp.sum(counted, axis=1)


COSTS = {
    "quadratic": lambda k: c.Quadratic(np.array([1.0, 2.0]) * k**2),
    "matrix": lambda k: c.Quadratic(np.array([[1.0, 0.5], [0.5, 2.0]]) * np.outer(k, k)),
    "power": lambda k: c.Power(3.0, np.array([0.4, 0.7]) * k**3),
    "exponential": lambda k: Exponential(np.array([1.0, 0.5]) * k, np.array([0.5, 0.6]) * k),
    "logarithm": lambda k: Logarithm(np.array([0.5, 0.8]), np.array([1.0, 2.0]) / k),
    "shifted": lambda k: ShiftedPower(2.5, np.array([0.3, 0.5]), np.array([1.0, 2.0]) / k),
    "separable": lambda k: c.Separable([c.Quadratic(k[0] ** 2), c.Power(3.0, k[1] ** 3)]),
    "total": lambda k: c.Total(c.Quadratic(), k * np.array([1.0, 0.7])),
    "linear": lambda k: c.Linear(np.array([0.3, 0.2]) * k),
    "own": Own,
}
DOMAINS = {
    "any": lambda k: c.NonNegative(),
    "box": lambda k: c.Box(0.0, np.array([1.5, 2.0]) / k),
    "polyhedron": lambda k: c.Polyhedron(np.vstack([-np.eye(2), k]), [0.0, 0.0, 2.5]),
}
CASES = [
    *[(cost, "any") for cost in COSTS if cost not in ("total", "linear", "quadratic")],
    *[(cost, "box") for cost in ("power", "total", "linear")],
    ("quadratic", "polyhedron"),
    ("linear", "polyhedron"),
]


def stated(cost, domain, unit):
    return c.ScreeningProblem(TASTES * unit, SHARES, cost=COSTS[cost](unit), domain=DOMAINS[domain](unit))


@pytest.mark.parametrize(("cost", "domain"), CASES)
def test_what_goods_are_counted_in_changes_no_value(cost, domain):
    one = solve_menu(stated(cost, domain, np.ones(2)))
    for unit in COUNTED[:1] if domain == "polyhedron" else COUNTED:
        other = solve_menu(stated(cost, domain, np.array(unit)))
        assert other.certificate.holds
        assert other.value <= one.upper_bound * (1 + 1e-9)
        assert other.value == pytest.approx(one.value, rel=2e-6)
        assert other.allocation * unit == pytest.approx(one.allocation, abs=0.02)


@pytest.mark.parametrize("unit", COUNTED)
def test_rows_options_and_values_of_the_principal_are_stated_in_the_same_units(unit):
    unit = np.array(unit)

    def solved(k):
        return solve_menu(
            TASTES * k, SHARES, cost=c.Quadratic(k * k), principal_values=[0.1, 0.2] * k,
            outside_option=[0.1, 0.05] / k,
            constraints=c.LinearConstraint(allocation=SHARES[:, np.newaxis] * [1.0, 0.5] * k, upper=0.8),
        )  # fmt: skip

    one, other = solved(np.ones(2)), solved(unit)
    assert other.certificate.holds
    assert other.value == pytest.approx(one.value, rel=2e-6)
    assert other.shadow_prices["side constraint"] == pytest.approx(one.shadow_prices["side constraint"], rel=1e-3)


def test_many_types_go_to_the_fast_engine_in_any_units():
    tastes = 1 + np.random.default_rng(0).random((30, 2))
    one = solve_menu(tastes, cost=c.Quadratic())
    other = solve_menu(tastes * [1e-9, 1e9], cost=c.Quadratic(np.array([1e-18, 1e18])))
    assert one.engine == other.engine == "cuts"
    assert other.value == pytest.approx(one.value, rel=2e-6)


def test_units_are_powers_of_two_and_change_no_comparison():
    problem = stated("power", "box", np.array([1e-9, 1e9]))
    units = own_units(problem)
    assert (np.frexp(units.goods)[0] == 0.5).all()
    other = in_units(problem, units)
    allocation = np.random.default_rng(1).random((6, 2)) * [1e9, 1e-9]
    transfer = np.random.default_rng(2).random(6)
    assert other.utility(allocation / units.goods, transfer).tolist() == problem.utility(allocation, transfer).tolist()
    assert other.payoff(allocation / units.goods, transfer) == pytest.approx(problem.payoff(allocation, transfer))


def test_amounts_near_one_another_are_left_in_their_units():
    assert goods_units(stated("quadratic", "any", np.array([1.0, 10.0]))).tolist() == [1.0, 1.0]


def test_a_polyhedron_in_any_units_is_the_same_set():
    one, other = DOMAINS["polyhedron"](np.ones(2)), DOMAINS["polyhedron"](np.array([1e-9, 1e9]))
    unit = np.array([2.0**30, 2.0**-30])
    for domain, back in ((other, np.array([1e-9, 1e9])), (other.scaled(unit), np.array([1e-9, 1e9]) * unit)):
        assert domain.magnitude(2) * back == pytest.approx(one.magnitude(2))
        points = np.array([[3.0, 1.0], [0.5, 0.2]])
        assert domain.violation(domain.clip(points / back)).max() == 0
        assert domain.clip(points / back)[1] * back == pytest.approx(points[1])
        assert domain.support(np.array([[1.0, 2.0], [2.0, 1.0]]) * back) * back == pytest.approx(
            np.array([[0.0, 2.5], [2.5, 0.0]])
        )
        assert domain.interior(2)[1] > 0


@pytest.mark.parametrize(("highest", "elasticity"), [(100.0, 0.25), (100.0, 0.2), (1000.0, 0.5), (1e4, 1.0)])
def test_taxes_on_skills_of_very_different_size_are_solved(highest, elasticity):
    menu = solve_menu(models.income_tax(np.geomspace(1, highest, 12), elasticity=elasticity))
    assert menu.certificate.holds
    if (highest, elasticity) == (100.0, 0.25):
        assert menu.value == pytest.approx(3.901641, abs=1e-6)


def test_types_left_with_a_rounding_error_excuse_no_gap():
    """Where W(0) is minus infinity, what menus are worth is no multiple of 1 / u of somebody who has nearly nothing."""
    problem = models.income_tax([1.0, 10.0, 100.0])
    menu = solve_menu(problem)
    poor = menu.transfer + np.array([menu.utility[0] * (1 - 1e-12), 0.0, 0.0])
    usual = gap_scale(problem, menu.allocation, menu.transfer, menu.bound)
    assert gap_scale(problem, menu.allocation, poor, menu.bound) < 1e5 * usual  # 1e12 times it, uncapped
