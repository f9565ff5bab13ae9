"""How well what was learned from recorded splits predicts runs that were left out.

Scores are log probabilities per offer or decision. Runs are left out whole, because offers within a run repeat each
other.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.special import logsumexp

from contracts.display.table import Column, Table, Tabular, names
from contracts.errors import ProblemError
from contracts.inputs.arrays import Array
from contracts.inputs.frozen import dataclass
from inference.game.beliefs import NormSpace, share_norms, tables_of
from inference.game.types import BANDS, band_of, people_of, readable_splits, share_of_rows, weights_of_norms
from inference.splits.policies import ShareRule


@dataclass(frozen=True, eq=False, repr=False)
class RunScores(Tabular):
    """How well left-out runs are predicted: mean log probability in nats, by predictor.

    Attributes
    ----------
    offers, decisions : predictor -> nats per offer, per decision; 0 is perfect
    n_offers, n_decisions, n_runs : how many were predicted
    """

    offers: dict[str, float]
    decisions: dict[str, float]
    n_offers: int
    n_decisions: int
    n_runs: int

    def _table(self) -> Table:
        parts = {"offer": self.offers, "decision": self.decisions}
        rows = [(name, nats, f"nats per {what}") for what, scores in parts.items() for name, nats in scores.items()]
        predictors, scores, units = zip(*rows, strict=True) if rows else ((), (), ())
        return Table(
            [names("", predictors), Column("", scores, ".3f"), Column("", units)],
            f"Held out whole: {self.n_runs} runs, {self.n_offers} offers, {self.n_decisions} decisions",
        )


def held_out(table: Any, *, rng: np.random.Generator, n_folds: int = 5, space: NormSpace | None = None) -> RunScores:
    """Fit without a fold of runs, predict its users' offers and decisions, for every fold.

    Offers: "norms, learning in the run" predicts each person's offers in turn, knowing those before; "norms, one
    offer at a time" does not. Against them a histogram of shares by policy, one for all, and even odds. Decisions:
    rates by band of the share; a rule that accepts what it would give; a logistic curve in the share; one rate.

    Raises
    ------
    ProblemError
        If there are fewer runs than folds.
    """
    space = space or share_norms()
    rows, _ = readable_splits(table)
    runs = np.array(sorted(rows["run_id"].unique()), dtype=object)
    if not 2 <= n_folds <= len(runs):
        raise ProblemError(f"n_folds is {n_folds} with {len(runs)} runs: give from 2 to the number of runs")
    fold_of = dict(zip(runs.tolist(), rng.permutation(len(runs)) % n_folds, strict=True))
    people, labels, evidence = people_of(rows, space)
    single = _single_offers(rows, space)
    person_fold = np.array([fold_of[run] for run in people["run_id"]])
    row_fold = np.array([fold_of[run] for run in rows["run_id"]])
    offers: dict[str, float] = {}
    decisions: dict[str, float] = {}
    n_offers = n_decisions = 0
    for fold in range(n_folds):
        train, test = rows[row_fold != fold], rows[row_fold == fold]
        shown = test[test["proposer_policy"].notna()]
        n_offers += len(shown)
        weights = {
            label: weights_of_norms(evidence[(people["proposer_policy"] == label).to_numpy() & (person_fold != fold)])
            for label in labels
        }
        here = people[person_fold == fold]
        logs = np.log([weights[label] for label in here["proposer_policy"]])
        _add(offers, "norms, learning in the run", logsumexp(logs + evidence[person_fold == fold], axis=1))
        logs = np.log([weights[label] for label in shown["proposer_policy"]])
        _add(offers, "norms, one offer at a time", logsumexp(logs + single[shown["row"].to_numpy()], axis=1))
        _add(offers, "histogram by policy", _histogram(train, shown, by_policy=True))
        _add(offers, "histogram of all", _histogram(train, shown, by_policy=False))
        _add(offers, "even odds", -np.log(shown["amount"].to_numpy(dtype=np.float64) + 1))
        answered = test[test["responder_policy"].isin(labels)]
        n_decisions += len(answered)
        for name, predictor in DECISIONS.items():
            for label in labels:
                part = answered[answered["responder_policy"] == label]
                fitted = predictor(train[train["responder_policy"] == label], part, float(weights[label] @ space.share))
                said = part["accepted"].to_numpy(dtype=bool)
                _add(decisions, name, np.log(np.where(said, fitted, 1 - fitted)))
    for scores, count in ((offers, n_offers), (decisions, n_decisions)):
        for name in scores:
            scores[name] /= count
    return RunScores(offers, decisions, n_offers, n_decisions, len(runs))


# ---- predictors of decisions: probabilities for the rows of `part` ----


def _by_band(train: Any, part: Any, _: float) -> Array:
    yes, band = train["accepted"].to_numpy(dtype=np.float64), band_of(train)
    n_bands = len(BANDS) - 1
    accepted, decided = np.bincount(band, yes, n_bands), np.bincount(band, minlength=n_bands)
    return np.asarray(((accepted + 0.5) / (decided + 1))[band_of(part)])


def _by_rule(_: Any, part: Any, share: float) -> Array:
    rule = ShareRule(share, lapse=0.05)
    amounts, units = part["amount"].to_numpy(dtype=np.int64), part["to_other"].to_numpy(dtype=np.int64)
    tables = {amount: np.exp(rule.log_acceptance(amount)) for amount in np.unique(amounts).tolist()}
    return np.array([tables[amount][k] for amount, k in zip(amounts.tolist(), units.tolist(), strict=True)])


def _logistic(train: Any, part: Any, _: float) -> Array:
    from scipy.optimize import minimize
    from scipy.special import expit

    x, yes = share_of_rows(train), train["accepted"].to_numpy(dtype=np.float64)

    def loss(b: Array) -> tuple[float, Array]:
        z = b[0] + b[1] * x
        slope = expit(z) - yes
        value = float((np.logaddexp(0.0, z) - yes * z).sum() + 0.01 * b @ b)  # finite where decisions are all alike
        return value, np.array([slope.sum(), slope @ x]) + 0.02 * b

    b = minimize(loss, np.zeros(2), jac=True).x
    return np.asarray(expit(b[0] + b[1] * share_of_rows(part)))


def _constant(train: Any, part: Any, _: float) -> Array:
    rate = (train["accepted"].to_numpy(dtype=np.float64).sum() + 0.5) / (len(train) + 1)
    return np.full(len(part), rate)


DECISIONS: dict[str, Callable[[Any, Any, float], Array]] = {
    "rates by band": _by_band,
    "accepts what it would give": _by_rule,
    "logistic in the share": _logistic,
    "one rate": _constant,
}


# ---- predictors of offers ----


def _single_offers(rows: Any, space: NormSpace) -> Array:
    """Log likelihood of each row's offer on its own; (n_rows, n_norms)."""
    tables = tables_of(space, rows["amount"].unique())
    amount, units = rows["amount"].to_numpy(dtype=np.int64), rows["to_other"].to_numpy(dtype=np.int64)
    by_amount = np.exp(tables.offers) @ space.slip_weights
    return np.asarray(np.log(by_amount[tables.row(amount), units]))


def _histogram(train: Any, shown: Any, *, by_policy: bool) -> Array:
    """Log probability of offers by bands of shares, all offers in a band alike, one offer added to each band."""
    n_bands, result = len(BANDS) - 1, np.empty(len(shown))
    policies = shown["proposer_policy"].to_numpy()
    for label in np.unique(policies.astype(str)):
        source = train[train["proposer_policy"] == label] if by_policy else train[train["proposer_policy"].notna()]
        counts = np.bincount(band_of(source), minlength=n_bands) + 1.0
        for k in np.flatnonzero(policies == label):
            amount, units = int(shown["amount"].iloc[k]), int(shown["to_other"].iloc[k])
            bands = np.searchsorted(BANDS[1:], np.arange(amount + 1) / amount)
            within = np.bincount(bands, minlength=n_bands)
            possible = np.where(within > 0, counts, 0.0)
            band = bands[units]
            result[k] = np.log(possible[band] / possible.sum() / within[band])
    return result


def _add(scores: dict[str, float], name: str, values: Array) -> None:
    scores[name] = scores.get(name, 0.0) + float(np.sum(values))
