"""Nine ways to serve groups whose norms conflict, on equal input.

Each is a function of what was elicited, and returns what it offers: one policy for everybody, one for whoever says
to be of a type, or a menu from which users take what they like. All share the reference, the temperature and the
safety cost. The arrays of many societies are stacked along the first axis, and everything in closed form is computed
for all of them at once. With s(v) = reference exp((v - c) / tau) / Z, the softmax policy of a reward v:

    averaging      s(Bradley-Terry reward of everybody)        the menu with one type
    mean utility   s(sum of weights x estimated utilities)
    max-min        s(sum_g l_g utilities_g), where l maximises the dual of the worst-off group's gain
    labels         s(utilities_g) for whoever says to be in group g
    open labels    the same, and the reference for whoever would rather have that
    majority       the one of these policies that wins most pairwise votes of the groups
    menu           the best menu under IC and IR (`contracts.solve_menu`); the reference stays on offer
    robust menu    the same where IC and IR hold for all utilities in a confidence set
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from contracts.errors import ProblemError, SolverError
from contracts.inputs.arrays import Array
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from contracts.menu.menu import Menu
from contracts.models import delegation
from contracts.problem.uncertainty import Ellipsoid
from contracts.solve import solve_menu
from inference.society.world import tilted

Indices = NDArray[np.intp]
COVERAGE = 0.5  # nominal, that a type's confidence set holds its true utilities: at 0.95 most sets would overlap
ROBUST_GAP = 1e-3  # relative; a cone program is not worth more digits here
MAX_MIN: Any = {
    "jac": True,
    "method": "SLSQP",
    "constraints": {"type": "eq", "fun": lambda weights: weights.sum() - 1, "jac": np.ones_like},
    "options": {"ftol": 1e-12, "maxiter": 500},
}


@checked
@dataclass(frozen=True, eq=False)
class Signal:
    """What the mechanisms see of many societies: estimates, with whatever noise is on the reward signal.

    Attributes
    ----------
    utilities : (n, n_types, n_policies), logits
    covariance : (n, n_types, n_policies, n_policies) of their errors, those of estimation and of the noise
    pooled : (n, n_policies) Bradley-Terry reward of everybody
    weights : (n, n_types)
    safety_cost, reference : (n, n_policies)
    temperature : (n,)
    between : (n, n_types, n_types) covariance of the types' errors in any one policy: what noise they share; by default
        the errors of types are independent
    pooled_variance : (n,) of the errors of the pooled reward in any one policy; by default that of the types' mean
    """

    utilities: Array
    covariance: Array
    pooled: Array
    weights: Array
    safety_cost: Array
    reference: Array
    temperature: Array
    between: Array | None = None
    pooled_variance: Array | None = None

    @property
    def error_between(self) -> Array:
        """Covariance of the types' errors in one policy, (n, n_types, n_types)."""
        if self.between is not None:
            return self.between
        freedom = self.covariance.shape[-1] - 1  # errors sum to zero over the policies
        own = np.trace(self.covariance, axis1=2, axis2=3) / freedom
        return own[..., np.newaxis] * np.eye(own.shape[1])

    @property
    def error_pooled(self) -> Array:
        """Variance of the pooled reward's errors in one policy, (n,)."""
        if self.pooled_variance is not None:
            return self.pooled_variance
        return np.asarray(np.einsum("ng,ngh,nh->n", self.weights, self.error_between, self.weights))

    def softmax(self, reward: Array) -> Array:
        """The KL-regularised policy of a reward net of the safety cost; (n, n_policies) or (n, n_types, n_policies)."""
        n, n_policies = self.reference.shape
        if reward.ndim not in (2, 3) or (len(reward), reward.shape[-1]) != (n, n_policies):
            raise ProblemError(
                f"reward has shape {reward.shape}; expected ({n}, n_types, {n_policies}), or without types"
            )
        more = (slice(None),) + (np.newaxis,) * (reward.ndim - 2)
        return tilted(reward - self.safety_cost[more], self.reference[more], self.temperature[(*more, np.newaxis)])


@checked
@dataclass(frozen=True, eq=False)
class Offer:
    """What a mechanism offers in many societies.

    Attributes
    ----------
    policies : (n, n_options, n_policies)
    meant_for : (n_types,) which option is meant for each type
    promised : (n, n_types, n_policies) rewards by which the mechanism values what it gives to each type
    menus : the menus with their certificates, where there are any

    Examples
    --------
    In one society each of two types is meant to have a response of its own:

    >>> labels = Offer(policies=np.eye(2)[np.newaxis], meant_for=np.array([0, 1]), promised=np.zeros((1, 2, 2)))
    >>> labels.policies[0, labels.meant_for[1]]
    array([0., 1.])
    """

    policies: Array
    meant_for: Indices
    promised: Array
    menus: Sequence[Menu] = ()


# ---- one policy for everybody ----


def averaging(signal: Signal) -> Offer:
    """(a) Preference averaging: one Bradley-Terry reward of everybody, its KL-regularised policy."""
    return _single(signal, signal.softmax(signal.pooled), signal.pooled[:, np.newaxis])


def mean_utility(signal: Signal) -> Offer:
    """(b) The KL-regularised policy of the mean of the types' utilities: the best single policy if they are right."""
    mean = np.einsum("ng,ngk->nk", signal.weights, signal.utilities)
    return _single(signal, signal.softmax(mean), mean[:, np.newaxis])


def max_min(signal: Signal) -> Offer:
    """(c) The single policy that is best for the worst-off type: max over x of min_g u_g . (x - reference), less costs.

    Its dual minimises F(l) = tau log sum_k reference_k exp((l . u_k - c_k) / tau) - l . r over weights l of the types,
    with r_g = u_g . reference.
    """
    policies = signal.softmax(np.einsum("ng,ngk->nk", worst_off_weights(signal), signal.utilities))
    return _single(signal, policies, signal.utilities)


