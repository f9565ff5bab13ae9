"""Schedules of the textbooks: closed forms, ironing by hand, procurement, and what every schedule must be."""

import math
from typing import NamedTuple

import numpy as np
import pytest
import scipy.integrate
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

import contracts as c
from tests.contracts.continuum.densities import steps, two_blocks
from tests.strategies import examples

EXACT = 1e-10  # to which ends of intervals and amounts are right
INTEGRALS = 1e-13  # relative to numbers of order one
Q = c.Quadratic()
NORMAL = scipy.stats.norm()


class Truth(NamedTuple):
    """A problem whose schedule is known by hand."""

    name: str
    problem: dict
    value: float
    exclusion: float
    pools: tuple
    types: tuple
    allocation: tuple


EXPONENTIAL = scipy.stats.expon()
TRUTHS = [
    Truth("Mussa & Rosen (1978), uniform: x = 2 t - 1", {"distribution": scipy.stats.uniform(0, 1), "cost": Q},
          1 / 12, 0.5, (), (0.3, 0.75, 1.0), (0.0, 0.5, 1.0)),
    Truth("exponential: x = t - 1", {"distribution": EXPONENTIAL, "cost": Q},
          math.exp(-1), 1.0, (), (0.5, 2.0, 5.0), (0.0, 1.0, 4.0)),
    Truth("F = t^2: x = (3 t^2 - 1) / 2 t", {"distribution": scipy.stats.powerlaw(2), "cost": Q},
          math.log(3) / 8, 3**-0.5, (), (0.5, 0.8, 1.0), (0.0, 0.575, 1.0)),
    Truth("Pareto 3: x = 2 t / 3, all are served", {"distribution": scipy.stats.pareto(3), "cost": Q},
          2 / 3, 1.0, (), (1.0, 3.0), (2 / 3, 2.0)),
    Truth("one good, Myerson's reserve price 1/2", {"distribution": scipy.stats.uniform(0, 1), "domain": c.Box()},
          0.25, 0.5, (), (0.49, 0.51), (0.0, 1.0)),
    Truth("cost q^3 / 3, uniform: x = sqrt(2 t - 1)",
          {"distribution": scipy.stats.uniform(0, 1), "cost": c.Power(3.0, 1 / 3)},
          2 / 3 * 0.5 * 2 / 5, 0.5, (), (0.625, 1.0), (0.5, 1.0)),
    Truth("capacity 1/2 binds from t = 3/4", {"distribution": scipy.stats.uniform(0, 1), "cost": Q,
                                               "domain": c.Box(0.0, 0.5)},
          0.5 * (0.5**3 / 6 + 0.5 * (0.75 / 2) - 0.5 * 0.125), 0.5, (), (0.7, 0.75, 0.9), (0.4, 0.5, 0.5)),
    Truth("two blocks: pool [4/9, 2/3]", {"distribution": two_blocks, "support": (0, 1), "cost": Q},
          47 / 1620, 5 / 18, ((4 / 9, 2 / 3),), (0.4, 0.45, 0.5, 0.66, 0.9), (0.8 - 5 / 9, 1 / 3, 1 / 3, 1 / 3, 0.8)),
    Truth("three blocks: the pool ends where the density jumps",
          {"distribution": steps([0.6, 0.1, 0.3])[0], "support": (0, 1), "cost": Q, "principal_value": 0.5},
          None, 1 / 36, (((1.4 - math.sqrt(0.6)) / 3.6, 2 / 3),), (0.1, 0.9), (0.7 - 1 / 1.8, 1.3)),
    Truth("nobody between two groups: all below are pooled with the gap",
          {"distribution": lambda t: np.where((t < 1) | (t > 2), 0.5, 0.0), "support": (0, 3), "cost": Q},
          0.5 * 0.5 * (3**3 - 1) / 3 / 2, 2.0, ((0.0, 2.0),), (1.0, 1.9, 2.5), (0.0, 0.0, 2.0)),
    Truth("reservation utility .08 keeps types below .7 away",
          {"distribution": scipy.stats.uniform(0, 1), "cost": Q, "reservation_utility": 0.08},
          0.054, 0.7, (), (0.69, 0.71, 1.0), (0.0, 0.42, 1.0)),
    Truth("rents that count fully: first best x = t",
          {"distribution": scipy.stats.uniform(0, 1), "cost": Q, "rent_weight": 1.0},
          1 / 6, 0.0, (), (0.2, 1.0), (0.2, 1.0)),
    Truth("those who want most cost the principal most: one contract for all",
          {"distribution": scipy.stats.uniform(0, 1), "cost": Q, "principal_value": lambda t: 3 - 2.5 * t},
          1.75**2 / 2, 0.0, ((0.0, 1.0),), (0.0, 0.5, 1.0), (1.75, 1.75, 1.75)),
    Truth("Baron & Myerson (1982): costs on [1, 2], rents count half, price (3 t - 1) / 2",
          {"distribution": scipy.stats.uniform(1, 1), "cost": Q, "domain": c.Box(0.0, 10.0), "principal_value": 10.0,
           "types": "costs", "rent_weight": 0.5},
          34.125, 2.0, (), (1.0, 1.5, 2.0), (9.0, 8.25, 7.5)),
    Truth("procurement with shutdown: costs on [0, 1] against a value of 1",
          {"distribution": scipy.stats.uniform(0, 1), "cost": Q, "principal_value": 1.0, "types": "costs"},
          1 / 12, 0.5, (), (0.0, 0.25, 0.6), (1.0, 0.5, 0.0)),
]  # fmt: skip


