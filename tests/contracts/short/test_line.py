"""Few options on a line: closed forms, brute force over partitions, invariances, and bounds that may be trusted."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import contracts as c
from contracts import models
from tests.contracts.short.oracle import best_value

Q = c.Quadratic()
OWN_WORK = 1e-6  # relative: what the oracle's solver may miss


def uniform(n_types):
    """Lower ends of cells, whose revenue curve runs through that of the uniform law: its error is of order 1 / n^2."""
    return c.ScreeningProblem(np.arange(n_types) / n_types, cost=Q)


# ---- the published closed form ----


@pytest.mark.parametrize("k", [1, 2, 3, 4, 5])
def test_uniform_tastes_are_worth_what_the_closed_form_says(k):
    n_types = 2000
    menu = c.solve_menu(uniform(n_types), max_options=k)
    exact = k * (k + 1) / (3 * (2 * k + 1) ** 2)
    assert menu.certificate.holds
    assert menu.certificate.rigorous
    assert len(menu.options.transfers) == k
    assert menu.value <= exact * (1 + 1e-9)  # contracts for lower ends: what a schedule of k steps can earn
    assert menu.value == pytest.approx(exact, abs=1 / n_types**2)


@pytest.mark.parametrize("k", [1, 2, 3])
def test_uniform_tastes_are_cut_where_the_closed_form_says(k):
    n_types = 2000
    menu = c.solve_menu(uniform(n_types), max_options=k)
    theta = np.arange(n_types) / n_types
    cuts = [theta[menu.option_of_type == j].min() for j in range(k)]
    assert cuts == pytest.approx([(k + j) / (2 * k + 1) for j in range(1, k + 1)], abs=2 / n_types)


def test_the_loss_of_k_options_is_that_of_the_best_step_function():
    curve = c.price_of_simplicity(uniform(4000), 6)
    k = np.arange(1, 7)
    assert curve.loss == pytest.approx(1 / (12 * (2 * k + 1.0) ** 2), abs=1e-6)


def test_a_discretisation_keeps_the_bound_of_the_continuum():
    """Both bracket 2/25: types at lower ends earn no more, at upper ends no less, than the continuum."""
    n_types = 500
    low, high = np.arange(n_types) / n_types, (1.0 + np.arange(n_types)) / n_types
    below, above = (c.solve_menu(theta, cost=Q, max_options=2) for theta in (low, high))
    assert below.value <= 2 / 25 <= above.upper_bound
    assert above.value - below.value == pytest.approx(0, abs=2 / n_types)


# ---- brute force ----


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
@pytest.mark.parametrize("k", [1, 2])
def test_every_partition_is_tried_and_none_is_better(seed, k):
    rng = np.random.default_rng(seed)
    theta, weights = np.round(rng.uniform(0, 1, 4), 1), rng.dirichlet(np.ones(4))
    menu = c.solve_menu(theta, weights, cost=Q, max_options=k)
    assert menu.value == pytest.approx(best_value(theta, weights, k), rel=OWN_WORK)
    assert len(menu.options.transfers) <= k


def pools_value(psi, weights, most):
    """Best rising step function by recursion over all first pools, in plain Python, outside option 0; cost q^2 / 2."""
    n = len(psi)

    def best(start, left):
        if start == n:
            return 0.0
        if left == 0:
            return -np.inf
        found = -np.inf
        for end in range(start + 1, n + 1):
            mass = sum(weights[start:end])
            mean = sum(w * v for w, v in zip(weights[start:end], psi[start:end], strict=True)) / mass
            found = max(found, mass * max(mean, 0.0) ** 2 / 2 + best(end, left - 1))
        return found

    return max(max(best(start, left) for left in range(most + 1)) for start in range(n + 1))


@settings(max_examples=40)
@given(
    st.lists(st.integers(0, 12), min_size=2, max_size=7, unique=True),
    st.lists(st.integers(1, 9), min_size=7, max_size=7),
    st.integers(1, 3),
)
def test_intervals_of_any_weights_are_the_best_ones(places, shares, k):
    """The oracle's pools need not rise: where virtual valuations do, it is exact, elsewhere an upper bound."""
    theta = np.sort(np.array(places)) / 4.0
    weights = np.array(shares[: len(theta)]) / sum(shares[: len(theta)])
    above = np.append(np.cumsum(weights[::-1])[::-1][1:], 0.0)
    psi = theta - np.append(np.diff(theta), 0.0) * above / weights
    k = min(k, len(theta))
    menu = c.solve_menu(theta, weights, cost=Q, max_options=k)
    if np.all(np.diff(psi) >= 0):
        assert menu.value == pytest.approx(pools_value(psi, weights, k), rel=1e-9, abs=1e-12)
    else:
        assert menu.value <= pools_value(psi, weights, k) + 1e-12
    assert menu.certificate.holds


