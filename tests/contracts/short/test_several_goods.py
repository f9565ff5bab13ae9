"""Few options in several goods, from lists, and around options that stay: brute force and bounds."""

import itertools

import numpy as np
import pytest

import contracts as c
from contracts.front.goals.objectives import NumberOfOptions
from contracts.proof.kinds import Kind
from contracts.short import branches, line
from tests.contracts.short.oracle import best_listed_value, best_value

Q = c.Quadratic()
OWN_WORK = 1e-6  # relative: what the oracle's solver may miss
WHOLE = np.array(list(itertools.product([0.0, 1.0], repeat=2)))


def tastes(seed, n_types=4, n_goods=2):
    rng = np.random.default_rng(seed)
    return np.round(rng.uniform(0, 1, (n_types, n_goods)), 1), rng.dirichlet(np.ones(n_types))


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("k", [1, 2])
def test_every_assignment_is_tried_and_none_is_better(seed, k):
    theta, weights = tastes(seed)
    menu = c.solve_menu(theta, weights, cost=Q, max_options=k)
    assert menu.certificate.holds
    assert len(menu.options.transfers) <= k
    assert menu.value == pytest.approx(best_value(theta, weights, k), rel=OWN_WORK)


@pytest.mark.parametrize("k", [1, 2, 3])
def test_branches_and_intervals_agree(k):
    rng = np.random.default_rng(3)
    problem = c.ScreeningProblem(rng.uniform(0, 1, 6), rng.dirichlet(np.ones(6)), cost=Q)
    assert line.applies(problem, Kind(k))
    by_branches = branches.solve(problem, Kind(k), 1e-6, np.inf, lambda _: None)
    assert by_branches.certificate.holds
    assert by_branches.value == pytest.approx(c.solve_menu(problem, max_options=k).value, rel=1e-6)


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("k", [1, 2])
def test_of_a_list_every_choice_is_tried_and_none_is_better(seed, k):
    theta, weights = tastes(seed)
    cost, allocations = c.Quadratic(0.3), np.vstack([WHOLE[1:], [[0.5, 0.5]]])
    menu = c.solve_menu(theta, weights, cost=cost, deterministic=allocations, max_options=k)
    assert menu.certificate.holds
    expected = best_listed_value(theta, weights, allocations, cost.value(allocations), k)
    assert menu.value == pytest.approx(expected, rel=OWN_WORK)


@pytest.mark.parametrize("k", [1, 2])
def test_of_a_list_on_a_line_none_is_better(k):
    theta, weights = tastes(4, n_types=5, n_goods=1)
    cost, amounts = c.Quadratic(0.3), np.array([0.2, 0.5, 1.0])
    menu = c.solve_menu(theta, weights, cost=cost, deterministic=amounts, max_options=k)
    column = amounts[:, np.newaxis]
    expected = best_listed_value(theta, weights, column, cost.value(column), k)
    assert menu.value == pytest.approx(expected, rel=OWN_WORK)
    assert menu.certificate.rigorous
    assert set(np.round(menu.options.allocations.ravel(), 12)) <= set(amounts)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_whole_bundles_are_worth_at_least_what_a_search_reaches(seed):
    """And the best single one exactly."""
    rng = np.random.default_rng(seed)
    theta = np.round(rng.uniform(0, 5, (6, 2)), 1)
    problem = c.ScreeningProblem(theta, domain=c.Box(0.0, 1.0))
    worth = theta @ WHOLE.T
    single = max(float(price * np.mean(worth[:, k] >= price)) for k in range(4) for price in worth[:, k])
    menus = [c.solve_menu(problem, deterministic=True, max_options=k) for k in (1, 2)]
    assert menus[0].value == pytest.approx(single, rel=1e-9)
    front = c.pareto_front(
        problem,
        [c.Profit(), NumberOfOptions()],
        search=c.Search(n_options=2, allocations=WHOLE, n_generations=2, n_population=20),
        rng=np.random.default_rng(0),
    )
    assert menus[1].upper_bound >= menus[1].value >= max(menu.value for menu in front.menus) * (1 - 1e-9)
    assert np.isin(menus[1].options.allocations, [0.0, 1.0]).all()


