"""Slopes of the value against finite differences, comparisons, grids, and how wrong the weights may be."""

import dataclasses

import numpy as np
import pytest

import contracts
from contracts import (
    Box,
    LinearConstraint,
    ProblemError,
    Quadratic,
    ScreeningProblem,
    Welfare,
    comparative_statics,
    compare,
    prior_radius,
    slopes,
    solve_menu,
)

PLANE = np.random.default_rng(0).uniform(1, 2, (4, 2)).round(3)
PROBLEMS = {
    "a line": ScreeningProblem([2.0, 2.5, 3.0], [0.5, 0.3, 0.2], cost=Quadratic()),
    "a plane": ScreeningProblem(PLANE, cost=Quadratic(), principal_values=np.full((4, 2), 0.1)),
    "outside utilities": ScreeningProblem([1.0, 2.0, 3.0], [0.5, 0.3, 0.2], cost=Quadratic(),
                                          reservation_utility=[0.05, 0.3, 0.1]),
    "compulsory": ScreeningProblem([1.0, 2.0, 3.0], [0.5, 0.3, 0.2], cost=Quadratic(), reservation_utility=0.2,
                                   participation="compulsory"),
    "a cap on what is paid": ScreeningProblem([2.0, 2.5, 3.0], [0.5, 0.3, 0.2], cost=Quadratic(),
                                              constraints=[LinearConstraint(transfer=[0.5, 0.3, 0.2], upper=1.5)]),
    "a capacity": ScreeningProblem([2.0, 2.5, 3.0], [0.5, 0.3, 0.2], cost=Quadratic(),
                                   constraints=[LinearConstraint(allocation=[0.5, 0.3, 0.2], upper=1.2)]),
    "an outside contract": ScreeningProblem([2.0, 2.5, 3.0], [0.5, 0.3, 0.2], cost=Quadratic(), outside_option=[0.5]),
    "a budget": ScreeningProblem([2.0, 2.5, 3.0], [0.5, 0.3, 0.2], cost=Quadratic(),
                                 objective=Welfare(minimum_profit=0.5)),
    "limits": ScreeningProblem([2.0, 2.5, 3.0], [0.5, 0.3, 0.2], cost=Quadratic(), transfers=(0.0, 1.8)),
    "a fixed cost": ScreeningProblem([2.0, 2.5, 3.0], [0.5, 0.3, 0.2], cost=Quadratic(), serving_cost=0.1),
}  # fmt: skip
STEP = 1e-4


def value(problem):
    try:
        return solve_menu(problem, gap=1e-9).value
    except contracts.SolverError as failure:
        return failure.reached.value


def differences(problem, field):
    """Central differences of the best value, entry by entry."""
    now = np.array(getattr(problem, field), dtype=float)
    found = np.empty(now.shape)
    for place in np.ndindex(now.shape):
        ends = []
        for sign in (1.0, -1.0):
            moved = now.copy()
            moved[place] += sign * STEP
            instead = {} if problem.outside_option is None else {"reservation_utility": 0.0}  # the contract's own
            ends.append(value(dataclasses.replace(problem, **{**instead, field: moved})))
        found[place] = (ends[0] - ends[1]) / (2 * STEP)
    return found


def assert_between_sides(problem, told, i):
    """A slope in a reservation utility lies between those on the two sides, over a step."""
    sides = slopes(solve_menu(problem, gap=1e-9), "reservation_utility", i, step=1e-5)
    ends = (*sides.left_range, *sides.right_range)
    assert min(ends) - 3e-4 <= told <= max(ends) + 3e-4


# ---- derivatives ----


@pytest.mark.slow
@pytest.mark.parametrize("field", ["valuations", "principal_values", "reservation_utility"])
@pytest.mark.parametrize("name", sorted(PROBLEMS))
def test_derivatives_are_those_of_the_best_value(name, field):
    problem = PROBLEMS[name]
    if field == "reservation_utility" and problem.outside_option is not None:
        pytest.skip("an outside contract has no reservation utility")
    told = getattr(solve_menu(problem, gap=1e-9).sensitivity(), field)
    measured = differences(problem, field)
    if field == "reservation_utility" and not problem.reservation_utility.any():  # the edge of participation: a kink
        for i in range(problem.n_types):
            assert_between_sides(problem, told[i], i)
        return
    assert told == pytest.approx(measured, abs=2e-4)


