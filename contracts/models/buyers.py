"""Buyers who know more of their demand than a taste: what they will value later, or where else they could go."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from contracts.errors import ProblemError
from contracts.inputs.arrays import Array, distribution, finite, place
from contracts.inputs.door import checked
from contracts.inputs.names import given_names
from contracts.models.checks import labels_for, names_for, not_negative, one_each, positive, shares_of, table_of
from contracts.models.pricing import PRICE, mussa_rosen
from contracts.problem.checks import WEIGHTS_SUM_TOLERANCE
from contracts.problem.costs import Linear
from contracts.problem.domains import Simplex
from contracts.problem.reading import Reading
from contracts.problem.screening import ScreeningProblem

DISTINCT = 1e-12  # of the largest outside option, by which two must differ


@checked
def sequential_screening(
    value_probabilities: Any,
    weights: Any = None,
    *,
    values: Any,
    unit_cost: float = 0.0,
    refunds: Any = None,
    labels: Any = None,
) -> ScreeningProblem:
    """A seller sells in advance to buyers who do not yet know what the good will be worth to them.

    Type i knows the distribution of its later value v over a list of values. It pays in advance, learns v, and consumes
    or returns the good for a refund k: it consumes if v is at least k, and expects E_i[max(v, k)]. Contracts are
    lotteries over refunds, so that utility is linear in them. Nothing else would do better: whatever is allocated after
    the truth about v is told rises in v, and what rises from 0 to 1 is a lottery over thresholds. The seller earns the
    advance payment less the expected refund k P_i(v < k) and less unit_cost P_i(v >= k); a buyer who is indifferent
    does what the seller prefers.

    Parameters
    ----------
    value_probabilities : (n_types, n_values) array, each row sums to 1
    weights : (n_types,) array, shares of the types; equal if left out
    values : (n_values,) array, rising, not negative, money
    unit_cost : money per unit consumed, not negative
    refunds : refunds that contracts may offer, not negative, distinct; 0 and the values if left out, of which some
        lottery is best
    labels : names of the types

    Raises
    ------
    ProblemError
        If rows are no distributions over the values, or anything else does not fit.

    References
    ----------
    Courty & Li (2000), Sequential screening, Review of Economic Studies 67.

    Examples
    --------
    Of Courty and Li's travellers one third will value a flight at 1 to 2, the others at 0 to 1 or at 2 to 3, all
    evenly; flying one costs 1. A ticket without refund at 1.5, and one at 1.75 that is taken back for 1, earn all there
    is to be earned, 2/3: twice what waiting for values would.

    >>> from contracts import solve_menu
    >>> values = (np.arange(60) + 0.5) / 20
    >>> leisure = (values > 1) & (values < 2)
    >>> chances = np.array([leisure / 20, ~leisure / 40])
    >>> problem = sequential_screening(chances, [1 / 3, 2 / 3], values=values, unit_cost=1.0, refunds=[0.0, 1.0])
    >>> menu = solve_menu(problem)
    >>> round(menu.value, 6), menu.transfer.round(3)
    (0.666667, array([1.5 , 1.75]))
    """
    names = names_for(value_probabilities, labels)
    table = table_of("value_probabilities", value_probabilities, "values", labels, instead="write one type as [[...]]")
    later = finite("values", values)
    if later.shape != table.shape[1:]:
        raise ProblemError(f"values has shape {later.shape}; expected one per column, {table.shape[1:]}")
    if np.any(np.diff(later) <= 0) or later[0] < 0:
        raise ProblemError("values must rise, from 0 or more: sort them, with the columns of value_probabilities")
    for who in range(len(table)):
        if np.any(table[who] < 0) or abs(table[who].sum() - 1.0) > WEIGHTS_SUM_TOLERANCE:
            raise ProblemError(
                f"value_probabilities{place((who,), names)} sums to {table[who].sum():.10g} with the least entry "
                f"{table[who].min():.6g}: give probabilities, which sum to 1"
            )
    cost = float(not_negative("unit_cost", finite("unit_cost", unit_cost).reshape(-1), None)[0])
    offered = np.unique(np.append(0.0, later)) if refunds is None else finite("refunds", refunds).reshape(-1)
    if not len(offered) or offered.min() < 0 or len(np.unique(offered)) < len(offered):
        raise ProblemError(
            "refunds must be different from one another and not negative: give a list such as [0.0, 1.0]"
        )
    chances = np.array([distribution(row) for row in table])
    worth, earned = _with_refunds(chances, later, offered, cost)
    return ScreeningProblem(
        worth,
        weights,
        cost=Linear(0.0),
        domain=Simplex(),
        principal_values=earned,
        labels=labels_for("value_probabilities", value_probabilities, weights, labels),
        goods=[f"refund {refund:.12g}" for refund in offered],
        readings=(
            *(Reading(f"refund {refund:.12g}", good=k) for k, refund in enumerate(offered)),
            Reading("advance payment", per_transfer=1.0),
        ),
    )


def _with_refunds(chances: Array, values: Array, refunds: Array, cost: float) -> tuple[Array, Array]:
    """What each refund is worth to each type before it pays, and earns the seller then; (n_types, n_refunds)."""
    worth = chances @ np.maximum(values[:, np.newaxis], refunds)
    paid = np.where(values[:, np.newaxis] < refunds, refunds, cost)
    indifferent = values[:, np.newaxis] == refunds
    return worth, -(chances @ np.where(indifferent, np.minimum(refunds, cost), paid))


@checked
def damaged_goods(
    values: Any,
    weights: Any = None,
    *,
    damaged_values: Any,
    cost: float = 0.0,
    damaged_cost: float | None = None,
    labels: Any = None,
) -> ScreeningProblem:
    """A seller may damage some of its goods, at a cost, so as to sell them to buyers who would not pay for whole ones.

    A buyer of type i wants one unit, worth v_i if it is whole and d_i if it is damaged. The allocation holds the
    chances of getting one or the other, which sum to at most 1. Damaging may cost more than it saves, and yet pay: it
    lets the seller serve those who value little without lowering the price for the others by as much.

    With two types, shares f_1 and f_2, and costs c and c', only the second is served with whole goods alone if
    f_2 (v_2 - c) >= v_1 - c. Damaged ones are then sold to the first if f_1 (d_1 - c') > f_2 (d_2 - d_1). Where d_2 >
    d_1, this is a Pareto improvement: the seller and the second type gain, and the first loses nothing.

    Parameters
    ----------
    values : (n_types,) array v, money
    weights : (n_types,) array, shares of the types; equal if left out
    damaged_values : (n_types,) array d, at most v, money
    cost : of a whole good, money
    damaged_cost : of a damaged good, money; that of a whole one if left out, may be more
    labels : names of the types

    Raises
    ------
    ProblemError
        If a damaged good is worth more than a whole one, or anything else does not fit.

    References
    ----------
    Deneckere & McAfee (1996), Damaged goods, Journal of Economics & Management Strategy 5.

    Examples
    --------
    Damaging costs .1, and both the seller and the high type gain: without it only the high type is served, at 10.

    >>> from contracts import solve_menu
    >>> menu = solve_menu(damaged_goods([4.0, 10.0], [0.5, 0.5], damaged_values=[3.0, 4.0], damaged_cost=0.1))
    >>> menu.allocation.round(6) + 0.0, menu.transfer.round(6)
    (array([[0., 1.],
           [1., 0.]]), array([3., 9.]))
    """
    names = names_for(values, labels)
    whole, damaged = one_each("values", values, labels), one_each("damaged_values", damaged_values, labels)
    if whole.shape != damaged.shape:
        raise ProblemError(f"damaged_values has {len(damaged)} entries for {len(whole)} values: give one per type")
    for who in np.flatnonzero(damaged > whole)[:1]:
        raise ProblemError(
            f"damaged_values{place((int(who),), names)} is {damaged[who]}, more than the {whole[who]} of a whole good: "
            "swap the two, or lower it"
        )
    each = [float(finite("cost", cost)), float(finite("damaged_cost", cost if damaged_cost is None else damaged_cost))]
    return ScreeningProblem(
        np.column_stack([whole, damaged]),
        weights,
        cost=Linear(each),
        domain=Simplex(free_disposal=True),
        labels=labels_for("values", values, weights, labels),
        goods=("whole", "damaged"),
        readings=(Reading("whole", good=0), Reading("damaged", good=1), PRICE),
    )


@checked
def random_participation(
    types: Any,
    weights: Any = None,
    *,
    outside_options: Any,
    outside_weights: Any = None,
    curvature: float = 1.0,
    labels: Any = None,
) -> ScreeningProblem:
    """A monopolist sells quality to buyers who differ in their taste for it and in what else they could have.

    A buyer has a taste theta and an outside option r, independent of one another, and both are its own to know. The
    problem has one type for every pair: tastes are the valuations, outside options the reservation utilities, and
    participation is voluntary. So a rise of what a taste is offered draws more of its buyers in, and the trade-off is
    no longer all or nothing.

    Rochet and Stole offer contracts that are taken or left. The program here may also serve with a chance, which is an
    upper bound on their problem; where `menu.serving` is 0 or 1 throughout, the menu is one of theirs, and the best.

    Parameters
    ----------
    types : (n_tastes,) array theta, not negative, money per unit of quality
    weights : (n_tastes,) array, shares of the tastes; equal if left out
    outside_options : (n_outside,) array r, distinct, money
    outside_weights : (n_outside,) array, shares of the outside options; equal if left out
    curvature : positive, how fast the marginal cost of quality rises
    labels : names of the tastes; types are called by them and the number of the outside option, "low/0"

    Raises
    ------
    ProblemError
        If outside options repeat, or anything else does not fit.

    References
    ----------
    Rochet & Stole (2002), Nonlinear pricing with random participation, Review of Economic Studies 69.

    Examples
    --------
    One taste, which is worth 2^2 / 2 = 2 to serve, and outside options 0, .4, .8 and 1.6: 0.8 wins three of
    four, who leave 1.2 each.

    >>> from contracts import solve_menu
    >>> menu = solve_menu(random_participation([2.0], outside_options=[0.0, 0.4, 0.8, 1.6]))
    >>> round(menu.value, 6), menu.serving.round(3)
    (0.9, array([1., 1., 1., 0.]))
    """
    taste = not_negative("types", one_each("types", types, labels), names_for(types, labels))
    named = labels_for("types", types, weights, labels)
    tastes = mussa_rosen(taste, weights, curvature=positive("curvature", curvature), labels=named)
    outside = finite("outside_options", outside_options).reshape(-1)
    if not len(outside) or np.any(np.diff(np.sort(outside)) <= DISTINCT * np.abs(outside).max()):
        raise ProblemError("outside_options must be different from one another: add up the weights of equal ones")
    shares = shares_of("outside_weights", outside_weights, len(outside), "outside option")
    names = given_names(tastes.labels) or [str(k) for k in range(len(taste))]
    return replace(
        tastes,
        valuations=np.repeat(taste, len(outside)),
        weights=distribution(np.outer(tastes.weights, shares).ravel()),
        principal_values=0.0,
        reservation_utility=np.tile(outside, len(taste)),
        labels=[f"{name}/{k}" for name in names for k in range(len(outside))],
    )
