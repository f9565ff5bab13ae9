"""Every named model against the closed form, the published number or the brute force that its source gives."""

from __future__ import annotations

import itertools
from typing import NamedTuple

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.special import expit, logit, logsumexp, softmax

import contracts
from contracts import models, solve_menu
from contracts.proof.bound import upper_bound
from contracts.proof.multipliers import no_multipliers

ROUNDING = 1e-12  # of sums of a few hundred products, relative to what is summed
ALLOCATION = 1e-5  # a value proven to 1e-10 fixes a maximiser of unit curvature to its square root
SOLVED_GAP = 1e-8  # relative; the reference engine does better than the 1e-6 that solve_menu asks for
TAX_RATE = 1e-4  # a rate of tau wastes weight * earnings * elasticity * tau^2 / 2, 1e-10 at the rarest top type


def assert_optimum(menu, truth):
    """The certificate holds, proves a small gap, and encloses the true optimum."""
    rounding = ROUNDING * (1 + abs(truth))
    assert menu.certificate.holds
    assert menu.certificate.relative_gap <= SOLVED_GAP
    assert menu.value - rounding <= truth <= menu.upper_bound + rounding


def midpoints(count, lowest=0.0):
    """Midpoints of `count` equal cells of [lowest, lowest + 1]."""
    return lowest + (np.arange(count) + 0.5) / count


def square(axis):
    """All pairs of the axis; (n^2, 2)."""
    return np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1).reshape(-1, 2)


# ---- one good ----


class TwoTypes(NamedTuple):
    name: str
    share_high: float
    quantity: tuple[float, float]
    rent_high: float
    value: float


# Types 2 and 4, utility theta sqrt(q), unit cost 1, so x = sqrt(q) costs x^2 (Maskin & Riley 1984). With p the share of
# the high type, x_H = 4/2 and x_L = max(0, 2 - 2 p / (1 - p)) / 2; the high type's rent is (4 - 2) x_L and the profit
# (1 - p) x_L^2 + p x_H^2.
MASKIN_RILEY = [
    TwoTypes("low type served", 0.25, (4 / 9, 4.0), 4 / 3, 4 / 3),
    TwoTypes("few high types: low type served almost efficiently", 0.01, ((98 / 99) ** 2, 4.0), 196 / 99, 100 / 99),
    TwoTypes("low type excluded", 0.6, (0.0, 4.0), 0.0, 2.4),
    TwoTypes("low type excluded by indifference", 0.5, (0.0, 4.0), 0.0, 2.0),
]


@pytest.mark.parametrize("case", MASKIN_RILEY, ids=lambda case: case.name)
def test_maskin_riley_with_two_types(case):
    p = case.share_high
    menu = solve_menu(models.maskin_riley([2.0, 4.0], [1 - p, p], exponent=0.5))
    assert_optimum(menu, case.value)
    assert menu.allocation.ravel() ** 2 == pytest.approx(case.quantity, abs=ALLOCATION)
    assert menu.information_rent == pytest.approx([0.0, case.rent_high], abs=ALLOCATION)


def test_maskin_riley_excludes_the_low_type_where_it_tempts_too_many():
    menu = solve_menu(models.maskin_riley([2.0, 4.0], [0.4, 0.6]))
    assert menu.is_excluded.tolist() == [True, False]


@pytest.mark.parametrize(("exponent", "unit_cost"), [(1 / 3, 1.0), (0.5, 2.0), (0.75, 0.5)])
def test_maskin_riley_serves_the_top_type_its_efficient_quantity(exponent, unit_cost):
    """Marginal utility theta s q^(s - 1) equals unit cost at the top, whatever the exponent s."""
    menu = solve_menu(models.maskin_riley([1.0, 1.2, 2.0], [0.5, 0.3, 0.2], exponent=exponent, unit_cost=unit_cost))
    efficient = (2.0 * exponent / unit_cost) ** (1 / (1 - exponent))
    assert menu.allocation[2, 0] ** (1 / exponent) == pytest.approx(efficient, rel=ALLOCATION)


def test_maskin_riley_with_a_square_root_is_mussa_rosen_with_twice_the_curvature():
    types, weights = [1.0, 1.5, 2.5], [0.3, 0.4, 0.3]
    assert_optimum(
        solve_menu(models.maskin_riley(types, weights, exponent=0.5, unit_cost=1.5)),
        solve_menu(models.mussa_rosen(types, weights, curvature=3.0)).value,
    )


