"""Costs that curve like exponents and logarithms, sums over goods, costs of a total, and boxes without some ends."""

import dataclasses

import cvxpy as cp
import numpy as np
import pytest
from scipy.optimize import minimize_scalar

import contracts as c
from contracts.problem.costs import asymptotic_slopes, finite_range, scaled_cost
from contracts.problem.records import from_record, to_record
from contracts.proof.conjugates import conjugate_bound

INF = np.inf
ROUNDING = 1e-11
SOLVER = 1e-6  # of a conjugate by cvxpy at default tolerances
STEP = 1e-6  # of differences

COSTS = {
    "exponential": c.ExponentialCost(1.3, 0.7),
    "exponential by good": c.ExponentialCost([1.0, 0.5, 2.0], [0.3, 1.0, 2.0]),
    "resting benefit": c.ExponentialCost(-0.5, -1.0),
    "congestion": c.Logarithm(0.5, capacity=4.0),
    "logarithmic benefit": c.Logarithm([0.5, 1.0, 2.0], offset=2.0),
    "promises, little aversion": c.ShiftedPower(1.5, [0.5, 1.0, 2.0], offset=2.0),
    "promises, much aversion": c.ShiftedPower(-1.0, [0.5, 1.0, 2.0], offset=-4.0),
    "shifted benefit": c.ShiftedPower(0.5, -2.0, offset=[1.0, 2.0, 3.0]),
    "by good": c.Separable([c.Quadratic(1.0), c.Power(3.0), c.Linear(0.2)]),
    "by good, curved": c.Separable([c.ExponentialCost(), c.Logarithm(capacity=5.0), c.Quadratic(2.0)]),
    "by good, straight": c.Separable([c.Linear(0.1), c.Linear(0.3), c.Quadratic(1.0)]),
    "of a total": c.Total(c.Quadratic(1.0), [1.0, 2.0, 0.5]),
    "exponential in a total": c.Total(c.ExponentialCost(), [1.0, 0.25, 0.5]),
    "linear in a total": c.Total(c.Linear(0.3), [1.0, 2.0, 0.5]),
    "congestion of a total": c.Total(c.Logarithm(capacity=9.0), 1.0),
    "matrix": c.Quadratic([[2.0, 0.5, 0.0], [0.5, 1.0, 0.3], [0.0, 0.3, 1.0]]),
}
DOMAINS = {
    "any amounts": c.NonNegative(),
    "box": c.Box(0.0, 2.0),
    "lotteries": c.Simplex(),
    "unit demand": c.Simplex(free_disposal=True),
    "some limits": c.Box([0.0, 0.5, 0.0], [INF, 2.0, INF]),
    "either sign": c.Box([-INF, 0.0, -INF], [INF, 2.0, INF]),
    "at most": c.Box([-INF, -INF, 0.0], [1.0, 2.0, 1.0]),
}


def fits(cost, domain):
    try:
        cost.check(3, domain)
    except c.ProblemError:
        return False
    return True


PAIRS = [(cost, domain) for cost in COSTS for domain in DOMAINS if fits(COSTS[cost], DOMAINS[domain])]


def valuations(cost, domain):
    """Values at which most conjugates are finite."""
    values = np.random.default_rng(1).normal(size=(8, 3)) * 2
    falls = cost in ("resting benefit", "logarithmic benefit")
    return -np.abs(values) / 10 if falls and not DOMAINS[domain].bounded else values


def by_cvxpy(cost, domain, valuation):
    """The conjugate from the cost's expression and the domain's constraints, which the closed forms do not use."""
    found = []
    for row in valuation:
        x = cp.Variable((1, len(row)))
        program = cp.Problem(cp.Maximize(row @ x[0] - cp.sum(cost.expression(x))), domain.constraints(x))
        program.solve(solver=cp.CLARABEL)
        found.append(program.value if program.status == "optimal" else np.nan)
    return np.array(found, dtype=float)


@pytest.mark.filterwarnings("ignore:Solution may be inaccurate")
@pytest.mark.parametrize(("cost", "domain"), PAIRS)
def test_a_conjugate_is_attained_and_no_less_than_another_solver_finds(cost, domain):
    over, within = COSTS[cost], DOMAINS[domain]
    values = valuations(cost, domain)
    value, best = over.conjugate(values, within)
    finite = np.isfinite(value)
    oracle = by_cvxpy(over, within, values[finite])
    known = np.isfinite(oracle)
    np.testing.assert_allclose(value[finite][known], oracle[known], atol=SOLVER, rtol=SOLVER)
    best, value, values = best[finite], value[finite], values[finite]
    assert within.violation(best).max(initial=0.0) <= ROUNDING
    reached = (values * best).sum(axis=1) - over.value(best)
    np.testing.assert_allclose(reached, value, atol=ROUNDING, rtol=ROUNDING)