@pytest.mark.parametrize("truth", TRUTHS, ids=lambda truth: truth.name)
def test_schedules_of_the_textbooks(truth):
    schedule = c.optimal_schedule(**truth.problem)
    if truth.value is not None:
        assert schedule.value == pytest.approx(truth.value, rel=INTEGRALS, abs=INTEGRALS)
    assert 0 <= schedule.gap <= 1e-12 * (1 + schedule.value)
    assert schedule.exclusion_point == pytest.approx(truth.exclusion, abs=EXACT)
    assert schedule.pooling_intervals.shape == (len(truth.pools), 2)
    assert schedule.pooling_intervals == pytest.approx(np.array(truth.pools).reshape(-1, 2), abs=EXACT)
    assert schedule.allocation(truth.types) == pytest.approx(np.array(truth.allocation), abs=EXACT)


def test_a_heavy_tail_says_how_much_of_it_no_float_holds():
    schedule = c.optimal_schedule(scipy.stats.pareto(2.1), cost=Q)
    truth = (1.1 / 2.1) ** 2 * 21 / 2
    assert 1e-12 < schedule.quadrature_error < 1e-9
    assert schedule.value == pytest.approx(truth, abs=schedule.quadrature_error)
    assert schedule.upper_bound >= truth


@pytest.mark.parametrize(
    "distribution",
    [
        scipy.stats.t(3),  # its far tails are no floats
        scipy.stats.burr12(2, 3),
        scipy.stats.weibull_min(0.5),  # a pole at the lower end
        scipy.stats.beta(2, 5),
        scipy.stats.rv_histogram(([3, 1, 4, 1, 5], [0.0, 0.5, 1.0, 1.5, 2.0, 2.5])),
        scipy.stats.norm(-5, 1),
        scipy.stats.loguniform(0.01, 100),
    ],
    ids=lambda distribution: distribution.dist.name if hasattr(distribution, "dist") else "histogram",
)
def test_whatever_the_distribution_schedules_are_proven_and_incentive_compatible(distribution):
    schedule = c.optimal_schedule(distribution, cost=Q)
    theta = distribution.ppf(np.linspace(0.01, 0.999, 41))
    amount, utility = schedule.allocation(theta), schedule.utility(theta)
    size = 1 + float(utility.max())
    assert (theta[:, np.newaxis] * amount - schedule.payment(theta) - utility[:, np.newaxis]).max() <= 1e-12 * size
    assert np.all(np.diff(amount) >= -1e-12 * size)
    assert 0 <= schedule.gap <= 1e-12 * size
    share = (np.arange(2000) + 0.5) / 2000
    single = (1 - share) * np.maximum(distribution.ppf(share), 0) ** 2 / 2  # one contract, made for the type at a share
    assert single.max() <= schedule.upper_bound


def test_newer_distributions_of_scipy_are_taken_too():
    if not hasattr(scipy.stats, "Uniform"):
        pytest.skip("this scipy has none")
    schedule = c.optimal_schedule(scipy.stats.Uniform(a=0.0, b=1.0), cost=Q)
    assert schedule.value == pytest.approx(1 / 12, abs=1e-14)