@pytest.mark.parametrize("lowest", [0.0, 1.0, 2.0])
@pytest.mark.parametrize("count", [20, 60])
def test_mussa_rosen_on_a_uniform_grid_approaches_the_continuum(lowest, count):
    """Uniform on [a, a + 1]: q = max(2 theta - a - 1, 0), profit (3 a^2 + 1) / 6 for a >= 1 and 1/12 for a = 0.

    On the midpoint grid the virtual valuation is exactly 2 theta - a - 1 + 1/(2 n), so q is too high by 1/(2 n) for
    every type that is served, and the profit is its mean square over two.
    """
    types = midpoints(count, lowest)
    menu = solve_menu(models.mussa_rosen(types))
    virtual = np.maximum(2 * types - lowest - 1 + 0.5 / count, 0)
    assert_optimum(menu, float(np.mean(virtual**2)) / 2)
    assert menu.allocation.ravel() == pytest.approx(virtual, abs=ALLOCATION)
    continuum = 1 / 12 if lowest == 0 else (3 * lowest**2 + 1) / 6
    assert 0 < menu.value - continuum < 0.5 * max(lowest, 0.25) / count + 1 / count**2


def test_mussa_rosen_error_shrinks_with_the_grid():
    errors = [solve_menu(models.mussa_rosen(midpoints(count))).value - 1 / 12 for count in (10, 20, 40)]
    assert errors[0] / errors[1] == pytest.approx(2, rel=0.05)
    assert errors[1] / errors[2] == pytest.approx(2, rel=0.05)


def test_one_type_is_served_efficiently_and_left_nothing():
    menu = solve_menu(models.mussa_rosen([3.0], curvature=2.0))
    assert_optimum(menu, 3.0**2 / (2 * 2.0))
    assert menu.allocation[0, 0] == pytest.approx(1.5, abs=ALLOCATION)
    assert menu.information_rent[0] == pytest.approx(0.0, abs=ALLOCATION)


def test_without_multipliers_the_bound_is_the_full_information_profit():
    problem = models.mussa_rosen([1.0, 2.0, 4.0], [0.5, 0.3, 0.2])
    first_best = upper_bound(problem, no_multipliers(problem)).value
    assert first_best == pytest.approx(0.5 * 0.5 + 0.3 * 2.0 + 0.2 * 8.0, rel=ROUNDING)
    assert solve_menu(problem).value < first_best


# ---- several goods ----

# Corner-included grids of [1, 2]^2, cost |x|^2 / 2: three solvers agree on these digits.
ROCHET_CHONE = {5: 1.622148881, 10: 1.558852303}


@pytest.mark.parametrize(("count", "value"), ROCHET_CHONE.items())
def test_rochet_chone_on_the_unit_square(count, value):
    menu = solve_menu(models.multiproduct(square(np.linspace(1, 2, count))))
    assert menu.certificate.relative_gap <= SOLVED_GAP
    assert menu.value == pytest.approx(value, abs=5e-10)


@pytest.mark.parametrize("lowest", [1.0, 2.0])
@pytest.mark.parametrize("count", [8, 10])
def test_armstrong_some_low_types_are_always_excluded(lowest, count):
    """On [a, a + 1]^2 the excluded types form the triangle below theta_1 + theta_2 = 2 a + s (Rochet & Chone 1998).

    On a grid they are those up to some diagonal, and the true line runs within a diagonal's width of the last.
    """
    types = square(midpoints(count, lowest))
    menu = solve_menu(models.multiproduct(types))
    leg = (np.sqrt(4 * lowest**2 + 6) - 2 * lowest) / 3
    total = types.sum(axis=1)
    last_excluded, first_served = total[menu.is_excluded].max(), total[~menu.is_excluded].min()
    assert last_excluded < first_served
    assert last_excluded - 1 / count <= 2 * lowest + leg <= first_served + 1 / count