@pytest.mark.parametrize(("cost", "domain"), PAIRS)
def test_a_bound_on_the_conjugate_holds_at_every_value_within_the_error(cost, domain):
    over, within = COSTS[cost], DOMAINS[domain]
    values, error = valuations(cost, domain), np.full((8, 3), 1e-4)
    bound, _, proven = conjugate_bound(over, within, values, error)
    rng = np.random.default_rng(2)
    for _ in range(8):
        other, _ = over.conjugate(values + error * rng.choice([-1.0, 0.0, 1.0], size=values.shape), within)
        assert np.all(np.isinf(bound) | (other <= bound + ROUNDING))
    assert proven


@pytest.mark.parametrize("cost", [name for name in COSTS if name != "by good"])
def test_gradient_and_hessian_are_the_slopes_of_value_and_gradient(cost):
    over, at = COSTS[cost], np.array([[0.3, 0.7, 1.1], [1.5, 0.2, 0.4]])
    for good in range(3):
        step = STEP * np.eye(3)[good]
        slope = (over.value(at + step) - over.value(at - step)) / (2 * STEP)
        np.testing.assert_allclose(slope, over.gradient(at)[:, good], rtol=1e-7, atol=1e-8)
        curve = (over.gradient(at + step) - over.gradient(at - step)) / (2 * STEP)
        np.testing.assert_allclose(curve, over.hessian(at)[:, :, good], rtol=1e-7, atol=1e-8)


@pytest.mark.parametrize("cost", COSTS)
def test_a_scaled_cost_is_the_same_cost_in_other_units(cost):
    over, at = COSTS[cost], np.array([[0.25, 0.5, 1.0]])
    np.testing.assert_allclose(scaled_cost(over, 4.0, 8.0).value(at / 4.0), over.value(at) / 8.0, rtol=1e-14)


@pytest.mark.parametrize("cost", COSTS)
def test_costs_survive_a_file_to_the_bit(cost):
    problem = c.ScreeningProblem(np.ones((1, 3)), cost=COSTS[cost], domain=c.Box(0.0, [1.0, 2.0, 1.5]))
    again = from_record(c.ScreeningProblem, to_record(problem))
    at = np.array([[0.3, 0.7, 1.1]])
    assert again.cost.value(at).tolist() == problem.cost.value(at).tolist()
    assert to_record(again) == to_record(problem)


# ---- what they mean ----


def test_an_exponential_cost_serves_types_where_marginal_cost_is_virtual_valuation():
    menu = c.solve_menu([2.0, 3.0], [0.75, 0.25], cost=c.ExponentialCost(rate=0.5, scale=1.0))
    low = 2.0 - 0.25 / 0.75  # 1 / 3 less than its valuation
    np.testing.assert_allclose(menu.allocation.ravel(), np.log([low, 3.0]) / 0.5, rtol=1e-6)
    assert menu.certificate.rigorous


def test_congestion_keeps_every_contract_below_the_capacity():
    menu = c.solve_menu([2.0, 3.0], [0.75, 0.25], cost=c.Logarithm(scale=2.0, capacity=10.0))
    low = 2.0 - 0.25 / 0.75
    np.testing.assert_allclose(menu.allocation.ravel(), 10.0 - 2.0 / np.array([low, 3.0]), rtol=1e-6)
    assert menu.certificate.rigorous


def test_a_principal_with_logarithmic_benefit_buys_until_it_is_worth_its_virtual_cost():
    menu = c.solve_menu([-1.0, -0.5], [0.5, 0.5], cost=c.Logarithm(scale=2.0, offset=1.0))
    np.testing.assert_allclose(menu.allocation.ravel(), 2.0 / np.array([1.5, 0.5]) - 1.0, rtol=1e-6)
    assert menu.certificate.rigorous


def test_goods_that_only_one_type_each_wants_are_sold_as_if_alone():
    cost = c.Separable([c.ExponentialCost(), c.Quadratic(2.0)])
    menu = c.solve_menu([[3.0, 0.0], [0.0, 3.0]], cost=cost)
    np.testing.assert_allclose(menu.allocation, [[np.log(3.0), 0.0], [0.0, 1.5]], atol=1e-5)
    alone = 0.5 * (3.0 * np.log(3.0) - 2.0) + 0.5 * 9.0 / 4.0
    assert menu.value == pytest.approx(alone, rel=1e-6)


