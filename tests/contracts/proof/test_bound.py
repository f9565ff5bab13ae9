"""Weak duality: any multipliers bound every menu; conjugates against a grid, gradients against differences."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import contracts as c
from contracts.problem.costs import scaled_cost
from contracts.proof.bound import upper_bound
from contracts.proof.conjugates import conjugate_bound
from contracts.proof.multipliers import Multipliers, no_multipliers
from contracts.testing.parts import Cosh
from contracts.testing.screening import line_problems, plain_problems, random_menu, rich_problems

SOLVED = 1e-7  # relative: what a cvxpy conjugate of a cost without gradient may be short of (its tolerance is 1e-11)


def random_multipliers(problem: c.ScreeningProblem, rng: np.random.Generator) -> Multipliers:
    """Prices of any size, off the flow, some negative, some missing."""
    from scipy.sparse import csr_array

    n_types = problem.n_types
    size = 10.0 ** rng.uniform(-6, 2)
    ic = size * rng.exponential(size=(n_types, n_types)) * (rng.random((n_types, n_types)) < 0.6)
    ic[rng.random((n_types, n_types)) < 0.1] *= -1
    return replace(
        no_multipliers(problem),
        ic=csr_array(ic),
        ir=rng.normal(size=n_types),
        transfer=rng.normal(size=n_types),
        side=rng.normal(size=len(problem.side_rows.limit)),
        profit=float(rng.normal()),
        worst_off=rng.random(n_types),
    )


def exact_value(problem: c.ScreeningProblem, allocation, transfer) -> Fraction:
    """The principal's profit in rationals, its costs as the floats they are."""
    costs = problem.cost.value(allocation)
    total = Fraction(0)
    for i in range(problem.n_types):
        gross = sum(Fraction(b) * Fraction(x) for b, x in zip(problem.principal_values[i], allocation[i], strict=True))
        total += Fraction(problem.weights[i]) * (gross - Fraction(costs[i]) + Fraction(transfer[i]))
    return total


def check_weak_duality(problem: c.ScreeningProblem, seed: int) -> None:
    rng = np.random.default_rng(seed)
    allocation, transfer = random_menu(problem, rng)
    certificate = c.verify(problem, allocation, transfer)
    if not certificate.holds:  # a random menu may miss a side constraint
        return
    for _ in range(3):
        bound = upper_bound(problem, random_multipliers(problem, rng))
        slip = 0.0 if bound.rigorous else SOLVED * certificate.scale
        assert certificate.value <= bound.value + slip


@given(plain_problems(), st.integers(0, 2**32 - 1))
def test_any_multipliers_bound_any_menu_of_a_plain_problem(problem, seed):
    check_weak_duality(problem, seed)


@given(rich_problems(), st.integers(0, 2**32 - 1))
def test_any_multipliers_bound_any_menu_under_limits_welfare_and_side_constraints(problem, seed):
    check_weak_duality(problem, seed)


@given(plain_problems(), st.integers(0, 2**32 - 1))
def test_reported_multipliers_lie_on_the_flow_and_are_not_negative(problem, seed):
    bound = upper_bound(problem, random_multipliers(problem, np.random.default_rng(seed)))
    prices = bound.multipliers
    assert np.all(prices.ic.data > 0)
    assert np.all(prices.ir >= 0)
    inflow, outflow = prices.ic.sum(axis=0), prices.ic.sum(axis=1)
    missed = problem.weights + inflow - outflow - prices.ir
    assert np.all(np.abs(missed) <= 1e-14 * problem.n_types * (problem.weights + inflow + outflow + prices.ir))


@given(rich_problems(), st.integers(0, 2**32 - 1))
def test_putting_multipliers_on_the_flow_is_done_once(problem, seed):
    once = upper_bound(problem, random_multipliers(problem, np.random.default_rng(seed)))
    twice = upper_bound(problem, once.multipliers)
    assert twice.value == once.value
    assert np.array_equal(twice.multipliers.ic.toarray(), once.multipliers.ic.toarray())
    assert np.array_equal(twice.multipliers.ir, once.multipliers.ir)
    assert np.array_equal(twice.multipliers.transfer, once.multipliers.transfer)


@given(line_problems())
def test_without_multipliers_the_bound_is_the_full_information_value(problem):
    money = float(problem.cost.curvature)
    first_best = sum(
        Fraction(w) * Fraction(a) ** 2 / (2 * Fraction(money))
        for w, a in zip(problem.weights, problem.valuations[:, 0], strict=True)
    )
    bound = upper_bound(problem, no_multipliers(problem))
    assert bound.rigorous
    assert Fraction(bound.value) >= first_best
    assert bound.value <= float(first_best) * (1 + 1e-12)


