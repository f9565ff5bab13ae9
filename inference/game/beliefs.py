"""Bayesian inverse planning: which norm explains the offers and answers that an assistant has watched.

A norm n is a way to play, such as "give 95 % or so"; a slip u is how it lands on whole units, such as "all but one".
Users keep their norm, while the slip is theirs in one setting (a currency and an amount) and may change in the next:
it stays with probability `keep` and is drawn anew from `slip_weights` otherwise. With e[n, u] the probability of
everything seen so far, together with the slip u now, the filter is

    seen an offer k         e[n, u] <- e[n, u] p(k | n, u)
    seen an answer to k     e[n, u] <- e[n, u] p(accepted or not | n, k)
    entering a setting      e[n, u] <- keep e[n, u] + (1 - keep) slip_weights[u] sum_v e[n, v]

and the posterior is in proportion to prior[n] e[n, u]. Where norms do not last, with `drift` a group takes up another
one in a new setting, each with the same probability: e[n, u] <- (1 - drift) e[n, u] + drift slip_weights[u] mean_m
sum_v e[m, v], and the prior speaks of the norm in force. Within a setting the order of what is seen does not matter.
All functions work on many runs at once; e is kept in logs, (n_runs, n_norms, n_slips).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax, logsumexp

from contracts.errors import ProblemError
from contracts.inputs.arrays import Array, finite, number
from contracts.inputs.frozen import dataclass
from inference.splits.policies import Policy, PreferencePolicy, ShareRule, checked_amount, mean_share
from inference.splits.preferences import SocialPreferences

Integers = NDArray[np.int64]
SHARES = np.linspace(0.0, 1.0, 21)
SPREADS = (0.1, 1.0, 4.0)  # units
SLIPS = (-1.0, -0.25, 0.25, 1.0)  # units: one fewer, half units down, half units up, one more
PRIOR_SHARES = {"selfish": 0.0, "fair": 0.5, "altruistic": 1.0}
PRIOR_WIDTH = 0.02  # share: a prior means its own rule; neighbours 0.05 away weigh e^-2.5 as much
LARGEST_TABLE = 2e8  # entries


@dataclass(frozen=True, eq=False)
class NormSpace:
    """The norms that are held possible.

    Attributes
    ----------
    policy : a population of policies of shape (n_norms, n_slips)
    share : (n_norms,) the share of the amount that each norm gives, for priors and reports
    slip_weights : (n_slips,) probabilities of slips in a new setting
    keep : probability that the slip of the last setting stays
    drift : probability that a new setting brings a new norm; 0 for norms that last
    """

    policy: Policy
    share: Array
    slip_weights: Array
    keep: float
    drift: float = 0.0

    def __post_init__(self) -> None:
        shape = (len(self.share), len(self.slip_weights))
        if (found := self.policy.log_offers(2).shape[:-1]) != shape:
            raise ProblemError(f"policy has shape {found}; expected (n_norms, n_slips), {shape}")
        if not 0 <= self.keep <= 1:
            raise ProblemError(f"keep is {self.keep}: a probability between 0 and 1")
        if not 0 <= self.drift <= 1:
            raise ProblemError(f"drift is {self.drift}: a probability between 0 and 1")

    @property
    def n_norms(self) -> int:
        return len(self.share)

    @property
    def n_slips(self) -> int:
        return len(self.slip_weights)


def share_norms(
    shares: Any = SHARES,
    spreads: Any = SPREADS,
    slips: Any = SLIPS,
    *,
    keep: float = 0.8,
    drift: float = 0.0,
    tolerance: float = 0.25,
) -> NormSpace:
    """Every share with every spread, and the same slips for each: 63 norms with four slips by default.

    Parameters
    ----------
    shares, spreads : of the amount, and the noise of offers in units
    slips : units by which a norm lands beside its share
    keep : probability that the slip of the last setting stays
    drift : probability that a new currency or amount brings a new norm; 0 for norms that last
    tolerance : share of the amount by which an offer may differ from the norm and still be accepted

    Raises
    ------
    ProblemError
        If a list is empty, or a number lies outside its range.

    Examples
    --------
    >>> share_norms(shares=[0.0, 0.5, 1.0], spreads=[0.1]).n_norms
    3
    """
    share, spread = (grid.ravel() for grid in np.meshgrid(_listed("shares", shares), _listed("spreads", spreads)))
    units = _listed("slips", slips)
    rule = ShareRule(share[:, np.newaxis], units, spread[:, np.newaxis], number("tolerance", tolerance))
    return NormSpace(rule, share, np.full(len(units), 1 / len(units)), number("keep", keep), number("drift", drift))


def _listed(name: str, values: Any) -> Array:
    array = finite(name, values)
    if array.ndim != 1 or not array.size:
        raise ProblemError(f"{name} has shape {array.shape}: give a list of numbers, at least one")
    return array


def preference_norms(preferences: SocialPreferences, temperature: Any) -> NormSpace:
    """Social preferences as norms; parameters and temperature are arrays of shape (n_norms,).

    Examples
    --------
    >>> from inference.splits.preferences import FehrSchmidt
    >>> space = preference_norms(FehrSchmidt(envy=np.zeros(3), guilt=np.array([0.0, 0.6, 0.9])), 0.05)
    >>> space.share.round(2)
    array([0.17, 0.4 , 0.49])
    """
    n_norms = int(np.size(preferences.utility(1.0, 0.0)))

    def column(values: Any) -> Array:
        return np.broadcast_to(finite("parameter", values), (n_norms,))[:, np.newaxis]

    columns = type(preferences)(**{name: column(values) for name, values in vars(preferences).items()})
    policy = PreferencePolicy(columns, column(temperature))
    return NormSpace(policy, mean_share(policy, 100)[:, 0], np.ones(1), 1.0)


def norm_prior(space: NormSpace, prior: str | float | None = None, *, strength: float = 0.5) -> Array:
    """Log prior probabilities of the norms; (n_norms,).

    Parameters
    ----------
    prior : "selfish", "fair", "altruistic", or a share: norms near it get `strength` of the probability, the rest is
        spread evenly. None is even throughout
    strength : in [0, 1)

    Raises
    ------
    ProblemError
        If the prior is not known, or the strength leaves nothing to learn.

    Examples
    --------
    >>> space = share_norms(shares=[0.0, 0.5, 1.0], spreads=[0.1])
    >>> np.exp(norm_prior(space, "fair", strength=0.9)).round(3)
    array([0.033, 0.933, 0.033])
    """
    if not 0 <= strength < 1:
        raise ProblemError(f"strength is {strength}: give a probability below 1, or the assistant can never learn")
    even = np.full(space.n_norms, 1 / space.n_norms)
    if prior is None:
        return np.log(even)
    if isinstance(prior, str) and prior not in PRIOR_SHARES:
        raise ProblemError(f"prior is {prior!r}: give one of {', '.join(PRIOR_SHARES)}, a share, or None")
    centre = PRIOR_SHARES[prior] if isinstance(prior, str) else number("prior", prior)
    if not 0 <= centre <= 1:
        raise ProblemError(f"prior is {centre}: a share lies between 0 and 1")
    near = np.exp(log_softmax(-np.abs(space.share - centre) / PRIOR_WIDTH))
    return np.log(strength * near + (1 - strength) * even)


@dataclass(frozen=True, eq=False)
class Tables:
    """What every norm says about every number of units, for the amounts of a game.

    Attributes
    ----------
    amounts : (n_amounts,) increasing
    offers, accepts, rejects : (n_amounts, largest + 1, n_norms, n_slips) log probabilities, -inf beyond an amount
    """

    amounts: Integers
    offers: Array
    accepts: Array
    rejects: Array

    def row(self, amount: Any) -> Integers:
        """Positions of amounts in the tables; a ProblemError for amounts they were not made for."""
        rows = np.minimum(np.searchsorted(self.amounts, amount), len(self.amounts) - 1)
        if np.any(strange := self.amounts[rows] != amount):
            raise ProblemError(f"amount {np.asarray(amount)[strange].ravel()[0]} has no table: make tables_of with it")
        return np.asarray(rows)


def tables_of(space: NormSpace, amounts: Sequence[Any] | Integers) -> Tables:
    """The tables of a norm space, each amount once.

    Raises
    ------
    ProblemError
        If an amount is not a whole number from 1 on, or they are so large that tables do not fit.
    """
    unique = np.array(sorted({checked_amount(a) for a in np.asarray(amounts).ravel().tolist()}), dtype=np.int64)
    shape = (len(unique), int(unique[-1]) + 1, space.n_norms, space.n_slips)
    if np.prod(shape, dtype=np.float64) > LARGEST_TABLE:
        raise ProblemError(f"amounts reach {unique[-1]}, too many units for tables of all offers: use larger units")
    offers, accepts, rejects = (np.full(shape, -np.inf) for _ in range(3))
    for row, amount in enumerate(unique.tolist()):
        offers[row, : amount + 1] = np.moveaxis(space.policy.log_offers(amount), -1, 0)
        log_yes = np.minimum(np.moveaxis(space.policy.log_acceptance(amount), -1, 0), -1e-12)
        accepts[row, : amount + 1] = log_yes
        rejects[row, : amount + 1] = np.log(-np.expm1(log_yes))
    return Tables(unique, offers, accepts, rejects)


# ---- the filter ----


def no_evidence(space: NormSpace, n_runs: int) -> Array:
    """Nothing seen yet: slips as in a new setting; (n_runs, n_norms, n_slips)."""
    return np.tile(np.log(space.slip_weights), (n_runs, space.n_norms, 1))


def after_offer(evidence: Array, tables: Tables, amount: Any, units: Any) -> Array:
    """The evidence once users have offered `units` of `amount`; both (n_runs,)."""
    return np.asarray(evidence + tables.offers[tables.row(amount), units])


def after_answer(evidence: Array, tables: Tables, amount: Any, units: Any, accepted: Any) -> Array:
    """The evidence once users have accepted or rejected `units` of `amount`; all (n_runs,)."""
    rows = tables.row(amount)
    yes = np.asarray(accepted)[..., np.newaxis, np.newaxis]
    return np.asarray(evidence + np.where(yes, tables.accepts[rows, units], tables.rejects[rows, units]))


def in_new_setting(evidence: Array, space: NormSpace) -> Array:
    """The evidence as another currency or amount comes up: slips may change, and norms where they drift."""
    with np.errstate(divide="ignore"):
        stays, changes, lasts, drifts = np.log([space.keep, 1 - space.keep, 1 - space.drift, space.drift])
    if space.n_slips > 1:
        anew = logsumexp(evidence, axis=-1, keepdims=True) + np.log(space.slip_weights)
        evidence = np.asarray(np.logaddexp(stays + evidence, changes + anew))
    if not space.drift:
        return evidence
    other = logsumexp(evidence, axis=(-2, -1), keepdims=True) - np.log(space.n_norms) + np.log(space.slip_weights)
    return np.asarray(np.logaddexp(lasts + evidence, drifts + other))


def norm_evidence(evidence: Array) -> Array:
    """The evidence with slips summed out; (n_runs, n_norms)."""
    return np.asarray(logsumexp(evidence, axis=-1))


# ---- acting on it ----


def drawn(log_probability: Array, rng: np.random.Generator) -> Integers:
    """One draw for each row of log probabilities over the last axis."""
    cumulative = np.cumsum(np.exp(log_probability - log_probability.max(axis=-1, keepdims=True)), axis=-1)
    mark = rng.random(cumulative.shape[:-1])[..., np.newaxis] * cumulative[..., -1:]
    return np.asarray((mark >= cumulative).sum(axis=-1), dtype=np.int64)


def expected_share(log_norm_posterior: Array, space: NormSpace) -> tuple[Array, Array]:
    """Mean and standard deviation of the share that the norm gives; two (n_runs,) arrays."""
    weights = np.exp(log_norm_posterior)
    mean = weights @ space.share
    variance = weights @ space.share**2 - mean**2
    return mean, np.sqrt(np.maximum(variance, 0.0))


def offer_moments(tables: Tables, amount: int) -> tuple[Array, Array]:
    """Mean and mean square of the share of an amount that every norm offers; two (n_norms, n_slips) arrays."""
    chance = np.exp(tables.offers[int(tables.row(amount)), : amount + 1])
    share = np.arange(amount + 1) / amount
    return np.einsum("kns,k->ns", chance, share), np.einsum("kns,k->ns", chance, share**2)


def expected_offer(log_norm_posterior: Array, evidence: Array, tables: Tables, amount: Any) -> Array:
    """Mean share of `amount` that Thompson sampling offers; (n_runs,). Amounts are one number or (n_runs,)."""
    rows = np.broadcast_to(tables.row(amount), (len(evidence),))
    slips = np.exp(evidence - norm_evidence(evidence)[..., np.newaxis])
    mean_units = np.einsum("rkns,k->rns", np.exp(tables.offers), np.arange(tables.offers.shape[1]))[rows]
    share = (mean_units * slips).sum(axis=-1) / tables.amounts[rows][:, np.newaxis]
    return np.asarray((np.exp(log_norm_posterior) * share).sum(axis=-1))


def checked_names(policies: Mapping[str, Any], names: Sequence[str]) -> tuple[str, ...]:
    """Names that all have a policy."""
    if unknown := [name for name in names if name not in policies]:
        raise ProblemError(f"no policy is called {unknown[0]!r}: choose among {', '.join(policies)}, or give your own")
    return tuple(names)