def test_of_a_total_only_the_good_that_is_worth_most_per_unit_is_made():
    menu = c.solve_menu([[1.0, 3.0]], cost=c.Total(c.Quadratic(), [1.0, 2.0]))
    np.testing.assert_allclose(menu.allocation, [[0.0, 0.75]], atol=1e-6)
    assert menu.value == pytest.approx(1.5**2 / 2, rel=1e-6)


@pytest.mark.parametrize("method", ["ironing", "cuts", "reference"])
@pytest.mark.parametrize(
    "cost",
    [
        c.ExponentialCost(),
        c.Logarithm(capacity=2.0),
        c.ShiftedPower(-1.0, offset=-2.0),
        c.ShiftedPower(1.5, 2.0),
        c.Separable([c.Quadratic(), c.ExponentialCost()]),
        c.Total(c.Quadratic(), [1.0, 2.0]),
    ],
    ids=lambda cost: type(cost).__name__,
)
def test_every_engine_finds_the_same_menu(method, cost):
    taste = np.array([2.0, 3.0, 4.0])
    goods = np.array([1.0, 0.5])
    domain = c.Box(0.0, 1.5) if isinstance(cost, c.Total) else c.NonNegative()
    problem = c.ScreeningProblem(np.outer(taste, goods), [0.5, 0.3, 0.2], cost=cost, domain=domain)
    menu, other = c.solve_menu(problem, method=method), c.solve_menu(problem, method="reference")
    assert menu.certificate.rigorous
    assert menu.value == pytest.approx(other.value, rel=2e-6)


@pytest.mark.parametrize(
    "cost",
    [
        c.ExponentialCost(0.5, 2.0),
        c.Logarithm(2.0, capacity=5.0),
        c.ShiftedPower(-0.5, 2.0, offset=-5.0),
        c.Separable([c.Quadratic(), c.Power(3.0)]),
        c.Total(c.Quadratic(), [1.0, 2.0]),
    ],
    ids=lambda cost: type(cost).__name__,
)
def test_units_of_money_and_goods_do_not_matter(cost):
    values = np.array([[4.0, 3.0], [3.0, 4.0], [5.0, 6.0]])
    menu = c.solve_menu(values, cost=cost)
    scaled = c.solve_menu(values * (2.0**-4 / 2.0**20), cost=scaled_cost(cost, 2.0**-4, 2.0**20))
    assert scaled.value == pytest.approx(menu.value / 2.0**20, rel=2e-6)


def test_many_types_in_several_dimensions_are_solved_under_the_new_costs():
    rng = np.random.default_rng(3)
    cost = c.Separable([c.ExponentialCost(), c.Logarithm(capacity=3.0)])
    menu = c.solve_menu(rng.uniform(1.0, 4.0, size=(60, 2)), cost=cost)
    assert menu.engine == "cuts"
    assert menu.certificate.rigorous
    assert menu.allocation[:, 1].max() < 3.0


def test_a_benefit_that_rests_is_unbounded_where_the_agent_wants_more_as_well():
    with pytest.raises(c.UnboundedMenuError, match="allocation of good '0'"):
        c.solve_menu([1.0, 2.0], cost=c.ExponentialCost(-1.0, -1.0), method="reference")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: c.ExponentialCost(1.0, -1.0), r"is not strictly convex: use rate > 0 with scale > 0"),
        (lambda: c.ExponentialCost(0.0), r"or Linear\(scale\) for rate 0"),
        (lambda: c.ExponentialCost([1.0, 2.0], [1.0, 2.0, 3.0]), "rate has 2 entries and scale 3"),
        (lambda: c.Logarithm(), "either a capacity or an offset"),
        (lambda: c.Logarithm(capacity=1.0, offset=1.0), "either a capacity or an offset"),
        (lambda: c.Logarithm(capacity=-1.0), "must be positive"),
        (lambda: c.ShiftedPower(0.5), r"is not strictly convex: use exponent > 1 or < 0 with scale > 0, exponent in"),
        (lambda: c.ShiftedPower(1.0), "or Linear for exponent 1"),
        (lambda: c.ShiftedPower(0.0), "is not strictly convex"),
        (
            lambda: c.ShiftedPower(2.0, offset=0.0),
            "offset is 0: give how far amounts reach beyond nothing, or use Power",
        ),
        (lambda: c.ShiftedPower(2.0, [1.0, 2.0], [1.0, 2.0, 3.0]), "scale has 2 entries and offset 3"),
        (lambda: c.Separable(c.Quadratic()), "needs a list of costs, one per good"),
        (lambda: c.Logarithm([1.0, 2.0], capacity=[1.0, 2.0, 3.0]), "scale has 2 entries and capacity 3"),
        (lambda: c.Separable([]), "needs a list of costs, one per good"),
        (lambda: c.Separable([c.Quadratic(), c.Quadratic]), "cost of good 1 is Quadratic: give a cost"),
        (lambda: c.Separable([c.Quadratic(), c.Entropy([1.0])]), "cost of good 1 is Entropy"),
        (lambda: c.Separable([None]), "cost of good 0 is NoneType: give a cost of one good"),
        (lambda: c.Total(2.0), "the cost of a Total is float: give a cost of one good"),
        (lambda: c.Total(c.Quadratic(), [1.0, -1.0]), "give amounts that are not negative, some positive"),
        (lambda: c.Total(c.Quadratic(), 0.0), "give amounts that are not negative, some positive"),
    ],
)
def test_parameters_that_make_no_convex_cost_are_refused(wrong, message):
    with pytest.raises(c.ProblemError, match=message):
        wrong()