def test_prices_that_nearly_cancel_between_near_ties_keep_a_tight_bound():
    # Types 1 and 1 + 2^-52 and 2.5: pooling the first two takes prices of 1e15 both ways.
    problem = c.ScreeningProblem([1.0, 1.0 + 2.0**-52, 2.5], [0.8, 0.1, 0.1], cost=c.Quadratic())
    step = 2.0**-52
    virtual = (0.8 + 0.1 - 1.5 * 0.1) / 0.9  # pooled
    up = (0.8 * (virtual - 1.0)) / step
    from scipy.sparse import csr_array

    ic = np.zeros((3, 3))
    ic[2, 1], ic[1, 0], ic[0, 1] = 0.1, -up + 0.2, 0.0
    ic[0, 1] = ic[1, 0] - 0.2
    bound = upper_bound(problem, replace(no_multipliers(problem), ic=csr_array(ic)))
    pooled = 0.9 * virtual**2 / 2 + 0.1 * 2.5**2 / 2
    assert bound.rigorous
    assert bound.value == pytest.approx(pooled, rel=1e-3)  # the price itself is known to 1e-3 of a weight only


def test_multipliers_may_come_in_any_order_and_in_parts_and_are_left_alone():
    from scipy.sparse import coo_array, csr_array

    problem = c.ScreeningProblem([1.0, 2.0, 3.0], cost=c.Quadratic(), reservation_utility=0.25)
    whole = csr_array([[0.0, 0.0, 0.0], [0.125, 0.0, 0.0], [0.25, 0.25, 0.0]])
    scattered = csr_array(
        (np.array([0.125, 0.25, 0.125, 0.125]), np.array([0, 1, 0, 0]), np.array([0, 0, 1, 4])), (3, 3)
    )
    assert not scattered.has_canonical_format
    parts = coo_array(([0.125, 0.125, 0.125, 0.25], ([2, 2, 1, 2], [0, 0, 0, 1])), shape=(3, 3))
    values = []
    for ic in (whole, scattered, parts):
        before = ic.copy()
        values.append(upper_bound(problem, replace(no_multipliers(problem), ic=ic)).value)
        assert np.array_equal(ic.data, before.data)
        assert np.array_equal(ic.toarray(), whole.toarray())
    assert values[0] == values[1] == values[2]


@pytest.mark.parametrize("short", [1e-3, 1.0])
def test_welfare_that_outweighs_the_principal_has_no_finite_bound(short):
    problem = c.ScreeningProblem([1.0, 2.0], cost=c.Quadratic(), objective=c.Welfare(1.0 + short))
    assert upper_bound(problem, no_multipliers(problem)).value == np.inf


def test_a_flow_that_runs_short_is_fed_by_types_with_room():
    # The poor type's welfare weight exceeds the principal's: its utility must be priced by IC of the rich one.
    problem = c.ScreeningProblem([1.0, 2.0], cost=c.Quadratic(), objective=c.Welfare([1.2, 0.0]))
    bound = upper_bound(problem, no_multipliers(problem))
    assert bound.rigorous
    assert np.isfinite(bound.value)
    assert bound.multipliers.ic.toarray()[1, 0] >= 0.1


# ---- the rigorous flag ----


class CoshWithGradient(Cosh):
    def gradient(self, allocation):
        return self.scale * np.sinh(allocation)


TWO = np.array([[1.0, 0.5], [2.0, 1.5]])
TRIANGLE = c.Polyhedron([[1.0, 1.0], [-1.0, 0.0], [0.0, -1.0]], [1.0, 0.0, 0.0])


@pytest.mark.parametrize(
    ("cost", "domain", "rigorous"),
    [
        (c.Quadratic(), c.NonNegative(), True),
        (c.Quadratic([[2.0, 1.0], [1.0, 2.0]]), c.NonNegative(), True),
        (c.Quadratic([[2.0, 1.0], [1.0, 2.0]]), c.Simplex(), True),
        (c.Power(1.5), c.Box(), True),
        (c.Entropy([0.5, 0.5]), c.Simplex(), True),
        (c.Linear(0.5), c.Box(), True),
        (Cosh(), c.Box(), False),  # its conjugate is taken on trust
        (CoshWithGradient(), c.Box(), True),  # the gradient proves it
        (CoshWithGradient(), c.NonNegative(), False),  # nothing bounds a wrong conjugate on an unbounded set
        (c.Quadratic(), TRIANGLE, False),  # linear programs, solved in floats
    ],
)
def test_a_bound_is_rigorous_only_if_nothing_is_taken_on_trust(cost, domain, rigorous):
    problem = c.ScreeningProblem(TWO, cost=cost, domain=domain)
    assert upper_bound(problem, no_multipliers(problem)).rigorous is rigorous


