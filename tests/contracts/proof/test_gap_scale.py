"""What a gap is relative to: what menus are worth, whatever does not bind, in whatever units."""

import dataclasses
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import contracts as c
from contracts.proof.multipliers import no_multipliers
from contracts.proof.scale import gap_scale
from tests.strategies import examples

GAP = 1e-6
EXPECTED = 1e-6  # relative: a bound may differ by the gap asked for


def scale_of(problem, menu):
    return gap_scale(problem.program, menu.contracts.allocations[menu.option_of_type], menu.transfer, menu.bound)


def judged(problem, menu, share):
    """The verdict on `share` of the menu's contracts, with its own prices."""
    allocation, transfer = share * menu.allocation, share * menu.transfer
    return c.verify(problem, allocation, transfer, multipliers=menu.bound.multipliers, gap=GAP)


LOOSE = [
    {"domain": c.Box(0.0, 10.0)},
    {"domain": c.Box(0.0, 1e6)},
    {"domain": c.Box(0.0, 1e12)},
    {"domain": c.Box(-1e9, 1e9)},
    {"transfers": (-1e9, np.inf)},
]


@pytest.mark.parametrize("loose", LOOSE, ids=str)
def test_bounds_that_do_not_bind_let_no_empty_menu_pass(loose):
    base = c.ScreeningProblem([1.0, 2.0, 3.0], [0.5, 0.3, 0.2], cost=c.Quadratic())
    problem = dataclasses.replace(base, **loose)
    menu = c.solve_menu(problem)
    assert menu.certificate.scale == pytest.approx(7 / 6, rel=EXPECTED)  # what the best menu is worth
    empty = c.verify(problem, np.zeros((3, 1)), np.zeros(3), multipliers=menu.bound.multipliers, gap=GAP)
    assert empty.value == 0
    assert empty.relative_gap == pytest.approx(1.0)
    assert not empty.holds


@pytest.mark.parametrize("switched_off", [-1e3, -1e6, -1e9])
def test_a_reservation_utility_that_switches_ir_off_does_not_count(switched_off):
    def taxed(reservation):
        return c.ScreeningProblem(
            [1.0, 2.0],
            cost=c.Quadratic(),
            reservation_utility=reservation,
            objective=c.Welfare(function=c.Exponential(1.0), profit_weight=0.0, minimum_profit=0.1),
            participation="compulsory",
        )

    near, far = (c.solve_menu(taxed(reservation)) for reservation in (-10.0, switched_off))
    assert far.value == pytest.approx(near.value, rel=EXPECTED)
    assert far.certificate.scale == pytest.approx(near.certificate.scale, rel=1e-3)


def test_a_cap_on_hours_that_nobody_reaches_does_not_count():
    free = c.models.income_tax([1.0, 2.0, 3.0], [0.4, 0.4, 0.2], elasticity=0.5)
    menu = c.solve_menu(free)
    cap = 100 * float(menu.allocation.max())
    capped = c.solve_menu(dataclasses.replace(free, domain=c.Box(0.0, cap)))
    assert capped.value == pytest.approx(menu.value, rel=1e-5)
    assert capped.certificate.scale == pytest.approx(menu.certificate.scale, rel=1e-3)
    assert 0.1 < menu.certificate.scale < 10  # log utilities: money at stake times marginal utility is about one


@examples(30)
@given(
    st.lists(st.integers(1, 9), min_size=2, max_size=5, unique=True),
    st.sampled_from([1e-9, 1e-4, 1.0, 1e5, 1e9]),
    st.sampled_from([1e-6, 1.0, 1e6]),
)
def test_units_of_money_and_of_goods_do_not_change_the_scale(tastes, money, amount):
    valuations = np.array(tastes, dtype=float)
    base = c.solve_menu(valuations, cost=c.Quadratic())
    other = c.solve_menu(valuations * money / amount, cost=c.Quadratic(money / amount**2))
    assert other.certificate.scale == pytest.approx(base.certificate.scale * money, rel=EXPECTED)


@pytest.mark.parametrize("shift", [-1e3, -7 / 6, 1.0, 7 / 6, 1e3])
def test_raising_every_reservation_utility_shifts_values_and_leaves_the_scale(shift):
    base = c.ScreeningProblem([1.0, 2.0, 3.0], [0.5, 0.3, 0.2], cost=c.Quadratic())
    shifted = dataclasses.replace(base, reservation_utility=shift, participation="compulsory")
    menu, other = c.solve_menu(base), c.solve_menu(shifted)
    assert other.value == pytest.approx(menu.value - shift, abs=1e-5)
    assert other.certificate.scale == pytest.approx(menu.certificate.scale, rel=1e-6)
    assert not c.verify(
        shifted, np.zeros((3, 1)), np.full(3, -shift), multipliers=other.bound.multipliers, gap=GAP
    ).holds


def test_a_constant_in_the_utilities_of_lotteries_leaves_the_scale():
    utilities, principal = np.array([[1.0, 0.0, 0.4], [0.0, 1.0, 0.6]]), [0.5, 0.2, 0.0]

    def lottery(constant):
        return c.models.lotteries(
            utilities + constant, principal_values=principal, reservation_utility=constant, participation="compulsory"
        )

    scales = [c.solve_menu(lottery(constant)).certificate.scale for constant in (0.0, 64.0, 4096.0)]
    assert scales[1] == pytest.approx(scales[0], rel=1e-4)
    assert scales[2] == pytest.approx(scales[0], rel=1e-4)


