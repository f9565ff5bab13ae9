"""A norm learned in one currency carried over to others, as far as they are alike.

Norms of different currencies are linked as in a distance-dependent Chinese restaurant (Blei & Frazier 2011): the norm
of currency c is that of currency j with probability w_cj, and a fresh draw from the prior with probability w_c0. With
similarities k_cj in [0, 1] to the currencies seen before,

    w_c0 = prod_j (1 - k_cj),      w_cj = (1 - w_c0) k_cj / sum_j k_cj,

so with one of them the norm carries over with the probability k, and 1 - k is the pull of the prior. What is believed
before anything is seen in c is the mixture sum_j w_cj p_j(n) + w_c0 prior(n), p_j the posterior in j on its own; what
is then seen in c also decides between its parts. Similarity is exp(-distance / length) of features, or given.

A mixture is honest where a mean would not be: "0.02 or 0.98" instead of "0.5". Its entropy says when to ask.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy.special import entr, logsumexp

from contracts.errors import ProblemError
from contracts.inputs.arrays import Array, finite, number
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from inference.game.beliefs import NormSpace

# Judgements of ours, each from 0 to 1: can it be sold, does life hang on it, is it somebody's own effort or body.
FEATURES: Mapping[str, tuple[float, float, float]] = {
    "dollars": (1.0, 0.0, 0.0),
    "money": (1.0, 0.0, 0.0),
    "apples": (0.8, 0.1, 0.0),
    "blankets": (0.8, 0.2, 0.0),
    "goods": (0.8, 0.1, 0.0),
    "subscriptions to youtube channels": (0.6, 0.0, 0.0),
    "time": (0.5, 0.0, 0.7),
    "favours": (0.2, 0.0, 0.8),
    "medicine": (0.5, 0.9, 0.0),
    "grams of medicine": (0.5, 0.9, 0.0),
    "lifesaving portions of medicine": (0.4, 1.0, 0.0),
    "life-saving portions of medicine": (0.4, 1.0, 0.0),
    "liters of baby formula": (0.7, 0.7, 0.0),
    "pints of blood": (0.2, 1.0, 0.6),
}
LENGTH = 1.5  # distance at which similarity is 1 / e; see `length_posterior` for what recordings say


@checked
@dataclass(frozen=True, eq=False)
class CurrencyKernel:
    """How alike currencies are.

    Attributes
    ----------
    names : n currencies
    similarity : (n, n) symmetric, in [0, 1], 1 on the diagonal

    Raises
    ------
    ProblemError
        If the matrix does not fit.

    Examples
    --------
    >>> kernel = currency_kernel(["dollars", "apples", "grams of medicine"])
    >>> kernel.similarity.round(2)
    array([[1.  , 0.86, 0.5 ],
           [0.86, 1.  , 0.57],
           [0.5 , 0.57, 1.  ]])
    """

    names: tuple[str, ...]
    similarity: Any

    def __post_init__(self) -> None:
        object.__setattr__(self, "names", tuple(self.names))
        k = finite("similarity", self.similarity)
        object.__setattr__(self, "similarity", k)
        n = len(self.names)
        if k.shape != (n, n):
            raise ProblemError(f"similarity has shape {k.shape}; expected one row and column per currency, {(n, n)}")
        if np.any((k < 0) | (k > 1)) or np.any(np.diag(k) != 1) or np.any(k != k.T):
            raise ProblemError("similarity must be symmetric, between 0 and 1, and 1 of a currency to itself")

    def position(self, currency: str) -> int:
        """Number of a currency; a ProblemError if it is none of the kernel's."""
        if currency not in self.names:
            raise ProblemError(
                f"currency {currency!r} has never been seen and has no similarity to {', '.join(self.names)}: add it "
                "to the kernel, with features=... or a row of similarities"
            )
        return self.names.index(currency)

    def carry(self, currency: str, seen: Sequence[str]) -> tuple[Array, float]:
        """Probabilities that the norm is that of each currency seen, and that it is fresh: the pull of the prior.

        Examples
        --------
        >>> kernel = CurrencyKernel(("money", "time"), [[1.0, 0.7], [0.7, 1.0]])
        >>> carried, fresh = kernel.carry("time", ["money"])
        >>> carried, round(fresh, 2)
        (array([0.7]), 0.3)
        """
        near = np.array([self.similarity[self.position(currency), self.position(other)] for other in seen])
        fresh = float(np.prod(1 - near))
        return (1 - fresh) * near / near.sum() if near.any() else near, fresh


