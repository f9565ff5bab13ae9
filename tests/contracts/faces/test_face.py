"""The optimal face: intervals against programs written by hand, what always binds, the agents' best menu."""

import dataclasses
import itertools
import json

import numpy as np
import pytest

from contracts import (
    Box,
    Capacity,
    Entropy,
    Interval,
    LinearConstraint,
    Power,
    ProblemError,
    Quadratic,
    ScreeningProblem,
    Simplex,
    SolverError,
    TotalVariation,
    UnboundedMenuError,
    WeightedSum,
    Welfare,
    optimal_face,
    solve_menu,
)
from tests.contracts.faces.oracle import all_ends, face_ends

ROUNDING = 1e-8  # of HiGHS, in money of about one
PARTS = ("allocation", "transfer", "utility")


def at_a_price_of_one_or_two(**fields):
    return solve_menu([1.0, 2.0], [0.5, 0.5], domain=Box(0.0, 1.0), labels=("low", "high"), **fields)


def holds(interval, values, least=0.0):
    return bool(np.all(interval[..., 0] <= values + least) and np.all(values <= interval[..., 1] + least))


def check_face(face):
    """What must hold of any face: it contains the menus that it has found, which are what it says they are."""
    for menu in face.menus:
        assert menu.certificate.holds
        assert menu.certificate.is_exact
        assert menu.value >= face.floor
        for name in PARTS:
            size = face.sizes.amounts.max() if name == "allocation" else face.sizes.money
            assert holds(getattr(face.proven, name), getattr(menu, name), 1e-13 * size), name
            assert holds(getattr(face.reached, name), getattr(menu, name))
    sizes = face.slacks.sizes(face.sizes.money)
    assert np.all(face.slacks.reached <= face.slacks.at_most + 1e-12 * sizes)


# ---- what is known by heart ----


def test_a_posted_price_that_may_be_one_or_two():
    face = optimal_face(at_a_price_of_one_or_two())
    check_face(face)
    assert face.allocation_interval[:, 0] == pytest.approx(np.array([[0, 1], [1, 1]]), abs=1e-8)
    assert face.transfer_interval == pytest.approx(np.array([[0, 1], [1, 2]]), abs=1e-8)
    assert face.utility_interval == pytest.approx(np.array([[0, 0], [0, 1]]), abs=1e-8)
    assert face.reached.transfer == pytest.approx(face.transfer_interval, abs=1e-8)
    assert face.unique.ravel().tolist() == [False, True]
    assert (face.unique_transfer.any(), face.unique_utility.tolist()) == (False, [True, False])
    assert face.always_binding == ("IC high -> low", "IR low")
    assert face.sometimes_binding == ("IR high",)


def test_prices_alone_know_it_as_well():
    """Which of the best menus is at hand changes nothing, nor does a program for each end."""
    alone = optimal_face(at_a_price_of_one_or_two(), exact=False)
    assert alone.menus == (alone.menu,)
    assert alone.allocation_interval[:, 0] == pytest.approx(np.array([[0, 1], [1, 1]]), abs=1e-7)
    other = optimal_face(optimal_face(at_a_price_of_one_or_two()).agents_best(), exact=False)
    assert other.transfer_interval == pytest.approx(alone.transfer_interval, abs=1e-7)


def test_a_cost_that_curves_leaves_one_menu():
    """Mussa & Rosen: x = a - (1 - F) / f; what is left is the Bregman ball, sqrt(2 g / f) on both sides."""
    menu = solve_menu([2.0, 2.5, 3.0], [0.5, 0.3, 0.2], cost=Quadratic())
    face = optimal_face(menu, exact=False)
    check_face(face)
    weights = np.array([0.5, 0.3, 0.2])
    best = np.array([2.0 - 0.5 * 0.5 / 0.5, 2.5 - 0.2 * 0.5 / 0.3, 3.0])
    gap = menu.upper_bound - face.floor
    assert holds(face.allocation_interval[:, 0], best)
    widths = np.ptp(face.allocation_interval[:, 0], axis=1)
    assert widths == pytest.approx(2 * np.sqrt(2 * gap / weights), rel=0.05)
    assert face.unique.all()
    assert face.unique_transfer.all()
    assert {"IC 1 -> 0", "IC 2 -> 1", "IR 0"} <= set(face.always_binding)


