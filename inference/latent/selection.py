"""How many types: criteria within the sample, and prediction of people who were left out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import logsumexp

from contracts.display.palette import INK, PALETTE, axes
from contracts.display.table import Column, Table, Tabular
from contracts.errors import ProblemError
from contracts.inputs.arrays import Array, generator
from contracts.inputs.door import checked
from contracts.inputs.extras import pandas
from contracts.inputs.frozen import dataclass
from contracts.inputs.kinds import is_whole
from contracts.inputs.progress import reporter
from inference.choice.data import ChoiceData, Integers, checked_data
from inference.latent.fit import STARTS, DegenerateTypesError, fit_latent_types
from inference.latent.types import LatentTypes
from inference.logit.simulated import logit

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

CRITERIA = ("aic", "bic", "icl", "nec", "cross_validated")


@checked
@dataclass(frozen=True, eq=False, repr=False)
class CrossValidation:
    """Choices of people predicted from those of others.

    Attributes
    ----------
    people : (n_people,) labels
    fold : (n_people,) in which each was left out
    by_person : (n_people,) log likelihood of all choices of each, whose type is not known
    before : (n_people,) the same of the second half of each one's choices
    after : (n_people,) of the second half, when the first half has told about the type
    weights : (n_people,) how many people each one stands for; None: one
    """

    people: Any
    fold: Integers
    by_person: Array
    before: Array
    after: Array
    weights: Array | None = None

    @property
    def log_likelihood(self) -> float:
        """Out of sample, all people together."""
        return float(self.by_person.sum() if self.weights is None else self.weights @ self.by_person)

    @property
    def learned(self) -> float:
        """What the first half of somebody's choices adds to the prediction of the second, in nats per person."""
        return float(np.average(self.after - self.before, weights=self.weights))

    def __repr__(self) -> str:
        each = np.average(self.by_person, weights=self.weights)
        return (
            f"CrossValidation: {len(self.people):,} people in {int(self.fold.max()) + 1} folds, log likelihood "
            f"{self.log_likelihood:.2f} out of sample, {each:.3f} per person; "
            f"first halves add {round(self.learned, 3) + 0.0:.3f} nats to the prediction of second ones"
        )


@checked(own=("n_folds",))
def cross_validate(
    data: ChoiceData,
    n_types: int,
    *,
    rng: np.random.Generator,
    n_folds: int = 5,
    n_starts: int = STARTS,
    ridge: float = 0.0,
    progress: bool | Callable[[str], None] = False,
) -> CrossValidation:
    """Predict the people of each fold with types estimated from all others.

    Folds are of people, never of choices: choices of one person are not independent of each other, and somebody whose
    other choices were in the sample is not new to it.

    Raises
    ------
    DegenerateTypesError
        If the types of a fold's complement have no regular maximum.

    Examples
    --------
    >>> from inference.logit.simulated import simulate_choices
    >>> rng = np.random.default_rng(0)
    >>> person = np.repeat(np.arange(60), 10)
    >>> data, _ = simulate_choices([0.5, 0.5], [[2.0], [-2.0]], rng.normal(size=(600, 2, 1)), person, rng=rng)
    >>> one, two = (cross_validate(data, k, rng=rng, n_folds=3, n_starts=2) for k in (1, 2))
    >>> two.log_likelihood > one.log_likelihood, abs(one.learned) < 1e-12, two.learned > 0.2
    (True, True, True)
    """
    checked_data(data)
    if not is_whole(n_folds) or not 2 <= n_folds <= data.n_people:
        raise ProblemError(f"n_folds is {n_folds}: give a whole number from 2 to the {data.n_people} people")
    report = reporter(progress)
    fold = generator(rng).permutation(np.arange(data.n_people) % int(n_folds))
    columns = np.empty((3, data.n_people))
    for k in range(int(n_folds)):
        out = fold == k
        try:
            types = fit_latent_types(data.of_people(~out), n_types, rng=rng, n_starts=n_starts, ridge=ridge)
        except DegenerateTypesError as exc:
            raise DegenerateTypesError(f"without the people of fold {k}, {exc}") from exc
        columns[:, out] = _predicted(types, data.of_people(out))
        report(f"{n_types} types, fold {k + 1} of {n_folds}: {columns[0, out].sum():.4f}")
    weights = None if data.weights is None else data.person_weight
    return CrossValidation(data.people, fold, columns[0], columns[1], columns[2], weights)


