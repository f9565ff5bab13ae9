"""Theorems of screening that every solved menu must obey, whatever the problem."""

import dataclasses
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

import contracts as c
from contracts.engines.candidate import units_of
from contracts.problem.costs import rows_of
from contracts.proof.bound import upper_bound
from contracts.proof.multipliers import no_multipliers
from contracts.testing.parts import MONEY
from contracts.testing.screening import line_problems, plain_problems, random_menu, rich_problems

GAP = 1e-6  # what solve_menu is asked for: values agree to the sum of both gaps, relative to the certificate's scale
CURVED = 2e-3  # square root of the gap: what strong convexity leaves of allocations, relative to their unit


def solved(problem, **arguments):
    """The menu of a problem; problems whose types nearly coincide may raise, and then prove nothing here."""
    try:
        return c.solve_menu(problem, **arguments)
    except c.SolverError:
        assume(False)  # noqa: FBT003
        raise


def apart(problem, least=1e-4):
    """Whether no two types are nearly, but not quite, alike, no type is nearly absent, and conjugates are accurate."""
    if isinstance(problem.domain, c.Polyhedron) and isinstance(problem.cost, c.Power):
        return False  # a power cone program over a polyhedron leaves gaps of 1e-5: certified only if asked for that
    unit = np.abs(problem.valuations).max()
    distance = np.abs(problem.valuations[:, np.newaxis] - problem.valuations).max(axis=2)
    return bool(np.all((distance == 0) | (distance >= least * unit)) and problem.weights.min() >= least)


def slip(*menus):
    """How far values of menus of one problem may differ."""
    return sum(GAP * menu.certificate.scale for menu in menus)


def is_ic_and_ir_in_rationals(menu) -> bool:
    """The definition, without the library: every pair, every type, the outside option as a contract."""
    problem = menu.problem
    contracts = list(zip(menu.allocation.tolist(), menu.transfer.tolist(), strict=True))
    if problem.outside_contract is not None:
        contracts.append((problem.outside_contract.tolist(), 0.0))
    for who, valuation in enumerate(problem.valuations.tolist()):
        worth = [
            sum(Fraction(a) * Fraction(x) for a, x in zip(valuation, allocation, strict=True)) - Fraction(transfer)
            for allocation, transfer in contracts
        ]
        if worth[who] < max(worth):
            return False
        if problem.outside_contract is None and worth[who] < Fraction(problem.reservation_utility[who]):
            return False
    return True


# ---- what every menu is ----


@given(plain_problems())
@example(c.ScreeningProblem([0.0, 0.0], cost=c.Quadratic()))
@example(c.ScreeningProblem([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]], cost=c.Quadratic(1e9)))
def test_every_menu_is_exactly_ic_and_ir_and_proven(problem):
    menu = solved(problem)
    assert menu.certificate.holds
    assert menu.certificate.is_exact
    assert is_ic_and_ir_in_rationals(menu)
    assert np.all(problem.domain.violation(menu.allocation) == 0)


@pytest.mark.parametrize(
    "problem",
    [
        c.ScreeningProblem(
            [[0.25, -0.25], [0.25, -0.25]],
            [1 - 1e-12, 1e-12],
            cost=c.Linear(0.0),
            domain=c.Box(),
            principal_values=[-0.125, -0.25],
            reservation_utility=-4.0,
            transfers="none",
        ),
        c.ScreeningProblem([[1.0, 0.0], [1.0 + 1e-9, 0.0]], [0.4, 0.6], cost=c.Quadratic(), transfers=(-np.inf, 1.0)),
        c.ScreeningProblem([1.0, 2.5, 1.0 + 2.0**-52], [0.8, 0.1, 0.1], cost=c.Quadratic()),
    ],
    ids=["a rare twin without money", "twins under a limit", "one ulp"],
)
def test_types_that_nearly_coincide_do_not_undo_the_menu(problem):
    assert c.solve_menu(problem).certificate.holds


@given(rich_problems())
def test_every_menu_with_limits_welfare_and_side_constraints_is_exact_and_proven(problem):
    menu = solved(problem)
    assert menu.certificate.holds
    assert is_ic_and_ir_in_rationals(menu)
    lowest, highest = problem.transfer_limits
    assert np.all((menu.transfer >= lowest) & (menu.transfer <= highest))


@given(plain_problems().filter(apart))
def test_types_that_are_well_apart_are_always_solved(problem):
    assert c.solve_menu(problem).certificate.holds