def test_slacks_are_bounded_by_the_gap_over_the_price():
    menu = solve_menu([2.0, 3.0], [0.75, 0.25], cost=Quadratic())
    face = optimal_face(menu, exact=False, gap=1e-4)
    frame = face.constraints_frame().set_index("constraint")
    assert frame.at_most["IC 1 -> 0"] == pytest.approx((menu.upper_bound - face.floor) / menu.ic_multipliers[1, 0])
    assert frame.at_most["IR 0"] == pytest.approx(menu.upper_bound - face.floor)  # its price is 1


def test_free_goods_that_nobody_minds():
    """Two goods at no cost; type 0 values the second only, so the first is the principal's to give."""
    menu = solve_menu([[0.0, 1.0], [2.0, 2.0]], [2 / 3, 1 / 3], domain=Box(0.0, 1.0), transfers=(0.0, 1.0))
    face = optimal_face(menu)
    check_face(face)
    assert face.allocation_interval.round(6).tolist() == [[[0, 1], [1, 1]], [[0, 1], [0, 1]]]
    assert face.reached.allocation.round(6).tolist() == face.allocation_interval.round(6).tolist()
    assert face.utility_interval[1].round(6).tolist() == [1, 3]
    assert {"highest transfer of 0", "highest transfer of 1"} <= set(face.always_binding)


# ---- against programs that share no code ----


LINEAR = {
    "bundles": ([[0, 1], [1, 0], [2, 2]], [1, 1, 2], {}),
    "one good": ([1, 2, 4], [4, 1, 1], {}),
    "a price cap": ([[1, 2], [3, 0], [2, 2]], [1, 2, 1], {"transfers": (0.0, 2.0)}),
    "no presents": ([[0, 2], [3, 3]], [2, 1], {"transfers": (0.0, np.inf)}),
    "a cost": ([[1, 2], [2, 1], [3, 4]], [2, 2, 1], {"principal_values": -1.0}),
    "nobody can leave for less": ([[1, 1], [2, 4]], [1, 1], {"reservation_utility": -0.5}),
    "groups that are seen": ([1, 2, 3, 2], [2, 1, 1, 1], {"mimics": np.kron(np.eye(2), np.ones((2, 2))) > 0}),
}


def linear(name):
    valuations, weights, fields = LINEAR[name]
    weights = np.array(weights) / np.sum(weights)
    return ScreeningProblem(np.array(valuations, dtype=float), weights, domain=Box(0.0, 1.0), **fields)


@pytest.mark.parametrize("name", LINEAR)
def test_linear_faces_are_those_of_highs(name):
    problem = linear(name)
    assert not problem.program.excludes
    face = optimal_face(solve_menu(problem))
    check_face(face)
    ends = all_ends(problem, face.floor)
    room = face.tolerance * max(face.sizes.money, 1.0) * 1.01
    for part, known in zip(PARTS, ends, strict=True):
        proven, reached = getattr(face.proven, part), getattr(face.reached, part)
        assert np.all(proven[..., 0] <= known[..., 0] + ROUNDING)
        assert np.all(proven[..., 1] >= known[..., 1] - ROUNDING)
        assert proven == pytest.approx(known, abs=2 * room)
        assert reached == pytest.approx(known, abs=2 * room)