@pytest.mark.parametrize("name", ["a line", "a plane", "outside utilities", "a fixed cost"])
def test_weights_and_costs_are_worth_what_they_change(name):
    problem = PROBLEMS[name]
    told = solve_menu(problem, gap=1e-9).sensitivity()
    moved = np.zeros(problem.n_types)
    moved[0], moved[-1] = STEP, -STEP
    ends = [value(dataclasses.replace(problem, weights=problem.weights + sign * moved)) for sign in (1, -1)]
    assert told.weights[0] - told.weights[-1] == pytest.approx((ends[0] - ends[1]) / (2 * STEP), abs=1e-4)
    ends = []
    for part in (1 + STEP, 1 - STEP):
        dearer = dataclasses.replace(problem, cost=Quadratic(part), serving_cost=part * problem.serving_cost)
        ends.append(value(dearer))
    assert told.cost == pytest.approx((ends[0] - ends[1]) / (2 * STEP), abs=1e-4)


LIMITED = {
    "all alike": {"transfers": (0.0, 1.8)},
    "no less than": {"transfers": (3.6, 20.0)},
    "between two that exclude nothing": {"transfers": (2.8, 3.0)},
    "compulsory": {"transfers": (-5.0, 1.2), "participation": "compulsory"},
    "serving costs": {"transfers": (0.0, 2.0), "serving_cost": 0.1},
    "an outside contract": {"transfers": (0.0, 1.8), "outside_option": [0.5]},
    "by type": {"transfers": ([0.0, 0.0, 0.0], [9.0, 3.6, 3.9])},
    "by type, above nothing": {"transfers": ([3.5, 0.5, 0.5], [9.0, 9.0, 3.9])},
}


@pytest.mark.parametrize("name", sorted(LIMITED))
def test_limits_on_transfers_are_worth_what_they_change(name):
    fields = {"valuations": [2.0, 2.5, 3.0], "weights": [0.5, 0.3, 0.2], "cost": Quadratic(), **LIMITED[name]}
    problem = ScreeningProblem(**fields)
    told = solve_menu(problem, gap=1e-9).sensitivity()
    assert max(np.abs(told.lowest_transfer).max(), np.abs(told.highest_transfer).max()) > 0.01
    common = np.ndim(fields["transfers"][1]) == 0
    for end, slopes_told in enumerate((told.lowest_transfer, told.highest_transfer)):
        for i in [None] if common else range(3):
            ends = []
            for sign in (1.0, -1.0):
                limits = [np.array(limit, dtype=float) for limit in fields["transfers"]]
                limits[end][... if i is None else i] += sign * STEP
                moved = tuple(float(limit) if common else limit for limit in limits)
                try:
                    ends.append(value(ScreeningProblem(**fields | {"transfers": moved})))
                except ProblemError:  # the least transfer may not rise above an outside option that is free
                    ends.append(np.nan)
            measured = (ends[0] - ends[1]) / (2 * STEP)
            expected = slopes_told.sum() if i is None else slopes_told[i]
            assert np.isnan(measured) or expected == pytest.approx(measured, abs=2e-4)


@pytest.mark.parametrize("least", [2.12, 2.15])
def test_a_minimum_profit_is_worth_what_it_changes(least):
    def asked(least):
        return dataclasses.replace(PROBLEMS["a budget"], objective=Welfare(minimum_profit=least))

    told = solve_menu(asked(least), gap=1e-9).sensitivity()
    ends = [value(asked(least + sign * STEP)) for sign in (1, -1)]
    assert told.minimum_profit == pytest.approx((ends[0] - ends[1]) / (2 * STEP), abs=2e-4)
    assert told.minimum_profit < -0.01
    assert f"minimum profit, one unit more: {told.minimum_profit:.6g}" in str(told)


RESERVED = {
    "nothing": lambda rng, n: {},
    "nothing, and serving costs": lambda rng, n: {"serving_cost": 0.3},
    "different": lambda rng, n: {"reservation_utility": rng.uniform(-0.3, 0.6, n)},
    "nothing for some": lambda rng, n: {"reservation_utility": rng.uniform(-0.3, 0.6, n) * (rng.random(n) < 0.5)},
    "less than nothing": lambda rng, n: {"reservation_utility": -0.3},
    "compulsory": lambda rng, n: {"participation": "compulsory"},
}


@pytest.mark.parametrize("kind", RESERVED)
@pytest.mark.parametrize("seed", range(6))
def test_slopes_in_reservation_utilities_lie_between_the_two_sides(kind, seed):
    """Also where types are left out: the price of IR alone is that of a program in which all must be served."""
    rng = np.random.default_rng(seed)
    n_types, n_goods = int(rng.integers(2, 6)), int(rng.integers(1, 3))
    valuations, weights = rng.uniform(0.2, 3.0, (n_types, n_goods)), rng.dirichlet(np.ones(n_types))
    problem = ScreeningProblem(valuations, weights, cost=Quadratic(), **RESERVED[kind](rng, n_types))
    told = solve_menu(problem, gap=1e-9).sensitivity().reservation_utility
    i = int(rng.integers(n_types))
    assert_between_sides(problem, told[i], i)