@pytest.mark.parametrize("k", [1, 2, 3])
def test_ironed_types_are_never_divided(k):
    """The middle is so rare that virtual valuations fall there."""
    theta, weights = [1.0, 2.0, 2.2, 3.0], [0.4, 0.02, 0.3, 0.28]
    menu = c.solve_menu(theta, weights, cost=Q, max_options=k)
    assert menu.value == pytest.approx(best_value(theta, weights, k), rel=OWN_WORK)


# ---- what holds for all ----


@pytest.mark.parametrize(
    "problem",
    [
        c.ScreeningProblem([1.0, 2.0, 3.0, 5.0], cost=Q, serving_cost=0.3),
        c.ScreeningProblem([1.0, 2.0, 3.0, 5.0], cost=Q, reservation_utility=0.5),
        c.ScreeningProblem([1.0, 2.0, 3.0, 5.0], cost=Q, reservation_utility=0.1, participation="compulsory"),
        c.ScreeningProblem([-4.0, -3.5, -1.0], cost=c.Linear(-5.0), domain=c.Box(0.0, 1.0)),
        c.ScreeningProblem([1.0, 2.0, 3.0, 5.0], cost=Q, objective=c.WeightedSum(1.0, 0.0, 0.5)),
        c.ScreeningProblem([[1.0, 2.0], [2.0, 3.0], [3.0, 4.0]], cost=Q),
        c.ScreeningProblem([1.0, 2.0, 3.0, 5.0], cost=c.Power(1.5), outside_option=[0.0]),
        models.maskin_riley([1.0, 1.5, 2.0, 4.0]),
    ],
    ids=["serving cost", "reservation", "compulsory", "procurement", "welfare", "two goods", "power", "utility"],
)
def test_enough_options_give_the_best_menu_and_fewer_give_no_more(problem):
    best = c.solve_menu(problem)
    used = max(len(best.options.transfers), 1)
    worth = [c.solve_menu(problem, max_options=k) for k in range(1, used + 1)]
    assert all(menu.certificate.holds for menu in worth)
    assert [len(menu.options.transfers) <= k for k, menu in enumerate(worth, 1)] == [True] * used
    values = [menu.value for menu in worth]
    assert np.all(np.diff(values) >= -1e-9 * best.value)
    assert values[-1] == pytest.approx(best.value, rel=1e-6)
    assert worth[-1].allocation == pytest.approx(best.allocation, abs=1e-5)
    assert all(menu.upper_bound <= best.upper_bound * (1 + 1e-9) for menu in worth)


def test_units_order_and_names_change_nothing_else():
    rng = np.random.default_rng(5)
    theta, weights = rng.uniform(0, 1, 12), rng.dirichlet(np.ones(12))
    menu = c.solve_menu(theta, weights, cost=Q, max_options=3)
    order = rng.permutation(12)
    shuffled = c.solve_menu(theta[order], weights[order], cost=Q, max_options=3, labels=[f"t{k}" for k in order])
    assert shuffled.value == pytest.approx(menu.value, rel=1e-12)
    assert shuffled.allocation == pytest.approx(menu.allocation[order], rel=1e-9)
    for money in (1e-9, 1e9):
        scaled = c.solve_menu(theta * money, weights, cost=c.Quadratic(money), max_options=3)
        assert scaled.certificate.holds
        assert scaled.value == pytest.approx(money * menu.value, rel=1e-9)