@pytest.mark.parametrize("name", LINEAR)
def test_what_always_binds_has_no_room_by_highs(name):
    """Every IC and IR row that is listed has no room on the face, and every one with a price and no room is listed."""
    problem = linear(name)
    menu = solve_menu(problem)
    face = optimal_face(menu)
    a, n = problem.valuations, problem.n_types
    pairs = [(i, j) for i, j in itertools.permutations(range(n), 2) if problem.mimics is None or problem.mimics[i, j]]
    unit = np.eye(n)
    rows = [(unit[j][:, None] * (a[j] - a[i]), unit[i] - unit[j]) for i, j in pairs]
    rows += [(np.zeros(a.shape), unit[i]) for i in range(n)]
    most = face_ends(problem, face.floor, rows)[:, 1] - np.append(np.zeros(len(pairs)), problem.reservation_utility)
    names = [f"IC {problem.labels[i]} -> {problem.labels[j]}" for i, j in pairs] + [f"IR {k}" for k in problem.labels]
    least = face.tolerance * face.sizes.money
    room = dict(zip(names, most, strict=True))
    assert face.always_binding
    listed = [one for one in face.always_binding if one in room]
    assert all(room[one] <= least + ROUNDING for one in listed)
    own = menu.option_of_type
    apart = [
        name for name, (i, j) in zip(names, pairs, strict=False) if own[i] != own[j]
    ]  # the others share a contract
    assert {one for one in apart if room[one] < least / 2} <= set(listed)


@pytest.mark.parametrize("name", LINEAR)
def test_the_agents_best_is_that_of_highs(name):
    problem = linear(name)
    face = optimal_face(solve_menu(problem))
    best = face.agents_best()
    goal = (np.zeros(problem.valuations.shape), problem.weights)
    most = face_ends(problem, face.floor, [goal])[0, 1]
    assert best.certificate.holds
    assert best.value >= face.floor
    assert float(problem.weights @ best.utility) == pytest.approx(most, abs=2e-3 * face.sizes.money)
    assert most - ROUNDING <= face.agents_most() <= most + 1e-6 * face.sizes.money


def test_quadratic_faces_are_those_of_cvxpy():
    """A good at a quadratic cost, and one that costs nothing and that the second type alone values: tied to nothing."""
    import cvxpy as cp

    valuations, weights = np.array([[2.0, 0.0], [3.0, 1.0]]), np.array([0.5, 0.5])
    cost = Quadratic(np.array([1.0, 1e-9]))
    problem = ScreeningProblem(valuations, weights, cost=cost, domain=Box(0.0, [np.inf, 1.0]))
    face = optimal_face(solve_menu(problem), gap=1e-4)
    check_face(face)
    x, u = cp.Variable((2, 2)), cp.Variable(2)
    spent = cp.sum(cp.multiply(np.tile(cost.curvature, (2, 1)), cp.square(x)), axis=1) / 2
    value = weights @ (cp.sum(cp.multiply(valuations, x), axis=1) - spent - u)
    rows = [u[i] >= u[j] + (valuations[i] - valuations[j]) @ x[j] for i, j in ((0, 1), (1, 0))]
    rows += [u >= 0, x >= 0, x[:, 1] <= 1, value >= face.floor]
    for i, k in itertools.product(range(2), range(2)):
        ends = [cp.Problem(cp.Minimize(x[i, k]), rows).solve(), cp.Problem(cp.Maximize(x[i, k]), rows).solve()]
        proven = face.allocation_interval[i, k]
        assert proven[0] <= ends[0] + 1e-5
        assert proven[1] >= ends[1] - 1e-5
        assert proven == pytest.approx(np.array(ends), abs=2e-3)


# ---- every kind of problem ----