def test_who_is_left_out_is_worth_nothing_more():
    """The high type's price of IR is one of many, what others and it together pay for its utility is not."""
    told = solve_menu([1.0, 3.0], [0.5, 0.5], cost=Quadratic()).sensitivity().reservation_utility
    assert told == pytest.approx([0.0, -0.5])
    served = solve_menu([1.0, 3.0], [0.5, 0.5], cost=Quadratic(), participation="compulsory").sensitivity()
    assert -1 <= served.reservation_utility[0] <= -0.75


def test_two_types_by_hand():
    """V = f1 (a1 - (f2 / f1)(a2 - a1))^2 / 2 + f2 a2^2 / 2."""
    menu = solve_menu([1.0, 1.25], [0.75, 0.25], cost=Quadratic(), labels=("low", "high"))
    x = 1 - (1 / 3) * 0.25
    told = menu.sensitivity()
    assert told.valuations.ravel() == pytest.approx([x, 0.25 * 1.25 - 0.25 * x])
    assert told.weights[1] == pytest.approx(1.25**2 / 2 - 0.25 * x)
    assert told.cost == pytest.approx(-0.75 * x**2 / 2 - 0.25 * 1.25**2 / 2)
    assert told.to_frame().loc["low", "valuation[0]"] == pytest.approx(x)


def test_units_scale_derivatives_as_they_should():
    told = solve_menu(PROBLEMS["a plane"], gap=1e-9).sensitivity()
    money = 2.0**12
    richer = dataclasses.replace(
        PROBLEMS["a plane"],
        valuations=PLANE * money,
        principal_values=np.full((4, 2), 0.1) * money,
        cost=Quadratic(money),
    )
    scaled = solve_menu(richer, gap=1e-9).sensitivity()
    assert scaled.valuations == pytest.approx(told.valuations, abs=1e-5)
    assert scaled.cost == pytest.approx(money * told.cost, rel=1e-5)


def test_slopes_in_doubt_are_refused():
    robust = ScreeningProblem([1.0, 2.0], [0.5, 0.5], cost=Quadratic(), ambiguity=contracts.TotalVariation(0.1))
    with pytest.raises(ProblemError, match=r"comparative_statics"):
        solve_menu(robust).sensitivity()
    assert len(comparative_statics(robust, "serving_cost", [0.0]).menus) == 1


def test_a_kink_has_two_slopes():
    menu = solve_menu([1.0, 3.0], [0.5, 0.5], cost=Quadratic(), labels=("low", "high"))
    found = slopes(menu, "reservation_utility", "low")
    assert found.is_kink
    assert found.left == pytest.approx(-0.75, abs=1e-3)
    assert found.right == pytest.approx(0.0, abs=1e-5)
    assert found.left_range[0] <= found.left <= found.left_range[1]
    smooth = slopes(menu, "weights", "high")
    assert not smooth.is_kink
    assert smooth.left == pytest.approx(4.5, abs=1e-3)  # of a share that takes from the low type, which is left out


# ---- comparisons ----


def test_gainers_and_losers_are_named():
    labels = ("low", "high")
    dear, cheap = (solve_menu([2.0, 3.0], [0.5, 0.5], cost=Quadratic(k), labels=labels) for k in (2.0, 1.0))
    found = compare(dear, cheap)
    assert (found.gainers, found.losers) == (("high",), ())
    assert found.value == pytest.approx(1.25)
    assert found.value_range[0] <= found.value <= found.value_range[1]
    assert found.to_frame().loc["high", "transfer"] == pytest.approx(4.0)
    nothing = compare(cheap, cheap)
    assert (nothing.gainers, nothing.losers, nothing.value) == ((), (), 0.0)


def test_menus_for_others_are_not_compared():
    one = solve_menu([2.0, 3.0], cost=Quadratic(), labels=("low", "high"))
    other = solve_menu([2.0, 3.0], cost=Quadratic(), labels=("high", "low"))
    with pytest.raises(ProblemError, match="other types"):
        compare(one, other)


# ---- grids ----


def test_a_grid_of_one_field_or_of_a_function():
    problem = ScreeningProblem([1.0, 2.0], [0.75, 0.25], cost=Quadratic(), labels=("low", "high"))
    by_field = comparative_statics(problem, "cost", [Quadratic(1.0), Quadratic(2.0)])
    by_function = comparative_statics(problem, lambda p, k: dataclasses.replace(p, cost=Quadratic(k)), [1.0, 2.0])
    assert by_field.value == pytest.approx(by_function.value)
    assert by_field.value[0] == pytest.approx(2 * by_field.value[1])
    assert np.all(by_field.upper_bound >= by_field.value)
    assert by_function.to_frame()["n_excluded"].tolist() == [0, 0]
    assert len(by_function.types_frame()) == 4
    lines = []
    comparative_statics(problem, "serving_cost", [0.0, 0.1], progress=lines.append)
    assert lines[0].startswith("1 of 2")