def test_armstrong_exclusion_is_strict_in_two_dimensions_only():
    """With tastes in [2, 3] everybody is served in one dimension (q = 2 theta - 3 > 0), not so in two."""
    axis = midpoints(10, 2.0)
    assert not solve_menu(models.mussa_rosen(axis)).is_excluded.any()
    assert solve_menu(models.multiproduct(square(axis))).is_excluded.any()


def test_independent_goods_for_one_type_are_sold_at_the_efficient_bundle():
    menu = solve_menu(models.multiproduct([[2.0, 1.0]], curvature=[[2.0, 1.0], [1.0, 2.0]]))
    assert menu.allocation[0] == pytest.approx([1.0, 0.0], abs=ALLOCATION)  # Q x = theta, its second good at the edge
    assert_optimum(menu, 1.0)


def test_capacity_bounds_the_goods():
    menu = solve_menu(models.multiproduct([[2.0, 1.0]], capacity=[0.5, 3.0]))
    assert menu.allocation[0] == pytest.approx([0.5, 1.0], abs=ALLOCATION)


# ---- auctions ----


@pytest.mark.parametrize(("seller_value", "reserve"), [(0.0, 0.5), (0.4, 0.7)])
def test_one_good_is_sold_at_the_reserve_price(seller_value, reserve):
    """Uniform values, seller's own value s: price (1 + s) / 2 (Myerson 1981), here between two neighbouring types."""
    values = midpoints(50)
    menu = solve_menu(models.optimal_auction(values, seller_value=seller_value))
    assert_optimum(menu, max((price - seller_value) * np.mean(values >= price) for price in values))
    sold = values > reserve
    assert menu.allocation.ravel() == pytest.approx(sold.astype(float), abs=ALLOCATION)
    assert menu.transfer[sold] == pytest.approx(np.full(sold.sum(), reserve + 0.01), abs=ALLOCATION)


# Midpoint grids of [0, 1]^2 and the continuum: Manelli & Vincent (2006) for additive values, Pavlov (2011) for unit
# demand. The discrete values were found by independent solvers.
TWO_GOODS = {"additive": (12 + 2 * np.sqrt(2)) / 27, "unit": 2 / (3 * np.sqrt(3))}
TWO_GOODS_ON_A_GRID = [("additive", 10, 0.59), ("unit", 10, 0.416)]
SLOW_GRIDS = [("additive", 20, 0.56925), ("unit", 20, 0.4010625)]


@pytest.mark.parametrize(("demand", "count", "value"), TWO_GOODS_ON_A_GRID)
def test_two_goods_on_a_grid(demand, count, value):
    assert_optimum(solve_menu(models.optimal_auction(square(midpoints(count)), demand=demand)), value)


@pytest.mark.slow
@pytest.mark.parametrize(("demand", "count", "value"), SLOW_GRIDS)
def test_two_goods_on_a_finer_grid_come_closer_to_the_continuum(demand, count, value):
    assert_optimum(solve_menu(models.optimal_auction(square(midpoints(count)), demand=demand)), value)
    coarse = {kind: number for kind, _, number in TWO_GOODS_ON_A_GRID}[demand]
    error = value - TWO_GOODS[demand]
    assert error > 0
    assert (coarse - TWO_GOODS[demand]) / error == pytest.approx(2, rel=0.1)  # about C / n


def test_two_goods_are_bundled():
    """In the continuum each good costs 2/3 and both (4 - sqrt 2) / 3 (Manelli & Vincent 2006)."""
    menu = solve_menu(models.optimal_auction(square(midpoints(10))))
    (one,) = menu.options.transfers[np.isclose(menu.options.allocations, [1.0, 0.0], atol=ALLOCATION).all(axis=1)]
    (both,) = menu.options.transfers[np.isclose(menu.options.allocations, 1.0, atol=ALLOCATION).all(axis=1)]
    assert both < 2 * one - 0.1
    assert both == pytest.approx((4 - np.sqrt(2)) / 3, abs=0.1)  # a cell of the grid


# ---- regulation ----


class TwoFirms(NamedTuple):
    name: str
    rent_weight: float
    share_efficient: float
    quantity: tuple[float, float]


