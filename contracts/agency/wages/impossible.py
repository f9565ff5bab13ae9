"""Actions that no wages implement, with the proof: others have the same outcomes and cost less.

By Farkas' lemma, applied to the constraints in promised utilities v: action a cannot be implemented if weights
lambda, mu_b >= 0 exist whose combination of the constraints asks for more than any utilities within their limits give:
with s_o = lambda p_a(o) + sum_b mu_b (p_a(o) - p_b(o)),

    lambda (e_a + r) + sum_b mu_b (e_a - e_b)  >  sum_o max_v [s_o v].

Without limits s = 0: the mixture mu of other actions has the very outcomes of a, and costs less effort. A mixture that
is found in floats misses the outcomes by rounding; then the proof says how far utilities would have to be apart to tell
it from the action, which no wages within reach do.
"""

from __future__ import annotations

import math
from dataclasses import field, replace
from typing import Any

import numpy as np

from contracts.agency.problem import MoralHazardProblem
from contracts.agency.wages.rising import rising_prices, with_neighbours
from contracts.display.numbers import plural
from contracts.exact.rationals import EPS
from contracts.inputs.arrays import Array, Indices, Mask
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from contracts.readable import readable

FAR_APART = 1e6  # times what incentives need elsewhere: utilities that far apart are out of reach
NEGLIGIBLE = 1e-12  # share of the weights that is a solver's noise
SAME = 1e-8  # difference of probabilities that is a solver's noise
SHOWN = 4


@checked
@dataclass(frozen=True, eq=False, repr=False)
class Impossibility:
    """Why no wages make the agent take an action.

    Attributes
    ----------
    action : which
    mixture : (n_actions,) chances with which the agent would take other actions instead
    saving : utility that the agent saves by the mixture; without one, what it lacks to stay
    apart : how far apart utilities would have to be for the agent to prefer the action; infinite where nothing helps
    is_same : whether the mixture has the same outcomes as the action; else limits of wages are in the way
    charge : weight of the agent's reservation utility in the proof, beside 1 for the mixture
    rising : (n_outcomes - 1,) weights in the proof of the demand that wages rise; empty where they need not

    Examples
    --------
    Nobody works for the same outcomes as shirking has:

    >>> problem = MoralHazardProblem([[0.5, 0.5], [0.5, 0.5]], [0.0, 1.0], [0.0, 1.0], actions=("shirk", "work"))
    >>> print(impossibility(problem, 1))
    no wages implement work: shirk has the same outcomes and saves 1
    """

    action: str
    actions: tuple[str, ...]
    mixture: Array
    saving: float
    apart: float
    is_same: bool
    charge: float
    rising: Array = field(default_factory=lambda: np.zeros(0))

    def __str__(self) -> str:
        shape = " that rise in output" if self.rising.any() else ""
        failure = f"no wages{shape} implement {readable(self.action)}: "
        order = np.argsort(-self.mixture.round(9), kind="stable")  # halves are halves
        chosen = [k for k in order if self.mixture[k] > 0]
        if not chosen:
            return f"{failure}within their limits the agent lacks {self.saving:.4g} to stay"
        if len(chosen) == 1:
            who = readable(self.actions[chosen[0]])
        else:
            parts = [f"{self.mixture[k]:.4g} {readable(self.actions[k])}" for k in chosen[:SHOWN]]
            more = [plural(len(chosen) - SHOWN, "other")] if len(chosen) > SHOWN else []
            who = f"the mixture {' + '.join([*parts, *more])}"
        if not self.is_same:
            return f"{failure}within their limits {who} is always better, by at least {self.saving:.4g}"
        unless = "" if math.isinf(self.apart) else f", unless utilities are {self.apart:.1e} apart"
        return f"{failure}{who} has the same outcomes and saves {self.saving:.4g}{unless}"

    __repr__ = __str__