@pytest.mark.parametrize("of", ["value", "utility", "allocation"])
def test_grids_are_drawn(of):
    problem = ScreeningProblem([1.0, 2.0], [0.75, 0.25], cost=Quadratic(), labels=("low", "high"))
    found = comparative_statics(problem, "serving_cost", [0.0, 0.1])
    assert found.plot(of=of).get_xlabel() == "serving_cost"
    named = comparative_statics(problem, "cost", [Quadratic(), Quadratic(2.0)])
    assert len(named.plot(of=of).get_xticklabels()) == 2


@pytest.mark.parametrize(
    ("parameter", "grid", "message"),
    [
        ("prices", [1.0], "use a field of the problem"),
        ("serving_cost", [], "grid is empty"),
        ("serving_cost", "abc", "give a list of values"),
        ("serving_cost", [0.0, -1.0], r"at -1\.0: "),
        (lambda problem, at: at, [1.0], "let it return a ScreeningProblem"),
        (3, [1.0], "give the name of a field"),
    ],
)
def test_grids_that_make_no_sense_are_refused(parameter, grid, message):
    with pytest.raises(ProblemError, match=message):
        comparative_statics(ScreeningProblem([1.0, 2.0], cost=Quadratic()), parameter, grid)


# ---- how wrong the weights may be ----


def test_the_radius_of_two_types_is_the_one_by_hand():
    """At equal weights the low type is left out; with 2 rho more of it the regret is 2 rho^2 / (1/2 + rho)."""
    found = prior_radius(solve_menu([1.0, 2.0], [0.5, 0.5], cost=Quadratic(), labels=("low", "high")), loss=0.01)
    assert found.radius == pytest.approx((0.01 + np.sqrt(0.0401)) / 4, rel=1e-5)
    assert found.moved == ("low", "high")
    assert found.better.value - found.weights @ np.array([0.0, 2.0]) > found.loss * (1 - 1e-4)


def test_within_the_radius_no_weights_do_better_and_beyond_it_some_do():
    menu = solve_menu(PROBLEMS["a plane"])
    found = prior_radius(menu, loss=0.02)
    by_type = menu.payoff
    rng = np.random.default_rng(3)
    weights = menu.problem.weights
    for _ in range(10):
        direction = rng.normal(size=4)
        direction -= direction.mean()
        direction *= found.radius / (np.abs(direction).sum() / 2)
        there = weights + direction * (1 - 1e-9)
        assert solve_menu(menu.problem.under(there / there.sum())).value - there @ by_type <= found.loss * (1 + 1e-6)
    assert np.abs(found.weights - weights).sum() / 2 == pytest.approx(found.radius, rel=1e-4)


def test_where_weights_do_not_matter_the_radius_ends_where_a_type_would():
    pooled = solve_menu([1.0, 1.0], [0.3, 0.7], cost=Quadratic())
    found = prior_radius(pooled)
    assert found.is_limited
    assert found.radius == pytest.approx(0.3, rel=1e-5)
    assert "as far as every type stays possible" in str(found)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"ambiguity": contracts.TotalVariation(0.1)}, "known weights"),
        ({"objective": contracts.WeightedSum(profit_weight=1.0, worst_off_weight=0.5)}, "worst-off"),
        ({"constraints": [LinearConstraint(allocation=[0.5, 0.5], upper=1.0)]}, "without rows"),
    ],
)
def test_radii_are_of_expectations_at_known_weights(fields, message):
    menu = solve_menu([1.0, 2.0], [0.5, 0.5], cost=Quadratic(), domain=Box(0.0, 3.0), **fields)
    with pytest.raises(ProblemError, match=message):
        prior_radius(menu)


def test_the_loss_is_more_than_the_gap():
    menu = solve_menu([1.0, 2.0], [0.5, 0.5], cost=Quadratic())
    with pytest.raises(ProblemError, match="above its own gap"):
        prior_radius(menu, loss=0.0)
    with pytest.raises(ProblemError, match="parameter is 'costs'"):
        slopes(menu, "costs", 0)
    with pytest.raises(ProblemError, match="type is 'middle'"):
        slopes(menu, "valuations", "middle")
    with pytest.raises(ProblemError, match="step is"):
        slopes(menu, "weights", 0, step=0.6)
