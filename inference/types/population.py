"""How common types are: the posterior of population weights, given what choices say about each user.

User u has type k with probability w_k, and her choices have likelihood L[u, k]. With a Dirichlet(alpha) prior on the
weights the log posterior is

    F(w) = sum_u log sum_k w_k L[u, k] + sum_k (alpha_k - 1) log w_k + constant,

concave for alpha >= 1. EM climbs it (Dempster, Laird & Rubin 1977): r[u, k] = w_k L[u, k] / sum_l w_l L[u, l], then
w_k proportional to sum_u r[u, k] + alpha_k - 1; where EM slows, Newton's method with a logarithmic barrier takes over.
By concavity no weights are better than w by more than max_k dF/dw_k - w . dF/dw, so the mode comes with a proven gap.
Where several choice models are possible, F averages over them, is no longer concave, EM runs alone, and the gap only
says how flat F is at w.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from contracts.display.numbers import plural
from contracts.display.table import Column, Table, Tabular
from contracts.errors import ProblemError
from contracts.inputs.arrays import Array, finite, generator
from contracts.inputs.door import checked, formerly
from contracts.inputs.frozen import dataclass
from contracts.inputs.progress import reporter
from contracts.problem.screening import ScreeningProblem
from inference.types.draws import PopulationDraws, gibbs_chain, weights_table, with_weights
from inference.types.likelihood import MixtureLikelihood

if TYPE_CHECKING:
    import pandas as pd

Integers = NDArray[np.int64]
GAP = 1e-6  # nats of log posterior that the mode may be short of the best
SLOW = 40  # steps of EM after which Newton's method takes over
MOST_STEPS = 20_000
NOTHING = 1e-24  # nats promised by a step that rounding alone would make
SAFE = 1e-7  # nats promised below which Newton's steps need no search along the line


@checked
@dataclass(frozen=True, eq=False, repr=False)
class Population(Tabular):
    """The most probable weights of the types, by EM, and the door to their whole posterior.

    Attributes
    ----------
    weights : (n_types,) posterior mode. Where a concentration is below 1 there is none inside the simplex, and the
        mode for a concentration of 1 stands in
    labels : names of the types
    concentration : (n_types,) parameters of the Dirichlet prior
    gap : nats by which the log posterior may exceed that at `weights`; proven for a single choice model
    n_steps : EM and Newton steps taken
    """

    weights: Array
    labels: Sequence[str]
    concentration: Array
    gap: float
    n_steps: int
    steps = formerly("n_steps")
    data: MixtureLikelihood

    @property
    def expected_users(self) -> Array:
        """Users of each type, expected at the mode; (n_types,)."""
        return self.weights * self.data.slope(self.weights)

    @property
    def smoothed(self) -> Array:
        """Expected users and concentration, as shares: positive, and the posterior mean if choices reveal types."""
        counts = self.concentration + self.expected_users
        return np.asarray(counts / counts.sum())

    def gibbs(
        self,
        *,
        rng: np.random.Generator,
        n_draws: int = 1000,
        n_chains: int = 4,
        n_warmup: int | None = None,
        progress: bool | Callable[[str], None] = False,
    ) -> PopulationDraws:
        """Draws from the posterior of the weights.

        Parameters
        ----------
        rng : every chain starts at a draw from the prior
        n_draws, n_chains : draws kept of each chain, and chains
        n_warmup : draws of each chain thrown away; by default half of n_draws
        progress : True to print a line per chain to standard error, or a function that takes the line

        Examples
        --------
        >>> population = population_of(np.log([[[0.9, 0.1]] * 30 + [[0.1, 0.9]] * 10]), ("low", "high"))
        >>> draws = population.gibbs(rng=np.random.default_rng(1))
        >>> draws.mean.round(2), draws.interval(0.9).round(2)
        (array([0.8, 0.2]), array([[0.65, 0.92],
               [0.08, 0.35]]))
        """
        warmup = n_draws // 2 if n_warmup is None else n_warmup
        if n_draws < 1 or n_chains < 1 or warmup < 0:
            raise ProblemError(f"n_draws is {n_draws}, n_chains {n_chains}, n_warmup {warmup}: draw at least once")
        generator(rng)
        report = reporter(progress)
        chains = []
        for chain in range(n_chains):
            report(f"population weights: chain {chain + 1} of {n_chains}, {warmup + n_draws} sweeps")
            chains.append(gibbs_chain(self.data, self.concentration, rng, n_draws, warmup))
        weights, models = zip(*chains, strict=True)
        return PopulationDraws(np.stack(weights), np.stack(models), self.labels)

    def screening_problem(self, problem: ScreeningProblem) -> ScreeningProblem:
        """The problem with the weights `smoothed`, for the next menu: no type is given up for lack of users."""
        return with_weights(problem, self.labels, self.smoothed)

    def to_frame(self) -> pd.DataFrame:
        """One row per type: mode, smoothed weight, expected users."""
        return self._table().to_frame()

    def _table(self) -> Table:
        name = "proven gap" if len(self.data.model_prior) == 1 else "slope"
        size = f"{plural(self.data.n_users, 'user')}, {plural(len(self.labels), 'type')}"
        cells = {"mode": self.weights, "smoothed": self.smoothed, "expected_users": self.expected_users}
        columns = [Column(name, values, 3) for name, values in cells.items()]
        return weights_table(self.labels, columns, f"Population: {size}; mode by EM, {name} {self.gap:.1e} nats")


def population_of(
    log_likelihood: Any,
    labels: Sequence[str],
    *,
    concentration: Any = 1.0,
    model_prior: Any = None,
    size: Any = None,
    log_scale: Any = None,
) -> Population:
    """Most probable population weights, by EM.

    Parameters
    ----------
    log_likelihood : (n_models, n_groups, n_types), of the choices of each user of a group
    labels : n_types names
    concentration : Dirichlet parameters of the prior, one number or (n_types,); 1: all weights equally likely
    model_prior : (n_models,) probabilities; equal if left out
    size : (n_groups,) users in each group; 1 if left out
    log_scale : (n_models, n_groups), to be added to the log likelihoods

    Raises
    ------
    ProblemError
        If concentrations are not positive.

    Examples
    --------
    Choices that reveal types make the mode the observed shares, and `smoothed` the mean of a Dirichlet:

    >>> revealed = np.log([[[1.0, 1e-300]] * 3 + [[1e-300, 1.0]]])
    >>> population = population_of(revealed, ("low", "high"))
    >>> population.weights.round(6), population.smoothed.round(6)
    (array([0.75, 0.25]), array([0.666667, 0.333333]))
    """
    score = np.asarray(log_likelihood, dtype=np.float64)
    n_models, n_groups = score.shape[:2]
    top = score.max(axis=-1, initial=-np.inf)
    top = np.where(top > -np.inf, top, 0.0)
    data = MixtureLikelihood(
        likelihood=np.exp(score - top[..., np.newaxis]),
        log_scale=top if log_scale is None else top + log_scale,
        size=np.ones(n_groups, dtype=np.int64) if size is None else np.asarray(size, dtype=np.int64),
        model_prior=np.full(n_models, 1 / n_models) if model_prior is None else np.asarray(model_prior),
    )
    alpha = checked_concentration(concentration, labels)
    weights, gap, steps = _mode(data, np.maximum(alpha, 1.0))
    return Population(weights, labels, alpha, gap, steps, data)


def checked_concentration(concentration: Any, labels: Sequence[str]) -> Array:
    """Dirichlet parameters, one per type, all positive."""
    given = finite("concentration", concentration, labels)
    if given.shape not in ((), (len(labels),)):
        raise ProblemError(f"concentration has shape {given.shape}; expected one number, or one per type")
    if (given <= 0).any():
        raise ProblemError("concentration must be positive: 1 makes all weights equally likely before any choice")
    return np.array(np.broadcast_to(given, (len(labels),)))


def _mode(data: MixtureLikelihood, alpha: Array) -> tuple[Array, float, int]:
    """EM from equal weights until the proven gap is small, with Newton's method where it slows; weights, gap, steps."""
    weights = np.full(len(alpha), 1 / len(alpha))
    total = data.n_users + (alpha - 1).sum()
    if total == 0:
        return weights, 0.0, 0
    gap, step, is_concave = np.inf, 0, len(data.model_prior) == 1
    while step < (SLOW if is_concave else MOST_STEPS):
        slope = data.slope(weights)
        gap = _gap(weights, slope, alpha)
        if gap <= GAP:
            return weights, gap, step
        expected = weights * slope + alpha - 1
        weights = expected / expected.sum()
        step += 1
    if is_concave:
        better, steps = _newton(data, alpha, np.maximum(weights, 1e-3 / len(weights)))
        return better, _gap(better, data.slope(better), alpha), step + steps
    return weights, gap, step


