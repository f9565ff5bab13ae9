"""Advice can be followed: for every remedy there is a call that fails, and one that does what the message says."""

from typing import NamedTuple

import numpy as np
import pytest
import scipy.stats

import contracts as c

Q = {"cost": c.Quadratic()}
UNIFORM = scipy.stats.uniform(0, 1)
INF = float("inf")
PEOPLE = np.random.default_rng(0).uniform(1, 2, 30)


def schedule(distribution=UNIFORM, **fields):
    return c.optimal_schedule(distribution, **(Q | fields))


class OwnCost:
    """x^2 / 2 without saying that its conjugate is exact."""

    def value(self, allocation):
        return (allocation**2).sum(axis=1) / 2

    def conjugate(self, valuation, domain):
        return c.Quadratic().conjugate(valuation, domain)

    def expression(self, allocation):
        return c.Quadratic().expression(allocation)


class ExactCost(OwnCost):
    is_closed_form = True


class Advice(NamedTuple):
    """What the message says, the call that it answers, and calls that do what it says, one for each remedy."""

    says: str
    fails: object
    follow: tuple
    error: type = c.ProblemError


MENU = c.solve_menu([1.0, 2.0], cost=c.Quadratic())
ADVICE = [
    Advice(r"distribution integrates to 2 over \(0, 1\), not to 1: divide the density by that, or give the support",
           lambda: schedule(lambda t: 4 * t, support=(0, 1)),
           (lambda: schedule(lambda t: 4 * t / 2, support=(0, 1)),
            lambda: schedule(lambda t: 4 * t, support=(0, 0.5**0.5)))),
    Advice(r"distribution is a density and support is None: give the interval .* support=\(lowest, highest\)",
           lambda: schedule(lambda t: 2 * t), (lambda: schedule(lambda t: 2 * t, support=(0, 1)),)),
    Advice(r"support is \(0, inf\): give the interval .* cut where it has no end",
           lambda: schedule(lambda t: np.exp(-t), support=(0, INF)),
           (lambda: schedule(lambda t: np.exp(-t) / (1 - np.exp(-9.0)), support=(0, 9)),)),
    Advice(r"distribution at 0.002 is -0.996: a density is finite and not negative; check it, or narrow the support",
           lambda: schedule(lambda t: 2 * t - 1, support=(0, 2)),
           (lambda: schedule(lambda t: np.maximum(2 * t - 1, 0) / 2.25, support=(0, 2)),
            lambda: schedule(lambda t: (2 * t - 1) / 2.25, support=(0.5, 2)))),
    Advice(r"distribution does not take an array of types .* entry by entry, such as lambda t: 6 \* t",
           lambda: schedule(lambda t: 1.0 if t < 1 else 0.0, support=(0, 1)),
           (lambda: schedule(lambda t: 6 * t * (1 - t), support=(0, 1)),)),
    Advice("distribution is discrete: give its values and their shares to solve_menu",
           lambda: schedule(scipy.stats.binom(3, 0.5)),
           (lambda: c.solve_menu(np.arange(4.0), scipy.stats.binom(3, 0.5).pmf(np.arange(4)), **Q),)),
    Advice("freeze it, .* or give a list of one distribution per good to discretise",
           lambda: schedule(scipy.stats.multivariate_normal([0, 0])),
           (lambda: schedule(scipy.stats.uniform(0, 1)), lambda: c.discretise([UNIFORM, UNIFORM], 2))),
    Advice("one number per person, not all the same", lambda: schedule([1.0, 1.0]),
           (lambda: schedule([1.0, 2.0]), lambda: schedule(UNIFORM),
            lambda: schedule(lambda t: 2 * t, support=(0, 1)))),
    Advice("support is .* where distribution has no mass: it lives on", lambda: schedule(support=(2, 3)),
           (lambda: schedule(support=(0, 0.5)),)),
    Advice("support is .* lower end first", lambda: schedule(support=(1, 0)), (lambda: schedule(support=(0, 1)),)),
    Advice("holds 0 of the data: widen it", lambda: schedule(PEOPLE, support=(5, 6)),
           (lambda: schedule(PEOPLE, support=(0, 6)),)),
    Advice("data is 'smooth': give 'empirical' .* or 'kernel'", lambda: schedule(PEOPLE, data="smooth"),
           (lambda: schedule(PEOPLE, data="empirical"), lambda: schedule(PEOPLE, data="kernel"))),
    Advice(r"tail is too heavy for this cost; cut it, support=.* highest about 100 .* or give amounts a limit",
           lambda: schedule(scipy.stats.pareto(2)),
           (lambda: schedule(scipy.stats.pareto(2), support=(1, 100)),
            lambda: schedule(scipy.stats.pareto(2), domain=c.Box(0, 50))), c.UnboundedMenuError),
    Advice(r"infinite amount: give amounts a limit, domain=Box\(0, most\), or a cost that curves, such as Quadratic",
           lambda: c.optimal_schedule(UNIFORM),
           (lambda: c.optimal_schedule(UNIFORM, domain=c.Box(0, 3)),
            lambda: c.optimal_schedule(UNIFORM, cost=c.Quadratic())), c.UnboundedMenuError),
    Advice("types have no finite mean: .* cut the distribution, support=",
           lambda: schedule(scipy.stats.halfcauchy()),
           (lambda: schedule(scipy.stats.halfcauchy(), support=(0, 100)),), c.UnboundedMenuError),
    Advice("within the last digit of -1, .* an end of -0.996838",
           lambda: schedule(scipy.stats.powerlaw(0.4, loc=-1), types="costs"),
           (lambda: schedule(scipy.stats.powerlaw(0.4, loc=-1), types="costs", support=(-0.996838, -0.1)),)),
    Advice(r"integrates to .* over \(-inf, inf\), not to 1: give the support that its density belongs to",
           lambda: schedule(scipy.stats.vonmises(2)),
           (lambda: schedule(scipy.stats.vonmises(2), support=(-np.pi, np.pi)),)),
    Advice("types is 'taste': give 'values' .* or 'costs'", lambda: schedule(types="taste"),
           (lambda: schedule(types="values"), lambda: schedule(types="costs"))),
    Advice("rent_weight is 2: give a number from 0", lambda: schedule(rent_weight=2),
           (lambda: schedule(rent_weight=0), lambda: schedule(rent_weight=1))),
    Advice(r"domain is Simplex: .* give NonNegative\(\) or Box\(0, most\)", lambda: schedule(domain=c.Simplex()),
           (lambda: schedule(domain=c.NonNegative()), lambda: schedule(domain=c.Box(0, 2)))),
    Advice("domain reaches down to -1: .* measure amounts from the least one", lambda: schedule(domain=c.Box(-1, 1)),
           (lambda: schedule(domain=c.Box(0, 2)),)),
    Advice("cost OwnCost has no closed conjugate: .* or set is_closed_form = True", lambda: schedule(cost=OwnCost()),
           (lambda: schedule(cost=c.Quadratic()), lambda: schedule(cost=ExactCost()))),
    Advice("Quadratic curvature has 2 entries for 1 goods: give one number",
           lambda: schedule(cost=c.Quadratic([1.0, 2.0])),
           (lambda: schedule(cost=c.Quadratic(1.0)),)),
    Advice("principal_value does not take an array of types .* such as lambda t: 2 - t",
           lambda: schedule(principal_value=lambda t: 1.0 if t < 1 else 0.0),
           (lambda: schedule(principal_value=1.0), lambda: schedule(principal_value=lambda t: 2 - t))),
    Advice("amount is -1: give amounts from 0 up", lambda: schedule().tariff([-1.0]),
           (lambda: schedule().tariff([0.0]),)),
    Advice("against is 'money': give 'type' or 'amount'", lambda: schedule().plot(against="money"),
           (lambda: schedule().plot(against="type"), lambda: schedule().plot(against="amount"))),
    Advice(r"cells of equal width do not fill: cut it, support=.* or use rule='quantile'",
           lambda: c.discretise(scipy.stats.expon(), 4),
           (lambda: c.discretise(scipy.stats.expon(), 4, support=(0, 9)),
            lambda: c.discretise(scipy.stats.expon(), 4, rule="quantile"))),
    Advice(r"moments up to 10 .* are infinite: .* cut the support, .* take fewer, or use rule='quantile'",
           lambda: c.discretise(scipy.stats.pareto(5), 5, rule="gauss"),
           (lambda: c.discretise(scipy.stats.pareto(5), 5, rule="gauss", support=(1, 50)),
            lambda: c.discretise(scipy.stats.pareto(5), 2, rule="gauss"),
            lambda: c.discretise(scipy.stats.pareto(5), 5, rule="quantile"))),
    Advice("n_types is 65: Gauss's points are found for at most 64; use rule='quantile'",
           lambda: c.discretise(UNIFORM, 65, rule="gauss"), (lambda: c.discretise(UNIFORM, 65, rule="quantile"),)),
    Advice(r"so there are 100\^4 types: stay below 200,000", lambda: c.discretise([UNIFORM] * 4, 100),
           (lambda: c.discretise([UNIFORM] * 4, 5),)),
    Advice("of finitely many types: give them to solve_menu as they are, or smooth them, data='kernel'",
           lambda: c.discretise(PEOPLE, 4, data="empirical"),
           (lambda: c.solve_menu(PEOPLE, **Q), lambda: c.discretise(PEOPLE, 4, data="kernel", rule="quantile"))),
    Advice("rule is 'random': give", lambda: c.discretise(UNIFORM, 4, rule="random"),
           (lambda: c.discretise(UNIFORM, 4, rule="gauss"),)),
    Advice(r"give \(lowest, highest\) for each of 2 goods, in a list",
           lambda: c.discretise([UNIFORM, UNIFORM], 2, support=(0, 1)),
           (lambda: c.discretise([UNIFORM, UNIFORM], 2, support=[(0, 1), (0, 0.5)]),)),
    Advice("n_levels is 2: an order needs at least 3", lambda: c.refine(UNIFORM, 4, n_levels=2, **Q),
           (lambda: c.refine(UNIFORM, 4, n_levels=3, **Q),)),
    Advice("rule is 'gauss', which has no cells: use", lambda: c.refine(UNIFORM, 4, rule="gauss", **Q),
           (lambda: c.refine(UNIFORM, 4, rule="lower", **Q),)),
    Advice("discretisation is of Gauss's points, which have no cells: use another rule",
           lambda: c.discretisation_error(MENU, c.discretise(UNIFORM, 4, rule="gauss")),
           (lambda: c.discretisation_error(MENU, c.discretise(UNIFORM, 4, rule="lower")),)),
    Advice("discretisation has 2 goods and the menu 1",
           lambda: c.discretisation_error(MENU, c.discretise([UNIFORM, UNIFORM], 2)),
           (lambda: c.discretisation_error(MENU, c.discretise(UNIFORM, 4)),)),
    Advice("menu is not for profit .* drop the objective, constraints, limits or reservation utilities",
           lambda: c.discretisation_error(c.solve_menu([1.0, 2.0], **Q, reservation_utility=0.1),
                                          c.discretise(UNIFORM, 4)),
           (lambda: c.discretisation_error(c.solve_menu([1.0, 2.0], **Q), c.discretise(UNIFORM, 4)),)),
]  # fmt: skip


@pytest.mark.parametrize("advice", ADVICE, ids=lambda advice: advice.says[:50])
def test_advice_can_be_followed(advice):
    import matplotlib.pyplot as plt

    with pytest.raises(advice.error, match=advice.says):
        advice.fails()
    for call in advice.follow:
        assert call() is not None
    plt.close("all")
