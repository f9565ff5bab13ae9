"""Draws from the posterior of population weights, by Gibbs sampling.

In turns, types are drawn given the weights and weights given the types (Diebolt & Robert 1994): user u has type k with
probability proportional to w_k L[u, k], and with n_k users of type k the weights are Dirichlet(alpha + n). Where
several choice models are possible, the model is drawn first, with the types summed out.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from contracts.display.table import Column, Table, Tabular, names
from contracts.errors import ProblemError
from contracts.inputs.arrays import Array
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from contracts.problem.screening import ScreeningProblem
from inference.types.likelihood import MixtureLikelihood

if TYPE_CHECKING:
    import pandas as pd

Integers = NDArray[np.int64]
SHOWN_TYPES = 20
R_HAT = 1.05  # above which printouts say that chains have not met
LEAST = 1e-300  # of a drawn weight: if all that explain a user round to 0, her type cannot be drawn; moves no mean


@checked
@dataclass(frozen=True, eq=False, repr=False)
class PopulationDraws(Tabular):
    """The posterior of the weights, as draws.

    Attributes
    ----------
    chains : (n_chains, n_draws, n_types)
    models : (n_chains, n_draws) number of the choice model
    labels : names of the types
    """

    chains: Array
    models: Integers
    labels: Sequence[str]

    @property
    def draws(self) -> Array:
        """All chains in a row; (n_chains * n_draws, n_types)."""
        return self.chains.reshape(-1, self.chains.shape[-1])

    @property
    def mean(self) -> Array:
        """Posterior mean; (n_types,)."""
        return np.asarray(self.draws.mean(axis=0))

    @property
    def sd(self) -> Array:
        """Posterior standard deviation; (n_types,)."""
        return np.asarray(self.draws.std(axis=0))

    def interval(self, level: float = 0.95) -> Array:
        """Lower and upper end of the equal-tailed credible interval of each weight; (n_types, 2)."""
        if not 0 < level < 1:
            raise ProblemError(f"level is {level}: give a probability between 0 and 1, such as 0.95")
        return np.quantile(self.draws, [(1 - level) / 2, (1 + level) / 2], axis=0).T

    @cached_property
    def r_hat(self) -> Array:
        """Split potential scale reduction, near 1 where chains agree (Gelman et al. 2013); (n_types,)."""
        half = self.chains.shape[1] // 2
        if half < 2:
            return np.full(self.chains.shape[2], np.nan)
        parts = np.concatenate([self.chains[:, :half], self.chains[:, -half:]])
        within = parts.var(axis=1, ddof=1).mean(axis=0)
        between = parts.mean(axis=1).var(axis=0, ddof=1)
        return np.asarray(np.sqrt((half - 1) / half + np.divide(between, within, out=0 * within, where=within > 0)))

    @cached_property
    def effective_sample_size(self) -> Array:
        """Independent draws worth as much for the mean of each weight, by ArviZ; (n_types,)."""
        return diagnosed(weights=self.chains)["effective"]["weights"]

    def screening_problem(self, problem: ScreeningProblem) -> ScreeningProblem:
        """The problem with the posterior mean as its weights, for the next menu."""
        return with_weights(problem, self.labels, self.mean)

    def to_arviz(self) -> Any:
        """For ArviZ: the variable `weights` over (chain, draw, type)."""
        return for_arviz(
            posterior={"weights": self.chains, "choice_model": self.models},
            coords={"type": list(self.labels)},
            dims={"weights": ["type"]},
        )

    def to_frame(self) -> pd.DataFrame:
        """One row per type: mean, sd, 95 % interval, R-hat."""
        return self._table().to_frame()

    def _table(self) -> Table:
        n_chains, n_draws, n_types = self.chains.shape
        low, high = self.interval().T
        columns = [Column("mean", self.mean, 3), Column("sd", self.sd, 3), Column("lower", low, 3, "2.5 %")]
        columns += [Column("upper", high, 3, "97.5 %"), Column("r_hat", self.r_hat, None)]
        head = f"Population weights: {n_types} types, {n_chains} chains of {n_draws} draws, largest R-hat "
        return weights_table(self.labels, columns, f"{head}{self.r_hat.max():.3f}")


def gibbs_chain(
    data: MixtureLikelihood, alpha: Array, rng: np.random.Generator, n_draws: int, n_warmup: int
) -> tuple[Array, Integers]:
    """Weights, (n_draws, n_types), and choice models, (n_draws,), of one chain that starts at a draw from the prior."""
    draws, models = np.empty((n_draws, len(alpha))), np.empty(n_draws, dtype=np.int64)
    weights = np.maximum(rng.dirichlet(alpha), LEAST)
    for step in range(-n_warmup, n_draws):
        weights, model = gibbs_sweep(data, alpha, weights, rng)
        if step >= 0:
            draws[step], models[step] = weights, model
    return draws, models


def gibbs_sweep(data: MixtureLikelihood, alpha: Array, weights: Array, rng: np.random.Generator) -> tuple[Array, int]:
    """New weights from old: choice model, then types, then weights, each given the rest."""
    mixed, models = data.mixed(weights)
    model = int(rng.choice(len(models), p=models)) if len(models) > 1 else 0
    share = data.likelihood[model] * weights / mixed[model][:, np.newaxis]
    if data.size.max(initial=1) > 1:
        counts = rng.multinomial(data.size, share).sum(axis=0)
    else:
        drawn = (rng.random(len(share))[:, np.newaxis] >= np.cumsum(share[:, :-1], axis=1)).sum(axis=1)
        counts = np.bincount(drawn, minlength=len(alpha))
    return np.maximum(rng.dirichlet(alpha + counts), LEAST), model


def with_weights(problem: ScreeningProblem, labels: Sequence[str], weights: Array) -> ScreeningProblem:
    """A problem about the same types with other weights.

    Raises
    ------
    ProblemError
        If the types of the problem are others.
    """
    if tuple(problem.labels) != tuple(labels):
        raise ProblemError(
            f"the problem is about {len(problem.labels)} types such as {problem.labels[0]!r}, the posterior about "
            f"{len(labels)} such as {labels[0]!r}: use a problem with the same labels in the same order"
        )
    return dataclasses.replace(problem, weights=weights)


def weights_table(labels: Sequence[str], columns: Sequence[Column], title: str) -> Table:
    """A table with one row per type, the heaviest twenty if there are more, by the first column."""
    weights = np.asarray(columns[0].values)
    shown = np.sort(np.argsort(-weights, kind="stable")[:SHOWN_TYPES])
    left = len(weights) - len(shown)
    notes = [f"and {left} types with less weight"] if left else []
    return Table([names("type", labels), *columns], title, notes, shown=shown.tolist())


def arviz() -> Any:
    """ArviZ, or how to install it."""
    try:
        import arviz as az
    except ImportError as exc:
        raise ImportError("this needs ArviZ: pip install 'menuwright[bayes]'") from exc
    return az


def for_arviz(*, coords: Mapping[str, Any], dims: Mapping[str, Any], **groups: Mapping[str, Any]) -> Any:
    """Groups of variables as ArviZ has them: an InferenceData before its version 1, then a DataTree of xarray."""
    az = arviz()
    if int(az.__version__.partition(".")[0]) < 1:
        return az.from_dict(**groups, coords=coords, dims=dims)
    return az.from_dict(groups, coords=coords, dims=dims)


def diagnosed(**draws: Array) -> dict[str, dict[str, Array]]:
    """R-hat ("r_hat") and bulk effective sample size ("effective") of draws (n_chains, n_draws, ...), by name."""
    az = arviz()
    named = az.convert_to_dataset(draws)
    parts = {"r_hat": az.rhat(named), "effective": az.ess(named)}
    return {what: {name: np.asarray(part[name].values) for name in draws} for what, part in parts.items()}


def not_met(draws: Array, labels: Sequence[str]) -> list[str]:
    """That chains have not met, in words, with the worst parameter; empty if they have, or there is only one.

    Parameters
    ----------
    draws : (n_chains, n_draws, n_parameters)
    labels : n_parameters names

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> not_met(rng.normal(size=(4, 100, 1)), ["slope"])
    []
    >>> not_met(rng.normal(size=(2, 100, 1)) + [[[0.0]], [[3.0]]], ["slope"])
    ['R-hat is 2.00 for the slope: the chains have not met, take more n_warmup and n_draws']
    """
    if draws.shape[0] < 2:
        return []
    half = draws.shape[1] // 2
    parts = np.concatenate([draws[:, :half], draws[:, -half:]])  # split R-hat (Gelman et al. 2013, ch. 11)
    within = parts.var(axis=1, ddof=1).mean(axis=0)
    between = parts.mean(axis=1).var(axis=0, ddof=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        apart = np.sqrt((half - 1) / half + between / within)
    worst = int(np.argmax(apart))
    if apart[worst] <= R_HAT:
        return []
    return [
        f"R-hat is {apart[worst]:.2f} for the {labels[worst]}: the chains have not met, take more n_warmup and n_draws"
    ]