@pytest.mark.parametrize(
    ("cost", "domain", "message"),
    [
        (c.ExponentialCost([1.0, 2.0, 3.0]), c.NonNegative(), "rate has 3 entries for 2 goods"),
        (c.Logarithm(capacity=1.0), c.Box(), r"reaches: keep its upper bound below .* Box\(0, inf\), NonNegative"),
        (c.Logarithm(offset=1.0), c.Box(-1.0, 1.0), "keep its lower bound above -offset"),
        (
            c.ShiftedPower(-1.0, offset=-1.0),
            c.Box(),
            "is infinite at .*which the domain reaches: keep its ends short of",
        ),
        (c.ShiftedPower(2.0), c.Box(-2.0, 1.0), r"ends at .*, which the domain reaches: give it ends within that"),
        (c.ShiftedPower(2.0, [1.0, 2.0, 3.0]), c.NonNegative(), "ShiftedPower scale has 3 entries for 2 goods"),
        (c.Separable([c.Quadratic()]), c.NonNegative(), "Separable has 1 costs for 2 goods"),
        (c.Separable([c.Quadratic(), c.Power(2.0)]), c.Box(-1.0, 1.0), "good 1: Power needs allocations x >= 0"),
        (c.Separable([c.Quadratic(), c.Power(2.0, [1.0, 2.0])]), c.NonNegative(), "good 1: Power scale has 2 entries"),
        (c.Total(c.Quadratic(), [1.0, 1.0, 1.0]), c.NonNegative(), "direction has 3 entries for 2 goods"),
        (c.Total(c.Logarithm(capacity=2.0), 1.0), c.Box(), "cost of a Total: Logarithm is infinite at 2.0"),
        (
            c.Total(c.Quadratic(), [0.0, 1.0]),
            c.Box(-INF, INF),
            "Total counts good 1, whose amount has no end either way",
        ),
    ],
)
def test_costs_that_do_not_fit_the_goods_or_the_domain_are_refused(cost, domain, message):
    with pytest.raises(c.ProblemError, match=message):
        c.ScreeningProblem([[1.0, 2.0]], cost=cost, domain=domain)


OF_TWO_GOODS = {
    "exponential": c.ExponentialCost([1.0, 2.0]),
    "exponential of a scale": c.ExponentialCost(1.0, [1.0, 2.0]),
    "congestion": c.Logarithm(capacity=[4.0, 5.0]),
    "logarithmic benefit": c.Logarithm([1.0, 2.0], offset=2.0),
    "promises": c.ShiftedPower(-0.5, [1.0, 2.0], offset=-5.0),
    "shifted benefit": c.ShiftedPower(0.5, -2.0, offset=[1.0, 2.0]),
    "by good": c.Separable([c.Quadratic(), c.Power(3.0)]),
    "of a total": c.Total(c.Quadratic(), [1.0, 2.0]),
    "linear": c.Linear([1.0, 2.0]),
    "matrix": c.Quadratic(np.eye(2)),
}