def impossibility(problem: MoralHazardProblem, action: int) -> Impossibility | None:
    """The proof that an action cannot be implemented; None where there is none."""
    if problem.monotone:
        return _of_rising(problem, action)
    from scipy import optimize

    linprog: Any = optimize.linprog  # its stubs know no such options
    probabilities, effort = problem.outcome_probabilities, problem.effort_cost
    own, n_outcomes = probabilities[action], problem.n_outcomes
    others = np.delete(np.arange(problem.n_actions), action)
    low, high = problem.utility_limits
    step = np.vstack([own, own - probabilities[others]])
    asked = np.concatenate([[effort[action] + problem.reservation_utility], effort[action] - effort[others]])
    unit = float(np.abs(asked).max()) or 1.0
    finite_high, finite_low = np.where(np.isfinite(high), high, 0.0), np.where(np.isfinite(low), low, 0.0)
    limits = [np.where(np.isfinite(end), np.inf, 0.0) for end in (high, low)]
    most = np.concatenate([np.full(len(asked), np.inf), *limits])
    options = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}
    found = linprog(
        np.concatenate([-asked, finite_high, -finite_low]) / unit,
        A_eq=np.hstack([step.T, -np.eye(n_outcomes), np.eye(n_outcomes)]),
        b_eq=np.zeros(n_outcomes),
        A_ub=np.concatenate([np.ones(len(asked)), np.zeros(2 * n_outcomes)])[np.newaxis],
        b_ub=np.ones(1),
        bounds=np.column_stack([np.zeros(len(most)), most]),
        method="highs",
        options=options,
    )
    if found.x is None:
        return None
    weights = np.where(found.x[: len(asked)] > NEGLIGIBLE, found.x[: len(asked)], 0.0)
    if not weights.any():
        return None
    return _proof(problem, action, others, weights / weights.sum(), step, asked)


def _of_rising(problem: MoralHazardProblem, action: int) -> Impossibility | None:
    """The same where wages must rise, which further actions ask for: their weights are prices of rising."""
    few, _ = with_neighbours(problem, action)
    proof = None if few is None else impossibility(few, action)
    if few is None or proof is None:
        return None
    rising = rising_prices(problem, few, action, proof.mixture)
    names = tuple(problem.actions)
    return replace(
        proof, action=names[action], actions=names, mixture=proof.mixture[: problem.n_actions], rising=rising,
        is_same=proof.is_same and not rising.any(),
    )  # fmt: skip


def _proof(
    problem: MoralHazardProblem, action: int, others: Indices, weights: Array, step: Array, asked: Array
) -> Impossibility | None:
    """The proof that weights give, if they give one once rounding is counted."""
    low, high = problem.utility_limits
    exact = _is_exactly_zero(weights, problem.outcome_probabilities, action, others)
    slope = np.where(exact, 0.0, weights @ step)
    off = np.where(exact, 0.0, (len(weights) + 4) * EPS * (weights @ np.abs(step) + step[0]))
    least, most = slope - off, slope + off
    anchor = np.where(np.isfinite(low), low, np.where(np.isfinite(high), high, 0.0))
    up, down = np.maximum(most, 0.0), np.maximum(-least, 0.0)
    within = np.maximum(least * anchor, most * anchor)
    within = within + up * np.where(np.isfinite(high), high - anchor, 0.0)
    within = within + down * np.where(np.isfinite(low), anchor - low, 0.0)
    loose = float(up[np.isinf(high)].sum() + down[np.isinf(low)].sum())
    gain = float(weights @ asked) - float(within.sum())
    size = float(weights @ np.abs(asked)) + float(np.abs(within).sum())
    gain -= (len(weights) + problem.n_outcomes + 8) * EPS * size
    if gain <= 0:
        return None
    apart = gain / loose if loose > 0 else math.inf
    if apart < FAR_APART * float(np.abs(asked).max()):
        return None
    mixture = np.zeros(problem.n_actions)
    mixture[others] = weights[1:]
    share = float(mixture.sum()) or 1.0
    is_same = weights[0] == 0 and float(np.abs(slope).max()) <= SAME * share
    names = tuple(problem.actions)
    charge = float(weights[0]) / share
    return Impossibility(names[action], names, mixture / share, gain / share, apart, is_same, charge)


def _is_exactly_zero(weights: Array, probabilities: Array, action: int, others: Indices) -> Mask:
    """Which outcomes a mixture of one or of few has exactly as often as the action: decided in rationals."""
    from fractions import Fraction

    used = np.flatnonzero(weights)
    if len(used) > 64 or weights[0] > 0:
        return np.zeros(probabilities.shape[1], dtype=bool)
    shares = [Fraction(float(weights[k])) for k in used]
    total = sum(shares)
    return np.array(
        [
            total * Fraction(float(probabilities[action, o]))
            == sum(
                share * Fraction(float(probabilities[others[k - 1], o])) for share, k in zip(shares, used, strict=True)
            )
            for o in range(probabilities.shape[1])
        ]
    )