# Marginal costs 1 and 2, demand P(q) = 4 - q, so V(q) = 4 q - q^2 / 2. The inefficient firm earns no rent; the
# efficient one can claim to be inefficient and save 1 per unit, so its rent is q_2. The regulator maximises
#   f_1 [V(q_1) - q_1 - q_2 + alpha q_2] + f_2 [V(q_2) - 2 q_2]:
# the price of q_1 is its cost, P(q_1) = 1, and that of q_2 its virtual cost, P(q_2) = 2 + (1 - alpha) f_1 / f_2,
# or q_2 = 0 where nobody pays that (Baron & Myerson 1982; Laffont & Martimort 2002, ch. 2).
REGULATION = [
    TwoFirms("rents are waste", 0.0, 0.5, (3.0, 1.0)),
    TwoFirms("rents count half", 0.5, 0.5, (3.0, 1.5)),
    TwoFirms("rents count in full: price is marginal cost", 1.0, 0.5, (3.0, 2.0)),
    TwoFirms("inefficient firm shut down", 0.0, 0.75, (3.0, 0.0)),
    TwoFirms("inefficient firm kept open for the rents of the other", 0.5, 0.75, (3.0, 0.5)),
]


@pytest.mark.parametrize("case", REGULATION, ids=lambda case: case.name)
def test_regulation_of_two_types_of_firms(case):
    alpha, (f_1, f_2) = case.rent_weight, (case.share_efficient, 1 - case.share_efficient)
    menu = solve_menu(
        models.regulation([1.0, 2.0], [f_1, f_2], demand_intercept=4.0, demand_slope=1.0, rent_weight=alpha)
    )
    q = np.array(case.quantity)
    surplus = 4 * q - q**2 / 2 - q * np.array([1.0, 2.0])
    assert_optimum(menu, f_1 * (surplus[0] - (1 - alpha) * q[1]) + f_2 * surplus[1])
    assert menu.allocation.ravel() == pytest.approx(q, abs=ALLOCATION)
    if alpha < 1:  # at 1 money between consumers and the firm is neutral
        assert menu.information_rent == pytest.approx([q[1], 0.0], abs=ALLOCATION)
        assert -menu.transfer == pytest.approx([q[0] + q[1], 2 * q[1]], abs=2 * ALLOCATION)  # payment = cost + rent


def test_regulated_price_with_uniform_costs_is_the_virtual_cost():
    """Costs uniform on [0, 1]: P(q) = theta + (1 - alpha) theta; on the midpoint grid theta + (1 - alpha) (i - 1)/n."""
    costs, alpha = midpoints(40), 0.25
    menu = solve_menu(models.regulation(costs, demand_intercept=2.0, demand_slope=0.5, rent_weight=alpha))
    price = 2.0 - 0.5 * menu.allocation.ravel()
    assert price == pytest.approx(costs + (1 - alpha) * np.arange(40) / 40, abs=ALLOCATION)
    assert np.abs(price - (2 - alpha) * costs).max() < 1 / 40


def test_regulated_capacity_binds():
    menu = solve_menu(models.regulation([1.0, 2.0], demand_intercept=4.0, rent_weight=0.5, capacity=2.0))
    assert menu.allocation.ravel() == pytest.approx([2.0, 1.5], abs=ALLOCATION)


# ---- income tax ----


def earnings_of(menu):
    return -menu.problem.cost.value(menu.allocation)


def marginal_tax(menu, skills, elasticity):
    """1 - z^(k - 1) / theta^k: what the worker keeps of one more unit of earnings is the effort that it takes."""
    k = 1 + 1 / elasticity
    return 1 - earnings_of(menu) ** (k - 1) / np.asarray(skills) ** k


WELFARE = [contracts.Isoelastic(1.0), contracts.Isoelastic(2.0), contracts.Exponential(1.0)]