@pytest.mark.parametrize("cost", OF_TWO_GOODS.values(), ids=OF_TWO_GOODS)
def test_a_cost_of_two_goods_refuses_allocations_of_three(cost):
    for method in ("value", "gradient", "hessian"):
        with pytest.raises(c.ProblemError, match=r"allocation has shape \(4, 3\); expected .*n_goods = 2"):
            getattr(cost, method)(np.ones((4, 3)))
    with pytest.raises(c.ProblemError, match=r"allocation has shape \(4, 3\); expected .*n_goods = 2"):
        cost.expression(cp.Variable((4, 3)))
    with pytest.raises(c.ProblemError, match=r"allocation is list: give an expression of cvxpy"):
        cost.expression([[1.0, 2.0]])
    with pytest.raises(c.ProblemError, match=r"valuation has shape \(1, 3\); expected .*n_goods = 2"):
        cost.conjugate(np.ones((1, 3)), c.Box())


@pytest.mark.parametrize("method", ["asymptotic_slopes", "finite_range", "along"])
@pytest.mark.parametrize("cost", ["exponential", "congestion", "by good", "of a total"])
def test_what_a_cost_knows_by_good_is_asked_of_as_many_goods_as_it_has(cost, method):
    asked = getattr(OF_TWO_GOODS[cost], method, None)
    if asked is None or (cost, method) == ("congestion", "asymptotic_slopes"):  # which are the same for every good
        return
    assert np.asarray(asked(2)).shape[-1] == 2
    for wrong, words in ((3, "for 3 goods: give one"), (0, "n_goods is 0: give a whole number, at least 1")):
        with pytest.raises(c.ProblemError, match=words):
            asked(wrong)


DOMAINS_OF_TWO = [c.Box([0.0, 0.0], 1.0), c.Simplex(), c.Polyhedron(np.vstack([np.eye(2), -np.eye(2)]), np.ones(4))]


@pytest.mark.parametrize("domain", DOMAINS_OF_TWO, ids=["box", "lotteries", "polyhedron"])
def test_a_share_of_a_domain_is_one_number_or_one_for_every_row(domain):
    allocation = cp.Variable((3, 2))
    cp.Problem(cp.Maximize(cp.sum(allocation)), domain.constraints(allocation, share=0.5)).solve(solver=cp.CLARABEL)
    half = allocation.value
    shares = np.array([[0.5], [1.0], [0.0]])
    cp.Problem(cp.Maximize(cp.sum(allocation)), domain.constraints(allocation, share=shares)).solve(solver=cp.CLARABEL)
    np.testing.assert_allclose(allocation.value.sum(axis=1), 2 * half.sum(axis=1) * shares[:, 0], atol=SOLVER)
    for wrong, words in (
        (np.ones(3), r"share has shape \(3,\); expected one number or \(3, 1\)"),
        (cp.Variable((1, 1)), r"share has shape \(1, 1\); expected one number or \(3, 1\)"),
        ("half", "share is 'half': give an expression of cvxpy or numbers"),
        (None, "share is None: give an expression of cvxpy or numbers"),
    ):
        with pytest.raises(c.ProblemError, match=words):
            domain.constraints(allocation, share=wrong)


def test_a_box_of_two_goods_refuses_three():
    with pytest.raises(c.ProblemError, match=r"allocation has shape \(1, 3\); expected .*n_goods = 2"):
        c.Box([0.0, 0.0], 1.0).clip(np.ones((1, 3)))


def test_the_remedy_for_a_domain_that_reaches_the_capacity_works():
    for domain in (c.NonNegative(), c.Box(0.0, INF), c.Box(0.0, 0.99)):
        problem = c.ScreeningProblem([1.0, 2.0], cost=c.Logarithm(capacity=1.0), domain=domain)
        assert c.solve_menu(problem).certificate.holds


def test_every_cost_says_where_it_ends_and_how_it_grows():
    cost = c.Separable([c.Linear(0.5), c.Logarithm(capacity=2.0), c.Power(0.5, -1.0), c.Quadratic()])
    lower, upper = finite_range(cost, 4)
    assert upper.tolist() == [INF, 2.0, INF, INF]
    assert lower.tolist() == [-INF, -INF, -INF, -INF]
    down, up = asymptotic_slopes(cost, 4)
    assert up.tolist() == [0.5, INF, 0.0, INF]
    assert down.tolist() == [-0.5, 0.0, INF, INF]


# ---- boxes without some of their ends ----


def test_a_box_without_upper_ends_is_any_amount():
    problem = c.ScreeningProblem([1.0, 2.0, 4.0], [0.5, 0.3, 0.2], cost=c.Quadratic())
    one, other = c.solve_menu(problem), c.solve_menu(problem, domain=c.Box(0.0, INF))
    assert one.allocation.tolist() == other.allocation.tolist()
    assert other.certificate.rigorous


