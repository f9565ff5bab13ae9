"""What choices say about types: log likelihoods that add up to the same in any order.

A sum of a million floats depends on their order, by about a million units in the last place, and a posterior is the
exponential of differences of such sums. So every log probability is split into a coarse part, a multiple of 2**-16,
and a fine part below 2**-17. Sums of coarse parts are exact up to 2**37, in any order and in any grouping; those of
the fine parts err by less than 1e-15 for a million choices.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contracts.errors import ProblemError
from contracts.inputs.arrays import Array
from contracts.inputs.frozen import dataclass
from inference.choice.counts import ChoiceCounts, NamedChoiceSets
from inference.choice.model import ChoiceModel

GRID = 2.0**16
REMEDY = "Allow for mistakes: choice_model=Tremble(rate) or Logit(temperature), in a shell --tremble or --temperature"
EXACT = 2.0**36  # log probabilities beyond this are multiples of the grid already


@dataclass(frozen=True, eq=False)
class TypeEvidence:
    """Log likelihood of each user's choices under each choice model and type, in two parts.

    Attributes
    ----------
    coarse : (n_models, n_users, n_types), finite
    fine : (n_models, n_users, n_types), minus infinity where a choice is impossible

    Examples
    --------
    >>> nothing = no_evidence(1, 2, 3)
    >>> nothing.log_likelihood.shape
    (1, 2, 3)
    """

    coarse: Array
    fine: Array

    @property
    def log_likelihood(self) -> Array:
        """Coarse and fine together; (n_models, n_users, n_types)."""
        return self.coarse + self.fine

    @property
    def possible(self) -> NDArray[np.bool_]:
        """Whether the type can have made the choices; (n_models, n_users, n_types)."""
        return np.asarray(self.fine > -np.inf)

    def relative(self) -> tuple[Array, Array]:
        """Log likelihoods less those of each user's best type, and what was taken off, (n_models, n_users)."""
        best = np.where(self.possible, self.coarse, -np.inf).max(axis=-1)
        top = np.where(best > -np.inf, best, 0.0)
        return (self.coarse - top[..., np.newaxis]) + self.fine, top

    def __add__(self, other: TypeEvidence) -> TypeEvidence:
        return TypeEvidence(self.coarse + other.coarse, self.fine + other.fine)

    def scattered(self, rows: Any, n_users: int) -> TypeEvidence:
        """The same evidence among more users: row k goes to row rows[k], the rest has no evidence."""
        coarse, fine = np.zeros((2, self.coarse.shape[0], n_users, self.coarse.shape[2]))
        coarse[:, rows], fine[:, rows] = self.coarse, self.fine
        return TypeEvidence(coarse, fine)


def no_evidence(n_models: int, n_users: int, n_types: int) -> TypeEvidence:
    """What is known before the first choice."""
    shape = (n_models, n_users, n_types)
    return TypeEvidence(np.zeros(shape), np.zeros(shape))


def evidence_of(utility: Array, models: Sequence[ChoiceModel], counts: Any) -> TypeEvidence:
    """TypeEvidence of counted choices from one choice set.

    Parameters
    ----------
    utility : (n_types, n_options)
    counts : (n_users, n_options) whole numbers

    Examples
    --------
    >>> from inference.choice.model import Logit
    >>> evidence = evidence_of(np.array([[0.0, 0.0]]), [Logit(1.0)], np.array([[500_000, 500_000]]))
    >>> bool(np.isclose(evidence.log_likelihood, -1e6 * np.log(2), rtol=1e-15))
    True
    """
    log_p = np.stack([_checked(model, utility) for model in models])  # (n_models, n_types, n_options)
    impossible = log_p == -np.inf
    finite = np.where(impossible, 0.0, log_p)
    with np.errstate(over="ignore"):
        coarse = np.where(np.abs(finite) < EXACT, np.round(finite * GRID) / GRID, finite)
    rows, across = np.asarray(counts, dtype=np.float64), (0, 2, 1)
    with np.errstate(over="ignore"):
        total = rows @ coarse.transpose(across)
    fine = rows @ (finite - coarse).transpose(across)
    if impossible.any():
        fine[rows @ impossible.astype(np.float64).transpose(across) > 0] = -np.inf
    if not (finite_total := np.isfinite(total)).all():  # less than -1e308: as good as impossible
        fine[~finite_total], total[~finite_total] = -np.inf, 0.0
    return TypeEvidence(total, fine)


def refuse_impossible(
    before: NDArray[np.bool_],
    after: NDArray[np.bool_],
    models: Sequence[ChoiceModel],
    offers: NamedChoiceSets,
    seen: ChoiceCounts,
) -> None:
    """Say who chose what no type chooses, if somebody did.

    Parameters
    ----------
    before, after : (n_models, n_users, n_types), what was possible before and after the choices that were `seen`
    """
    explained = np.asarray(after.any(axis=2))  # (n_models, n_users)
    if explained.all(axis=1).any():
        return
    nobody = np.flatnonzero(~explained.any(axis=0))
    if not len(nobody):
        whose = seen.users[np.argmin(explained, axis=1)].tolist()
        fails = "; ".join(f"{model!r} not those of {user}" for model, user in zip(models, whose, strict=True))
        raise ProblemError(f"no choice model explains the choices of all users: {fails}. {REMEDY}")
    user = int(nobody[0])
    more = len(nobody) - 1
    others = f" ({more} more {'users are' if more > 1 else 'user is'} like this)" if more else ""
    names = models[0] if len(models) == 1 else f"any of the {len(models)} choice models"
    choice = _first_impossible(before[:, user], models, offers, seen, user)
    raise ProblemError(f"user {seen.users[user]!s} took {choice} under {names}{others}. {REMEDY}")


def _first_impossible(
    alive: NDArray[np.bool_], models: Sequence[ChoiceModel], offers: NamedChoiceSets, seen: ChoiceCounts, user: int
) -> str:
    """The choice that rules out the last type, and whether it does so alone."""
    allowed = {
        name: np.stack([model.log_likelihood(offer.utility) > -np.inf for model in models])
        for name, offer in offers.items()
        if name in seen.counts
    }
    if seen.history is not None:
        for place, name, option in seen.history(user):
            can = allowed[name][:, :, option]
            if not (alive := alive & can).any():
                why = "which no type does" if not can.any() else "which no type does that made the earlier choices"
                return f"{_option(option, name)} in {place}, {why}"
    taken = [(name, k) for name, table in seen.counts.items() for k in np.flatnonzero(table[user]).tolist()]
    worst = [(name, k) for name, k in taken if not allowed[name][:, :, k].any()]
    words = ", ".join(_option(k if k < offers[name].n_options else -1, name) for name, k in (worst or taken)[:5])
    why = "which no type does" if worst else "which no type does together"
    return f"{words} (the round is not known from counts), {why}"


def _option(option: int, menu: str) -> str:
    of_menu = f" of menu {menu}" if menu else ""
    return f"option {option}{of_menu}" if option >= 0 else f"option -1{of_menu}, the outside option,"


def _checked(model: ChoiceModel, utility: Array) -> Array:
    log_p = np.asarray(model.log_likelihood(utility), dtype=np.float64)
    if log_p.shape != utility.shape or np.isnan(log_p).any() or (log_p > 1e-9).any():
        largest = np.max(log_p, initial=-np.inf)
        raise ProblemError(
            f"{model!r} gives log likelihoods of shape {log_p.shape}, the largest {largest}; expected log "
            f"probabilities of shape {utility.shape}"
        )
    return log_p
