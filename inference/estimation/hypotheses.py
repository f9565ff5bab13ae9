"""Tests of hypotheses about estimates: likelihood ratios, Wald's, and whether irrelevant options matter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from scipy.special import gammaincc

from contracts.errors import ProblemError
from contracts.inputs.arrays import Array, finite
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from contracts.inputs.names import listed
from inference.reports.summary import written_p

UNSEEN = 1e-9  # of the largest eigenvalue, below which a difference of covariances is none


class Estimated(Protocol):
    """What every model of choices with estimates has."""

    @property
    def parameter_names(self) -> tuple[str, ...]:
        """Names of the parameters."""

    @property
    def parameters(self) -> Array:
        """The estimates; (n_parameters,)."""

    @property
    def covariance(self) -> Array:
        """Of the estimates; (n_parameters, n_parameters)."""


class Fitted(Protocol):
    """What a likelihood-ratio test asks of a model."""

    @property
    def log_likelihood(self) -> float:
        """At the estimate."""

    @property
    def n_parameters(self) -> int:
        """How many were free."""

    @property
    def n_obs(self) -> int:
        """Choices that it was fitted to."""


@checked
@dataclass(frozen=True)
class HypothesisTest:
    """A statistic that is chi-square with `df` degrees of freedom in large samples if the hypothesis is true.

    Examples
    --------
    >>> HypothesisTest("Wald test: price = 0", 3.84, 1)
    Wald test: price = 0: chi-square 3.84, 1 degree of freedom, p 0.050
    """

    hypothesis: str
    statistic: float
    df: int

    @property
    def p(self) -> float:
        """How often the statistic is as large if the hypothesis is true."""
        return float(gammaincc(self.df / 2, max(self.statistic, 0.0) / 2)) if self.df else 1.0

    def __repr__(self) -> str:
        degrees = f"{self.df} degree{'' if self.df == 1 else 's'} of freedom"
        return f"{self.hypothesis}: chi-square {self.statistic:.4g}, {degrees}, p {written_p(self.p)}"


@checked(own=("restricted", "full"))
def likelihood_ratio_test(restricted: Fitted, full: Fitted) -> HypothesisTest:
    """Whether the restrictions of a model, which another one contains it without, are true.

    Parameters
    ----------
    restricted, full : models fitted to the same choices by maximum likelihood

    Raises
    ------
    ProblemError
        If they were fitted to different numbers of choices, the full one has no more parameters, or it fits worse.

    Notes
    -----
    A spread of 0, a share of 0 or a log-sum parameter of 1 lies at the edge of what is possible: p is too large there.

    Examples
    --------
    >>> from inference.alike.multinomial import fit_multinomial_logit
    >>> from inference.choice.data import ChoiceData
    >>> rng = np.random.default_rng(0)
    >>> data = ChoiceData(rng.normal(size=(200, 2, 2)), rng.integers(2, size=200), names=["price", "speed"])
    >>> small = fit_multinomial_logit(data.described(["price"]))
    >>> likelihood_ratio_test(small, fit_multinomial_logit(data)).df
    1
    """
    for name, model in (("restricted", restricted), ("full", full)):
        if not all(hasattr(model, field) for field in ("log_likelihood", "n_parameters", "n_obs")):
            raise ProblemError(
                f"{name} is {type(model).__name__}: give a model fitted by maximum likelihood, such as "
                "fit_multinomial_logit(data)"
            )
    if restricted.n_obs != full.n_obs:
        raise ProblemError(
            f"the models were fitted to {restricted.n_obs} and {full.n_obs} choices: fit both to the same ones"
        )
    df = full.n_parameters - restricted.n_parameters
    if df < 1:
        raise ProblemError(
            f"the full model has {full.n_parameters} parameters, the restricted one {restricted.n_parameters}: give "
            "the one with fewer first"
        )
    gain = full.log_likelihood - restricted.log_likelihood
    if gain < -1e-6 * max(1.0, abs(full.log_likelihood)):
        raise ProblemError(
            f"the full model has a lower log likelihood ({full.log_likelihood:.4f}) than the restricted one "
            f"({restricted.log_likelihood:.4f}): it does not contain it, or its maximum was not found; try more starts"
        )
    return HypothesisTest("likelihood-ratio test of the restricted model", 2 * max(gain, 0.0), df)


@checked(own=("model",))
def wald_test(model: Estimated, restrictions: Sequence[str] | Any, values: Any = None) -> HypothesisTest:
    """Whether linear combinations of parameters have given values.

    Parameters
    ----------
    model : any with `parameter_names`, `parameters` and `covariance`
    restrictions : names of parameters, or an (n_restrictions, n_parameters) array of combinations
    values : (n_restrictions,) or one number for all, what they are under the hypothesis; None: 0

    Raises
    ------
    ProblemError
        If a name is no parameter, or combinations follow from one another.

    Examples
    --------
    >>> from inference.alike.multinomial import fit_multinomial_logit
    >>> from inference.choice.data import ChoiceData
    >>> rng = np.random.default_rng(0)
    >>> data = ChoiceData(rng.normal(size=(200, 2, 2)), rng.integers(2, size=200), names=["price", "speed"])
    >>> wald_test(fit_multinomial_logit(data), ["price", "speed"])
    Wald test: price = 0, speed = 0: chi-square 0.375, 2 degrees of freedom, p 0.829
    """
    _check_estimated(model)
    known = tuple(model.parameter_names)
    if isinstance(restrictions, str):
        restrictions = [restrictions]
    if isinstance(restrictions, list | tuple) and all(isinstance(name, str) for name in restrictions):
        for name in restrictions:
            if name not in known:
                raise ProblemError(f"there is no parameter {name!r}: the parameters are {listed(known)}")
        rows = np.array([[float(one == name) for one in known] for name in restrictions]).reshape(-1, len(known))
    else:
        rows = finite("restrictions", restrictions)
        if rows.ndim != 2 or rows.shape[1] != len(known):
            raise ProblemError(f"restrictions has shape {rows.shape}; expected (n_restrictions, {len(known)})")
    aim = np.zeros(len(rows)) if values is None else finite("values", values)
    aim = np.full(len(rows), aim) if aim.ndim == 0 else aim
    if aim.shape != (len(rows),):
        raise ProblemError(f"values has shape {aim.shape}; expected one per restriction, ({len(rows)},)")
    if not len(rows):
        raise ProblemError("restrictions is empty: name at least one parameter")
    words = ", ".join(f"{_combination(row, known)} = {value:g}" for row, value in zip(rows, aim, strict=True))
    away, spread = rows @ model.parameters - aim, rows @ model.covariance @ rows.T
    scale = np.sqrt(np.diag(spread))
    if not (scale > 0).all() or np.linalg.eigvalsh(spread / np.outer(scale, scale))[0] <= UNSEEN:
        raise ProblemError(
            "the restrictions follow from one another, or what they say was never in doubt: leave some out"
        )
    return HypothesisTest(f"Wald test: {words}", float(away @ np.linalg.solve(spread, away)), len(rows))


@checked(own=("full", "subset"))
def hausman_mcfadden_test(full: Estimated, subset: Estimated) -> HypothesisTest:
    """Whether options that are left out were irrelevant: whether a logit model fitted without them says the same.

    Parameters
    ----------
    full : fit_multinomial_logit(data)
    subset : the same model of the choices among some of the options, fit_multinomial_logit(data.among(options))

    Raises
    ------
    ProblemError
        If one is no multinomial logit, the subset is not of the choices among some of the options of `full`, or no
        parameter is in both.

    Notes
    -----
    The statistic is d' (V_s - V_f)^- d for the difference d of the estimates that both have, with classical
    covariances V. In finite samples V_s - V_f may have directions in which it is not positive; these are left out of
    the statistic and of the degrees of freedom.

    References
    ----------
    Hausman & McFadden (1984), Econometrica 52.

    Examples
    --------
    >>> from inference.alike.multinomial import fit_multinomial_logit
    >>> from inference.choice.data import ChoiceData
    >>> rng = np.random.default_rng(0)
    >>> data = ChoiceData(rng.normal(size=(400, 3, 1)), rng.integers(3, size=400), names=["price"])
    >>> test = hausman_mcfadden_test(fit_multinomial_logit(data), fit_multinomial_logit(data.among(["0", "1"])))
    >>> test.df, bool(test.p > 0.05)
    (1, True)
    """
    _check_comparable(full, subset)
    shared = [name for name in subset.parameter_names if name in full.parameter_names]
    if not shared:
        raise ProblemError("the models share no parameter: describe both data sets in the same way")
    values, covariances = [], []
    for model in (full, subset):
        place = [list(model.parameter_names).index(name) for name in shared]
        values.append(model.parameters[place])
        covariances.append(np.linalg.inv(model.information)[np.ix_(place, place)])  # type: ignore[attr-defined]
    scale = np.sqrt(np.diag(covariances[1]))
    away = (values[1] - values[0]) / scale
    sizes, directions = np.linalg.eigh((covariances[1] - covariances[0]) / np.outer(scale, scale))
    kept = sizes > UNSEEN
    along = directions.T[kept] @ away
    return HypothesisTest(
        "Hausman-McFadden test of irrelevant options", float((along**2 / sizes[kept]).sum()), int(kept.sum())
    )


def _check_estimated(model: Any) -> None:
    if not all(hasattr(model, field) for field in ("parameter_names", "parameters", "covariance")):
        raise ProblemError(
            f"model is {type(model).__name__}: give a model with estimates, such as fit_multinomial_logit(data)"
        )


def _check_comparable(full: Any, subset: Any) -> None:
    """Refuse pairs for which the test means nothing."""
    for name, model in (("full", full), ("subset", subset)):
        if getattr(model, "model", None) != "Multinomial logit":
            raise ProblemError(
                f"{name} is {type(model).__name__}: the test is of what multinomial logit says of irrelevant options, "
                "give fit_multinomial_logit(data)"
            )
    some, every = set(subset.data.options), set(full.data.options)
    if not some < every:
        raise ProblemError(
            f"subset has the options {listed(sorted(some))}, full {listed(sorted(every))}: the test asks whether "
            "options that are left out matter, so give fit_multinomial_logit(data.among(options)) for fewer of them"
        )
    taken = np.array(full.data.options)[full.data.choice]
    if subset.n_obs != (expected := int(np.isin(taken, list(some)).sum())):
        raise ProblemError(
            f"subset was fitted to {subset.n_obs} choices, and {expected} of those of full took one of its options: "
            "fit both to the same data, full to data, subset to data.among(options)"
        )


def _combination(row: Array, names: tuple[str, ...]) -> str:
    parts = [(weight, name) for weight, name in zip(row, names, strict=True) if weight]
    words = [name if weight == 1 else f"{weight:g} {name}" for weight, name in parts]
    return " + ".join(words) or "0"
