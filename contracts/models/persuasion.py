"""Persuasion: what to tell people who know more than you about when they should act."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from contracts.errors import ProblemError
from contracts.inputs.arrays import Array, finite
from contracts.inputs.door import checked
from contracts.models.checks import labels_for, one_each, shares_of
from contracts.problem.costs import Linear
from contracts.problem.domains import Box
from contracts.problem.screening import ScreeningProblem


@checked
def persuasion_menu(
    thresholds: Any,
    weights: Any = None,
    *,
    states: Any,
    prior: Any = None,
    shared_interest: float = 0.0,
    labels: Any = None,
) -> ScreeningProblem:
    """A sender who knows the state offers recommendations to receivers who know when acting is worth it to them.

    A receiver with the threshold r gains s - r if it acts in the state s, and nothing otherwise. Nobody but the sender
    sees s. A contract says in which states action is recommended: the allocation holds, for each state, the probability
    that it is the state and that action is recommended, x_s between 0 and the prior of s. To a receiver who follows it
    is worth sum_s (s - r) x_s, which is linear; it can also choose to act always, or never, and so its reservation
    utility is the larger of E[s] - r and 0. To do the opposite of what is recommended is never better than these.
    Transfers are "none", everybody takes part, and the sender earns 1 + shared_interest (s - r) where the receiver
    acts.

    Kolotilin, Mylovanov, Zapechelnyuk and Li show that such a menu does no better than telling everybody the same, a
    fact that `menu.value` can be compared with. The sender tells all where the density of thresholds rises, nothing
    where it falls, and all below a cut-off where it rises and then falls.

    Parameters
    ----------
    thresholds : (n_types,) array r, utility
    weights : (n_types,) array, shares of the types; equal if left out
    states : (n_states,) array s, distinct, utility
    prior : (n_states,) array, positive probabilities of the states; equal if left out
    shared_interest : what a unit of the receivers' utility is worth to the sender beside an action; negative if it
        minds it
    labels : names of the types

    Raises
    ------
    ProblemError
        If states repeat, or anything else does not fit.

    References
    ----------
    Kolotilin, Mylovanov, Zapechelnyuk & Li (2017), Persuasion of a privately informed receiver, Econometrica 85.

    Examples
    --------
    Of one receiver who would not act the sender makes the most, as a judge is made to convict in three cases of five
    where one in three is guilty (Kamenica & Gentzkow 2011): the guilty, and as many innocent as he bears, at 1/2.

    >>> from contracts import solve_menu
    >>> menu = solve_menu(persuasion_menu([0.5], states=[0.0, 1.0], prior=[0.7, 0.3]))
    >>> round(menu.value, 6), menu.allocation.round(6)
    (0.6, array([[0.3, 0.3]]))
    """
    least = one_each("thresholds", thresholds, labels)
    worth = finite("states", states).reshape(-1)
    if not len(worth) or len(np.unique(worth)) < len(worth):
        raise ProblemError("states must be different from one another: add up the prior of equal ones")
    chances = shares_of("prior", prior, len(worth), "state")
    gains = worth - least[:, np.newaxis]
    return ScreeningProblem(
        gains,
        weights,
        cost=Linear(0.0),
        domain=Box(0.0, chances),
        principal_values=1.0 + float(finite("shared_interest", shared_interest)) * gains,
        reservation_utility=_without_advice(gains, chances),
        participation="compulsory",
        transfers="none",
        labels=labels_for("thresholds", thresholds, weights, labels),
        goods=[f"acts in {state:.12g}" for state in worth],
    )


def _without_advice(gains: Array, chances: Array) -> Array:
    """What receivers have if they act always or never, rounded down, so that acting always is worth it; (n_types,)."""
    found = np.zeros(len(gains))
    prior = [Fraction(chance) for chance in chances.tolist()]
    for k, row in enumerate(gains.tolist()):
        exact = sum(Fraction(gain) * chance for gain, chance in zip(row, prior, strict=True))
        nearest = float(exact)
        found[k] = max(0.0, nearest if Fraction(nearest) <= exact else np.nextafter(nearest, -np.inf))
    return found