@given(st.one_of(plain_problems(n_types=(1, 4)), rich_problems()), st.integers(0, 2**32 - 1))
def test_no_feasible_menu_is_worth_more_than_the_bound(problem, seed):
    menu = solved(problem)
    allocation, transfer = random_menu(problem, np.random.default_rng(seed))
    rival = c.verify(problem, allocation, transfer)
    assume(rival.holds)
    rounding = 0.0 if menu.certificate.rigorous else 1e-9 * menu.certificate.scale
    assert rival.value <= menu.upper_bound + rounding


@given(plain_problems(n_types=(1, 4)).filter(apart))
def test_the_reference_engine_agrees_with_whichever_engine_was_chosen(problem):
    chosen, oracle = solved(problem), solved(problem, method="reference")
    assert abs(chosen.value - oracle.value) <= slip(chosen, oracle)


@given(plain_problems())
def test_second_best_is_at_most_first_best(problem):
    menu = solved(problem)
    first_best = upper_bound(problem, no_multipliers(problem))
    assert menu.value <= first_best.value + (0.0 if first_best.rigorous else slip(menu))


@given(plain_problems())
def test_multipliers_are_on_the_flow(problem):
    menu = solved(problem)
    inflow, outflow = menu.ic_multipliers.sum(axis=0), menu.ic_multipliers.sum(axis=1)
    missed = problem.weights + inflow - outflow - menu.ir_multipliers
    size = problem.weights + inflow + outflow + menu.ir_multipliers
    assert np.all(np.abs(missed) <= 1e-14 * problem.n_types * size)
    assert np.all(menu.ic_multipliers.data >= 0)
    assert np.all(menu.ir_multipliers >= 0)


# ---- what changes only as theory says ----


@given(plain_problems(n_types=(1, 4)).filter(apart), st.sampled_from(MONEY))
def test_scaling_money_scales_payoffs(problem, money):
    assume(hasattr(problem.cost, "scaled"))
    other = dataclasses.replace(
        problem,
        valuations=problem.valuations * money,
        principal_values=problem.principal_values * money,
        reservation_utility=problem.reservation_utility * money,
        cost=problem.cost.scaled(1.0, 1.0 / money),
    )
    here, there = solved(problem), solved(other)
    assert abs(there.value / money - here.value) <= 2 * slip(here)
    assert abs(there.upper_bound / money - here.upper_bound) <= 2 * slip(here)


@given(plain_problems(n_types=(1, 5)).filter(apart), st.randoms(use_true_random=False))
def test_permuting_types_permutes_the_menu(problem, random):
    order = list(range(problem.n_types))
    random.shuffle(order)
    names = [f"type {k}" for k in range(problem.n_types)]
    one = dataclasses.replace(problem, labels=names)
    other = dataclasses.replace(
        problem,
        valuations=problem.valuations[order],
        principal_values=problem.principal_values[order],
        weights=problem.weights[order],
        cost=rows_of(problem.cost, np.array(order)),
        reservation_utility=problem.reservation_utility[order],
        labels=[names[k] for k in order],
    )
    here, there = solved(one), solved(other)
    assert abs(there.value - here.value) <= slip(here, there)
    if isinstance(problem.cost, c.Quadratic) and np.ndim(problem.cost.curvature) == 0:
        # Strong convexity of curvature k: allocations with value within g of the best are within sqrt(2 g / (k f)).
        allowed = np.sqrt(8 * slip(here, there) / (float(problem.cost.curvature) * problem.weights[order].min()))
        assert np.abs(there.allocation - here.allocation[order]).max() <= allowed


@given(plain_problems(n_types=(1, 4)).filter(apart), st.sampled_from([0.25, 0.5]), st.integers(0, 3))
def test_splitting_a_type_changes_no_payoff(problem, share, who):
    who = who % problem.n_types
    twice = np.append(np.arange(problem.n_types), who)
    weights = problem.weights[twice].copy()
    weights[who], weights[-1] = share * weights[who], (1 - share) * weights[who]
    split = dataclasses.replace(
        problem,
        valuations=problem.valuations[twice],
        principal_values=problem.principal_values[twice],
        reservation_utility=problem.reservation_utility[twice],
        cost=rows_of(problem.cost, twice),
        weights=weights,
        labels=None,
    )
    whole, parts = solved(problem), solved(split)
    assert abs(whole.value - parts.value) <= slip(whole, parts)


@given(plain_problems(n_types=(1, 4)).filter(apart), st.sampled_from([-3.0, 0.5, 64.0]))
def test_raising_every_outside_option_lowers_every_transfer_by_as_much(problem, rise):
    rise = rise * units_of(problem).money
    better = dataclasses.replace(problem, reservation_utility=problem.reservation_utility + rise)
    here, there = solved(problem), solved(better)
    allowed = slip(here, there) + 1e-14 * abs(rise)
    assert abs(here.value - rise * problem.weights.sum() - there.value) <= allowed
    assert abs(here.upper_bound - rise * problem.weights.sum() - there.upper_bound) <= allowed