@pytest.mark.parametrize("function", WELFARE, ids=str)
@pytest.mark.parametrize("elasticity", [0.25, 0.5, 2.0])
def test_income_tax_never_distorts_the_top_and_balances_the_budget(function, elasticity):
    """Mirrlees (1971), Seade (1977): between 0 and 1 below the top, 0 at it, and utility rises in skill."""
    skills, weights, revenue = [1.0, 1.5, 2.0, 3.0], [0.4, 0.3, 0.2, 0.1], 0.05
    problem = models.income_tax(skills, weights, elasticity=elasticity, welfare_function=function, revenue=revenue)
    menu = solve_menu(problem)
    assert menu.certificate.holds
    assert menu.certificate.relative_gap <= SOLVED_GAP
    rates = marginal_tax(menu, skills, elasticity)
    assert rates[-1] == pytest.approx(0, abs=TAX_RATE)
    assert np.all(rates[:-1] > 0.01)
    assert np.all(rates[:-1] < 1)
    assert weights @ menu.payoff >= revenue - ROUNDING
    assert weights @ menu.payoff == pytest.approx(revenue, abs=SOLVED_GAP)
    assert menu.value <= menu.upper_bound  # an overspent budget would buy more than any menu is worth
    assert np.all(np.diff(menu.utility) > 0)
    assert np.all(np.diff(earnings_of(menu)) > 0)
    assert menu.payoff == pytest.approx(earnings_of(menu) + menu.transfer, rel=ROUNDING)


@pytest.mark.parametrize("function", WELFARE, ids=str)
@pytest.mark.parametrize("elasticity", [0.5, 1.0])
def test_income_tax_with_two_skills_is_a_search_over_one_number(function, elasticity):
    """With the skilled indifferent and the budget spent, the effort x of the others decides everything.

    u_2 = u_1 + (a_2 - a_1) x with a = -theta^-k; the skilled earn efficiently; mean utility = mean earnings + a . x.
    """
    skills, (f_1, f_2) = np.array([1.0, 2.0]), (0.6, 0.4)
    k = 1 + 1 / elasticity
    a_1, a_2 = -(skills**-k)
    top = skills[1] ** (k / (k - 1))  # z^(k - 1) = theta^k

    def welfare(x):
        created = f_1 * ((k * x) ** (1 / k) + a_1 * x) + f_2 * (top + a_2 * top**k / k)
        u_1 = created - f_2 * (a_2 - a_1) * x
        gains = function.value(np.array([u_1, u_1 + (a_2 - a_1) * x]))
        return float(f_1 * gains[0] + f_2 * gains[1])

    best = minimize_scalar(lambda x: -welfare(x), bounds=(1e-6, 1 / k), method="bounded", options={"xatol": 1e-12})
    menu = solve_menu(models.income_tax(skills, [f_1, f_2], elasticity=elasticity, welfare_function=function))
    assert menu.value == pytest.approx(-best.fun, rel=SOLVED_GAP, abs=SOLVED_GAP)
    assert menu.allocation[0, 0] == pytest.approx(best.x, abs=TAX_RATE)
    assert earnings_of(menu)[1] == pytest.approx(top, rel=ALLOCATION)


def test_sum_of_utilities_is_not_worth_any_distortion():
    skills, k = np.array([1.0, 1.5, 3.0]), 3.0
    menu = solve_menu(models.income_tax(skills, elasticity=0.5, welfare_function=None))
    assert marginal_tax(menu, skills, 0.5) == pytest.approx(np.zeros(3), abs=TAX_RATE)
    efficient = skills ** (k / (k - 1))
    assert_optimum(menu, float(np.mean(efficient * (1 - 1 / k))))


def lognormal_skills(n, spread=0.4):
    from scipy.stats import norm

    return np.exp(spread * norm.ppf((np.arange(n) + 0.5) / n))


@pytest.mark.parametrize("function", [contracts.Isoelastic(1.0), contracts.Isoelastic(2.0), contracts.Exponential(1.0)])
@pytest.mark.parametrize(
    ("elasticity", "n", "spread"), [(0.3, 100, 0.4), (0.5, 40, 0.4), (0.5, 100, 0.4), (0.3, 150, 0.7)]
)
def test_a_hundred_skills_are_taxed_as_well_as_four(function, elasticity, n, spread):
    """At spread 0.7 effort to the power k spans ten orders of magnitude."""
    skills = lognormal_skills(n, spread)
    menu = solve_menu(models.income_tax(skills, elasticity=elasticity, welfare_function=function))
    assert menu.certificate.rigorous
    rates = marginal_tax(menu, skills, elasticity)
    assert rates[-1] == pytest.approx(0, abs=0.01)  # welfare is flat in what a hundredth of the people earn
    assert np.all(rates[:-1] > 0)