LINE = ([2.0, 2.5, 3.0], [0.5, 0.3, 0.2])
KINDS = {
    "a plane": ScreeningProblem(np.random.default_rng(0).uniform(1, 2, (4, 2)), cost=Quadratic()),
    "powers": ScreeningProblem(*LINE, cost=Power(3.0)),
    "outside utilities": ScreeningProblem(*LINE, cost=Quadratic(), reservation_utility=[0.05, 0.3, 0.1]),
    "compulsory": ScreeningProblem(*LINE, cost=Quadratic(), reservation_utility=0.2, participation="compulsory"),
    "an outside contract": ScreeningProblem(*LINE, cost=Quadratic(), outside_option=[0.5]),
    "a fixed cost": ScreeningProblem(*LINE, cost=Quadratic(), serving_cost=0.1),
    "a fixed cost and ties": ScreeningProblem([1.0, 2.0], [0.5, 0.5], domain=Box(0.0, 1.0), serving_cost=0.25),
    "a capacity": ScreeningProblem(*LINE, domain=Box(0.0, 1.0), constraints=[Capacity(0.5)]),
    "a cap on what is paid": ScreeningProblem(
        *LINE, cost=Quadratic(), constraints=[LinearConstraint(transfer=[0.5, 0.3, 0.2], upper=1.5)]
    ),
    "limits": ScreeningProblem(*LINE, cost=Quadratic(), transfers=(0.0, 1.8)),
    "limits by type": ScreeningProblem(*LINE, domain=Box(0.0, 1.0), transfers=(0.0, [1.0, 2.0, 2.0])),
    "a budget": ScreeningProblem(*LINE, cost=Quadratic(), objective=Welfare(minimum_profit=0.5)),
    "rents that count": ScreeningProblem(*LINE, cost=Quadratic(), objective=Welfare(0.5)),
    "policies": ScreeningProblem(
        np.array([[3.0, 0.0, 1.0], [0.0, 3.0, 1.0]]), outside_option=[1 / 3] * 3, domain=Simplex(),
        cost=Entropy([1 / 3] * 3), transfers="none", principal_values=[0.0, 0.0, 1.0],
    ),
    "lotteries": ScreeningProblem(
        [[0.0, 1.0, 2.0], [2.0, 1.0, 0.0]], domain=Simplex(), principal_values=[1.0, 0.0, 1.0],
        reservation_utility=0.5, participation="compulsory", transfers="none",
    ),
    "unknown shares": ScreeningProblem([1.0, 2.0], [0.5, 0.5], domain=Box(0.0, 1.0), ambiguity=TotalVariation(0.1)),
    "costs by type": ScreeningProblem(*LINE, cost=[Quadratic(1.0), Quadratic(2.0), Quadratic(1.0)]),
}  # fmt: skip


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_of_problem_has_a_face(name):
    menu = solve_menu(KINDS[name])
    face = optimal_face(menu)
    check_face(face)
    alone = optimal_face(menu, exact=False)
    for part in PARTS:  # programs prove no less
        one, other = getattr(face.proven, part), getattr(alone.proven, part)
        assert np.all(one[..., 0] >= other[..., 0])
        assert np.all(one[..., 1] <= other[..., 1])
    assert np.isfinite(face.proven.allocation).all()
    json.dumps(face.to_dict())


@pytest.mark.parametrize("name", ["a plane", "outside utilities", "limits", "a fixed cost", "a capacity", "lotteries"])
def test_menus_that_others_find_are_on_the_face(name):
    """Menus that are best for objectives a little off, if they are worth enough, whatever engine finds them."""
    problem, rng = KINDS[name], np.random.default_rng(1)
    face = optimal_face(solve_menu(problem), gap=1e-5, exact=False)
    inside = 0
    for _ in range(5):
        noise = 1e-4 * rng.standard_normal(problem.valuations.shape)
        objective = WeightedSum(
            profit_weight=1.0, allocation_values=noise, utility_weights=1e-4 * rng.random(problem.n_types)
        )
        try:
            found = solve_menu(dataclasses.replace(problem, objective=objective), gap=1e-6)
        except SolverError:
            continue
        if problem.objective_value(found.allocation, found.transfer) < face.floor or problem.program.excludes:
            continue
        inside += 1
        assert all(holds(getattr(face.proven, part), getattr(found, part), 1e-12) for part in PARTS)
    assert inside or problem.program.excludes


# ---- what changes nothing ----


@pytest.mark.parametrize("money", [2.0**-30, 1e-6, 1e6])
def test_units_of_money_change_nothing(money):
    one, other = (
        optimal_face(solve_menu(np.array([1.0, 2.0, 4.0]) * unit, [0.5, 0.25, 0.25], domain=Box(0.0, 1.0)))
        for unit in (1.0, money)
    )
    assert one.allocation_interval == pytest.approx(other.allocation_interval, abs=1e-6)
    assert one.transfer_interval * money == pytest.approx(other.transfer_interval, abs=1e-6 * money)
    assert (one.unique == other.unique).all()
    assert one.always_binding == other.always_binding