@given(line_problems().filter(apart), st.sampled_from([0.5, 8.0]))
def test_a_common_outside_option_moves_transfers_not_allocations(problem, rise):
    rise = rise * units_of(problem).money
    here, there = (
        solved(problem),
        solved(dataclasses.replace(problem, reservation_utility=rise, participation="compulsory")),
    )
    allowed = np.sqrt(8 * slip(here, there) / (float(problem.cost.curvature) * problem.weights.min()))
    assert np.abs(here.allocation - there.allocation).max() <= allowed
    # Rents are sums of step times amount, so they move by at most the spread of tastes times that.
    spread = float(np.ptp(problem.valuations)) + float(np.abs(problem.valuations).max())
    assert np.abs(here.transfer - rise - there.transfer).max() <= problem.n_types * spread * allowed + 1e-12 * rise


# ---- one good, single crossing ----


@given(line_problems())
def test_allocations_rise_with_the_type(problem):
    menu = solved(problem)
    order = np.argsort(problem.valuations[:, 0], kind="stable")
    theta, amount, transfer = (
        values[order] for values in (problem.valuations[:, 0], menu.allocation[:, 0], menu.transfer)
    )
    higher = np.diff(theta) > 0
    assert np.all(np.diff(amount)[higher] >= 0)  # IC in rationals makes this exact
    assert np.all(np.diff(transfer)[higher] >= 0)


@given(line_problems())
def test_the_lowest_type_earns_no_rent_and_the_highest_is_not_distorted(problem):
    menu = solved(problem)
    lowest = problem.valuations[:, 0] == problem.valuations.min()
    assert np.all(menu.information_rent >= -1e-15 * np.abs(menu.transfer).max())
    weight = problem.weights[lowest].sum()
    # Value lost by leaving a rent to the lowest type is that rent, paid to everybody.
    assert menu.information_rent[lowest].max() <= slip(menu) * 2 + 1e-12 * menu.certificate.scale
    highest = problem.valuations[:, 0] == problem.valuations.max()
    efficient = problem.valuations.max() / float(problem.cost.curvature)
    share = problem.weights[highest].sum()
    allowed = np.sqrt(2 * slip(menu) / (float(problem.cost.curvature) * share)) if weight > 0 else np.inf
    taken = menu.allocation[highest, 0] @ problem.weights[highest] / share
    assert abs(taken - efficient) <= allowed + 1e-12 * efficient


@given(line_problems(n_types=(1, 4)).filter(apart))
def test_values_are_those_of_ironed_virtual_valuations(problem):
    """Myerson's formula by brute force: the best monotone allocation over which types are pooled."""
    theta, group = np.unique(problem.valuations[:, 0], return_inverse=True)
    weights = np.bincount(group.reshape(-1), problem.weights)
    above = weights.sum() - np.cumsum(weights)
    virtual = theta - np.append(np.diff(theta), 0.0) * above / weights
    best = -np.inf
    for cuts in range(2 ** (len(theta) - 1)):  # every way to pool neighbours
        pool = np.cumsum([0] + [(cuts >> k) & 1 for k in range(len(theta) - 1)])
        mass = np.bincount(pool, weights)
        mean = np.bincount(pool, weights * virtual) / mass
        amount = np.maximum(mean, 0.0) / float(problem.cost.curvature)
        if np.all(np.diff(amount) >= 0):
            best = max(best, float(mass @ (mean * amount - float(problem.cost.curvature) * amount**2 / 2)))
    menu = solved(problem)
    assert abs(menu.value - best) <= slip(menu)


@given(line_problems(n_types=(1, 4)).filter(apart))
def test_without_bunching_each_binding_local_price_is_the_cumulative_weight_it_guards(problem):
    theta = problem.valuations[:, 0]
    order = np.argsort(theta)
    assume(np.all(np.diff(theta[order]) > 0))
    above = np.cumsum(problem.weights[order][::-1])[::-1]
    virtual = theta[order] - np.append(np.diff(theta[order]) * above[1:] / problem.weights[order][:-1], 0.0)
    assume(np.all(np.diff(virtual) > 1e-3 * theta.max()) and virtual[0] > 1e-3 * theta.max())
    prices = solved(problem).ic_multipliers.toarray()[np.ix_(order, order)]
    for k in range(1, problem.n_types):
        assert prices[k, k - 1] == pytest.approx(above[k], rel=1e-4)
    prices[np.arange(1, problem.n_types), np.arange(problem.n_types - 1)] = 0.0
    assert np.abs(prices).max(initial=0.0) <= 1e-4  # the others do not bind