@pytest.mark.parametrize("elasticity", [0.3, 0.5])
def test_rawls_taxes_a_hundred_skills_as_if_each_minded_work_by_its_virtual_cost(elasticity):
    """A unit of x costs -a_i, the rents of all above (a_{i+1} - a_i)(1 - F_i) / f_i; earnings z^(k - 1) = 1 / cost."""
    n, k = 100, 1 + 1 / elasticity
    skills = lognormal_skills(n)
    a = -(skills**-k)
    virtual_cost = -a + np.append(np.diff(a), 0.0) * np.arange(n - 1, -1, -1)
    earnings = virtual_cost ** (-1 / (k - 1))
    assert np.all(np.diff(earnings) > 0)  # nobody is bunched
    menu = solve_menu(models.income_tax(skills, elasticity=elasticity, welfare_function=contracts.WorstOff()))
    truth = float(np.mean(earnings)) * (1 - 1 / k)
    assert menu.value <= truth + ROUNDING
    assert menu.upper_bound == pytest.approx(truth, abs=SOLVED_GAP)


def test_welfare_that_is_nearly_satiated_is_bounded_by_satiation():
    menu = solve_menu(models.income_tax([10, 15, 20, 30, 60], welfare_function=contracts.Exponential(1.0)))
    assert menu.value == pytest.approx(1.0, abs=SOLVED_GAP)
    assert menu.value <= menu.upper_bound


def test_welfare_too_steep_for_a_solver_says_so():
    """Skills a thousand times apart, and an aversion of 20: the poor count 1e60 times as much as the rich."""
    problem = models.income_tax([1, 1000], welfare_function=contracts.Isoelastic(20.0))
    with pytest.raises(contracts.SolverError, match=r"lower the aversion .* or measure money in larger units"):
        solve_menu(problem)


def test_the_more_averse_to_inequality_the_better_off_the_least_skilled():
    functions = [None, contracts.Isoelastic(0.5), contracts.Isoelastic(2.0), contracts.WorstOff()]
    menus = [solve_menu(models.income_tax([1.0, 2.0, 3.0], welfare_function=function)) for function in functions]
    lowest = [menu.utility.min() for menu in menus[1:]]
    assert lowest == sorted(lowest)
    assert menus[0].utility @ menus[0].problem.weights > menus[-1].utility @ menus[-1].problem.weights


# ---- lotteries ----


class Lotteries(NamedTuple):
    name: str
    utility: list[list[float]]
    principal: list[float]
    reservation: tuple[float, float]
    transfers: object
    value: float


# Found by the brute force below; each optimum lies on its grid of eighths.
LOTTERIES = [
    Lotteries("free transfers: sell each its favourite", [[3, 1, 0], [0, 1, 4]], [0, 0, 0], (0, 0), "free", 3.5),
    Lotteries("free transfers: keep the high type honest", [[1, 0, 0], [3, 1, 0]], [0, 0, 0], (0, 0), "free", 1.5),
    Lotteries("bounded transfers: a price cap", [[3, 1, 0], [0, 1, 4]], [0, 0, 0], (0, 0), (0.0, 1.0), 1.0),
    Lotteries("no transfers: lotteries instead of money", [[4, 2, 0], [4, 1, 0]], [0, 1, 2], (2, 2), "none", 1.0),
    Lotteries("no transfers: opposed tastes", [[4, 0, 2], [0, 4, 2]], [0, 0, 1], (2.5, 2.5), "none", 0.75),
]


def brute_force(case, steps=8):
    """Best payoff over all pairs of lotteries with probabilities j / steps, at the best transfers for each pair."""
    grid = [np.array([i, j, steps - i - j]) / steps for i in range(steps + 1) for j in range(steps + 1 - i)]
    a, b, r = np.array(case.utility, dtype=float), np.array(case.principal, dtype=float), case.reservation
    lowest, highest = {"free": (-np.inf, np.inf), "none": (0.0, 0.0)}.get(str(case.transfers), case.transfers)
    best, tie = -np.inf, 1e-12
    for x_1, x_2 in itertools.product(grid, repeat=2):
        lead_1, lead_2 = a[0] @ (x_1 - x_2), a[1] @ (x_2 - x_1)  # t_1 <= t_2 + lead_1 and t_2 <= t_1 + lead_2
        top_1, top_2 = min(highest, a[0] @ x_1 - r[0]), min(highest, a[1] @ x_2 - r[1])
        t_1, t_2 = min(top_1, top_2 + lead_1), min(top_2, top_1 + lead_2)
        if lead_1 + lead_2 >= -tie and min(t_1, t_2) >= lowest - tie:
            best = max(best, (b @ x_1 + b @ x_2 + t_1 + t_2) / 2)
    return best