def _predicted(types: LatentTypes, data: ChoiceData) -> tuple[Array, Array, Array]:
    """Log likelihood of each person's choices, of their second half, and of that given the first."""
    rows = np.arange(data.n_obs)
    with np.errstate(divide="ignore"):  # a choice that a type never makes
        by_type = np.log(logit(data.attributes, types.coefficients, data.available)[rows, :, data.choice])
    if data.within_person is not None:
        by_type *= data.within_person[:, np.newaxis]
    order = np.argsort(data.person_index, kind="stable")
    count = np.bincount(data.person_index)
    rank = np.empty(data.n_obs, dtype=np.int64)
    rank[order] = rows - np.repeat(np.cumsum(count) - count, count)
    is_early = rank < (count // 2)[data.person_index]
    early, late = np.zeros((2, data.n_people, types.n_types))
    np.add.at(early, data.person_index[is_early], by_type[is_early])
    np.add.at(late, data.person_index[~is_early], by_type[~is_early])
    prior = np.log(types.weights)
    whole = logsumexp(prior + early + late, axis=1)
    return whole, logsumexp(prior + late, axis=1), whole - logsumexp(prior + early, axis=1)


@checked
@dataclass(frozen=True, eq=False, repr=False)
class TypeCounts(Tabular):
    """Populations with more and more types, side by side.

    Attributes
    ----------
    fits : by number of types
    notes : by number of types, why there is no fit
    validations : by number of types, out of sample; empty if not asked for
    """

    fits: Mapping[int, LatentTypes]
    notes: Mapping[int, str]
    validations: Mapping[int, CrossValidation]

    def best(self, criterion: str = "bic") -> LatentTypes:
        """The fit that a criterion prefers: 'aic', 'bic', 'icl', 'nec' or 'cross_validated'."""
        if criterion not in CRITERIA or (criterion == "cross_validated" and not self.validations):
            known = CRITERIA if self.validations else CRITERIA[:-1]
            raise ProblemError(f"criterion is {criterion!r}: use {', '.join(map(repr, known))}")
        rows = {n_types: self.criteria(n_types)[criterion] for n_types in self.fits}
        rows = {n_types: value for n_types, value in rows.items() if np.isfinite(value)}
        sign = -1 if criterion == "cross_validated" else 1
        return self.fits[min(rows, key=lambda n_types: sign * rows[n_types])]

    def criteria(self, n_types: int) -> dict[str, float]:
        """What speaks for a number of types; smaller is better, but for log likelihoods.

        NEC, the normalised entropy criterion (Celeux & Soromenho 1996; Biernacki, Celeux & Govaert 1999), is the
        entropy over what the types add to the log likelihood of one, and 1 for one type. It asks only that types be
        told apart, so it is content with two of three types where a third blurs the picture.
        """
        if n_types not in self.fits:
            raise ProblemError(f"n_types is {n_types}: fitted are {', '.join(map(str, self.fits))}")
        fit = self.fits[n_types]
        gain = fit.log_likelihood - self.fits[1].log_likelihood if 1 in self.fits else np.nan
        row = {
            "parameters": fit.n_parameters,
            "log_likelihood": fit.log_likelihood,
            "aic": fit.aic,
            "bic": fit.bic,
            "icl": fit.icl,
            "entropy": fit.entropy,
            "nec": 1.0 if n_types == 1 else fit.entropy / gain,
        }
        if self.validations:
            found = self.validations.get(n_types)
            row["cross_validated"] = np.nan if found is None else found.log_likelihood
        return row

    def _table(self) -> Table:
        printed = {"types": "", "parameters": ".0f", "log_likelihood": ".2f", "AIC": ".1f", "BIC": ".1f", "ICL": ".1f"}
        printed |= {"entropy": ".1f", "NEC": ".4f"} | ({"cross-validated": ".2f"} if self.validations else {})
        rows = [(n_types, *self.criteria(n_types).values()) for n_types in self.fits]
        columns = [Column(name, cells, form) for (name, form), *cells in zip(printed.items(), *rows, strict=True)]
        return Table(columns, notes=[f"{n_types} types: {note}" for n_types, note in self.notes.items()])

    def to_frame(self) -> pd.DataFrame:
        """One row per number of types that has a fit."""
        pd = pandas()
        rows = {n_types: self.criteria(n_types) for n_types in self.fits}
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis("types")

    def plot(self, ax: Axes | None = None) -> Axes:
        """Log likelihoods against the number of types, with and without penalties: look for the elbow."""
        ax = axes(ax, figsize=(6.0, 4.0), layout="constrained")
        counts = list(self.fits)
        rows = [self.criteria(n_types) for n_types in counts]
        lines = {
            "log likelihood": [row["log_likelihood"] for row in rows],
            "-BIC / 2": [-row["bic"] / 2 for row in rows],
            "-ICL / 2": [-row["icl"] / 2 for row in rows],
        }
        if self.validations:
            lines["cross-validated"] = [row["cross_validated"] for row in rows]
        for (name, values), colour, mark in zip(lines.items(), PALETTE, "osD^", strict=False):
            ax.plot(counts, values, label=name, color=colour, marker=mark, markersize=5, linewidth=1.4)
        ax.set_xticks(counts)
        ax.set_xlabel("number of types")
        ax.set_ylabel("log likelihood")
        ax.legend(frameon=False, labelcolor=INK)
        ax.spines[["top", "right"]].set_visible(False)
        return ax


@checked
def compare_type_counts(
    data: ChoiceData,
    counts: Sequence[int],
    *,
    rng: np.random.Generator,
    n_folds: int = 0,
    n_starts: int = STARTS,
    ridge: float = 0.0,
    progress: bool | Callable[[str], None] = False,
) -> TypeCounts:
    """Fit several numbers of types, and set side by side what speaks for each.

    Parameters
    ----------
    counts : numbers of types; one type is always fitted as well, since criteria refer to it
    n_folds : of people, for cross-validation; 0 leaves it out

    A number of types for which the likelihood has no regular maximum gets a note instead of a row.

    Examples
    --------
    >>> from inference.logit.simulated import simulate_choices
    >>> rng = np.random.default_rng(0)
    >>> person = np.repeat(np.arange(80), 12)
    >>> offers = rng.normal(size=(960, 2, 2))
    >>> data, _ = simulate_choices([0.5, 0.5], [[2.0, 0.0], [-1.0, 2.0]], offers, person, rng=rng)
    >>> compare_type_counts(data, [1, 2], rng=rng, n_starts=3).best("icl").n_types
    2
    """
    if not len(counts):
        raise ProblemError("counts is empty: name the numbers of types to compare, such as [1, 2, 3]")
    checked_data(data)
    wanted = sorted({1, *(int(n_types) for n_types in counts)})
    report = reporter(progress)
    seed = int(generator(rng).integers(2**32))  # the same folds for every number of types
    fits: dict[int, LatentTypes] = {}
    notes: dict[int, str] = {}
    validations: dict[int, CrossValidation] = {}
    for n_types in wanted:
        try:
            fits[n_types] = fit_latent_types(data, n_types, rng=rng, n_starts=n_starts, ridge=ridge)
        except DegenerateTypesError as exc:
            notes[n_types] = str(exc)
            report(f"{n_types} types: {exc}")
            continue
        report(f"{n_types} types: log likelihood {fits[n_types].log_likelihood:.4f}")
        if n_folds:
            try:
                validations[n_types] = cross_validate(
                    data,
                    n_types,
                    rng=np.random.default_rng(seed),
                    n_folds=n_folds,
                    n_starts=n_starts,
                    ridge=ridge,
                    progress=report,
                )
            except DegenerateTypesError as exc:
                notes[n_types] = f"not cross-validated: {exc}"
    return TypeCounts(fits, notes, validations)