def test_the_uniform_tariff_is_half_the_amount_and_a_quarter_of_its_square():
    schedule = c.optimal_schedule(scipy.stats.uniform(0, 1), cost=Q)
    amounts = np.linspace(0, 1, 7)
    assert schedule.tariff(amounts) == pytest.approx(amounts / 2 + amounts**2 / 4, abs=EXACT)
    assert schedule.utility([0.5, 0.75, 1.0]) == pytest.approx([0.0, 1 / 16, 1 / 4], abs=EXACT)
    assert np.isnan(schedule.tariff(1.01))


def test_with_exponential_types_everybody_pays_cost_and_a_unit_price_of_one():
    schedule = c.optimal_schedule(EXPONENTIAL, cost=Q)
    amounts = np.array([0.5, 2.0, 20.0])
    assert schedule.tariff(amounts) == pytest.approx(amounts + amounts**2 / 2, rel=EXACT)


def test_payments_are_the_tariff_at_what_types_take():
    schedule = c.optimal_schedule(two_blocks, support=(0, 1), cost=Q)
    theta = np.linspace(0.3, 1.0, 29)
    assert schedule.payment(theta) == pytest.approx(schedule.tariff(schedule.allocation(theta)), abs=EXACT)


def test_a_regulated_firm_is_paid_its_cost_and_its_rent():
    schedule = c.optimal_schedule(
        scipy.stats.uniform(1, 1), cost=Q, domain=c.Box(0, 10), principal_value=10, types="costs", rent_weight=0.5
    )
    costs = np.array([1.0, 1.4, 2.0])
    rents = 10.5 * (2 - costs) - 0.75 * (4 - costs**2)
    assert schedule.utility(costs) == pytest.approx(rents, abs=EXACT)
    assert schedule.payment(costs) == pytest.approx(costs * (10.5 - 1.5 * costs) + rents, abs=EXACT)
    assert schedule.tariff(schedule.allocation(costs)) == pytest.approx(schedule.payment(costs), abs=EXACT)


def test_what_the_principal_earns_is_what_is_paid_less_cost():
    """From payments and utilities, which the integral of the value does not know."""
    schedule = c.optimal_schedule(two_blocks, support=(0, 1), cost=Q)
    middle = (np.arange(20_000) + 0.5) / 20_000
    worth = schedule.payment(middle) - schedule.allocation(middle) ** 2 / 2
    assert (worth * two_blocks(middle)).mean() == pytest.approx(schedule.value, rel=1e-6)
    assert (schedule.utility(middle) * two_blocks(middle)).mean() == pytest.approx(schedule.expected_rent, rel=1e-6)


def test_types_outside_the_support_choose_like_everybody():
    schedule = c.optimal_schedule(scipy.stats.uniform(1, 1), cost=Q, principal_value=2.0)
    assert schedule.allocation([0.5, 2.5]) == pytest.approx([0.0, 4.0])
    assert schedule.utility(2.5) == pytest.approx(float(schedule.utility(2.0)) + 0.5 * 4.0)


def test_data_are_a_problem_of_finitely_many_types():
    people = np.random.default_rng(3).gamma(2.0, 1.0, 40)
    schedule = c.optimal_schedule(people, cost=Q)
    menu = c.solve_menu(np.sort(people), cost=Q, gap=1e-9)
    assert schedule.value == pytest.approx(menu.value, rel=1e-8)
    assert schedule.upper_bound >= menu.value
    assert schedule.allocation(np.sort(people)) == pytest.approx(menu.allocation.ravel(), abs=1e-6)
    assert schedule.payment(np.sort(people)) == pytest.approx(menu.transfer, abs=1e-6)
    assert schedule.expected_rent == pytest.approx(menu.information_rent.mean(), rel=1e-6)


def test_data_of_costs_are_a_regulated_industry():
    costs = np.random.default_rng(4).uniform(1, 2, 30)
    schedule = c.optimal_schedule(
        costs, cost=Q, domain=c.Box(0, 10), principal_value=10, types="costs", rent_weight=0.5
    )
    menu = c.solve_menu(c.models.regulation(costs, demand_intercept=10.0, rent_weight=0.5), gap=1e-9)
    assert schedule.value == pytest.approx(menu.value, rel=1e-8)
    assert schedule.allocation(costs) == pytest.approx(menu.allocation.ravel(), abs=1e-6)


