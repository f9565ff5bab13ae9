"""How wrong the weights may be before another menu is clearly better: a radius in total variation, proven.

The regret of a menu, R(p) = V(p) - sum_i p_i g_i with g_i what type i counts for under it, is convex in the weights p,
for V is a maximum of functions that are linear in p. So it is largest at a corner of the ball: with a radius no larger
than the least weight these are p + radius (e_i - e_j), weight moved from one type to another. Along each of these rays
regret rises. A bound on V there, by the menu's own prices or another menu's, bounds the regret in the whole ball.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

from contracts.errors import ProblemError
from contracts.inputs.arrays import Array, number
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from contracts.menu.menu import Menu
from contracts.proof.bound import upper_bound
from contracts.readable import readable
from contracts.solve import solve_menu

HALVINGS = 24  # of a ray, until the radius is known to its first seven digits
BEYOND = (1e-7, 1e-6, 1e-5, 1e-4, 1e-3)  # shares of a ray further out, until another menu is seen to be better
ALMOST = 1.0 - 1e-6  # of the least weight, up to which weights may move: every type stays possible


@checked
@dataclass(frozen=True, eq=False)
class PriorRadius:
    """How far the weights may be from those a menu was made for.

    Attributes
    ----------
    radius : total variation (half the sum of changes) within which no menu is worth more than `loss` more; proven
    loss : that amount, in units of the objective
    is_limited : whether the radius ends where a type would be impossible, not where another menu is better
    weights : (n_types,) the weights at which one is or, where `better` is None, is not ruled out, just outside; None if
        limited
    better : the menu that is better there by its value; None if limited, or if gaps are too wide to show one
    """

    radius: float
    loss: float
    is_limited: bool
    weights: Array | None
    better: Menu | None
    moved: tuple[str, str] | None  # the type that has more weight there, and the one that has less

    def __str__(self) -> str:
        within = f"no menu is worth {self.loss:.6g} more within a total variation of {self.radius:.6g}"
        if self.moved is None:
            return f"{within}, as far as every type stays possible"
        more, less = map(readable, self.moved)
        then = "another one may be" if self.better is None else "another one is"
        return f"{within}; beyond it, with more of {more} and fewer of {less}, {then}"


@checked
def prior_radius(menu: Menu, *, loss: float = 0.01) -> PriorRadius:
    """How wrong the weights may be before another menu is better by more than a share `loss` of this one's value.

    Parameters
    ----------
    menu : the menu to keep whatever the weights are; it stays incentive compatible at all of them
    loss : share of the menu's value that another menu may be better by

    Raises
    ------
    ProblemError
        If the objective is no expectation over types, or weights are in doubt already; or the loss is not positive, or
        within the menu's own gap.

    Examples
    --------
    >>> from contracts import Quadratic, solve_menu
    >>> menu = solve_menu([1.0, 2.0], [0.5, 0.5], cost=Quadratic(), labels=("low", "high"))
    >>> print(prior_radius(menu, loss=0.01))
    no menu is worth 0.01 more within a total variation of 0.0525625; beyond it, with more of low and fewer of high, ...
    """
    problem = menu.problem
    if problem.terms.worst_off_weight or problem.ambiguity is not None or problem.terms.minimum_profit is not None:
        raise ProblemError(
            "prior_radius is for objectives that are expectations over types at known weights: leave out the worst-off "
            "term, the minimum profit and the ambiguity"
        )
    if problem.has_rows:
        raise ProblemError(
            "prior_radius is for problems without rows over all types, whose coefficients may hold weights"
        )
    loss = number("loss", loss)
    amount = loss * abs(menu.value)
    if not amount > menu.certificate.gap:
        raise ProblemError(
            f"loss is {loss:g}: give a share of the menu's value above its own gap, {menu.certificate.relative_gap:.1e}"
        )
    by_type = problem.terms.by_type(menu.payoff, menu.allocation, menu.utility)
    most = ALMOST * float(problem.weights.min())
    radius, outside = most, None
    for i, j in itertools.permutations(range(problem.n_types), 2):
        if _regret(menu, by_type, i, j, radius, amount)[0] <= amount:
            continue
        inside, beyond = 0.0, radius
        for _ in range(HALVINGS):
            middle = (inside + beyond) / 2
            proven, better = _regret(menu, by_type, i, j, middle, amount)
            if proven <= amount:
                inside = middle
            else:
                beyond, outside = middle, (i, j, middle, better)
        radius = inside
    if outside is None:
        return PriorRadius(radius, amount, is_limited=True, weights=None, better=None, moved=None)
    i, j, at, better = outside
    for further in (0.0, *BEYOND):  # regret rises along the ray: a menu is better as soon as its gap is made good
        weights = _weights(problem.weights, i, j, min(at * (1 + further), most))
        if better is None or further:
            better = solve_menu(problem.under(weights))
        if better.value - math.fsum((weights * by_type).tolist()) > amount:
            break
    else:
        better = None  # its gap is wider than what it would have to be better by
    return PriorRadius(
        radius,
        amount,
        is_limited=False,
        weights=weights,
        better=better,
        moved=(problem.labels[i], problem.labels[j]),
    )


def _weights(weights: Array, more: int, less: int, by: float) -> Array:
    moved = weights.copy()
    moved[more] += by
    moved[less] -= by
    return moved


def _regret(menu: Menu, by_type: Array, more: int, less: int, by: float, enough: float) -> tuple[float, Menu | None]:
    """A bound on the regret with weight moved from one type to another; by another menu if need be."""
    weights = _weights(menu.problem.weights, more, less, by)
    there = menu.problem.under(weights)
    mine = math.fsum((weights * by_type).tolist())
    prices = replace(menu.bound.multipliers, weights=weights)
    proven = upper_bound(there.program, prices).value - mine
    if proven <= enough:
        return proven, None
    better = solve_menu(there)
    return min(proven, better.upper_bound - mine), better