@checked
def currency_kernel(
    names: Sequence[str], features: Mapping[str, Sequence[float]] = FEATURES, *, length: float = LENGTH
) -> CurrencyKernel:
    """Similarity exp(-|difference of features| / length), the distance Euclidean.

    Raises
    ------
    ProblemError
        If a currency has no features, or the length is not positive.

    Examples
    --------
    Time is less like money than medicine is:

    >>> currency_kernel(["dollars", "time", "medicine"]).similarity.round(2)
    array([[1.  , 0.56, 0.5 ],
           [0.56, 1.  , 0.47],
           [0.5 , 0.47, 1.  ]])
    """
    if number("length", length) <= 0:
        raise ProblemError(f"length is {length}: a positive distance")
    if missing := [name for name in names if name not in features]:
        raise ProblemError(
            f"currency {missing[0]!r} has never been seen: describe it in features={{{missing[0]!r}: (sold, needed for "
            "life, own effort)}, each from 0 to 1, or give a CurrencyKernel with its similarities"
        )
    points = finite("features", [features[name] for name in names])
    distance = np.linalg.norm(points[:, np.newaxis] - points, axis=-1)
    return CurrencyKernel(tuple(names), np.exp(-distance / length))


def carried_prior(
    log_prior: Array, evidence: Mapping[str, Array], currency: str, kernel: CurrencyKernel | None
) -> Array:
    """Log prior of the norm in a currency, given what was seen in the others; (n_runs, n_norms).

    Parameters
    ----------
    log_prior : (n_norms,) or (n_runs, n_norms)
    evidence : log evidence of norms, (n_runs, n_norms), for each currency seen
    kernel : None for one principle in all currencies: everything seen elsewhere counts in full

    Examples
    --------
    Ten parts to one for the first norm in money; time is like money with probability 0.7:

    >>> kernel = CurrencyKernel(("money", "time"), [[1.0, 0.7], [0.7, 1.0]])
    >>> np.exp(carried_prior(np.log([0.5, 0.5]), {"money": np.log([[10.0, 1.0]])}, "time", kernel)).round(3)
    array([[0.786, 0.214]])
    """
    others = {name: seen for name, seen in evidence.items() if name != currency}
    if not others:
        return np.asarray(log_prior)
    if kernel is None:
        total = log_prior + np.sum(list(others.values()), axis=0)
        return np.asarray(total - logsumexp(total, axis=-1, keepdims=True))
    carried, fresh = kernel.carry(currency, list(others))
    isolated = [log_prior + seen for seen in others.values()]
    with np.errstate(divide="ignore"):
        parts = [
            np.log(weight) + score - logsumexp(score, axis=-1, keepdims=True)
            for weight, score in zip(carried, isolated, strict=True)
        ]
        parts.append(np.log(fresh) + np.broadcast_to(log_prior, parts[0].shape))
    return np.asarray(logsumexp(parts, axis=0))


def length_posterior(
    log_prior: Array,
    evidence: Sequence[Mapping[str, Array]],
    lengths: Any,
    features: Mapping[str, Sequence[float]] = FEATURES,
) -> Array:
    """Posterior of the length of the kernel, equal weights before, from groups seen in several currencies.

    Parameters
    ----------
    log_prior : (n_norms,)
    evidence : for every run, log evidence of norms, (n_norms,), by currency in the order of their appearance; runs that
        saw the same currencies may share an entry, (n_runs, n_norms)
    lengths : (n_lengths,) positive

    Returns
    -------
    (n_lengths,) probabilities; all probability on the longest says that norms have been the same everywhere
    """
    names = sorted({name for run in evidence for name in run})
    score = np.zeros(len(finite("lengths", lengths)))
    for k, length in enumerate(finite("lengths", lengths).tolist()):
        kernel = currency_kernel(names, features, length=length)
        for run in evidence:
            seen: dict[str, Array] = {}
            for name, one in run.items():
                before = carried_prior(log_prior, seen, name, kernel)
                score[k] += float(np.sum(logsumexp(before + one, axis=-1)))
                seen[name] = one
    return np.asarray(np.exp(score - logsumexp(score)))