def test_a_kernel_is_the_mixture_of_normals_that_it_says():
    people = np.array([0.0, 1.0, 1.5, 4.0])
    spread = 0.9 * min(np.std(people, ddof=1), np.subtract(*np.quantile(people, [0.75, 0.25])) / 1.34) * 4**-0.2

    def density(theta):
        return NORMAL.pdf((np.asarray(theta)[..., np.newaxis] - people) / spread).mean(axis=-1) / spread

    smooth = c.optimal_schedule(people, data="kernel", cost=Q)
    stated = c.optimal_schedule(density, support=(-12.0, 16.0), cost=Q)
    assert smooth.value == pytest.approx(stated.value, rel=1e-10)
    assert smooth.pooling_intervals == pytest.approx(stated.pooling_intervals, abs=1e-8)


def test_a_support_makes_the_distribution_conditional():
    cut = c.optimal_schedule(EXPONENTIAL, support=(0, 2), cost=Q)
    whole = c.optimal_schedule(scipy.stats.truncexpon(2), cost=Q)
    assert cut.value == pytest.approx(whole.value, rel=1e-12)
    assert cut.exclusion_point == pytest.approx(whole.exclusion_point, abs=EXACT)


# ---- a second opinion ----


@pytest.mark.parametrize("density", [two_blocks, steps([1, 0.2, 2, 0.1, 1])[0], lambda t: 6 * t * (1 - t)])
def test_a_program_on_quantiles_agrees(density):
    """Rounded down to quantiles, types are a program for cvxpy whose value is attained, and off by order 2."""
    import cvxpy as cp

    schedule = c.optimal_schedule(density, support=(0, 1), cost=Q)
    fine = np.linspace(0, 1, 200_001)
    chance = np.append(0.0, np.cumsum(density((fine[1:] + fine[:-1]) / 2)) / 200_000)
    count = 400
    types = np.interp(np.arange(count) / count, chance, fine)
    amount, rent = cp.Variable(count), cp.Variable(count)
    rows = [amount >= 0, cp.diff(amount) >= 0, rent[0] == 0]
    rows.append(cp.diff(rent) == cp.multiply(amount[:-1], np.diff(types)))
    program = cp.Problem(cp.Maximize(cp.sum(cp.multiply(types, amount) - cp.square(amount) / 2 - rent) / count), rows)
    program.solve(solver=cp.CLARABEL)
    assert program.value <= schedule.upper_bound + 1e-8
    assert program.value == pytest.approx(schedule.value, abs=5 / count**2)


@pytest.mark.parametrize("seed", range(8))
def test_neighbours_averaged_until_they_rise_agree(seed):
    """The exact revenue curve of steps on a fine grid, ironed by pooling adjacent violators, against value and ends."""
    rng = np.random.default_rng(seed)
    heights, weight, own = rng.uniform(0.02, 1.4, rng.integers(2, 8)) ** 2, 0.3 * (seed % 2), 0.5 * (seed % 3)
    types = "costs" if seed % 4 > 1 else "values"
    density, support = steps(heights)
    schedule = c.optimal_schedule(
        density, support=support, cost=Q, rent_weight=weight, types=types,
        principal_value=own + (types == "costs"),
    )  # fmt: skip
    count = 20_160  # which jumps are multiples of
    grid = np.arange(count + 1) / count
    chance = np.interp(grid, np.arange(len(heights) + 1) / len(heights), np.append(0, np.cumsum(heights)))
    chance /= chance[-1]
    if types == "costs":
        grid, chance, own = -grid[::-1], 1 - chance[::-1], own + 1
    mass = np.diff(chance)
    mean = np.append(np.cumsum((mass * (grid[1:] + grid[:-1]) / 2)[::-1])[::-1], 0.0)
    revenue = (1 - weight) * (1 - chance) * grid + weight * mean + own * (1 - chance)
    pools = []
    for slope, share in zip(-np.diff(revenue) / mass, mass, strict=True):
        level, total = slope, share
        while pools and pools[-1][0] >= level:
            before, others = pools.pop()
            level, total = (level * total + before * others) / (total + others), total + others
        pools.append((level, total))
    value = sum(share * max(level, 0.0) ** 2 / 2 for level, share in pools)
    assert value == pytest.approx(schedule.value, abs=5e-9)
    assert 0 <= schedule.gap <= 1e-12
    wide = sum(share > 1.5 * mass.max() for _, share in pools)
    assert wide >= len(schedule.pooling_intervals) - 1  # one that a cell or two hide at most


