"""A gap of welfare is relative to what utility is worth at the best menu, not at a bad one, whatever the prices."""

import dataclasses
import functools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array

import contracts as c
from contracts.proof.multipliers import no_multipliers
from tests.strategies import examples

GAP = 1e-6
ROOM = 100.0  # what counts as a worse menu is this many gaps below the best
SKILLS = np.array([1.0, 1.5, 2.0, 3.0, 6.0])


@dataclasses.dataclass(frozen=True)
class Shifted:
    """W(u) = (u + least)^(1 - aversion) / (1 - aversion): finite at 0, and worth next to minus infinity there."""

    aversion: float
    least: float

    def value(self, utility):
        return c.Isoelastic(self.aversion).value(utility + self.least)

    def marginal(self, utility):
        return c.Isoelastic(self.aversion).marginal(utility + self.least)

    def conjugate(self, price):
        return c.Isoelastic(self.aversion).conjugate(price) + self.least * price

    def expression(self, utility):
        return c.Isoelastic(self.aversion).expression(utility + self.least)


class Subsistence(Shifted):
    """Utility counts from a level below which nobody can live: minus infinity at 0 and above it."""


FUNCTIONS = {
    "log": c.Isoelastic(1.0),
    **{f"isoelastic {aversion}": c.Isoelastic(aversion) for aversion in (0.5, 2.0, 5.0, 10.0, 40.0)},
    "exponential": c.Exponential(3.0),
    "shifted": Shifted(10.0, 1e-6),
    "subsistence": Subsistence(2.0, -0.01),
}
averse = pytest.mark.parametrize("name", FUNCTIONS)


@functools.cache
def best(name):
    problem = c.models.income_tax(SKILLS, welfare_function=FUNCTIONS[name])
    return c.solve_menu(problem)


def in_utility(menu):
    """sum_i f_i w_i W'(u_i) u_i at a menu: what all utility is worth there."""
    terms = menu.problem.terms
    social = menu.problem.weights * terms.welfare_weights
    return float(social @ (terms.function.marginal(menu.utility) * menu.utility))


def bad_menus(menu):
    """Fifteen: contracts that leave one type, some or all almost nothing, and nothing else for everybody."""
    worth = np.einsum("ij,ij->i", menu.problem.valuations, menu.allocation)
    found = []
    for left in (1e-1, 1e-3, 9e-16):
        for poor in ([0], [4], [0, 1, 2], [0, 1, 2, 3, 4]):
            utility = menu.utility.copy()
            utility[poor] = np.minimum(left, utility[poor])
            found.append((menu.allocation, worth - utility))
        found.append((np.zeros_like(menu.allocation), np.full(len(worth), -left)))
    return found


def junk(menu, seed):
    """Multipliers of random sizes, signs as they must be."""
    rng, n = np.random.default_rng(seed), menu.problem.n_types
    sizes = 10.0 ** rng.uniform(-3, rng.choice([1, 10, 100]), (n, n)) * rng.integers(0, 2, (n, n))
    np.fill_diagonal(sizes, 0.0)
    own = menu.bound.multipliers
    return dataclasses.replace(
        own,
        ic=csr_array(sizes) if rng.integers(2) else own.ic,
        ir=10.0 ** rng.uniform(-3, 3, n) * rng.integers(0, 2, n),
        profit=10.0 ** rng.uniform(-10, rng.choice([1, 10, 150])),
    )


def proofs(menu, allocation, transfer, seed):
    """Nine: the prices of the best menu, none, junk, and what a bad menu itself would pay for utility."""
    own, problem = menu.bound.multipliers, menu.problem
    found = [own, no_multipliers(problem.program), junk(menu, seed)]
    with np.errstate(over="ignore"):
        marginal = np.minimum(problem.terms.function.marginal(problem.utility(allocation, transfer)), 1e150)
    for price in (marginal.max(), marginal.min(), np.median(marginal)):
        dear = dataclasses.replace(own, ic=own.ic * (price / own.profit), profit=float(price))
        ir = np.maximum(problem.weights * (price - marginal), 0.0)
        found += [dear, dataclasses.replace(own, ic=own.ic * 0.0, ir=ir, profit=float(price))]
    return found


@averse
@examples(10)
@given(st.integers(0, 14), st.integers(0, 8), st.integers(0, 10**6))
def test_no_bad_menu_is_proven_whatever_proves_it(name, which, proof, seed):
    menu = best(name)
    allocation, transfer = bad_menus(menu)[which]
    value = menu.problem.objective_value(allocation, transfer)
    if value < menu.value - ROOM * GAP * abs(in_utility(menu)):
        prices = proofs(menu, allocation, transfer, seed)[proof]
        judged = c.verify(menu.problem, allocation, transfer, multipliers=prices, gap=GAP, tolerance=1e9)
        assert judged.relative_gap > GAP


@averse
def test_a_menu_that_leaves_next_to_nothing_is_not_proven_by_the_prices_of_the_best(name):
    menu = best(name)
    for allocation, transfer in bad_menus(menu)[-5:]:
        judged = c.verify(menu.problem, allocation, transfer, multipliers=menu.bound.multipliers, tolerance=1e9)
        assert judged.relative_gap > 1e-3


@averse
def test_the_best_menu_is_proven_and_what_it_is_relative_to_is_what_utility_is_worth(name):
    menu = best(name)
    assert menu.certificate.holds
    assert menu.certificate.scale < 10 * max(in_utility(menu), abs(menu.value))


def test_a_type_left_next_to_nothing_is_not_worth_its_own_marginal_welfare():
    problem = c.models.income_tax([10, 15, 20, 30, 60], welfare_function=c.Isoelastic(10.0))
    everybody = np.zeros((5, 1)), np.full(5, -9e-16)  # the same contract for all: exactly IC, and the budget is kept
    problem = dataclasses.replace(problem, objective=dataclasses.replace(problem.objective, minimum_profit=-9e-16))
    for price in (1e-9, 1.0, 1e150):
        prices = dataclasses.replace(no_multipliers(problem.program), profit=price)
        judged = c.verify(problem, *everybody, multipliers=prices, gap=GAP)
        assert judged.is_exact
        assert not judged.violations
        assert judged.value < -1e100
        assert not judged.holds


@pytest.mark.parametrize("money", [1e-6, 1.0, 1e6])
def test_another_unit_of_money_leaves_the_verdict_on_a_bad_menu(money):
    problem = c.models.income_tax(SKILLS * money, welfare_function=c.Isoelastic(1.0))
    menu = c.solve_menu(problem)
    assert menu.certificate.scale == pytest.approx(best("log").certificate.scale, rel=1e-3)