@dataclass(frozen=True, eq=False)
class LengthEstimate:
    """The length of the kernel as far as groups seen in several currencies tell it.

    Attributes
    ----------
    lengths, probabilities : (n_lengths,) increasing, and the posterior
    """

    lengths: Array
    probabilities: Array

    @property
    def at_bound(self) -> bool:
        """Whether the most probable length is an end of the grid: then a longer grid would say something else."""
        return int(self.probabilities.argmax()) in (0, len(self.lengths) - 1)

    @property
    def length(self) -> float:
        """Geometric mean of the length.

        Raises
        ------
        ProblemError
            If the grid ends where the estimate lies: it would be the grid's.
        """
        if self.at_bound:
            raise ProblemError(
                f"the length is not identified: {self.said}. Show groups whose norms do and do not change with the "
                "currency, or say how alike currencies are"
            )
        return float(np.exp(self.probabilities @ np.log(self.lengths)))

    @property
    def interval(self) -> tuple[float, float]:
        """From the 5 % to the 95 % point of the posterior."""
        low, high = np.searchsorted(np.cumsum(self.probabilities), (0.05, 0.95))
        return float(self.lengths[low]), float(self.lengths[min(high, len(self.lengths) - 1)])

    @property
    def said(self) -> str:
        """The estimate in words, or that there is none."""
        low, high = self.interval
        if not self.at_bound:
            return f"{self.length:.2f}, from {low:.2g} to {high:.2g}"
        end = "longest" if int(self.probabilities.argmax()) else "shortest"
        return f"the posterior is highest at the {end} length offered, {self.lengths[self.probabilities.argmax()]:.2g}"


# ---- asking ----


@dataclass(frozen=True, eq=False)
class Question:
    """Whether to ask before proposing: what the answer is worth, in shares of the amount.

    Attributes
    ----------
    entropy : of the share that the norm gives, nats; (n_runs,)
    regret : expected |offer - norm| of the best offer without asking; (n_runs,)
    value : by how much an answer lowers that, in expectation; (n_runs,)
    """

    entropy: Array
    regret: Array
    value: Array

    def worth_asking(self, cost: float, *, entropy: float = 0.0) -> Any:
        """Where the value exceeds the cost of asking, and beliefs are spread by more than some entropy; (n_runs,)."""
        return (self.value > cost) & (self.entropy > entropy)


def question(norm_weights: Any, space: NormSpace, *, reliability: float = 1.0) -> Question:
    """The value of asking users for their norm.

    The offer minimises the expected distance |offer - share|. The answer names the share with probability
    `reliability`, and otherwise one that the asker would have guessed.

    Parameters
    ----------
    norm_weights : (n_runs, n_norms) probabilities
    reliability : in [0, 1]

    Raises
    ------
    ProblemError
        If the reliability is no probability.

    Examples
    --------
    >>> from inference.game.beliefs import share_norms
    >>> space = share_norms(shares=[0.0, 0.5, 1.0], spreads=[0.1])
    >>> asked = question([[0.5, 0.0, 0.5], [1.0, 0.0, 0.0]], space)
    >>> asked.value, asked.worth_asking(cost=0.1)
    (array([0.5, 0. ]), array([ True, False]))
    """
    if not 0 <= number("reliability", reliability) <= 1:
        raise ProblemError(f"reliability is {reliability}: a probability between 0 and 1")
    shares, of_share = np.unique(space.share, return_inverse=True)
    member = (of_share[:, np.newaxis] == np.arange(len(shares))).astype(np.float64)
    weights = finite("norm_weights", norm_weights) @ member  # (n_runs, n_shares)
    distance = np.abs(shares[:, np.newaxis] - shares)
    regret = (weights @ distance).min(axis=-1)
    joint = reliability * np.eye(len(shares)) + (1 - reliability) * weights[:, np.newaxis, :]  # p(answer | norm)
    joint = weights[..., np.newaxis] * joint  # (n_runs, norm, answer)
    informed = np.einsum("rna,nx->rax", joint, distance).min(axis=-1).sum(axis=-1)
    return Question(entr(weights).sum(axis=-1), regret, np.maximum(regret - informed, 0.0))
