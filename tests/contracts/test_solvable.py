"""Problems that have a best menu get it: constraints without room, ties, limits and digits that mislead solvers.

Each kind has a case with its right answer and random relatives. That a menu is IC and IR is checked here in fractions.
"""

import dataclasses
import itertools
import warnings
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import contracts as c
from contracts.repair.lattice import indifferent_amounts, twin_groups
from contracts.repair.tight import exactly_repriced
from contracts.testing.parts import Cosh
from tests.strategies import examples

GAP = 1e-6  # of a menu, unless told otherwise
SEEDS = st.integers(0, 2**32 - 1)
few = examples(10)


def fractions(values):
    return [[Fraction(value) for value in row] for row in np.atleast_2d(values).tolist()]


def broken(problem, menu):
    """Who would rather have another contract, or none; in fractions, whoever is left out with the utility it keeps."""
    held = problem.in_program(menu.allocation, menu.transfer, menu.serving if problem.program.excludes else None)
    problem = problem.program
    values, amounts = fractions(problem.valuations), fractions(held)
    paid = [Fraction(transfer) for transfer in menu.transfer.tolist()]

    def utility(i, j):
        return sum(a * x for a, x in zip(values[i], amounts[j], strict=True)) - paid[j]

    everybody = range(problem.n_types)
    outside = problem.outside_option
    least = (
        problem.reservation_utility.tolist()
        if outside is None
        else [sum(a * Fraction(x) for a, x in zip(row, outside.tolist(), strict=True)) for row in values]
    )
    out = [f"{i} leaves" for i in everybody if utility(i, i) < least[i]]
    return out + [f"{i} takes {j}'s" for i, j in itertools.permutations(everybody, 2) if utility(i, j) > utility(i, i)]