def _gap(weights: Array, slope: Array, alpha: Array) -> float:
    rises = slope + np.divide(alpha - 1, weights, out=np.zeros_like(weights), where=weights > 0)
    return float(max(0.0, rises.max() - weights @ rises))


def _newton(data: MixtureLikelihood, alpha: Array, start: Array) -> tuple[Array, int]:
    """The mode by a logarithmic barrier: where weights vanish EM comes to them only at a rate of 1 / steps.

    F + barrier sum log w has its maximum inside the simplex, within n_types * barrier of that of F.
    """
    likelihood, weights, steps = data.likelihood[0], start / start.sum(), 0
    kept = likelihood.max(axis=1) > 0
    likelihood, size = likelihood[kept], data.size[kept].astype(np.float64)
    barrier = 1.0

    def height(trial: Array) -> float:
        return float(size @ np.log(likelihood @ trial) + (alpha - 1 + barrier) @ np.log(trial))

    while steps < MOST_STEPS:
        mixed = likelihood @ weights
        slope = likelihood.T @ (size / mixed) + barrier / weights
        curvature = (likelihood * (size / mixed**2)[:, np.newaxis]).T @ likelihood
        curvature += np.diag((alpha - 1 + barrier) / weights**2)
        rises = slope + (alpha - 1) / weights
        rises -= weights @ rises  # on the simplex only differences count; what they share would drown them
        both = np.linalg.solve(curvature, np.column_stack([rises, np.ones(len(weights))]))
        move = both[:, 0] - both[:, 1] * (both[:, 0].sum() / both[:, 1].sum())
        promised = float(rises @ move)
        steps += 1
        is_last = barrier * len(weights) <= GAP / 2
        if is_last and (promised < NOTHING or _gap(weights, slope - barrier / weights, alpha) <= GAP):
            break
        if not is_last and promised < barrier * 1e-3:
            barrier /= 10
            continue
        length = min(1.0, 0.99 / max(float((-move / weights).max()), 1e-300))
        here = height(weights)
        # Near the top Newton's steps are safe, and too small for the height to show in floats.
        while promised > SAFE and height(weights + length * move) < here + 0.1 * length * promised:
            length /= 2
        weights = weights + length * move
        weights = weights / weights.sum()  # a total that is off by rounding would count once for every user
    return weights, steps