def test_a_small_niche_is_served_where_another_bundle_is_allowed():
    """One bundle for the crowd; the niche values the second good alone, and pays for it when a second option is there.

    One option: both goods at 10, to nine in ten: 9. Two: the second good alone besides, at 8 to the niche: 9.8; what
    the crowd makes of it, 1, is no temptation. A third adds nothing.
    """
    theta, weights = [[9.0, 1.0], [0.0, 8.0]], [0.9, 0.1]
    problem = c.ScreeningProblem(theta, weights, domain=c.Box(0.0, 1.0), labels=("crowd", "niche"))
    curve = c.price_of_simplicity(problem, deterministic=True)
    assert curve.value == pytest.approx([9.0, 9.8], rel=1e-9)
    assert curve.holds
    assert curve.menus[0].is_excluded.tolist() == [False, True]


@pytest.mark.parametrize("k", [1, 2])
def test_an_option_on_offer_today_stays_and_counts(k):
    theta, weights = tastes(5, n_goods=1)
    fixed = ([[0.4]], [0.1])
    menu = c.solve_menu(theta, weights, cost=Q, max_options=k, fixed_options=fixed)
    assert menu.certificate.holds
    assert menu.value == pytest.approx(best_value(theta, weights, k, fixed=[(0.4, 0.1)]), rel=OWN_WORK)
    assert np.all(menu.utility >= theta[:, 0] * 0.4 - 0.1)


def test_options_that_stay_are_kept_among_those_of_a_list():
    theta, weights = tastes(6)
    listed = {"cost": c.Quadratic(0.3), "deterministic": WHOLE}
    free = c.solve_menu(theta, weights, max_options=2, **listed)
    bound = c.solve_menu(theta, weights, max_options=2, fixed_options=([[1.0, 1.0]], [0.2]), **listed)
    assert bound.certificate.holds
    assert bound.value < free.value
    assert np.all(bound.utility >= theta.sum(axis=1) - 0.2)


def test_to_fix_the_best_menu_changes_nothing():
    best = c.solve_menu([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]], cost=Q)
    again = c.solve_menu(best.problem, fixed_options=best.options)
    assert again.value == pytest.approx(best.value, rel=1e-6)
    assert again.options.allocations == pytest.approx(best.options.allocations, abs=1e-5)


def test_costs_by_type_are_covered_by_lists():
    """Insurance: the risky one costs more, and the price that both would pay does not cover it."""
    cost = [c.Linear(0.5), c.Linear(3.0)]
    menu = c.solve_menu([1.0, 2.0], [0.5, 0.5], cost=cost, domain=c.Box(0.0, 1.0), deterministic=[0.5, 1.0])
    both = [0.5 * (1.0 - 0.5) + 0.5 * (1.0 - 3.0)]  # the whole of it at 1
    assert menu.value == pytest.approx(max(0.0, *both), abs=1e-9)
    assert menu.certificate.holds


def test_limits_on_transfers_are_kept_by_lists():
    theta = [[1.0, 2.0], [3.0, 1.0], [2.0, 2.0]]
    domain = c.Box(0.0, 1.0)
    menu = c.solve_menu(theta, domain=domain, deterministic=True, transfers=(0.0, 2.5))
    assert menu.certificate.holds
    assert menu.transfer.max() <= 2.5
    free = c.solve_menu(theta, domain=domain, deterministic=True)
    assert menu.value <= free.value


def test_policies_without_money_come_from_corners():
    """Each culture picks among the policies on offer; with one, it is the one that harms least among the acceptable."""
    likes = [[1.0, 0.0, 0.6], [0.0, 1.0, 0.6]]
    problem = c.ScreeningProblem(likes, domain=c.Simplex(), transfers="none", principal_values=[-0.2, -0.3, -0.1],
                                 outside_option=[0.5, 0.5, 0.0])  # fmt: skip
    one = c.solve_menu(problem, deterministic=True, max_options=1)
    assert one.value == pytest.approx(-0.1, abs=1e-9)
    assert one.options.allocations.tolist() == [[0.0, 0.0, 1.0]]


def test_values_rise_with_the_options_and_the_last_is_the_best():
    theta, weights = tastes(8, n_types=5)
    curve = c.price_of_simplicity(c.ScreeningProblem(theta, weights, cost=Q))
    assert curve.holds
    assert np.all(np.diff(curve.value) >= -1e-9)
    assert curve.value[-1] == pytest.approx(curve.best.value, rel=1e-6)
    frame = curve.to_frame()
    assert frame["value"].tolist() == curve.value.tolist()