def test_a_menu_for_a_fine_grid_comes_close():
    schedule = c.optimal_schedule(two_blocks, support=(0, 1), cost=Q)
    types = c.discretise(two_blocks, 400, rule="lower", support=(0, 1))
    menu = c.solve_menu(types.valuations, types.weights, cost=Q, gap=1e-9)
    assert menu.value <= schedule.upper_bound + 1e-9
    assert menu.value == pytest.approx(schedule.value, abs=1e-5)
    inside = (types.valuations > 0.45) & (types.valuations < 0.66)
    assert menu.allocation[inside] == pytest.approx(1 / 3, abs=1e-2)


# ---- theorems ----

HEIGHTS = st.lists(st.floats(0.05, 2.0), min_size=2, max_size=5)
FEW = examples(6)


@examples(12)
@given(HEIGHTS, st.floats(0.0, 1.0))
def test_schedules_are_incentive_compatible_rise_and_are_proven(heights, weight):
    density, support = steps(heights)
    schedule = c.optimal_schedule(density, support=support, cost=Q, rent_weight=weight)
    theta = np.linspace(0, 1, 31)
    amount, paid, utility = schedule.allocation(theta), schedule.payment(theta), schedule.utility(theta)
    assert np.all(np.diff(amount) >= -1e-12)
    assert (theta[:, np.newaxis] * amount - paid - utility[:, np.newaxis]).max() <= 1e-12
    assert utility.min() >= 0
    assert -1e-15 <= schedule.gap <= 1e-10
    ironed = schedule.ironed_virtual_valuation(theta[1:-1])
    assert np.all(np.diff(ironed) >= -1e-9)


@examples(10)
@given(HEIGHTS, st.floats(-9, 9), st.floats(-6, 6))
def test_units_of_money_and_of_goods_change_nothing(heights, money, goods):
    money, goods = 10.0**money, 10.0**goods
    density, support = steps(heights)
    plain = c.optimal_schedule(density, support=support, cost=Q)
    unit = money / goods  # of a type: money per unit of the good
    scaled = c.optimal_schedule(
        lambda t: density(np.asarray(t) / unit) / unit, support=(0, unit), cost=c.Quadratic(money / goods**2)
    )
    assert scaled.value == pytest.approx(money * plain.value, rel=1e-9)
    assert scaled.exclusion_point == pytest.approx(unit * plain.exclusion_point, rel=1e-9, abs=1e-9 * unit)
    assert scaled.pooling_intervals == pytest.approx(unit * plain.pooling_intervals, rel=1e-8)
    theta = np.array([0.31, 0.77, 0.93])
    assert scaled.allocation(unit * theta) == pytest.approx(goods * plain.allocation(theta), rel=1e-8)


@examples(10)
@given(HEIGHTS)
def test_a_limit_that_does_not_bind_changes_nothing(heights):
    density, support = steps(heights)
    free = c.optimal_schedule(density, support=support, cost=Q)
    limited = c.optimal_schedule(density, support=support, cost=Q, domain=c.Box(0.0, 1.0 + 1e-9))
    assert limited.value == free.value
    assert np.array_equal(limited.pooling_intervals, free.pooling_intervals)


@examples(10)
@given(HEIGHTS)
def test_costs_are_values_seen_from_the_other_side(heights):
    density, support = steps(heights)
    values = c.optimal_schedule(density, support=support, cost=Q, principal_value=1.0)
    costs = c.optimal_schedule(
        lambda t: density(1.0 - np.asarray(t)), support=support, cost=Q, principal_value=2.0, types="costs"
    )
    assert costs.value == pytest.approx(values.value, rel=1e-10)
    theta = np.array([0.2, 0.45, 0.83])
    assert costs.allocation(1 - theta) == pytest.approx(values.allocation(theta), abs=1e-8)


@examples(12)
@given(HEIGHTS)
def test_what_no_dual_knows_earns_no_more(heights):
    """Single prices, by brute force, and the first best on either side."""
    density, support = steps(heights)
    schedule = c.optimal_schedule(density, support=support, domain=c.Box())
    fine = (np.arange(3600) + 0.5) / 3600
    mass = density(fine) / 3600
    price = np.arange(3601) / 3600
    revenue = price * np.append(np.cumsum(mass[::-1])[::-1], 0.0)
    assert revenue.max() <= schedule.upper_bound + 1e-12
    assert revenue.max() == pytest.approx(schedule.value, abs=1e-3)  # no lottery earns more than the best price