@pytest.mark.parametrize("weight", [1e-6, 1e-9, 1e-12])
def test_a_type_of_vanishing_weight_leaves_the_verdict(weight):
    problem = c.ScreeningProblem([1.0, 2.0, 1.5], [0.5 * (1 - weight), 0.5 * (1 - weight), weight], cost=c.Quadratic())
    menu = c.solve_menu(problem)
    assert menu.certificate.scale == pytest.approx(1.0, rel=1e-4)
    assert not judged(problem, menu, 0.0).holds


@pytest.mark.parametrize("upper", [2.0, 1e3, 1e6])
def test_behind_a_capacity_loose_bounds_do_not_count(upper):
    capacity = c.LinearConstraint(allocation=[[0.5], [0.5]], upper=0.5, name="capacity")
    problem = c.ScreeningProblem([1.0, 2.0], cost=c.Linear(0.5), domain=c.Box(0.0, upper), constraints=[capacity])
    menu = c.solve_menu(problem)
    assert menu.certificate.scale == pytest.approx(menu.value, rel=0.5)
    assert not judged(problem, menu, 0.5).holds


@pytest.mark.parametrize("upper", [2.0, 1e3, 1e6])
def test_behind_a_highest_transfer_loose_bounds_do_not_count(upper):
    problem = c.ScreeningProblem([1.0, 2.0], domain=c.Box(0.0, upper), transfers=(0.0, 1.5))
    menu = c.solve_menu(problem)
    assert menu.value == pytest.approx(1.5)
    assert menu.certificate.scale == pytest.approx(1.5, rel=1e-3)


def test_where_nobody_gains_from_trade_the_gap_is_absolute():
    problem = c.ScreeningProblem([1.0, 2.0], cost=c.Linear(3.0), domain=c.Box(0.0, 1.0))
    menu = c.solve_menu(problem)
    assert menu.value == 0
    assert menu.certificate.holds
    assert 0 < menu.certificate.scale < 1e-5  # a share of what the terms add up to
    wasteful = c.verify(problem, [1e-3, 1e-3], [1e-3, 1e-3], multipliers=menu.bound.multipliers, gap=GAP)
    assert not wasteful.holds


def test_what_a_conjugate_is_rounded_up_by_is_no_gain_from_trade():
    """Unpaid, whatever costs is worth nothing; that the bound says a hair more is no reason to be exact to a hair."""
    costly = c.Quadratic([[118.75, -6.25, 87.5], [-6.25, 156.25, 0.0], [87.5, 0.0, 275.0]])
    unpaid = {"transfers": (0.0, 0.0), "domain": c.Simplex(free_disposal=True), "cost": costly}
    for tastes in ([[85.9, 85.9, 85.9], [318.1, 318.1, 181.3]], [[100.0, 20.0, 300.0], [90.1, 252.0, 3.0]]):
        menu = c.solve_menu(tastes, reservation_utility=-400.0, participation="compulsory", **unpaid)
        assert menu.certificate.holds
        assert menu.value == 0


def test_a_menu_stopped_by_time_says_so_and_does_not_hold():
    valuations = np.random.default_rng(0).uniform(1, 2, (300, 2))
    problem = c.ScreeningProblem(valuations, cost=c.Quadratic())
    began = time.monotonic()
    menu = c.solve_menu(problem, time_limit=1e-3)
    assert time.monotonic() - began < 30
    assert menu.certificate.is_exact
    assert menu.certificate.is_stopped
    assert not menu.certificate.holds
    assert "(stopped)" in str(menu.certificate).splitlines()[0]
    assert "gap" in str(menu.certificate).splitlines()[0]
    assert menu.certificate.requested_gap == GAP


def test_a_stopped_menu_is_still_stopped_when_it_is_read_again(tmp_path):
    valuations = np.random.default_rng(0).uniform(1, 2, (300, 2))
    menu = c.solve_menu(valuations, cost=c.Quadratic(), time_limit=1e-3)
    again = c.load_menu(menu.save(tmp_path / "menu.json"))
    assert again.certificate.is_stopped
    assert str(again.certificate) == str(menu.certificate)


@pytest.mark.parametrize("handed_out", [1.0, 1e6, 1e12])
def test_goods_that_are_worth_their_price_make_no_worthless_menu_pass_however_many_are_handed_out(handed_out):
    domain = c.Box([0.0, 0.0], [handed_out, 1.0])
    problem = c.ScreeningProblem([[1.0, 1.0], [1.0, 2.0]], cost=c.Linear([1.0, 0.0]), domain=domain)
    worthless = [[handed_out, 0.0]] * 2, [handed_out] * 2
    judged = c.verify(problem, *worthless, multipliers=no_multipliers(problem), gap=GAP)
    assert judged.is_exact
    assert judged.value == 0
    assert judged.relative_gap == pytest.approx(1.0, rel=0.1)
    assert not judged.holds


@pytest.mark.parametrize("reference", [[0.1, 0.9], [0.25, 0.75], [0.028, 0.972]])
@pytest.mark.parametrize("reserved", [0.0, 0.44])
def test_a_first_best_that_is_only_rounding_is_worth_nothing(reference, reserved):
    """Nobody gains by moving policies that nobody pays for; logarithms sum to 0 but for digits."""
    menu = c.solve_menu(
        [[0.0, 0.0], [2.0, 1.4]],
        reservation_utility=reserved,
        cost=c.Entropy(reference),
        domain=c.Simplex(),
        transfers="none",
    )
    assert menu.certificate.holds
    assert menu.value == pytest.approx(0.0, abs=1e-9)