@pytest.mark.parametrize("case", LOTTERIES, ids=lambda case: case.name)
def test_lotteries_agree_with_brute_force(case):
    menu = solve_menu(
        models.lotteries(
            case.utility,
            principal_values=case.principal,
            transfers=case.transfers,
            reservation_utility=case.reservation,
        )
    )
    assert brute_force(case) == pytest.approx(case.value, abs=ROUNDING)
    assert_optimum(menu, case.value)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("transfers", ["free", "none", (0.0, 0.5)], ids=str)
def test_lotteries_earn_at_least_what_a_grid_of_lotteries_earns(seed, transfers):
    rng = np.random.default_rng(seed)
    utility, principal = rng.integers(0, 5, size=(2, 3)).tolist(), rng.integers(0, 5, size=3).tolist()
    case = Lotteries("random", utility, principal, (0.75, 0.75), transfers, np.nan)
    found = brute_force(case)
    problem = models.lotteries(
        utility, principal_values=principal, transfers=transfers, reservation_utility=case.reservation
    )
    if np.isfinite(found):
        assert solve_menu(problem).value >= found - SOLVED_GAP
    else:
        with pytest.raises(contracts.InfeasibleMenuError):
            solve_menu(problem)


# ---- delegation ----


def test_delegation_to_one_type_is_the_softmax_policy():
    """Reward - harm - temperature KL is maximised by reference exp((reward - harm) / temperature), normalised."""
    rng = np.random.default_rng(1)
    reward, harm, reference = rng.normal(size=5), rng.uniform(size=5), rng.dirichlet(np.ones(5))
    menu = solve_menu(models.delegation([reward], reference=reference, temperature=0.7, harm=harm))
    score = (reward - harm) / 0.7 + np.log(reference)
    assert_optimum(menu, 0.7 * logsumexp(score))
    assert menu.allocation[0] == pytest.approx(softmax(score), abs=ALLOCATION)


class TwoPolicies(NamedTuple):
    name: str
    gain: tuple[float, float]  # what each type gains from the second policy
    harm: float  # of the second policy
    bold: tuple[float, float]  # probability of the second policy
    may_keep_reference: bool = False


# Two policies, reference (3/4, 1/4), temperature 1/2. Type i enjoys p, the probability of the second policy, at d_i p.
# Alone it would be given p_i = sigma((d_i - h) / T + logit(1/4)).
# - Opposed tastes, d_1 > 0 > d_2: the type that likes the second policy is given more of it, so both prefer their own.
# - Same tastes, d_1, d_2 > 0: without money both take whichever policy has the larger p, so the menu must pool them,
#   and the best single p is that of the mean gain: the policy of pooled preferences is the optimal menu.
# - If everybody may keep the reference, p_1 cannot fall below 1/4 for d_1 > 0, whatever the harm.
T, LOGIT = 0.5, float(logit(0.25))
DELEGATION = [
    TwoPolicies("opposed tastes", (1.0, -1.0), 0.0, (expit(1 / T + LOGIT), expit(-1 / T + LOGIT))),
    TwoPolicies("opposed tastes, harm", (1.0, -1.0), 0.4, (expit(0.6 / T + LOGIT), expit(-1.4 / T + LOGIT))),
    TwoPolicies("same tastes pool", (1.5, 0.5), 0.0, (expit(0.95 / T + LOGIT),) * 2),
    TwoPolicies("same tastes pool, harm", (1.5, 0.5), 0.4, (expit(0.55 / T + LOGIT),) * 2),
    TwoPolicies(
        "harmful, but a right to the reference",
        (1.0, -1.0),
        2.0,
        (0.25, expit(-3 / T + LOGIT)),
        may_keep_reference=True,
    ),
    TwoPolicies("harmful, no rights", (1.0, -1.0), 2.0, (expit(-1 / T + LOGIT), expit(-3 / T + LOGIT))),
]