# ---- showing it ----


def test_the_table_says_what_was_proven_and_who_is_pooled():
    schedule = c.optimal_schedule(two_blocks, support=(0, 1), cost=Q)
    text = str(schedule)
    assert "value 0.0290123, proven bound 0.0290123" in text
    assert "1 pooling interval: [0.444444, 0.666667]" in text
    assert "types from 0.277778 up are served, 0.5 of all" in text
    assert "<table" in schedule._repr_html_()
    assert schedule.to_latex().startswith(r"\begin{tabular}")
    frame = schedule.to_frame(50)
    assert len(frame) == 50
    assert frame.allocation.is_monotonic_increasing


def test_pictures_shade_the_pool_and_end_at_the_largest_amount():
    import matplotlib.pyplot as plt

    schedule = c.optimal_schedule(two_blocks, support=(0, 1), cost=Q)
    ax = schedule.plot()
    assert len(ax.patches) == 1
    assert ax.lines[-1].get_ydata().max() == pytest.approx(1.0)
    tariff = schedule.plot(against="amount")
    assert tariff.lines[0].get_xdata()[-1] == pytest.approx(1.0)
    plt.close("all")


@pytest.mark.parametrize("law", [scipy.stats.cauchy(), scipy.stats.halfcauchy(), scipy.stats.pareto(1.0)])
def test_without_a_mean_the_revenue_curve_jumps_at_its_end_and_nothing_is_certified(law):
    """theta (1 - F(theta)) does not fall: a unit at ever higher prices earns as much, where virtual values are <= 0."""
    with pytest.raises(c.UnboundedMenuError, match="no finite mean"):
        c.optimal_schedule(law, domain=c.Box(0.0, 1.0))
    assert c.optimal_schedule(scipy.stats.pareto(1.0), domain=c.Box(0.0, 1.0), support=(1.0, 50.0)).value > 0


def test_a_density_that_overflows_at_its_poles_is_infinite_there():
    """scipy refuses the whole array for one entry next to a pole; the arcsine law is the same by another formula."""
    arcsine = c.optimal_schedule(scipy.stats.arcsine(), cost=Q)
    assert c.optimal_schedule(scipy.stats.beta(0.5, 0.5), cost=Q).value == pytest.approx(arcsine.value, abs=1e-7)


@pytest.mark.parametrize("law", [scipy.stats.betaprime(0.5, 1.01), scipy.stats.betaprime(2, 1.9), scipy.stats.f(1, 3)])
def test_gains_that_are_infinite_are_refused_where_quantiles_lose_their_digits_too(law):
    """These laws take the quantiles of their upper tail from those of the lower one, so chances below 1e-16 have none;
    their tails fall like a power of at most 2, so the second moment of types, and with it the gain, is infinite."""
    assert abs(law.sf(law.isf(1e-12)) / 1e-12 - 1) > 1e-6
    with pytest.raises(c.UnboundedMenuError, match="gains are infinite"):
        c.optimal_schedule(law, cost=Q)


@pytest.mark.parametrize("law", [scipy.stats.betaprime(0.5, 2.5), scipy.stats.betaprime(2, 2.1), scipy.stats.f(1, 5)])
def test_heavy_tails_whose_gains_are_finite_are_proven(law):
    """Integrated on a logarithmic scale, from the virtual valuation alone; it rises where it is positive."""

    def gain(log):
        theta = math.exp(log)
        return max(theta - law.sf(theta) / law.pdf(theta), 0.0) ** 2 / 2 * law.pdf(theta) * theta

    schedule = c.optimal_schedule(law, cost=Q)
    truth = scipy.integrate.quad(gain, math.log(schedule.exclusion_point), 200, limit=500, points=[5.0, 20.0])[0]
    assert schedule.value == pytest.approx(truth, rel=1e-7)
    assert schedule.upper_bound == pytest.approx(schedule.value, rel=1e-9)


def test_a_pole_that_floats_cannot_tell_apart_is_refused():
    """The chance of types above 1 - d is nearly d^.2 times 2/3 here: 4e-4 of them are within the last digit of 1."""
    with pytest.raises(c.ProblemError, match=r"4\.2e-04 of the types within the last digit of 1"):
        c.optimal_schedule(scipy.stats.beta(0.3, 0.2), cost=Q)