def test_a_shift_of_all_reservation_utilities_lowers_transfers_only():
    theta = [1.0, 2.0, 3.0]
    asked = {"cost": Q, "max_options": 2, "participation": "compulsory"}
    menu, shifted = (c.solve_menu(theta, reservation_utility=r, **asked) for r in (0.25, 0.5))
    assert shifted.allocation == pytest.approx(menu.allocation, rel=1e-9)
    assert shifted.transfer == pytest.approx(menu.transfer - 0.25, rel=1e-9)


def test_a_type_split_in_two_earns_the_same():
    menu = c.solve_menu([1.0, 2.0, 4.0], [0.5, 0.25, 0.25], cost=Q, max_options=2)
    split = c.solve_menu([1.0, 1.0, 2.0, 4.0], [0.25, 0.25, 0.25, 0.25], cost=Q, max_options=2)
    assert split.value == pytest.approx(menu.value, rel=1e-12)


def test_the_outside_option_is_not_counted():
    """One option for the high type; the low ones stay away, and that is no option."""
    menu = c.solve_menu([1.0, 1.1, 5.0], [0.2, 0.2, 0.6], cost=Q, max_options=1)
    assert menu.is_excluded.tolist() == [True, True, False]
    assert len(menu.options.transfers) == 1


def test_an_outside_option_in_the_middle_is_found():
    """Types of both signs around a default: those in the middle keep it, and the two options are for the ends."""
    theta = np.array([[-2.0, 2.0], [-0.1, 0.1], [0.1, -0.1], [2.0, -2.0]])
    problem = c.ScreeningProblem(theta, domain=c.Simplex(), outside_option=[0.5, 0.5], cost=c.Quadratic(0.1))
    curve = c.price_of_simplicity(problem, 2)
    assert curve.holds
    assert curve.menus[1].is_excluded.tolist() == [False, True, True, False]


def test_a_hundred_thousand_types_take_seconds():
    problem = uniform(100_000)
    menu = c.solve_menu(problem, max_options=10)
    assert menu.value == pytest.approx(110 / (3 * 21**2), abs=1e-8)
    assert menu.certificate.holds
    assert menu.certificate.relative_gap < 1e-9


def test_the_certificate_says_what_the_bound_is_about():
    menu = c.solve_menu([1.0, 2.0, 3.0], cost=Q, max_options=1)
    assert "bound on menus of at most 1 option" in str(menu.certificate)
    assert menu.certificate.to_dict()["among"] == "menus of at most 1 option"
    assert "among" not in c.solve_menu([1.0, 2.0, 3.0], cost=Q).certificate.to_dict()


def test_a_short_menu_is_saved_and_proven_again(tmp_path):
    menu = c.solve_menu(uniform(40), max_options=2)
    loaded = c.load_menu(menu.save(tmp_path / "menu.json"))
    assert loaded.to_dict() == menu.to_dict()
    assert loaded.certificate == menu.certificate


def test_a_bound_from_other_prices_is_a_bound_too():
    """Any multipliers prove one: without any it is what k allocations are worth where types are known."""
    from contracts.proof.bound import upper_bound
    from contracts.proof.few_options import surplus_of
    from contracts.proof.kinds import Kind
    from contracts.proof.multipliers import no_multipliers

    problem = uniform(30).program
    menu = c.solve_menu(problem, max_options=2)
    known = upper_bound(problem, no_multipliers(problem), surplus_of(problem, Kind(2)))
    assert menu.value < known.value < upper_bound(problem, no_multipliers(problem)).value