def test_a_gradient_corrects_a_conjugate_that_is_too_low():
    class Lazy(CoshWithGradient):
        def conjugate(self, valuation, domain):
            middle = np.full_like(valuation, 0.5)
            return np.zeros(len(valuation)), middle

    problem = c.ScreeningProblem(TWO, cost=Lazy(), domain=c.Box())
    honest = c.ScreeningProblem(TWO, cost=CoshWithGradient(), domain=c.Box())
    assert (
        upper_bound(problem, no_multipliers(problem)).value >= upper_bound(honest, no_multipliers(honest)).value - 1e-12
    )


# ---- conjugates and gradients of every cost on every domain ----

GRID = np.stack(np.meshgrid(*[np.linspace(0.0, 1.0, 41)] * 2, indexing="ij"), axis=-1).reshape(-1, 2)
DOMAINS = {
    "nonnegative": (c.NonNegative(), 8.0 * GRID),
    "box": (c.Box([0.0, 0.25], [1.0, 2.0]), np.array([0.0, 0.25]) + GRID * [1.0, 1.75]),
    "lotteries": (c.Simplex(), np.column_stack([np.linspace(0, 1, 401), 1 - np.linspace(0, 1, 401)])),
    "unit demand": (c.Simplex(free_disposal=True), GRID[GRID.sum(axis=1) <= 1]),
    "polyhedron": (TRIANGLE, GRID[GRID.sum(axis=1) <= 1]),
}
COSTS = {
    "linear": c.Linear([0.5, 1.0]),
    "scalar": c.Quadratic(2.0),
    "diagonal": c.Quadratic([0.5, 3.0]),
    "matrix": c.Quadratic([[2.0, 1.5], [1.5, 2.0]]),
    "substitutes": c.Quadratic([[2.0, -1.5], [-1.5, 2.0]]),
    "power": c.Power(1.5, [1.0, 2.0]),
    "saturating": c.Power(0.5, -1.0),
    "entropy": c.Entropy([0.25, 0.75], 0.5),
    "own": Cosh(0.7),
}
VALUES = np.array([[0.0, 0.0], [1.0, 0.5], [-1.0, 2.0], [3.0, 3.0], [-2.0, -0.1], [0.75, 0.7500001]])


def applies(cost: str, domain: str) -> bool:
    if cost == "entropy":
        return domain == "lotteries"
    return not (domain == "nonnegative" and cost in ("linear", "saturating"))  # infinite: tested below


@pytest.mark.parametrize(
    ("cost", "domain"), [(cost, domain) for cost in COSTS for domain in DOMAINS if applies(cost, domain)]
)
def test_the_conjugate_is_the_best_point_of_a_grid_and_its_bound_is_above(cost, domain):
    cost, (domain, points) = COSTS[cost], DOMAINS[domain]
    on_grid = (VALUES @ points.T - cost.value(points)).max(axis=1)
    value, best = cost.conjugate(VALUES, domain)
    bound, _, proven = conjugate_bound(cost, domain, VALUES, np.zeros_like(VALUES))
    slip = 0.0 if proven else SOLVED
    assert np.all(bound >= on_grid - slip)
    assert np.all(domain.violation(best) == 0)
    attained = (VALUES * best).sum(axis=1) - cost.value(best)
    assert np.all(bound >= attained - slip)
    # The grid's step is h <= 1/5; a concave function with curvature at most 8 loses at most 8 h^2 between its points,
    # and a linear one (or a kink at the boundary) at most |v| h.
    assert np.all(value <= on_grid + 0.4)
    assert value == pytest.approx(attained, abs=1e-7)
    # Near zero the slope of a saturating cost explodes, and with it what a solver's maximiser leaves unproven.
    assert bound == pytest.approx(value, abs=1e-6 if proven else 1e-5)


def test_the_conjugate_is_infinite_where_more_always_pays():
    for cost in (COSTS["linear"], COSTS["saturating"]):
        bound, _, _ = conjugate_bound(cost, c.NonNegative(), np.array([[2.0, 0.5], [-1.0, -1.0]]), np.zeros((2, 2)))
        assert bound[0] == np.inf
        assert np.isfinite(bound[1])


@pytest.mark.parametrize("name", [name for name in COSTS if name != "own"])
def test_gradients_are_slopes(name):
    cost = COSTS[name]
    points = np.array([[0.3, 0.7], [0.6, 0.4], [0.05, 0.95]])
    step = 1e-6
    for good in range(2):
        ahead, behind = points.copy(), points.copy()
        ahead[:, good] += step
        behind[:, good] -= step
        slope = (cost.value(ahead) - cost.value(behind)) / (2 * step)
        assert cost.gradient(points)[:, good] == pytest.approx(slope, rel=1e-7, abs=1e-7)