@pytest.mark.parametrize("case", DELEGATION, ids=lambda case: case.name)
def test_delegation_of_two_policies_to_two_types(case):
    weights, reference = np.array([0.45, 0.55]), np.array([0.75, 0.25])
    menu = solve_menu(
        models.delegation(
            [[0.0, case.gain[0]], [0.0, case.gain[1]]],
            weights,
            reference=reference,
            temperature=T,
            harm=[0.0, case.harm],
            outside_option=reference if case.may_keep_reference else None,
        )
    )
    p = np.array(case.bold)
    divergence = p * np.log(p / 0.25) + (1 - p) * np.log((1 - p) / 0.75)
    assert_optimum(menu, float(weights @ ((np.array(case.gain) - case.harm) * p - T * divergence)))
    assert menu.allocation[:, 1] == pytest.approx(p, abs=ALLOCATION)


def test_a_provider_that_cares_for_harm_only_offers_the_reference_without_it():
    menu = solve_menu(
        models.delegation([[0.0, 1.0], [1.0, 0.0]], reference=[0.5, 0.5], temperature=1.0, welfare_weights=0.0)
    )
    assert_optimum(menu, 0.0)
    assert menu.allocation == pytest.approx(np.full((2, 2), 0.5), abs=ALLOCATION)


# ---- the door ----

REFUSED = [
    (models.mussa_rosen, ([[1.0, 2.0]],), {}, r"types has shape \(1, 2\).*multiproduct"),
    (models.mussa_rosen, ([1.0, -2.0],), {"labels": ("low", "high")}, r"types\['high'\] is -2.0.*sign"),
    (models.mussa_rosen, ([1.0, np.nan],), {}, r"types\[1\] is nan"),
    (models.mussa_rosen, ([1.0],), {"curvature": 0.0}, "curvature is 0.0: give one positive number"),
    (models.mussa_rosen, ([],), {}, r"types has shape \(0,\)"),
    (models.maskin_riley, ([1.0],), {"exponent": 1.0}, "exponent is 1.0.*below 1"),
    (models.maskin_riley, ([1.0],), {"unit_cost": -1.0}, "unit_cost is -1.0"),
    (models.multiproduct, ([1.0, 2.0],), {}, r"types has shape \(2,\).*mussa_rosen"),
    (models.multiproduct, ([[1.0, 2.0]],), {"curvature": [1.0, 2.0, 3.0]}, "3 entries for 2 goods"),
    (models.optimal_auction, ([[1.0, 2.0]],), {"demand": "Unit"}, "demand is 'Unit': use 'additive'"),
    (models.regulation, ([1.0],), {"demand_intercept": 4.0, "rent_weight": 1.5}, "rent_weight is 1.5.*without limit"),
    (models.regulation, ([-1.0],), {"demand_intercept": 4.0}, r"marginal_costs\[0\] is -1.0"),
    (models.regulation, ([1.0],), {"demand_intercept": 0.0}, "demand_intercept is 0.0"),
    (models.income_tax, ([1.0, 0.0],), {}, r"skills\[1\] is 0.0: every skill must be positive"),
    (models.income_tax, ([1.0],), {"elasticity": 0.0}, "elasticity is 0.0"),
    (models.lotteries, ([1.0, 2.0],), {}, r"utility_matrix has shape \(2,\).*one row"),
    (models.delegation, ([1.0, 2.0],), {"reference": [0.5, 0.5], "temperature": 1.0}, r"utility_matrix has shape"),
    (models.delegation, ([[1.0, 2.0]],), {"reference": [0.5, 0.6], "temperature": 1.0}, "reference sums to 1.1"),
    (models.delegation, ([[1.0, 2.0]],), {"reference": [0.5, 0.5], "temperature": -1.0}, "temperature is -1.0"),
    (models.delegation, ([[1.0, 2.0]],), {"temperature": 1.0}, "reference is left out, but temperature is a price"),
    (models.mussa_rosen, ([1.0, -2.0],), {}, r"types\[1\] is -2.0"),
]


@pytest.mark.parametrize(("model", "positional", "named", "message"), REFUSED)
def test_what_makes_no_sense_is_refused_in_the_words_of_the_model(model, positional, named, message):
    with pytest.raises(contracts.ProblemError, match=message):
        model(*positional, **named)