def worst_off_weights(signal: Signal) -> Array:
    """Weights on the types that make their weighted sum as good as the worst-off type's case; (n, n_types).

    They minimise F, smooth and convex on the simplex; its gradient is what each type gains by their policy.

    Raises
    ------
    SolverError
        If the minimum is not found.
    """
    from scipy.optimize import minimize

    n_types = signal.utilities.shape[1]
    found = np.empty(signal.utilities.shape[:2])
    status_quo = np.einsum("ngk,nk->ng", signal.utilities, signal.reference)
    for r, (value, base) in enumerate(zip(signal.utilities, status_quo, strict=True)):
        cost, log_reference, tau = signal.safety_cost[r], np.log(signal.reference[r]), float(signal.temperature[r])

        def dual(
            weights: Array,
            value: Any = value,
            base: Any = base,
            cost: Any = cost,
            log: Any = log_reference,
            tau: float = tau,
        ) -> tuple[float, Array]:
            score = log + (weights @ value - cost) / tau
            total = float(logsumexp(score))
            return tau * total - float(weights @ base), value @ np.exp(score - total) - base

        answer = minimize(dual, np.full(n_types, 1 / n_types), bounds=[(0.0, 1.0)] * n_types, **MAX_MIN)
        if not answer.success:
            raise SolverError(f"the max-min policy was not found ({answer.message})", tried=("SLSQP",))
        found[r] = answer.x
    return found


def majority(signal: Signal) -> Offer:
    """(h) Types vote between each other's KL-regularised policies, by weight; the Copeland winner is for everybody.

    Ties go to the larger sum of votes, then to the larger mean utility.
    """
    candidates = signal.softmax(signal.utilities)
    worth = np.einsum("ngk,nhk->ngh", signal.utilities, candidates)
    prefers = np.sign(np.round(worth[..., :, np.newaxis] - worth[..., np.newaxis, :], 12))  # voter, for, against
    votes = np.round(np.einsum("ng,nghj->nhj", signal.weights, prefers), 12)
    mean = np.einsum("ng,ngh->nh", signal.weights, worth)
    order = np.lexsort((mean, votes.sum(axis=2), np.sign(votes).sum(axis=2)), axis=1)
    winner = order[:, -1, np.newaxis, np.newaxis]
    policies = np.take_along_axis(candidates, winner, axis=1)[:, 0]
    return _single(signal, policies, np.take_along_axis(signal.utilities, winner, axis=1))


def _single(signal: Signal, policies: Array, reward: Array) -> Offer:
    n_types = signal.utilities.shape[1]
    promised = np.broadcast_to(reward, signal.utilities.shape)
    return Offer(policies[:, np.newaxis], np.zeros(n_types, dtype=np.intp), promised)


# ---- several policies ----


def labels(signal: Signal) -> Offer:
    """(d) Every type's own KL-regularised policy, for whoever says to be of that type: nothing keeps users honest."""
    return Offer(signal.softmax(signal.utilities), np.arange(signal.utilities.shape[1]), signal.utilities)


def open_labels(signal: Signal) -> Offer:
    """(e) Labels with the reference on offer, as the last option: a menu that nobody checked for IC.

    What labels lose to this is the gain of being free to stay away, and what this loses to the menu that of IC.
    """
    named = labels(signal)
    return replace(named, policies=np.concatenate([named.policies, signal.reference[:, np.newaxis]], axis=1))


def menu(signal: Signal) -> Offer:
    """(f) The best menu of policies under IC and IR; the reference policy stays on offer, as the last option."""
    return _menus(signal, [solve_menu(problem, method="dual") for problem in _problems(signal)])


def robust_menu(signal: Signal) -> Offer:
    """(g) The menu whose IC and IR hold for all utilities in every type's confidence ellipsoid."""
    from scipy.stats import chi2

    radius = np.sqrt(chi2.ppf(COVERAGE, signal.utilities.shape[2] - 1))
    values, vectors = np.linalg.eigh(signal.covariance)
    factors = radius * vectors * np.sqrt(np.maximum(values, 0.0))[..., np.newaxis, :]
    solved = [_best_reached(*one) for one in zip(_problems(signal), factors, strict=True)]
    return _menus(signal, solved)


def _best_reached(problem: Any, factor: Array) -> Menu:
    """The best robust menu, or the best that was found: exact all the same, and its certificate says what it missed."""
    try:
        return solve_menu(problem, uncertainty=Ellipsoid(factor), gap=ROBUST_GAP)
    except SolverError as exc:
        if exc.reached is None:
            raise
        return exc.reached


def _problems(signal: Signal) -> list[Any]:
    return [
        delegation(
            signal.utilities[r],
            signal.weights[r],
            reference=signal.reference[r],
            temperature=float(signal.temperature[r]),
            harm=signal.safety_cost[r],
            outside_option=signal.reference[r],
        )
        for r in range(len(signal.utilities))
    ]


def _menus(signal: Signal, solved: Sequence[Menu]) -> Offer:
    taken = np.stack([one.allocation for one in solved])
    policies = np.concatenate([taken, signal.reference[:, np.newaxis]], axis=1)
    return Offer(policies, np.arange(taken.shape[1]), signal.utilities, tuple(solved))


MECHANISMS: dict[str, Callable[[Signal], Offer]] = {
    "averaging": averaging,
    "mean utility": mean_utility,
    "max-min": max_min,
    "labels": labels,
    "open labels": open_labels,
    "menu": menu,
    "robust menu": robust_menu,
    "majority": majority,
}
FULL_INFORMATION = "full information"  # (i): everybody's own best policy, for the true utilities; the bound