def test_units_and_order_change_nothing():
    theta, weights = tastes(9, n_types=5)
    menu = c.solve_menu(theta, weights, cost=Q, max_options=2)
    order = [3, 1, 0, 4, 2]
    shuffled = c.solve_menu(theta[order], weights[order], cost=Q, max_options=2)
    assert shuffled.value == pytest.approx(menu.value, rel=1e-6)
    for money in (1e-6, 1e6):
        scaled = c.solve_menu(theta * money, weights, cost=c.Quadratic(money), max_options=2)
        assert scaled.value == pytest.approx(money * menu.value, rel=1e-6)


# ---- time ----


def test_a_search_that_is_stopped_keeps_its_menu_and_its_bound():
    theta, weights = tastes(10, n_types=10)
    menu = c.solve_menu(theta, weights, cost=Q, max_options=3, gap=1e-9, time_limit=0.4)
    best = c.solve_menu(theta, weights, cost=Q, max_options=3)
    assert menu.value <= best.value * (1 + 1e-6)
    assert menu.upper_bound >= best.value * (1 - 1e-9)
    assert menu.certificate.is_exact
    if not menu.certificate.holds:
        assert menu.certificate.is_stopped
        assert "(stopped)" in str(menu.certificate)


def test_an_interrupt_keeps_the_menu_and_a_bound_on_what_was_not_looked_at(monkeypatch):
    theta, weights = tastes(11, n_types=8)
    problem, solved = c.ScreeningProblem(theta, weights, cost=Q), branches.solved
    best = c.solve_menu(problem, max_options=2)
    calls = []

    def interrupted(*args, **named):
        calls.append(1)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return solved(*args, **named)

    monkeypatch.setattr(branches, "solved", interrupted)
    menu = c.solve_menu(problem, max_options=2, gap=1e-9)
    assert len(calls) == 4
    assert menu.certificate.is_stopped
    assert menu.value <= best.value * (1 + 1e-6)
    assert menu.upper_bound >= best.value * (1 - 1e-9)


def test_a_stopped_menu_from_a_file_is_asked_for_no_gap(tmp_path):
    theta, weights = tastes(12)
    menu = c.solve_menu(theta, weights, cost=Q, max_options=1)
    loaded = c.load_menu(menu.save(tmp_path / "menu.json"))
    assert loaded.certificate.holds
    assert loaded.upper_bound >= menu.upper_bound
    assert loaded.allocation.tolist() == menu.allocation.tolist()


def test_the_curve_is_drawn_under_its_bounds():
    from matplotlib.figure import Figure

    curve = c.price_of_simplicity(c.ScreeningProblem([1.0, 2.0, 3.0], cost=Q))
    ax = curve.plot(Figure().subplots())
    assert ax.get_xlabel() == "options"
    line_of_values = ax.containers[0].lines[0]
    assert line_of_values.get_xdata().tolist() == curve.n_options.tolist()
    assert line_of_values.get_ydata().tolist() == curve.value.tolist()


def test_a_longer_menu_that_was_stopped_early_is_worth_no_less():
    theta, weights = tastes(13, n_types=9)
    curve = c.price_of_simplicity(c.ScreeningProblem(theta, weights, cost=Q), 3, time_limit=1.5)
    assert np.all(np.diff(curve.value) >= -1e-12)
    assert np.all(curve.upper_bound >= curve.value - 1e-9)


PINNED = 1e-6  # of the value: an option that indifference pins leaves what a solver and its exact twin are apart


def test_an_option_that_lies_between_who_takes_it_and_who_keeps_what_stands_is_found():
    """The low type's amount is where the middle type is indifferent to the option that stays, at its price."""
    theta, weights = [[0.801], [1.369], [1.884]], [0.623, 0.323, 0.054]
    menu = c.solve_menu(theta, weights, cost=Q, max_options=2, fixed_options=([[1.3]], [1.634]))
    low = (1.369 * 1.3 - 1.634) / (1.369 - 0.801)
    expected = 0.623 * (0.801 * low - low**2 / 2) + 0.377 * (1.634 - 1.3**2 / 2)
    assert menu.certificate.holds
    assert menu.value == pytest.approx(expected, rel=PINNED)
    assert menu.allocation[:, 0] == pytest.approx([low, 1.3, 1.3], abs=PINNED)
