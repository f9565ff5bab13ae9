"""Ambiguous weights: the best menu against the worst distribution, by cutting planes over distributions.

The principal maximises min over g in G of sum_i g_i v_i(x_i, u_i), each v_i concave. Maximum and minimum may change
places (Sion), so the value is min over g in G of V(g), V(g) = max over menus of sum_i g_i v_i: the value when g is
known, convex in g. Every menu m solved at some g gives a plane below V, g . v^m, and a bound V(g) on the robust value.
The lowest point of the planes over G is the value of a game of menus against distributions, whose shares p mix the
menus. IC and IR are linear, so sum_m p_m (x, u)^m is a menu, and concavity makes it worth at least that lowest point.
The next g lies between the best g so far and the lowest point of the planes: a step that does not improve the bound is
halved, one that does is doubled, which keeps the search from swinging.

Any engine solves the inner problems, so balls around the weights cost about ten solves at any size. Sets with many
corners (Wasserstein, Moments) may take hundreds, and a time limit is then the way to stop.
"""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from contracts.engines.candidate import Candidate
from contracts.inputs.arrays import Array
from contracts.menu.menu import Menu
from contracts.problem.ambiguity import TIGHT
from contracts.problem.screening import ScreeningProblem
from contracts.proof.bound import distribution_within

SHORTEST_STEP = 0.05  # of the way to the lowest point of the planes
TRIVIAL = 1e-9  # share of a menu in the mixture that is left out
LEAST_WEIGHT = 0.1  # share of the gap that is left to the problem's own weights: engines need every type to count
PATIENCE = 25  # rounds without progress after which the certificate may decide
MOST_ROUNDS = 1000
GAME_GAP = 0.1  # share of the gap so far to which the game of menus against distributions is solved


def solve(
    problem: ScreeningProblem,
    inner: Callable[[ScreeningProblem], Menu],
    *,
    gap: float = 1e-6,
    deadline: float = math.inf,
    report: Callable[[str], None] = lambda line: None,
) -> Candidate:
    """A mixture of menus that is best against the worst distribution, with the multipliers that bound it.

    Parameters
    ----------
    inner : solves the problem at known weights; its menus must be exact, for a type that hardly counts at one
        distribution may count at another
    gap : relative distance at which to stop; the certificate decides afterwards
    """
    menus, by_type, bounds, step, trial = list[Menu](), list[Array](), list[float](), 1.0, problem.weights
    known, short, waited = [problem.weights], math.inf, 0
    for number in range(1, MOST_ROUNDS + 1):
        trial = (1 - LEAST_WEIGHT * gap) * trial + LEAST_WEIGHT * gap * problem.weights
        menu = inner(problem.under(distribution_within(problem, trial)))
        menus.append(menu)
        by_type.append(_by_type(problem, menu))
        bounds.append(menu.upper_bound)
        best = menus[int(np.argmin(bounds))]
        step = min(2 * step, 1.0) if best is menu else max(step / 2, SHORTEST_STEP)
        enough = GAME_GAP * min(max(gap, short), 1.0) * best.certificate.scale
        lowest, shares = _lowest_point(problem, np.array(by_type), known, enough, deadline)
        allocation, utility = _mixture(menus, shares)
        transfer = np.einsum("ij,ij->i", problem.valuations, allocation) - utility
        reached = problem.worst_case(allocation, transfer).value
        before, short = short, min(short, (best.upper_bound - reached) / best.certificate.scale)
        waited = waited + 1 if short > 0.99 * before else 0
        report(f"distribution {number}: worst case {reached:.9g}, bound {best.upper_bound:.9g}, gap {short:.1e}")
        if short <= gap / 2 or waited > PATIENCE or time.monotonic() > deadline:
            break
        trial = best.problem.weights + step * (lowest - best.problem.weights)
    prices = dataclasses.replace(best.bound.multipliers, weights=best.problem.weights)
    engine = f"worst case over {len(menus)} distributions, {best.engine}"
    return Candidate(allocation, utility, prices, engine, is_finished=time.monotonic() <= deadline)


def _by_type(problem: ScreeningProblem, menu: Menu) -> Array:
    """What an agent of each type counts for in the objective; (n_types,)."""
    payoff = problem.payoff(menu.allocation, menu.transfer)
    worst_off = problem.terms.worst_off_weight * float(menu.utility.min())
    return problem.terms.by_type(payoff, menu.allocation, menu.utility) + worst_off


def _lowest_point(
    problem: ScreeningProblem, planes: Array, known: list[Array], enough: float, deadline: float
) -> tuple[Array, Array]:
    """The distribution at which the highest of the planes g . v^m is lowest, and the mixture that proves it.

    A game of menus against distributions, by double oracle (McMahan, Gordon & Blum 2003): to the distributions already
    `known` joins the worst one for the best mixture against them, until it is no worse than they are.

    Parameters
    ----------
    enough : objective, what the mixture may be worth less than the lowest point
    """
    ambiguity: Any = problem.ambiguity
    best, mixture, lowest = -math.inf, np.zeros(len(planes)), problem.weights
    for _ in range(MOST_ROUNDS):
        highest, shares, lowest_shares = _game(np.array(known) @ planes.T)
        worst = ambiguity.worst_case(shares @ planes, problem.weights, problem.valuations)
        lowest = lowest_shares @ np.array(known)
        if worst.value > best:
            best, mixture = worst.value, shares
        if highest - best <= enough or time.monotonic() > deadline:
            break
        known.append(worst.weights)
    return lowest / lowest.sum(), mixture


def _game(payoff: Array) -> tuple[float, Array, Array]:
    """Value of a matrix game that rows minimise and columns maximise; shares of the columns, and of the rows."""
    from scipy.optimize import linprog

    n_rows, n_columns = payoff.shape
    middle = float(payoff.mean())
    unit = float(np.abs(payoff - middle).max()) or 1.0
    found: Any = linprog(
        np.append(np.zeros(n_columns), -1.0),
        A_ub=np.column_stack([(middle - payoff) / unit, np.ones(n_rows)]),
        b_ub=np.zeros(n_rows),
        A_eq=np.append(np.ones(n_columns), 0.0)[np.newaxis],
        b_eq=[1.0],
        bounds=[*[(0.0, None)] * n_columns, (None, None)],
        method="highs",
        options=TIGHT,
    )
    columns, rows = np.maximum(found.x[:-1], 0.0), np.maximum(-np.asarray(found.ineqlin.marginals), 0.0)
    columns, rows = columns / columns.sum(), rows / rows.sum()
    return float((payoff @ columns).min()), columns, rows


def _mixture(menus: list[Menu], shares: Array) -> tuple[Array, Array]:
    shares = np.where(shares > TRIVIAL, shares, 0.0)
    shares = shares / shares.sum()
    used = np.flatnonzero(shares)
    allocation = sum(shares[m] * menus[m].allocation for m in used)
    return np.asarray(allocation), np.asarray(sum(shares[m] * menus[m].utility for m in used))