@pytest.mark.parametrize("name", list(COSTS))
def test_costs_in_other_units_are_the_same_costs(name):
    cost = COSTS[name]
    unit, money = (1.0, 4.0) if name == "entropy" else (2.0, 4.0)
    points = np.array([[0.3, 0.7], [0.6, 0.4]])
    assert scaled_cost(cost, unit, money).value(points / unit) * money == pytest.approx(cost.value(points), rel=1e-14)


@pytest.mark.parametrize("name", list(COSTS))
def test_cvxpy_expressions_are_the_costs(name):
    import cvxpy as cp

    points = np.array([[0.3, 0.7], [0.6, 0.4]])
    allocation = cp.Variable((2, 2), value=points)
    expression = COSTS[name].expression(allocation)
    assert expression.is_convex()
    assert expression.value == pytest.approx(COSTS[name].value(points), rel=1e-12)


@pytest.mark.parametrize("function", [c.Isoelastic(0.5), c.Isoelastic(1.0), c.Isoelastic(2.0), c.Exponential(0.5)])
def test_welfare_conjugates_are_the_best_point_of_a_grid(function):
    utility = np.concatenate([-np.geomspace(1e-4, 10, 4000)[::-1], np.geomspace(1e-4, 100, 8000)])
    for price in (0.1, 0.5, 1.0, 3.0):
        with np.errstate(over="ignore"):
            on_grid = np.max(function.value(utility) - price * utility)
        conjugate = function.conjugate(np.array([price]))[0]
        assert on_grid <= conjugate + 1e-12
        assert conjugate == pytest.approx(on_grid, abs=1e-4)
    assert function.conjugate(np.array([-1.0]))[0] == np.inf
    points = np.array([0.3, 2.0])
    slope = (function.value(points + 1e-6) - function.value(points - 1e-6)) / 2e-6
    assert function.marginal(points) == pytest.approx(slope, rel=1e-6)


@pytest.mark.parametrize(("lowest", "value"), [(1.0, 1.5), (1.1, 1.5), (0.1, 1.5)])
def test_a_capacity_bounds_a_linear_cost_on_all_amounts(lowest, value):
    """One unit in all, worth 2 - 0.5 to type 2: it takes two, for each type is half of all."""
    capacity = c.LinearConstraint(allocation=[[0.5], [0.5]], upper=1.0, name="capacity")
    menu = c.solve_menu([lowest, 2.0], cost=c.Linear(0.5), constraints=[capacity])
    assert menu.certificate.rigorous
    assert menu.certificate.relative_gap <= 1e-6
    assert menu.value == pytest.approx(value, rel=1e-6)


def test_dearer_side_rows_prove_no_bound_where_there_is_none():
    row = c.LinearConstraint(allocation=[[0.5], [0.0]], upper=1.0, name="capacity of the first type")
    problem = c.ScreeningProblem([1.0, 2.0], cost=c.Linear(0.5), constraints=[row])
    assert upper_bound(problem, replace(no_multipliers(problem), side=np.array([1.0]))).value == np.inf


def test_where_utilities_weigh_nothing_prices_that_are_rounding_do_not_lose_the_bound():
    """Only the first good counts and it costs nothing: everybody is given all of it, and prices are zero."""
    problem = c.ScreeningProblem(
        np.random.default_rng(0).uniform(0, 1, (4, 2)),
        cost=c.Quadratic(),
        domain=c.Box(0, 2),
        objective=c.WeightedSum(allocation_values=[1.0, 0.0]),
    )
    menu = c.solve_menu(problem)
    assert menu.value == pytest.approx(2.0, rel=1e-6)
    assert menu.certificate.holds


PRICED = {
    "utilities elsewhere": {"reservation_utility": 5.0, "participation": "compulsory"},
    "utilities elsewhere that differ": {"reservation_utility": [5.0, 6.0, 6.5], "participation": "compulsory"},
    "limits on transfers": {"transfers": (0.0, 1.8)},
    "a minimum profit": {"objective": c.Welfare(minimum_profit=2.15)},
    "a minimum profit and utility alone": {"objective": c.Welfare(profit_weight=0.0, minimum_profit=2.15)},
    "a worst case of weights": {"ambiguity": c.TotalVariation(0.1)},
}


@pytest.mark.parametrize("name", sorted(PRICED))
def test_prices_of_every_constraint_prove_the_value_and_nothing_below_it(name):
    problem = c.ScreeningProblem([2.0, 2.5, 3.0], [0.5, 0.3, 0.2], cost=c.Quadratic(), **PRICED[name])
    menu = c.solve_menu(problem, gap=1e-8)
    bound = upper_bound(menu.problem.program, menu.bound.multipliers).value
    assert -1e-12 <= bound - menu.value <= 1e-7 * max(1.0, abs(menu.value))