def test_the_order_of_types_changes_nothing():
    problem = linear("bundles")
    order = [2, 0, 1]
    moved = dataclasses.replace(problem, valuations=problem.valuations[order], weights=problem.weights[order])
    one, other = optimal_face(solve_menu(problem)), optimal_face(solve_menu(moved))
    for part in PARTS:
        there = getattr(other.proven, part)
        assert getattr(one.proven, part)[order] == pytest.approx(there, abs=2 * one.tolerance * one.sizes.money)


def test_a_type_that_is_there_twice_has_the_same_face_twice():
    once = optimal_face(at_a_price_of_one_or_two())
    twice = optimal_face(solve_menu([1.0, 2.0, 2.0], [0.5, 0.25, 0.25], domain=Box(0.0, 1.0)))
    for part in PARTS:
        there = getattr(twice.proven, part)
        assert there[[0, 1]] == pytest.approx(getattr(once.proven, part), abs=1e-6)
        assert there[1] == pytest.approx(there[2], abs=1e-6)


# ---- many types, and what is refused ----


def test_prices_alone_are_for_many_types():
    rng = np.random.default_rng(0)
    menu = solve_menu(np.sort(rng.uniform(1, 2, 3000)), np.full(3000, 1 / 3000), cost=Quadratic())
    face = optimal_face(menu)
    check_face(face)
    assert np.ptp(face.utility_interval, axis=1).max() < 1e-3  # far below the sum of what each allocation may be off
    assert len(face.always_binding) >= 2999
    with pytest.raises(ProblemError, match="3000 types are too many"):
        optimal_face(menu, exact=True)
    with pytest.raises(ProblemError, match="up to 2000"):
        face.agents_best()


def test_weights_of_agents():
    face = optimal_face(at_a_price_of_one_or_two())
    assert face.agents_best("high").transfer == pytest.approx([1.0, 1.0])
    assert face.agents_most([0.0, 2.0]) == pytest.approx(2.0)
    assert face.agents_best([0.0, -1.0]).utility == pytest.approx([0.0, 0.0], abs=1e-8)  # and the worst
    for weights in ([1.0], [0.0, 0.0], "nobody", [np.nan, 1.0]):
        with pytest.raises(ProblemError):
            face.agents_best(weights)


def test_money_without_an_end():
    menu = solve_menu(*LINE, cost=Quadratic(), objective=Welfare())
    face = optimal_face(menu)
    assert np.isinf(face.utility_interval[:, 1]).all()
    assert face.unique.all()
    assert face.to_dict()["utility_interval"][0][1] is None
    with pytest.raises(UnboundedMenuError, match="any amount of money"):
        face.agents_best()


@pytest.mark.parametrize("asked", [{"gap": 0.0}, {"gap": -1.0}, {"gap": 1e-30}, {"tolerance": 0.0}, {"gap": np.inf}])
def test_nonsense_is_refused(asked):
    with pytest.raises(ProblemError):
        optimal_face(solve_menu(*LINE, cost=Power(3.0)), **asked)


def test_what_is_not_covered_is_refused():
    with pytest.raises(ProblemError, match="menus of at most 1 option"):
        optimal_face(solve_menu(*LINE, cost=Quadratic(), max_options=1))
    with pytest.raises(ProblemError, match="known valuations"):
        optimal_face(solve_menu([1.0, 2.0], [0.5, 0.5], cost=Quadratic(), uncertainty=Interval(0.1)))


def test_a_face_is_read():
    face = optimal_face(at_a_price_of_one_or_two())
    assert "1 of 2 allocations unique" in repr(face)
    assert "IC high -&gt; low" in face._repr_html_()
    frame = face.to_frame()
    assert frame.loc["high", "transfer most"] == face.transfer_interval[1, 1]
    assert json.loads(json.dumps(face.to_dict()))["always_binding"] == ["IC high -> low", "IR low"]