def certified(problem):
    """The menu, with its certificate; fails unless it is exact and proven to the default gap, without a warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        menu = c.solve_menu(problem)
    assert menu.certificate.holds
    assert menu.certificate.is_exact
    assert not broken(problem, menu)
    return menu


def valuations(rng, n_types, n_goods):
    """Whole numbers, quarters, decimals or reals."""
    size = (n_types, n_goods)
    kinds = (rng.integers(0, 6, size), rng.integers(0, 24, size) / 4, np.round(rng.uniform(0, 5, size), 1))
    return np.asarray([*kinds, rng.uniform(0, 5, size)][rng.integers(4)], dtype=float)


def menu_space(rng):
    spaces = [
        {"cost": c.Quadratic()},
        {"cost": c.Quadratic(), "domain": c.Box(0.0, float(rng.integers(1, 4)))},
        {"domain": c.Box(0.0, 1.0)},
        {"cost": c.Linear(1.0), "domain": c.Box(0.0, 2.0)},
        {"cost": c.Power(1.5)},
    ]
    return spaces[rng.integers(len(spaces))]


def shares(rng, n_types):
    weights = rng.dirichlet(np.full(n_types, 2.0)) + 0.02
    return weights / weights.sum()


# ---- rows that leave no room ----


def test_two_groups_treated_alike_leave_nobody_a_rent():
    row = c.LinearConstraint(utility=[-1.0, -1.0, 1.0, 1.0], upper=0.0)
    menu = certified(c.ScreeningProblem([1.0, 2.0, 3.0, 4.0], cost=c.Quadratic(), constraints=[row]))
    assert menu.allocation[:, 0] == pytest.approx([0.0, 0.0, 0.0, 4.0], abs=1e-6)
    assert menu.transfer[3] == pytest.approx(16.0)
    assert menu.value == pytest.approx(2.0, rel=GAP)


@few
@given(SEEDS)
def test_equal_treatment_of_groups_is_certified(seed):
    rng = np.random.default_rng(seed)
    n_types, n_goods = int(rng.integers(2, 6)), int(rng.choice([1, 1, 2]))
    group = rng.permutation(np.arange(n_types) % 2 * 2.0 - 1.0)
    share = np.where(group > 0, group / (group > 0).sum(), group / (group < 0).sum())
    row = c.LinearConstraint(utility=share, upper=0.0, lower=None if rng.random() < 0.5 else 0.0)
    space = menu_space(rng)
    certified(c.ScreeningProblem(valuations(rng, n_types, n_goods), shares(rng, n_types), constraints=[row], **space))


@few
@given(SEEDS)
def test_two_types_with_the_same_utility_or_allocation_are_certified(seed):
    rng = np.random.default_rng(seed)
    n_types, n_goods = int(rng.integers(2, 6)), int(rng.choice([1, 1, 2]))
    one, other = rng.choice(n_types, 2, replace=False)
    same = np.zeros(n_types)
    same[one], same[other] = 1.0, -1.0
    rows = [c.LinearConstraint(utility=same, lower=0.0, upper=0.0, name="utility")]
    for good in range(n_goods) if rng.random() < 0.5 else ():
        amounts = np.zeros((n_types, n_goods))
        amounts[:, good] = same
        rows.append(c.LinearConstraint(allocation=amounts, lower=0.0, upper=0.0, name=f"good {good}"))
    space = menu_space(rng)
    certified(c.ScreeningProblem(valuations(rng, n_types, n_goods), shares(rng, n_types), constraints=rows, **space))


def test_a_good_that_one_type_must_not_have_leaves_the_others_alone():
    row = c.LinearConstraint(allocation=[[0.0, 0.0], [1.0, 0.0]], upper=0.0)
    menu = certified(c.ScreeningProblem([[4.0, 4.0], [3.0, 4.0]], cost=c.Quadratic(), constraints=[row]))
    assert menu.allocation == pytest.approx(np.array([[4.0, 4.0], [0.0, 4.0]]), abs=1e-4)
    assert menu.value == pytest.approx(12.0, rel=GAP)


@few
@given(SEEDS)
def test_a_row_that_holds_one_amount_or_utility_at_nothing_is_certified(seed):
    rng = np.random.default_rng(seed)
    n_types, n_goods = int(rng.integers(2, 6)), int(rng.choice([1, 2]))
    who, what = rng.integers(n_types), rng.integers(n_goods)
    amounts, utility = np.zeros((n_types, n_goods)), np.zeros(n_types)
    amounts[who, what], utility[who] = 1.0, 1.0
    lower = None if rng.random() < 0.5 else 0.0
    on_amount = rng.random() < 0.5
    row = c.LinearConstraint(
        allocation=amounts if on_amount else None, utility=None if on_amount else utility, upper=0.0, lower=lower
    )
    tastes = rng.integers(0, 6, (n_types, n_goods)).astype(float)
    certified(c.ScreeningProblem(tastes, shares(rng, n_types), constraints=[row], **menu_space(rng)))


def test_rows_are_forgiven_the_rounding_of_utilities_and_no_more():
    row = c.LinearConstraint(utility=[0.0, 1.0], upper=0.0)
    problem = c.ScreeningProblem([1.1, 2.2], cost=c.Quadratic(), constraints=[row])
    exact = np.nextafter(2.2 * 2.2, 0.0)
    assert not c.verify(problem, [0.0, 2.2], [0.0, exact]).violations
    assert c.verify(problem, [0.0, 2.2], [0.0, exact - 1e-13]).violations


# ---- twins ----


def test_twins_who_use_a_capacity_differently_are_exactly_indifferent():
    row = c.LinearConstraint(allocation=[[1.0], [3.0]], upper=2.0)
    menu = certified(c.ScreeningProblem([2.0, 2.0], domain=c.Box(0.0, 1.0), constraints=[row]))
    assert menu.allocation[:, 0] == pytest.approx([1.0, 1 / 3], abs=1e-5)
    assert menu.transfer == pytest.approx(2 * menu.allocation[:, 0])
    assert menu.value == pytest.approx(4 / 3, rel=GAP)


def test_a_twin_who_is_left_out_is_paid_a_sliver_that_makes_indifference_exact():
    row = c.LinearConstraint(allocation=[[4.0], [3.0]], upper=3.0)
    menu = certified(c.ScreeningProblem([1.3756579726324074] * 2, [0.8, 0.2], cost=c.Quadratic(), constraints=[row]))
    assert menu.allocation[:, 0] == pytest.approx([0.75, 0.0], abs=1e-5)


def test_lotteries_of_twins_whom_the_principal_values_differently():
    problem = c.ScreeningProblem(
        [[0.2, 0.1], [0.1, 0.0]], domain=c.Simplex(), principal_values=[[0.0, 0.0], [-1.0, 1.0]]
    )
    assert certified(problem).value == pytest.approx(0.55, rel=GAP)


def test_twins_within_limits_on_transfers():
    problem = c.ScreeningProblem([1.0, 1.0], cost=c.Quadratic(), principal_values=[[0.0], [1.0]], transfers=(0.0, 5.0))
    assert certified(problem).value == pytest.approx(1.25, rel=GAP)


@few
@given(SEEDS)
def test_twins_with_two_goods_are_indifferent_at_any_digits(seed):
    rng = np.random.default_rng(seed)
    tastes, gains = rng.uniform(0.5, 5, (3, 2)), rng.uniform(-0.4, 0.4, (3, 2))
    tastes[1] = tastes[0]
    certified(c.ScreeningProblem(tastes, shares(rng, 3), cost=c.Quadratic(), principal_values=gains))


@few
@given(SEEDS)
def test_amounts_on_the_lattice_are_near_and_leave_twins_exactly_indifferent(seed):
    rng = np.random.default_rng(seed)
    taste, amounts = rng.uniform(0.5, 5, 2), rng.uniform(0.5, 2, (2, 2))
    problem = c.ScreeningProblem([taste, taste], cost=c.Quadratic())
    worth = amounts @ taste
    moved = next(indifferent_amounts(problem, twin_groups(problem, amounts), amounts, worth))
    assert np.abs(moved - amounts).max() < 1e-5
    menus = list(exactly_repriced(problem, moved, moved @ taste))
    assert menus
    for allocation, transfer in menus:
        first, second = (
            sum(Fraction(a) * Fraction(x) for a, x in zip(taste.tolist(), row, strict=True)) - Fraction(paid)
            for row, paid in zip(allocation.tolist(), transfer.tolist(), strict=True)
        )
        assert first == second


# ---- linear costs without bounds on amounts ----


@pytest.mark.parametrize(
    ("transfers", "value"),
    [("free", -3.5 / 3), ((-np.inf, 0.0), -3.5)],
)
def test_a_quota_under_a_linear_cost_is_met_at_least_cost(transfers, value):
    row = c.LinearConstraint(allocation=[[0.3], [0.3]], lower=0.7)
    problem = c.ScreeningProblem([1.0, 2.0], cost=c.Linear(3.0), constraints=[row], transfers=transfers)
    assert certified(problem).value == pytest.approx(value, rel=1e-5)
    boxed = dataclasses.replace(problem, domain=c.Box(0.0, 5.0))
    assert certified(boxed).value == pytest.approx(value, rel=1e-5)


@few
@given(SEEDS)
def test_quotas_under_linear_costs_are_worth_the_same_in_a_box_that_does_not_bind(seed):
    rng = np.random.default_rng(seed)
    n_types, n_goods = int(rng.integers(2, 5)), int(rng.choice([1, 2]))
    tastes = valuations(rng, n_types, n_goods)
    row = c.LinearConstraint(allocation=rng.uniform(0.1, 1.0, tastes.shape), lower=float(rng.uniform(0.2, 2.0)))
    problem = c.ScreeningProblem(
        tastes, shares(rng, n_types), cost=c.Linear(float(np.ceil(tastes.max()))), constraints=[row]
    )
    boxed = dataclasses.replace(problem, domain=c.Box(0.0, 64.0))
    assert certified(problem).value == pytest.approx(c.solve_menu(boxed).value, abs=1e-5)


def test_an_amount_worth_exactly_its_price_does_not_make_the_bound_infinite():
    problem = c.ScreeningProblem([[2.0, 2.0], [0.0, 2.0]], cost=c.Linear(2.0))
    assert certified(problem).value == 0.0


@pytest.mark.parametrize("money", [1e-6, 1.0, 1e6])
def test_welfare_under_linear_costs_has_a_finite_bound(money):
    """The best good earns nobody a profit at the best prices, to the last digit."""
    problem = c.ScreeningProblem(
        np.array([[0.78, 0.65], [0.83, 0.70], [1.41, 1.28]]) * money,
        cost=c.Linear([0.6 * money, money]),
        transfers=(-0.7 * money, 0.7 * money),
        principal_values=[-0.1 * money, -0.6 * money],
        objective=c.Welfare([1.25, 0.75, 0.25], c.Exponential(1.4 / money), profit_weight=0.5),
    )
    assert certified(problem).value == pytest.approx(0.12506793 * money, rel=1e-6)


# ---- limits, sizes and digits ----


@pytest.mark.parametrize("limit", [1e4, 1e6, 1e9, 1e12])
def test_limits_far_from_any_transfer_do_not_matter(limit):
    free = c.solve_menu([1.0, 2.0, 4.0], cost=c.Quadratic())
    for transfers in ((-limit, limit), (0.0, limit), (-limit, np.inf)):
        menu = certified(c.ScreeningProblem([1.0, 2.0, 4.0], cost=c.Quadratic(), transfers=transfers))
        assert menu.value == pytest.approx(free.value, rel=GAP)


@few
@given(SEEDS)
def test_units_and_reservation_utilities_of_any_size_are_certified(seed):
    rng = np.random.default_rng(seed)
    n_types, n_goods = int(rng.integers(1, 6)), int(rng.choice([1, 2]))
    money, size = 10.0 ** rng.integers(-6, 7, 2)
    reservation = -rng.uniform(0, 1, n_types) * 10.0 ** rng.integers(-6, 7)
    problem = c.ScreeningProblem(
        rng.uniform(0, 5, (n_types, n_goods)) * money,
        cost=c.Quadratic(float(size)),
        reservation_utility=reservation,
        transfers=(-1e9, 1e9) if rng.random() < 0.5 else "free",
    )
    certified(problem)


@pytest.mark.parametrize("scale", [0.5, 1e-4, 1e3])
@pytest.mark.parametrize("reserved", [-1.0, -0.2])
@pytest.mark.parametrize("cost", [Cosh, c.Quadratic, lambda scale: c.Power(1.5, scale)])
def test_where_limits_on_transfers_are_what_menus_earn_solvers_digits_cost_nothing(cost, reserved, scale):
    """All pay the limit, or what they have at the least, for nothing: any amount only costs."""
    highest = 0.3 * scale
    menu = c.solve_menu(
        np.array([[-0.123, -0.326], [0.8, 1.705], [0.801, 1.704], [-0.028, 1.227], [-0.062, 1.227]]) * scale,
        cost=cost(scale / 2),
        transfers=(-highest, highest),
        reservation_utility=reserved * scale,
        participation="compulsory",
    )
    assert menu.certificate.holds
    if reserved < -0.3:
        assert menu.value == pytest.approx(highest, rel=1e-9)


@pytest.mark.parametrize("apart", [1e-8, 1e-9, 1e-10])
@pytest.mark.parametrize("money", [1.0, 1e-4, 1e5])
def test_lotteries_that_many_share_have_room_though_near_twins_have_hardly_any(apart, money):
    """Whoever would just leave and whoever would just come fix the lottery of four types: only another one has room.

    What is mixed in must not tell the four apart, and two types told apart by nearly nothing keep what they have.
    """
    valuations = [
        [2.4352908822427994, 2.5949653087628075],
        [2.167655277419563, 2.4017565681172575],
        [2.167655277419563, 2.4017565681172575],
        [2.4352908822427994, 2.5949653087628075 + apart],
        [-0.03858293386073841, -0.010264341525965393],
        [1.9884309932568254, 2.0096041113147054],
        [0.2780367340515132, 1.9744882460740136],
        [2.389972542147377, 1.861522449454652],
        [0.3038130869439748, 2.2088452578372957],
        [1.0882548522560256, 0.4504162288521554],
    ]
    favours = [[-1.5, -0.5], [-1.25, -1.5], [-0.75, 0.75], [0.5, -1.5], [1.0, -0.75]]
    favours += [[-0.75, -0.75], [-0.5, -0.5], [0.5, 0.0], [0.75, 0.75], [-1.5, -0.5]]
    reserved = [-0.4466, 0.3117, 0.7810, -0.2023, -0.0023, 0.2455, -0.3758, -0.1138, 1.1796, 1.2998]
    menu = c.solve_menu(
        np.array(valuations) * money,
        [0.1792, 0.1412, 0.2013, 0.0617, 0.0608, 0.1134, 0.0465, 0.0347, 0.0311, 0.1301],
        principal_values=np.array(favours) * money,
        reservation_utility=np.array(reserved) * money,
        cost=c.Linear([0.5 * money, 0.0]),
        domain=c.Simplex(),
        serving_cost=0.1 * money,
    )
    assert menu.certificate.holds
    assert menu.certificate.rigorous


@pytest.mark.parametrize("weight", [5e-13, 1e-12, 1e-9, 1e-4])
@pytest.mark.parametrize("exponent", [1.4, 1.5, 3.0])
def test_a_type_of_next_to_no_weight_does_not_make_a_solvers_noise_dear(exponent, weight):
    """Prices of what its contract tempts others to are divided by its weight, and so is their noise."""
    favours = [[0, 0.75], [-0.5, 1], [-0.5, 0.75], [0, -1], [-1.25, -0.75], [-1.5, -1.5], [0.25, 0.5], [0.25, 0.75]]
    menu = c.solve_menu(
        [[2.75, -0.5], [2.75, 1.0], [2.75, -0.25], [2.75, -0.25], [0.75, 2.25], [0.75, 1.5], [-0.5, 2.25], [-0.5, 2.0]],
        np.array([weight, 1, 4, 1.5, 4, 4, 2, 2.5]) / (19 + weight),
        principal_values=favours,
        cost=c.Power(exponent),
        constraints=[c.LinearConstraint(allocation=1.0 * (np.arange(16).reshape(8, 2) == 10), lower=0.0, upper=0.0)],
    )
    assert menu.certificate.holds
    assert menu.certificate.rigorous


def test_nothing_that_is_worth_anything_has_a_bound_of_nothing():
    row = c.LinearConstraint(allocation=[[1.0], [1.0]], upper=1.0)
    for space in ({"cost": c.Quadratic()}, {"domain": c.Box(0.0, 1.0)}, {}):
        assert certified(c.ScreeningProblem([0.0, 0.0], constraints=[row], **space)).value == 0.0


@pytest.mark.parametrize(
    ("problem", "value"),
    [
        (c.ScreeningProblem([0.5], cost=c.Power(1.01, 2.0), transfers="none", outside_option=[1.0]), -2.0),
        (
            c.ScreeningProblem(
                [5.0, 1.0], cost=c.Quadratic(1e12), reservation_utility=[-1.0, -0.4], participation="compulsory"
            ),
            0.4,
        ),
    ],
)
def test_feasible_problems_far_from_their_first_best_are_not_called_infeasible(problem, value):
    assert certified(problem).value == pytest.approx(value, rel=1e-5)


# ---- infeasible for certain, or not at all ----


@pytest.mark.parametrize(
    ("tastes", "reserved"), [([[1.0, 0.0]], 1.5), ([[0.0, 0.0], [2.0, 1.0]], 0.1), ([[3.0, 1.0], [1.0, 3.0]], 3.5)]
)
def test_policies_that_cannot_suit_everybody_are_infeasible_at_once(tastes, reserved):
    with pytest.raises(c.InfeasibleMenuError, match=r"IR of type"):
        c.solve_menu(
            tastes,
            cost=c.Entropy([0.5, 0.5]),
            domain=c.Simplex(),
            transfers="none",
            reservation_utility=reserved,
            participation="compulsory",
        )


@few
@given(SEEDS)
def test_policies_are_infeasible_only_if_a_linear_program_has_no_point_either(seed):
    from scipy.optimize import linprog

    rng = np.random.default_rng(seed)
    tastes, reserved = np.round(rng.uniform(0, 3, (2, 3)), 1), np.round(rng.uniform(0, 3, 2), 1)
    rows = [np.concatenate([-tastes[0], tastes[0]]), np.concatenate([tastes[1], -tastes[1]])]
    rows += [np.concatenate([-tastes[0], np.zeros(3)]), np.concatenate([np.zeros(3), -tastes[1]])]
    sums = np.kron(np.eye(2), np.ones(3))
    point = linprog(np.zeros(6), rows, [0.0, 0.0, *-reserved], sums, [1.0, 1.0], method="highs")
    problem = c.ScreeningProblem(
        tastes,
        cost=c.Entropy(np.full(3, 1 / 3)),
        domain=c.Simplex(),
        transfers="none",
        reservation_utility=reserved,
        participation="compulsory",
    )
    try:
        c.solve_menu(problem)
    except c.InfeasibleMenuError:
        assert point.status == 2
    except c.SolverError:
        pass  # undecided: next to the edge
    else:
        assert point.status == 0


# ---- welfare, doubts, lists ----


@pytest.mark.parametrize("aversion", [0.5, 1.0, 2.0, 5.0, 40.0])
@pytest.mark.parametrize("cost", [c.Power(1.01), c.Power(3.0), c.Quadratic()])  # the first's best is worth 1e68
def test_strong_aversion_is_certified_however_far_the_sums_are_from_where_welfare_bends(aversion, cost):
    certified_only(c.ScreeningProblem([5.0, 3.0], cost=cost, objective=c.Welfare(1.0, c.Isoelastic(aversion))))


def test_a_known_mean_of_four_hundred_types_is_certified():
    theta = np.linspace(1.0, 2.0, 400)
    problem = c.ScreeningProblem(theta, cost=c.Quadratic(), ambiguity=c.Moments(theta, 1.5, 1.5))
    menu = certified_only(problem)
    assert menu.engine.startswith("reference")
    assert menu.value < c.solve_menu(theta, cost=c.Quadratic()).value


def certified_only(problem):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        menu = c.solve_menu(problem)
    assert menu.certificate.holds
    return menu


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_search_over_whole_bundles_earns_at_least_the_best_single_one(seed):
    rng = np.random.default_rng(seed)
    tastes = np.round(rng.uniform(0, 5, (6, 2)), 1)
    bundles = np.array(list(itertools.product([0.0, 1.0], repeat=2)))
    worth = tastes @ bundles.T
    single = max(float(price * np.mean(worth[:, k] >= price)) for k in range(4) for price in worth[:, k])
    earned = []
    for most in (1, 2):
        front = c.pareto_front(
            c.ScreeningProblem(tastes, domain=c.Box(0.0, 1.0)),
            [c.Profit(), c.NumberOfOptions()],
            search=c.Search(n_options=most, allocations=bundles, n_generations=2, n_population=20),
            rng=np.random.default_rng(0),
        )
        earned.append(max(menu.value for menu in front.menus))
    assert earned[0] == pytest.approx(single, rel=1e-6)
    assert earned[1] >= earned[0]


def test_a_polyhedron_without_interior_is_solved_on_the_plane_it_lies_in():
    rows = [[1.0, 1.0, 1.0], [-1.0, 0.0, 0.0], [0.0, -1.0, 0.0], [0.0, 0.0, -1.0], [1.0, 0.0, 0.5]]
    even = [[1.0, -1.0, 0.0], [-1.0, 1.0, 0.0]]  # as much of the first good as of the second
    domain = c.Polyhedron(rows + even, [2.0, 0.0, 0.0, 0.0, 0.625, 0.0, 0.0])
    menu = certified(c.ScreeningProblem([[1.0, 1.0, 1.0]], cost=c.Quadratic([1.0, 1.0, 0.5]), domain=domain))
    # x = y = .625 - z / 2 leaves .859375 + .625 z - z^2 / 2
    assert menu.value == pytest.approx(1.0546875, rel=GAP)
    assert menu.allocation == pytest.approx(np.array([[0.3125, 0.3125, 0.625]]), abs=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize(("gains", "value"), [([[0.0], [1.0]], 3.505), ([[1.0], [0.0]], 3.38)])
def test_types_a_last_digit_apart_are_told_apart_in_one_order_only(gains, value):
    theta = [2.1, np.nextafter(2.1, 3.0)]
    menu = certified(c.ScreeningProblem(theta, cost=c.Quadratic(), principal_values=gains))
    # x = (2.1, 3.1) earns (2.1^2 + 3.1^2) / 4; the other way round both get 2.6, which earns 2.6^2 / 2
    assert menu.value == pytest.approx(value, rel=GAP)
    assert menu.upper_bound == pytest.approx(value, rel=GAP)


@pytest.mark.slow
@examples(3)
@given(SEEDS)
def test_two_near_twins_with_a_good_each_earn_the_best_of_both_orders(seed):
    rng = np.random.default_rng(seed)
    theta, gains = rng.uniform(1.0, 3.0), rng.uniform(0.0, 0.9, 2)
    menu = certified(
        c.ScreeningProblem([theta, np.nextafter(theta, 4.0)], cost=c.Quadratic(), principal_values=gains[:, np.newaxis])
    )
    best = theta + gains if gains[1] >= gains[0] else np.full(2, theta + gains.mean())
    assert menu.value == pytest.approx(np.mean((theta + gains) * best - best**2 / 2), rel=1e-5)