def test_types_on_either_side_of_nothing_get_their_first_best():
    menu = c.solve_menu([-1.0, 1.0], cost=c.Quadratic(), domain=c.Box(-INF, INF))
    np.testing.assert_allclose(menu.allocation.ravel(), [-1.0, 1.0], atol=1e-6)
    assert menu.value == pytest.approx(0.5, rel=1e-6)  # each gives up a^2 / 2, and neither wants the other's
    assert menu.certificate.rigorous


@pytest.mark.parametrize("method", ["cuts", "reference"])
def test_one_good_may_be_limited_and_another_not(method):
    rng = np.random.default_rng(5)
    problem = c.ScreeningProblem(
        rng.uniform(1.0, 3.0, size=(12, 2)), cost=c.Quadratic([[2.0, 0.5], [0.5, 1.0]]), domain=c.Box(0.0, [0.5, INF])
    )
    menu = c.solve_menu(problem, method=method)
    assert menu.certificate.rigorous
    bounded = c.solve_menu(dataclasses.replace(problem, domain=c.Box(0.0, [0.5, 100.0])), method="reference")
    assert menu.value == pytest.approx(bounded.value, rel=2e-6)
    assert menu.allocation[:, 0].max() <= 0.5 < menu.allocation[:, 1].max()


def test_a_good_that_grows_for_ever_is_named_on_a_box_with_one_end():
    with pytest.raises(c.UnboundedMenuError, match="the allocation of good 'time'"):
        c.solve_menu(
            [[1.0, 1.0], [2.0, 1.5], [1.0, 3.0]],
            cost=c.Separable([c.Quadratic(), c.Linear(0.5)]),
            domain=c.Box(0.0, [1.0, INF]),
            goods=("space", "time"),
        )


def test_a_good_that_falls_for_ever_is_named_too():
    with pytest.raises(c.UnboundedMenuError, match="minus the allocation of good 'debt'"):
        c.solve_menu([[1.0], [2.0]], cost=c.Linear(3.0), domain=c.Box(-INF, 1.0), goods=("debt",), method="reference")


@pytest.mark.parametrize(
    ("lower", "upper", "message"),
    [
        (INF, INF, "Box lower is inf, which no amount meets"),
        (0.0, -INF, "Box upper is -inf, which no amount meets"),
        ([0.0, -INF], [1.0, np.nan], "is nan"),
        ([0.0, INF], [1.0, INF], "Box lower is inf"),
    ],
)
def test_ends_that_no_amount_meets_are_refused(lower, upper, message):
    with pytest.raises(c.ProblemError, match=message):
        c.Box(lower, upper)


def test_a_conjugate_over_a_half_line_is_that_of_a_search():
    cost, domain = c.ExponentialCost(0.7, 1.5), c.Box(-INF, 1.0)
    for value in (0.2, 1.0, 4.0):
        lost = lambda x, v=value: float(cost.value(np.array([[x]]))[0]) - v * x  # noqa: E731
        found = minimize_scalar(lost, bounds=(-50.0, 1.0), options={"xatol": 1e-9})
        assert cost.conjugate(np.array([[value]]), domain)[0][0] == pytest.approx(-found.fun, rel=1e-6)


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_closed_forms_are_below_their_bounds_in_fifty_digits(scale):
    import mpmath

    rng = np.random.default_rng(11)
    values = scale * np.exp(rng.uniform(-1.0, 8.0, size=(200, 1)))
    rising, crowded = c.ExponentialCost(0.7, scale), c.Logarithm(2.0 * scale, capacity=3.0)
    with mpmath.workdps(50):
        for cost in (rising, crowded):
            bound, _, proven = conjugate_bound(cost, c.NonNegative(), values, np.zeros_like(values))
            assert proven
            for value, above in zip(values[:, 0].tolist(), bound.tolist(), strict=True):
                v, s = mpmath.mpf(value), mpmath.mpf(float(cost.scale))
                if cost is rising:
                    exact = (v * mpmath.log(v / s) - v + s) / mpmath.mpf(0.7) if v > s else mpmath.mpf(0)
                else:
                    exact = v * 3 - s + s * mpmath.log(s / (v * 3)) if v * 3 > s else mpmath.mpf(0)
                assert exact <= mpmath.mpf(above)
                assert mpmath.mpf(above) - exact <= 1e-11 * (exact + v)
